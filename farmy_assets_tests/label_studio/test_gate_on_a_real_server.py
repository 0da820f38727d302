"""The gate in the real Label Studio: what annotators and leads reach, and what they do not."""

import base64
import secrets
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest

from farmy_assets.annotation.inboxes import Inbox, Phase
from farmy_assets.annotation.people import Role
from farmy_assets.label_studio.new_tasks import NewTask
from farmy_assets.local import label_studio
from farmy_assets.simulation.accounts import Account, invite
from farmy_assets_tests.label_studio.gate.walk import (
    BESIDES_THE_SCHEMA,
    Things,
    as_json,
    ask,
    everything_in,
    operations,
    personal_token,
)

if TYPE_CHECKING:
    from farmy_assets_tests.integration.running import RunningPlatform

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

CONFIG = """<View>
  <Image name="image" value="$image"/>
  <RectangleLabels name="box" toName="image"><Label value="weed"/></RectangleLabels>
</View>
"""
# What an annotator can do with the own things, of all that Label Studio tells of in its schema.
OWN_IN_THE_SCHEMA = {
    "GET /api/annotations/{annotation}/", "PATCH /api/annotations/{annotation}/",
    "DELETE /api/annotations/{annotation}/", "GET /api/current-user/hotkeys/",
    "PATCH /api/current-user/hotkeys/", "GET /api/current-user/token",
    "GET /api/current-user/whoami", "GET /api/dm/actions/", "GET /api/dm/columns/",
    "GET /api/dm/project/", "GET /api/dm/views/", "POST /api/dm/views/",
    "GET /api/dm/views/{view}/", "PUT /api/dm/views/{view}/", "PATCH /api/dm/views/{view}/",
    "DELETE /api/dm/views/{view}/", "GET /api/jwt/settings", "GET /api/label_links/",
    "GET /api/ml/", "GET /api/projects/", "GET /api/projects/counts/",
    "GET /api/projects/{project}/", "GET /api/projects/{project}/next/", "GET /api/tasks/",
    "GET /api/tasks/{task}/", "GET /api/tasks/{task}/annotations/",
    "POST /api/tasks/{task}/annotations/", "GET /api/users/", "GET /api/version/", "GET /health/",
    "GET /api/projects/{project}/label-stream-history/",
}  # fmt: skip
PICTURE = b"\xff\xd8\xff\xd9"


@dataclass(frozen=True)
class Desk:
    """Somebody with an account, an inbox, and an answer in it."""

    account: Account
    things: Things
    user_id: int


@pytest.fixture(scope="module")
def people(platform: "RunningPlatform") -> dict[str, Account]:
    names = {n: f"{n}-{uuid4().hex[:6]}@example.com" for n in ("anna", "ben", "lea")}
    made = invite(
        platform.label_studio_url,
        platform.label_studio_token,
        passwords={email: secrets.token_urlsafe(12) for email in names.values()},
        roles={names["lea"]: Role.LEAD},
    )
    return {name: made[email] for name, email in names.items()}


@pytest.fixture(scope="module")
def desks(platform: "RunningPlatform", people: dict[str, Account]) -> dict[str, Desk]:
    return {name: _desk(platform, people[name], name) for name in ("anna", "ben")}


@pytest.fixture(scope="module")
def personal(platform: "RunningPlatform", people: dict[str, Account]) -> str:
    server = label_studio.label_studio_server(platform.settings)
    python = platform.settings.setup / "env" / "label-studio" / "bin" / "python"
    email = people["anna"].email
    return personal_token(python, server.environment, server.directory, email)


