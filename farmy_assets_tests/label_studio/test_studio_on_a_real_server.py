"""The same promises, kept against the real Label Studio: the fake could be wrong about it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any, Protocol
from uuid import uuid4

import httpx
import pytest

from farmy_assets.annotation.inboxes import SKIP_REASONS, Inbox, Phase
from farmy_assets.annotation.reading_votes import votes_from_task
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.votes import Outcome
from farmy_assets.errors import StudioError, StudioUnavailableError
from farmy_assets.label_studio import InboxProgress, Studio, StudioSettings, results
from farmy_assets.label_studio.connection import Connection
from farmy_assets.label_studio.label_configs import label_config
from farmy_assets.label_studio.new_tasks import NewTask
from farmy_assets.label_studio.regions import region_from_result
from farmy_assets.simulation.accounts import Account, invite
from farmy_assets.simulation.annotators import SubmittedAnswer, work_inbox
from farmy_assets_tests.annotation.examples import campaign

pytestmark = pytest.mark.integration

ANNA = "anna-of-the-tests@example.com"
BOX = Box(label="weed", x_min=8, y_min=12, x_max=80, y_max=60)
CONFIG = """<View>
  <Image name="image" value="$image"/>
  <RectangleLabels name="box" toName="image">
    <Label value="weed" background="#d62728"/>
  </RectangleLabels>
