"""Phones and real servers: the page in a real browser, the Lambda behind its API, many at once."""

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page

from farmy_assets.ingestion.dead_letters import DeadLetters
from farmy_assets.ingestion.uploads.quota_limits import USUAL_LIMITS
from farmy_assets.lake import keys
from farmy_assets.local import ministack
from farmy_assets.local.aws import Aws
from farmy_assets.local.deployment import outputs
from farmy_assets.workflow.reconcile import Reconciler
from farmy_assets_tests.arrivals import jpeg
from farmy_assets_tests.integration.browser import browser_page
from farmy_assets_tests.integration.phones import Phone, all_at_work
from farmy_assets_tests.integration.running import RunningPlatform
from farmy_assets_tests.integration.servers import running_platform

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

PHONES, PHOTOGRAPHS = 200, 5  # each passes a local AWS of one process several times
LARGE_BYTES = 20_000_000


@pytest.fixture(scope="module")
def lake_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    """The lake and its upload interface, without people and runs."""
    home = tmp_path_factory.mktemp("uploads")
    with running_platform(home, parts={"ministack", "uploads"}) as running:
        yield running


@pytest.fixture(scope="module")
def address(lake_alone: RunningPlatform) -> str:
    return lake_alone.settings.address("uploads")


@pytest.fixture(scope="module")
def token(lake_alone: RunningPlatform) -> str:
    return lake_alone.lake.contributors.give_token("c-4711", now=datetime.now(UTC))


def _request(client_id: str, content: bytes) -> dict[str, Any]:
    return {
        "client_id": client_id, "name": "Rübe 1.jpg", "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(), "media_type": "image/jpeg",
        "campaign": "weeds",
    }  # fmt: skip


def _state(address: str, token: str, client_id: str) -> str:
    answer = httpx.get(f"{address}/uploads/{client_id}", headers=bearer(token))
    return str(answer.json()["state"])


def ask(address: str, token: str, client_id: str, content: bytes) -> dict[str, Any]:
    request = _request(client_id, content)
    answer = httpx.post(f"{address}/uploads", json=request, headers=bearer(token))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def post_form(upload: dict[str, Any], content: bytes, **other: str) -> int:
    form = upload["form"]
    file = {"file": ("x", content)}
    return httpx.post(form["url"], data=form["fields"] | other, files=file).status_code


def wait_for(address: str, token: str, client_id: str, state: str) -> None:
    ends = time.monotonic() + 30
    told = None
    while told != state:
        assert time.monotonic() < ends, f"{client_id} is {told} and not {state}"
        time.sleep(0.2)
        told = httpx.get(f"{address}/uploads/{client_id}", headers=bearer(token)).json()["state"]


def test_a_form_takes_these_bytes_and_this_metadata_alone(
    lake_alone: RunningPlatform, address: str, token: str
) -> None:
    content = jpeg(3)
    upload = ask(address, token, "the-form-1", content)
    assert post_form(upload, content + b"more") >= 400
    assert post_form(upload, content, **{"x-amz-meta-farmy": "{}"}) == 403
    for key in (keys.incoming("c-4711", "another-1"), keys.raw_image(upload["image_id"])):
        assert post_form(upload, content, key=key) == 403
    if post_form(upload, bytes(len(content))) == 204:  # the local S3 may take it
        wait_for(address, token, "the-form-1", "refused")
    assert lake_alone.lake.raw.head(keys.raw_image(upload["image_id"])) is None
    assert post_form(ask(address, token, "the-form-1", content), content) == 204
    wait_for(address, token, "the-form-1", "catalogued")


