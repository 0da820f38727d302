"""A Label Studio that misbehaves: no task twice, no vote lost, and every error says what to do."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from farmy_assets.annotation.votes import current_votes
from farmy_assets.defs.inbox_repair import InboxRepair
from farmy_assets.errors import StudioError, StudioUnavailableError
from farmy_assets.label_studio import Studio, StudioSettings
from farmy_assets_tests.defs.inboxes_in_memory import NAME, PEOPLE, InboxesInMemory
from farmy_assets_tests.label_studio.fake_label_studio import FakeLabelStudio
from farmy_assets_tests.workflow.test_evaluation import BATCHES, IMAGES

PAGE = "<!DOCTYPE html><html><body>Bad gateway</body></html>"
EVERY_IMAGE = [image_id for batch_id in BATCHES for image_id in IMAGES[batch_id]]
Misbehaviour = Callable[[FakeLabelStudio, httpx.Request], httpx.Response]


def stopped(_server: FakeLabelStudio, _request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


def too_slow(server: FakeLabelStudio, request: httpx.Request) -> httpx.Response:
    server.answer(request)
    raise httpx.ReadTimeout("too slow")


def failing(_server: FakeLabelStudio, _request: httpx.Request) -> httpx.Response:
    return httpx.Response(500, text=PAGE)


def failing_afterwards(server: FakeLabelStudio, request: httpx.Request) -> httpx.Response:
    server.answer(request)
    return httpx.Response(500, json={"detail": "database is locked"})


def a_page_instead(_server: FakeLabelStudio, _request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, text=PAGE)


def losing_replies(server: FakeLabelStudio, request: httpx.Request) -> httpx.Response:
    server.answer(request)
    raise httpx.RemoteProtocolError("Server disconnected without sending a response.")


MISBEHAVIOURS = [
    stopped, too_slow, failing, failing_afterwards, a_page_instead, losing_replies,
]  # fmt: skip


@pytest.fixture
def inboxes(monkeypatch: pytest.MonkeyPatch) -> InboxesInMemory:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setattr("farmy_assets.lake.objects.THREADS", 1)
    return InboxesInMemory()


def persist(work: Callable[[], object]) -> int:
    """Run something again until it comes through, as the sensors do; how often it failed.

    Every failure has to be an error of ours that names the server.
    """
    told: list[str] = []
    for _ in range(400):
        try:
            work()
        except StudioError as error:
            told.append(str(error))
        else:
            break
    else:
        raise AssertionError("it never came through")
    assert all("http://studio.test" in text or "run again" in text for text in told), told
    assert not any("<html" in text for text in told)
    return len(told)


def keys_in(inboxes: InboxesInMemory) -> Counter[tuple[int, str]]:
    return Counter(
        (task["project"], task["data"]["asset_key"]) for task in inboxes.server.tasks.values()
    )


@pytest.mark.parametrize("misbehave", MISBEHAVIOURS)
def test_at_one_request_in_six_nothing_is_doubled_and_nothing_lost(
    inboxes: InboxesInMemory, misbehave: Misbehaviour
) -> None:
    chance, server = random.Random(4), inboxes.server

    def fault(request: httpx.Request) -> httpx.Response | None:
        return misbehave(server, request) if chance.random() < 1 / 6 else None

    def without_faults(work: Callable[[], object]) -> None:
        server.fault = lambda _request: None
        work()
        server.fault = fault

    def reconcile() -> None:
        InboxRepair(inboxes.lake, inboxes.connected()).reconcile(inboxes.rules)

    server.fault = fault
    failures = 0
    for batch_id in BATCHES:
        failures += persist(lambda: inboxes.place(batch_id))  # noqa: B023 - called at once
        del server.tasks[max(server.tasks)]
        failures += persist(reconcile)
        for image_id in IMAGES[batch_id]:
            for person in PEOPLE:
                without_faults(lambda: inboxes.answer(person, image_id))  # noqa: B023
            failures += persist(inboxes.copy)
    assert failures
    server.fault = lambda _request: None
    reconcile()
    inboxes.copy()
    assert len(server.projects) == len(PEOPLE)
    assert set(keys_in(inboxes).values()) == {1}
    assert len(keys_in(inboxes)) == len(EVERY_IMAGE) * len(PEOPLE)
    votes = inboxes.lake.votes.all(NAME)
    assert len(current_votes(votes)) == len(EVERY_IMAGE) * len(PEOPLE)
    drift = InboxRepair(inboxes.lake, inboxes.studio).reconcile(inboxes.rules)
    assert not {kind: count for kind, count in drift.found.items() if count}


def test_while_it_is_stopped_for_good_nothing_is_written_and_the_error_says_what_to_do(
    inboxes: InboxesInMemory,
) -> None:
    inboxes.place(BATCHES[0])
    inboxes.answer("anna", IMAGES[BATCHES[0]][0])
    inboxes.copy()
    before = dict(inboxes.bucket.objects)
    inboxes.server.fault = lambda request: stopped(inboxes.server, request)
    for work in (inboxes.copy, lambda: InboxRepair(inboxes.lake, inboxes.studio)):
        with pytest.raises(StudioUnavailableError, match="start it with `make up`"):
            work()
    assert inboxes.bucket.objects == before


@contextmanager
def slow_server(server: FakeLabelStudio, seconds: float) -> Iterator[str]:
    """The server in memory behind a real socket, where each answer takes its time."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            time.sleep(seconds)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = httpx.Request(self.command, f"http://x{self.path}", content=body)
            answer = server.answer(request)
            self.send_response(answer.status_code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815 - the names are http.server's

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        thread = threading.Thread(target=served.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()
        thread.join()


def test_slow_answers_are_waited_for_and_too_slow_ones_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("farmy_assets.lake.objects.THREADS", 1)
    inboxes = InboxesInMemory()
    inboxes.place(BATCHES[0])
    inboxes.answer("anna", IMAGES[BATCHES[0]][0])
    with slow_server(inboxes.server, 0.05) as address:
        inboxes.studio = Studio(StudioSettings(address, "0" * 40, "cleansed"))
        assert inboxes.copy().new_votes == 1
        assert inboxes.studio.clock is not None
        inboxes.studio.close()
        monkeypatch.setattr("farmy_assets.label_studio.connection._TIMEOUT_S", 0.01)
        inboxes.studio = Studio(StudioSettings(address, "0" * 40, "cleansed"))
        with pytest.raises(StudioUnavailableError, match="took too long"):
            inboxes.copy()
        inboxes.studio.close()


def test_a_pass_asks_so_little_that_a_server_that_takes_3_seconds_a_request_keeps_up(
    inboxes: InboxesInMemory,
) -> None:
    inboxes.place(*BATCHES)
    inboxes.answer("anna", EVERY_IMAGE[0])
    inboxes.copy()
    inboxes.answer("anna", EVERY_IMAGE[1])
    inboxes.server.requests.clear()
    assert inboxes.copy().new_votes == 1
    asked = len(inboxes.server.requests)
    assert asked <= 20, "one minute at three seconds a request"