def _desk(platform: "RunningPlatform", account: Account, name: str) -> Desk:
    bucket = platform.cleansed_bucket
    campaign = f"g-{uuid4().hex[:8]}"
    inbox = Inbox(campaign=campaign, phase=Phase.ANNOTATION, person=name)
    project = platform.studio.ensure_inbox(
        inbox, owner=account.email, label_config=CONFIG, instructions="Draw."
    )
    image = f"images/{campaign}.jpg"
    platform.lake.cleansed.put(image, PICTURE, media_type="image/jpeg")
    uri = f"s3://{bucket}/{image}"
    data = {
        "image": uri,
        "asset_key": campaign,
        "image_id": campaign,
        "width_px": 9,
        "height_px": 9,
    }
    platform.studio.add_tasks(project, [NewTask(task_key=campaign, data=data)])
    task = platform.studio.task_ids(project)[campaign]
    with _with_token(platform, account.token) as client:
        annotation = client.post(f"/api/tasks/{task}/annotations", json={"result": []}).json()
        draft = client.post(f"/api/tasks/{task}/drafts", json={"result": [], "lead_time": 1}).json()
        view = client.post(
            f"/api/dm/views?project={project}", json={"project": project, "data": {"title": "Mine"}}
        ).json()
        user = client.get("/api/current-user/whoami").json()["id"]
    ids = {
        "project": project, "task": task, "annotation": annotation["id"], "draft": draft["id"],
        "view": view["id"], "user": user, "id": project,
        "picture": base64.urlsafe_b64encode(uri.encode()).decode(),
    }  # fmt: skip
    return Desk(account, Things(ids), user)


def _with_token(platform: "RunningPlatform", token: str, kind: str = "Token") -> httpx.Client:
    headers = {"Authorization": f"{kind} {token}"}
    return httpx.Client(base_url=platform.label_studio_url, headers=headers, timeout=60)


def _with_session(platform: "RunningPlatform", account: Account) -> httpx.Client:
    client = httpx.Client(base_url=platform.label_studio_url, timeout=60)
    client.get("/user/login/")
    form = {
        "email": account.email,
        "password": account.password,
        "csrfmiddlewaretoken": client.cookies["csrftoken"],
    }
    page = f"{platform.label_studio_url}/user/login/"
    assert client.post("/user/login/", data=form, headers={"Referer": page}).status_code == 302
    return client


def _with_personal_token(platform: "RunningPlatform", personal: str) -> httpx.Client:
    answer = httpx.post(
        f"{platform.label_studio_url}/api/token/refresh/", json={"refresh": personal}, timeout=60
    )
    return _with_token(platform, answer.json()["access"], "Bearer")


@pytest.fixture(params=["session", "token", "personal token"])
def anna(
    request: pytest.FixtureRequest,
    platform: "RunningPlatform",
    people: dict[str, Account],
    personal: str,
) -> Iterator[httpx.Client]:
    client = {
        "session": lambda: _with_session(platform, people["anna"]),
        "token": lambda: _with_token(platform, people["anna"].token),
        "personal token": lambda: _with_personal_token(platform, personal),
    }[request.param]()
    with closing(client):
        assert client.get("/api/current-user/whoami").json()["email"] == people["anna"].email
        yield client


@pytest.fixture(scope="module")
def schema_operations(platform: "RunningPlatform") -> list[str]:
    with _with_token(platform, platform.label_studio_token) as client:
        answer = client.get("/docs/api/schema/json/", timeout=120)
        found = list(operations(as_json(answer.raise_for_status())))
    assert len(found) > 150
    return found


def test_nothing_of_anybody_else_is_reached_by_any_operation_and_nothing_changes(
    platform: "RunningPlatform",
    anna: httpx.Client,
    desks: dict[str, Desk],
    schema_operations: list[str],
) -> None:
    others = Things(
        {
            **desks["ben"].things.ids,
            "own_project": desks["anna"].things.ids["project"],
            "own_task": desks["anna"].things.ids["task"],
        }
    )
    about_oneself = {
        "GET /api/current-user/hotkeys/", "PATCH /api/current-user/hotkeys/",
        "GET /api/current-user/token", "GET /api/current-user/whoami", "GET /api/jwt/settings",
        "GET /api/projects/", "GET /api/projects/counts/", "GET /api/users/", "GET /api/users.json",
        "GET /api/version/", "GET /health/",
    }  # fmt: skip
    database = platform.settings.home / "label-studio" / "data" / label_studio.DATABASE
    before, lake_before = everything_in(database), _lake(platform)
    let_through = {
        operation
        for operation in (*schema_operations, *BESIDES_THE_SCHEMA)
        if ask(anna, operation, others).status_code < 300
    }
    assert let_through <= about_oneself
    assert everything_in(database) == before
    assert _lake(platform) == lake_before