def test_a_large_file_comes_in_parts_and_goes_on_after_a_break(address: str, token: str) -> None:
    content = jpeg(4) + bytes(range(256)) * (LARGE_BYTES // 256)

    def put(part: dict[str, Any], more: bytes = b"") -> int:
        end = part["offset_bytes"] + part["size_bytes"]
        piece = content[part["offset_bytes"] : end] + more
        return httpx.put(part["url"], content=piece).status_code

    first = ask(address, token, "the-parts-1", content)["parts"]
    assert put(first[0], b"more") == 403
    assert put(first[1]) == 200
    left = ask(address, token, "the-parts-1", content)["parts"]
    assert [part["number"] for part in left] == [1, 3]
    assert [put(part) for part in left] == [200, 200]
    done = httpx.post(f"{address}/uploads/the-parts-1/complete", headers=bearer(token))
    assert done.json()["state"] in {"stored", "catalogued"}
    wait_for(address, token, "the-parts-1", "catalogued")


def test_of_two_who_send_one_photograph_the_first_complete_one_counts_for_good(
    lake_alone: RunningPlatform, address: str, token: str
) -> None:
    lake, content = lake_alone.lake, jpeg(5)
    other = lake.contributors.give_token("c-4712", now=datetime.now(UTC))
    mine, theirs = (ask(address, who, "the-race-1", content) for who in (token, other))
    with ThreadPoolExecutor(2) as pool:
        sent = list(pool.map(lambda upload: post_form(upload, content), (mine, theirs)))
    assert sent == [204, 204]
    key = keys.raw_image(mine["image_id"])
    lake_alone.wait_until("both looked at", lambda: not list(lake.raw.keys(keys.INCOMING)))
    lake_alone.wait_until("an entry", lambda: mine["image_id"] in _catalogued(lake_alone, "weeds"))
    states = {who: _state(address, who, "the-race-1") for who in (token, other)}
    assert sorted(states.values()) == ["catalogued", "conflict"]
    before = lake.ingestion.find_metadata(mine["image_id"])
    assert before is not None
    assert states[token if before.contributor == "c-4711" else other] == "catalogued"

    for upload in (mine, theirs):  # forms that are used again, with these bytes and with others
        for again in (content, bytes(len(content))):
            post_form(upload, again)
    lake_alone.wait_until("all looked at", lambda: not list(lake.raw.keys(keys.INCOMING)))
    assert lake.raw.get(key) == content
    assert lake.ingestion.find_metadata(mine["image_id"]) == before
    versions = lake.raw.client.list_object_versions(Bucket=lake.raw.name, Prefix=key)
    assert len(versions["Versions"]) == 1
    answer = httpx.post(
        f"{address}/uploads", json=_request("the-race-2", content) | {"crop": "rye"},
        headers=bearer(token),
    )  # fmt: skip
    assert answer.status_code == 409
    assert answer.json()["stands"]["image_id"] == mine["image_id"]


def test_a_correction_reaches_the_catalog(
    lake_alone: RunningPlatform, address: str, token: str
) -> None:
    content = jpeg(6)
    upload = ask(address, token, "the-correction", content)
    assert post_form(upload, content) == 204
    wait_for(address, token, "the-correction", "catalogued")
    for crop in ("rye", "oat"):
        path = f"{address}/uploads/the-correction/correction"
        answer = httpx.post(path, json={"crop": crop}, headers=bearer(token))
        assert answer.json()["stands"]["metadata"]["crop"] == crop

    def corrected() -> bool:
        entry = lake_alone.lake.catalog.entries([upload["image_id"]])[upload["image_id"]]
        return bool(entry.metadata and entry.metadata.crop == "oat" and entry.corrections == 2)

    lake_alone.wait_until("the correction in the catalog", corrected)
    assert Reconciler.of(lake_alone.lake).reconcile(now=datetime.now(UTC)).corrections_found == 0


def test_of_500_requests_at_once_no_more_get_through_than_are_allowed(
    lake_alone: RunningPlatform, address: str
) -> None:
    token = lake_alone.lake.contributors.give_token("c-flood-1", now=datetime.now(UTC))
    limits = httpx.Limits(max_connections=60)

    async def flood() -> list[int]:
        async with httpx.AsyncClient(limits=limits, timeout=200, trust_env=False) as client:

            async def asked_again_if_cut_off(request: Mapping[str, object]) -> httpx.Response:
                """The server may end an idle connection just when it is used again."""
                for _ in range(3):
                    with suppress(httpx.ReadError, httpx.RemoteProtocolError):
                        return await client.post(
                            f"{address}/uploads", json=request, headers=bearer(token)
                        )
                pytest.fail("the server ended three connections")

            async def one(number: int) -> int:
                request = _request(f"flood-{number:04d}", jpeg(7)) | {
                    "size_bytes": 200_000_000, "sha256": f"{number:064x}",
                }  # fmt: skip
                asked = await asked_again_if_cut_off(request)
                assert asked.status_code == 200 or int(asked.headers["Retry-After"]) > 0
                return asked.status_code

            return await asyncio.gather(*(one(number) for number in range(500)))

    answers = Counter(asyncio.run(flood()))
    assert answers == {200: USUAL_LIMITS.open_bytes // 200_000_000, 429: 490}
    assert len(list(lake_alone.lake.raw.keys("uploads/c-flood-1/"))) == 10


def test_the_lambda_answers_behind_its_http_api(lake_alone: RunningPlatform, token: str) -> None:
    server = lake_alone.settings.address(ministack.NAME)
    api_id = outputs(Aws.of(lake_alone.settings))["UploadApiId"]
    host = {"Host": f"{api_id}.execute-api.{server.removeprefix('http://')}"}
    first = httpx.get(f"{server}/uploads/never-asked", headers=host, timeout=60)  # starts it
    assert first.status_code == 401
    answer = httpx.get(f"{server}/uploads/never-asked", headers=host | bearer(token))
    assert answer.status_code == 404
    assert "ask for it first" in answer.json()["detail"]
    page = httpx.get(f"{server}/", headers=host)
    assert "Take a photograph" in page.text


SLOW_DIGEST = """() => {
  const digest = crypto.subtle.digest.bind(crypto.subtle);
  crypto.subtle.digest = async (...given) => {
    await new Promise((resolve) => setTimeout(resolve, 3000));
    return digest(...given);
  };
}"""


def test_a_person_takes_photographs_where_there_is_no_network(
    lake_alone: RunningPlatform, address: str, token: str, tmp_path: Path
) -> None:
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(jpeg(200 + number, size=(320, 240)))
    with browser_page(width_px=390, height_px=844) as page:
        troubles: list[str] = []
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(f"{address}/#token={token}&campaign=phones")
        page.get_by_text("Nothing waits on this phone.").wait_for()
        page.evaluate("navigator.serviceWorker.ready")
        assert token not in page.url
        page.set_input_files("#files", [tmp_path / "0.jpg"])
        page.get_by_text("in the catalog", exact=True).wait_for()

        page.context.set_offline(True)
        page.reload()
        page.evaluate(SLOW_DIGEST)  # the page asks the network again while it keeps them
        page.set_input_files("#files", [tmp_path / "1.jpg", tmp_path / "2.jpg"])
        page.get_by_text("do not leave the page yet").wait_for()
        page.get_by_text("1 of 3 in the catalog. No network").wait_for()
        page.reload()
        page.locator("li").nth(2).wait_for()  # the page reads them from the phone's storage
        assert page.locator("li").count() == 3
        assert len(_catalogued(lake_alone, "phones")) == 1

        page.context.set_offline(False)
        page.get_by_text("3 of 3 in the catalog.").wait_for()
        assert page.locator("li.done img").count() == 3
        assert troubles == []
    assert len(_catalogued(lake_alone, "phones")) == 3


def test_a_person_with_a_token_that_ended_is_told_so_and_loses_nothing(
    address: str, token: str, tmp_path: Path
) -> None:
    (tmp_path / "0.jpg").write_bytes(jpeg(9))
    with browser_page(width_px=390, height_px=844) as page:
        page.goto(f"{address}/#token=c-1.{'x' * 43}&campaign=phones")
        page.set_input_files("#files", [tmp_path / "0.jpg"])
        page.get_by_text("Your token is not good").wait_for()
        assert page.get_by_text("kept on this phone").last.is_visible()
        page.goto(f"{address}/#token={token}&campaign=phones")  # a browser stays on the page
        page.get_by_role("button", name="Use the link").click()
        page.get_by_text("1 of 1 in the catalog.").wait_for()


def test_a_link_replaces_nothing_on_a_page_in_use_before_its_person_says_so(
    address: str, token: str, tmp_path: Path
) -> None:
    (tmp_path / "0.jpg").write_bytes(jpeg(11))
    foreign = f"{address}/#token=c-9.{'x' * 43}&campaign=beetles&licence=none"
    names = ("token", "campaign", "licence")

    def settings(page: Page) -> list[str]:
        told = "name => [document.getElementById(name).value, localStorage.getItem(name)]"
        values = [page.evaluate(told, name) for name in names]
        assert all(shown == kept for shown, kept in values)
        return [shown for shown, _ in values]

    with browser_page(width_px=390, height_px=844) as page:
        page.goto(f"{address}/#token={token}&campaign=phones&licence=CC0-1.0")
        page.get_by_text("Nothing waits on this phone.").wait_for()
        mine = [token, "phones", "CC0-1.0"]
        assert settings(page) == mine
        assert not page.get_by_role("dialog").is_visible()
        for answer in ("Escape", "Keep what is set"):
            if answer != "Escape":
                page.goto("about:blank")  # and the page is opened anew
            page.goto(foreign)
            dialog = page.get_by_role("dialog")
            dialog.wait_for()
            told = dialog.inner_text()
            assert "your token: c-9 in place of c-4711" in told
            assert "campaign: beetles in place of phones" in told
            assert "licence: none in place of CC0-1.0" in told
            assert "xxx" not in told + page.url
            assert settings(page) == mine
            if answer == "Escape":
                page.keyboard.press("Escape")
            else:
                page.get_by_role("button", name=answer).click()
            dialog.wait_for(state="hidden")
            assert settings(page) == mine
        page.set_input_files("#files", [tmp_path / "0.jpg"])
        page.get_by_text("1 of 1 in the catalog.").wait_for()
        page.goto(foreign)
        page.get_by_role("button", name="Use the link").click()
        assert settings(page) == [f"c-9.{'x' * 43}", "beetles", "none"]
        page.goto(f"{address}/#campaign=beetles")  # what is set already is no question
        page.reload()
        assert not page.get_by_role("dialog").is_visible()


def test_a_photograph_that_is_refused_waits_for_its_person(
    address: str, token: str, tmp_path: Path
) -> None:
    (tmp_path / "notes.gif").write_bytes(b"GIF89a")
    with browser_page(width_px=390, height_px=844) as page:
        page.goto(f"{address}/#token={token}&campaign=phones")
        page.set_input_files("#files", [tmp_path / "notes.gif"])
        page.get_by_text("media_type").wait_for()
        assert page.get_by_role("button", name="Try again").is_visible()
        page.reload()
        page.get_by_text("1 need you").wait_for()


def test_of_200_phones_with_bad_connections_every_photograph_arrives_once(
    lake_alone: RunningPlatform, address: str
) -> None:
    book = lake_alone.lake.contributors
    tokens = [book.give_token(f"c-load-{n}", now=datetime.now(UTC)) for n in range(PHONES)]
    phones = [Phone(n, token, "load", PHOTOGRAPHS) for n, token in enumerate(tokens)]
    ids = asyncio.run(all_at_work(phones, address))
    assert len(ids) == PHONES * PHOTOGRAPHS

    lake_alone.wait_until(
        "all entries", lambda: len(_catalogued(lake_alone, "load")) == len(ids), seconds=300
    )
    assert _catalogued(lake_alone, "load") == ids
    waiting = [image.image_id for image in lake_alone.lake.catalog.waiting()]
    assert len(waiting) == len(set(waiting))
    assert ids <= set(waiting)
    assert list(DeadLetters.connect(lake_alone.lake.settings).redrive(move=False)) == []


def _catalogued(platform: RunningPlatform, campaign: str) -> set[str]:
    entries = platform.lake.catalog.scan()
    return {e.image_id for e in entries if e.metadata and e.metadata.campaign == campaign}