</View>
"""


class Platform(Protocol):
    """What these tests need of the running platform."""

    @property
    def label_studio_url(self) -> str: ...
    @property
    def label_studio_token(self) -> str: ...
    @property
    def cleansed_bucket(self) -> str: ...


@pytest.fixture
def studio(platform: Platform) -> Iterator[Studio]:
    studio = Studio(
        StudioSettings(
            platform.label_studio_url, platform.label_studio_token, platform.cleansed_bucket
        )
    )
    yield studio
    studio.close()


@pytest.fixture(scope="module")
def anna(platform: Platform) -> Account:
    passwords = {ANNA: "a password for tests"}
    return invite(platform.label_studio_url, platform.label_studio_token, passwords=passwords)[ANNA]


@pytest.fixture
def inbox() -> Inbox:
    return Inbox(campaign=f"t-{uuid4().hex[:10]}", phase=Phase.ANNOTATION, person="anna")


@pytest.fixture
def project_id(studio: Studio, inbox: Inbox) -> int:
    wording = "Draw <all> & more."
    return studio.ensure_inbox(inbox, owner=ANNA, label_config=CONFIG, instructions=wording)


def new(studio_bucket: str, *numbers: int) -> list[NewTask]:
    return [
        NewTask(
            task_key=f"image-{n}",
            data={
                "image": f"s3://{studio_bucket}/images/image-{n}.jpg",
                "asset_key": f"image-{n}",
                "image_id": f"image-{n}",
                "width_px": 320,
                "height_px": 240,
            },
        )
        for n in numbers
    ]


def answer(data: Mapping[str, Any]) -> SubmittedAnswer:
    return SubmittedAnswer((BOX,), skipped=data["asset_key"] == "image-1", lead_time_s=3.25)


def test_the_server_is_up_and_is_the_version_the_platform_was_written_for(studio: Studio) -> None:
    assert studio.check().startswith("1.23.")


def test_an_inbox_is_made_once_and_changed_only_when_the_campaign_changes(
    studio: Studio, inbox: Inbox, project_id: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="farmy_assets.label_studio")
    wording = "Draw <all> & more."
    assert studio.ensure_inbox(inbox, label_config=CONFIG, instructions=wording) == project_id
    assert "changing" not in caplog.text
    wider = CONFIG.replace("</Rect", '<Label value="crop"/></Rect')
    assert studio.ensure_inbox(inbox, label_config=wider, instructions=wording) == project_id
    assert "changing label_config" in caplog.text
    assert studio.find_inboxes(inbox.key) == {inbox.key: project_id}


def test_a_configuration_that_cannot_work_is_refused_with_the_reason(
    studio: Studio, inbox: Inbox
) -> None:
    with pytest.raises(StudioError, match="toName") as caught:
        studio.ensure_inbox(inbox, label_config=CONFIG.replace('toName="image"', 'toName="x"'),
                            instructions="")  # fmt: skip
    assert not isinstance(caught.value, StudioUnavailableError)


def test_tasks_are_added_once_in_small_and_in_large_inboxes(
    studio: Studio, project_id: int, platform: Platform
) -> None:
    tasks = new(platform.cleansed_bucket, *range(300))
    assert studio.add_tasks(project_id, tasks) == 300
    assert studio.add_tasks(project_id, tasks) == 0
    assert studio.add_tasks(project_id, new(platform.cleansed_bucket, 7, 1000)) == 1
    ids = studio.task_ids(project_id)
    assert len(ids) == len(set(ids.values())) == 301


def test_copies_are_removed(studio: Studio, project_id: int, platform: Platform) -> None:
    tasks = new(platform.cleansed_bucket, 1, 2)
    connection = Connection(platform.label_studio_url, platform.label_studio_token)
    for _ in range(2):
        body = [{"data": task.data} for task in tasks]
        connection.post(f"/api/projects/{project_id}/import", body, doing="importing")
    connection.close()
    assert studio.progress([project_id])[project_id].tasks == 4
    assert studio.add_tasks(project_id, tasks) == 0
    assert studio.progress([project_id])[project_id].tasks == 2


def test_what_a_person_draws_and_skips_comes_back_under_the_own_name(
    studio: Studio, project_id: int, platform: Platform, anna: Account
) -> None:
    studio.add_tasks(project_id, new(platform.cleansed_bucket, *range(3)))
    before = studio.activity(project_id)
    connection = Connection(platform.label_studio_url, anna.token)
    done = work_inbox(connection, project_id, email=ANNA, answer_for=answer, stop=Event())
    connection.close()

    assert done == 3
    assert studio.progress([project_id]) == {project_id: InboxProgress(3, 3, 3)}
    assert studio.activity(project_id) != before
    read = {task.task_key: task for task in studio.changed_tasks(project_id, since=None)}
    answers = {key: task.annotations[0] for key, task in read.items()}
    assert {found.email for found in answers.values()} == {ANNA}
    reasons = [results.skip_reasons(answers[f"image-{n}"].result)[1] for n in range(3)]
    assert reasons == [[], [SKIP_REASONS[0]], []]
    (region,) = answers["image-0"].result
    drawn = region_from_result(region, kinds={"box"}, labels={"weed"}, width_px=320, height_px=240)
    assert drawn.bounds_px == pytest.approx(BOX.bounds_px)


def test_an_edit_and_a_deletion_are_changes(
    studio: Studio, project_id: int, platform: Platform, anna: Account
) -> None:
    studio.add_tasks(project_id, new(platform.cleansed_bucket, 0, 2))
    connection = Connection(platform.label_studio_url, anna.token)
    work_inbox(connection, project_id, email=ANNA, answer_for=answer, stop=Event())
    tasks = list(studio.changed_tasks(project_id, since=None))
    since = max(task.updated_at for task in tasks) + timedelta(microseconds=1)
    assert not list(studio.changed_tasks(project_id, since=since))
    with connection.sdk("editing and deleting") as sdk:
        sdk.annotations.update(id=tasks[0].annotations[0].annotation_id, result=[])
        sdk.annotations.delete(id=tasks[1].annotations[0].annotation_id)
    connection.close()
    edited, deleted = studio.changed_tasks(project_id, since=since)
    assert edited.annotations[0].result == ()
    assert deleted.annotations == ()


def test_nobody_home_is_told_as_something_that_passes() -> None:
    studio = Studio(StudioSettings("http://127.0.0.1:9", "t" * 40, "cleansed"))
    with pytest.raises(StudioUnavailableError, match="make up"):
        studio.check()


def test_a_draft_and_an_open_task_are_work_in_progress(
    studio: Studio, platform: Platform, project_id: int, anna: Account
) -> None:
    studio.add_tasks(project_id, new(platform.cleansed_bucket, 1, 2, 3))
    before = datetime.now(UTC) - timedelta(minutes=5)
    assert studio.tasks_in_work(project_id, since=before) == set()
    ids = studio.task_ids(project_id)
    own = {"Authorization": f"Token {anna.token}"}
    with httpx.Client(base_url=platform.label_studio_url, headers=own, timeout=60) as client:
        body = {"result": [], "lead_time": 2.0}
        client.post(f"/api/tasks/{ids['image-2']}/drafts", json=body).raise_for_status()
        opened = client.get(f"/api/projects/{project_id}/next").raise_for_status().json()
        seen = client.get(
            "/farmy/in-progress/", params={"project": project_id, "since": "2026-01-01"}
        )
    assert seen.status_code == 403
    working = {"image-2", str(opened["data"]["asset_key"])}
    assert studio.tasks_in_work(project_id, since=before) == working
    later = datetime.now(UTC) + timedelta(minutes=5)
    assert (
        studio.tasks_in_work(project_id, since=later) <= working
    )  # what is open, whatever its age


def test_an_annotators_inbox_asks_for_a_reason_in_place_of_skip(
    studio: Studio, platform: Platform, inbox: Inbox, anna: Account
) -> None:
    rules = campaign()
    page = label_config(rules, Phase.ANNOTATION)
    project_id = studio.ensure_inbox(inbox, owner=ANNA, label_config=page, instructions="Draw.")
    studio.add_tasks(project_id, new(platform.cleansed_bucket, 1))
    own = {"Authorization": f"Token {anna.token}"}
    chosen = {
        "id": "r", "from_name": "cannot_label", "to_name": "image", "type": "choices",
        "value": {"choices": ["plants hide each other"]},
    }  # fmt: skip
    with httpx.Client(base_url=platform.label_studio_url, headers=own, timeout=60) as client:
        assert not client.get(f"/api/projects/{project_id}").json()["show_skip_button"]
        (task_id,) = studio.task_ids(project_id).values()
        answer = {"result": [chosen], "lead_time": 2.0}
        client.post(f"/api/tasks/{task_id}/annotations", json=answer).raise_for_status()
    (task,) = studio.changed_tasks(project_id, since=None)
    now = rules.model_copy(update={"name": inbox.campaign})
    (vote,) = votes_from_task(
        task, inbox=inbox, campaign=now, known=(), reader=results, own_addresses={ANNA}
    )
    assert (vote.outcome, vote.skip_reason) == (Outcome.SKIPPED, "plants hide each other")
    assert studio.progress([project_id])[project_id].is_complete