def test_with_the_own_things_only_the_listed_operations_answer(
    platform: "RunningPlatform", people: dict[str, Account], schema_operations: list[str]
) -> None:
    desk = _desk(platform, people["anna"], "anna")
    last = [o for o in schema_operations if o.startswith("DELETE ")]
    in_order = [*(o for o in schema_operations if o not in last), *last]
    with closing(_with_session(platform, people["anna"])) as client:
        statuses = {operation: ask(client, operation, desk.things) for operation in in_order}
    reached = {o for o, answer in statuses.items() if answer.status_code < 300}
    assert reached <= OWN_IN_THE_SCHEMA
    refused = {o for o, answer in statuses.items() if answer.status_code in {401, 403}}
    # What is allowed and yet answers otherwise lacks something in the walk's own plain body.
    assert OWN_IN_THE_SCHEMA.isdisjoint(refused - _SAID_TOO_MUCH)


# The walk's body names a title, a bucket and more, which these refuse field by field.
_SAID_TOO_MUCH = {
    "PATCH /api/annotations/{annotation}/", "DELETE /api/annotations/{annotation}/",
    "PATCH /api/current-user/hotkeys/", "POST /api/dm/views/", "PUT /api/dm/views/{view}/",
    "PATCH /api/dm/views/{view}/", "DELETE /api/dm/views/{view}/",
    "POST /api/tasks/{task}/annotations/",
}  # fmt: skip


def _lake(platform: "RunningPlatform") -> dict[str, list[object]]:
    lake = platform.lake
    buckets = (lake.raw, lake.cleansed, lake.records.bucket, lake.exports)
    return {bucket.name: list(bucket.listing("")) for bucket in buckets}


def test_lists_show_the_own_inboxes_and_oneself_whatever_is_asked(
    anna: httpx.Client, desks: dict[str, Desk], people: dict[str, Account]
) -> None:
    other = desks["ben"].things.ids["project"]
    email = people["anna"].email
    for query in ("", "?page_size=100", f"?ids={other}", f"?ids={other},x", "?title=ben", "?ids="):
        for page in ("/api/projects", "/api/projects/counts/"):
            rows = anna.get(f"{page}{query}").json()["results"]
            assert other not in {row["id"] for row in rows}, query
            assert all(email in row.get("description", email) for row in rows), query
    assert [row["email"] for row in anna.get(f"/api/users?project={other}").json()] == [email]


def test_work_in_the_own_inbox_goes_on_as_before(
    anna: httpx.Client, desks: dict[str, Desk]
) -> None:
    desk = desks["anna"]
    project, task = desk.things.ids["project"], desk.things.ids["task"]
    picture = anna.get(f"/tasks/{task}/resolve/?fileuri={desk.things.ids['picture']}")
    assert (picture.status_code, picture.content) == (200, PICTURE)
    made = anna.post(f"/api/tasks/{task}/annotations?project={project}", json={"result": []})
    assert (made.status_code, made.json()["completed_by"]) == (201, desk.user_id)
    address = f"/api/annotations/{made.json()['id']}"
    changed = anna.patch(address, json={"result": [], "completed_by": desk.user_id})
    assert (changed.status_code, changed.json()["completed_by"]) == (200, desk.user_id)
    assert anna.delete(address).status_code == 204
    if "Authorization" not in anna.headers:  # pages are for who has signed in with a browser
        page = anna.get(f"/projects/{project}/data")
        assert page.status_code == 200
        assert '[data-testid="dm-import-button"]' in page.text  # in the stylesheet that hides it


@pytest.mark.parametrize(
    "said",
    [
        {"completed_by": "ben"}, {"updated_by": "ben"}, {"task": "ben"}, {"project": "ben"},
        {"parent_annotation": "ben"}, {"draft_id": "ben"}, {"ground_truth": True},
    ],
    ids=lambda said: next(iter(said)),
)  # fmt: skip
def test_an_answer_says_nothing_about_anybody_else(
    platform: "RunningPlatform", desks: dict[str, Desk], said: dict[str, object]
) -> None:
    kinds = {"completed_by": "user", "updated_by": "user", "parent_annotation": "annotation",
             "draft_id": "draft"}  # fmt: skip
    ben = desks["ben"].things.ids
    body = {k: ben[kinds.get(k, k)] if v == "ben" else v for k, v in said.items()}
    task = desks["anna"].things.ids["task"]
    annotation = desks["anna"].things.ids["annotation"]
    with _with_token(platform, desks["anna"].account.token) as client:
        made = client.post(f"/api/tasks/{task}/annotations", json={"result": [], **body})
        changed = client.patch(f"/api/annotations/{annotation}/", json=body)
        as_a_form = client.post(f"/api/tasks/{task}/annotations", data={"result": "[]", **body})
    assert {made.status_code, changed.status_code, as_a_form.status_code} == {403}


def test_a_page_of_another_origin_changes_nothing(
    platform: "RunningPlatform", people: dict[str, Account], desks: dict[str, Desk]
) -> None:
    task = desks["anna"].things.ids["task"]
    with closing(_with_session(platform, people["anna"])) as client:
        address = f"/api/tasks/{task}/annotations"
        for origin in ("http://evil.example", "null", "http://127.0.0.1:1"):
            headers = {"Origin": origin}
            assert client.post(address, json={"result": []}, headers=headers).status_code == 403
        headers = {"Origin": platform.label_studio_url}
        assert client.post(address, json={"result": []}, headers=headers).status_code == 201


def test_a_lead_looks_at_every_inbox_and_changes_nothing(
    platform: "RunningPlatform", people: dict[str, Account], desks: dict[str, Desk]
) -> None:
    ben = desks["ben"].things
    with _with_token(platform, people["lea"].token) as client:
        for page in (
            "/api/projects/{project}", "/api/tasks?project={project}", "/api/tasks/{task}",
            "/api/annotations/{annotation}/", "/tasks/{task}/resolve/?fileuri={picture}",
        ):  # fmt: skip
            assert client.get(ben.filled(page)).status_code == 200, page
        listed = {row["id"] for row in client.get("/api/projects?page_size=100").json()["results"]}
        assert {desks[name].things.ids["project"] for name in desks} <= listed
        for operation in (
            "POST /api/tasks/{task}/annotations", "PATCH /api/annotations/{annotation}/",
            "DELETE /api/annotations/{annotation}/", "DELETE /api/projects/{project}/",
            "PATCH /api/dm/views/{view}/", "GET /api/projects/{project}/export", "POST /api/users/",
            "GET /api/storages/s3", "GET /farmy/people/",
        ):  # fmt: skip
            method, _, template = operation.partition(" ")
            answer = client.request(
                method, ben.filled(template), json={} if method != "GET" else None
            )
            assert answer.status_code == 403, operation


def test_a_link_works_once_and_a_reset_ends_what_opened_the_account(
    platform: "RunningPlatform",
) -> None:
    email = f"joan-{uuid4().hex[:6]}@example.com"
    people = platform.studio.people
    first = people.invite(email.upper(), role=Role.ADJUDICATOR, name="Joan")
    again = people.invite(email, role=Role.LEAD)
    assert (first.is_new, again.is_new, again.link, again.role) == (
        True,
        False,
        None,
        Role.ADJUDICATOR,
    )
    assert first.link
    joan = invite(platform.label_studio_url, platform.label_studio_token,
                  passwords={email: "long enough, joan"})[email]  # fmt: skip
    assert httpx.get(first.link, timeout=60).status_code == 410  # a newer link was made
    with _with_token(platform, joan.token) as client:
        assert client.get("/api/current-user/whoami").status_code == 200
        second = people.reset(email)
        assert second.link
        assert client.get("/api/current-user/whoami").status_code == 401
    (account,) = [a for a in people.accounts() if a.email == email]
    assert (account.name, account.role, account.has_signed_in) == ("Joan", Role.ADJUDICATOR, True)
    assert people.set_role(email, Role.ANNOTATOR).role is Role.ANNOTATOR
    with httpx.Client(base_url=platform.label_studio_url, timeout=60) as browser:
        shown = browser.get(second.link, follow_redirects=True)
        page, secret = str(shown.url), second.link.split("/")[-2]
        assert "Choose a password" in shown.text
        assert secret not in page + shown.text
        headers = {"Referer": page}
        form = {"password": "short", "again": "short"}
        assert browser.post(page, data=form, headers=headers).status_code == 403  # no CSRF token
        form["csrfmiddlewaretoken"] = browser.cookies["csrftoken"]
        assert browser.post(page, data=form, headers=headers).status_code == 400
        form |= {"password": "long enough, again", "again": "long enough, again"}
        assert browser.post(page, data=form, headers=headers).status_code == 302
        assert browser.get("/api/current-user/whoami").json()["email"] == email
        assert browser.get(second.link).status_code == 410
    log = (platform.settings.logs / "label-studio.log").read_text(errors="replace")
    assert joan.password not in log
