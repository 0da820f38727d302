"""Simulated people: they answer what is open, once, and come back after trouble."""

import json
import time
from collections.abc import Callable, Mapping
from threading import Event
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from farmy_assets.annotation.regions.box import Box
from farmy_assets.errors import StudioError, StudioUnavailableError
from farmy_assets.label_studio.connection import Connection
from farmy_assets.label_studio.regions import region_from_result
from farmy_assets.label_studio.results import decision_of, drawn_in
from farmy_assets.simulation.accounts import Account, invite
from farmy_assets.simulation.annotators import Annotator, SubmittedAnswer, Workforce, work_inbox
from farmy_assets_tests.label_studio.fake_label_studio import FakeLabelStudio

URL = "http://studio.test"
BOX = Box(label="weed", x_min=8, y_min=12, x_max=80, y_max=60)
ANNA = Account("anna@example.com", "password", "t" * 40)


def one_box(_data: Mapping[str, Any]) -> SubmittedAnswer:
    return SubmittedAnswer((BOX,), skipped=False, lead_time_s=4.5)


@pytest.fixture
def server() -> FakeLabelStudio:
    return FakeLabelStudio()


@pytest.fixture
def inbox(server: FakeLabelStudio) -> int:
    return server.add_project("farmy:weeds/annotation/anna")


def add_tasks(server: FakeLabelStudio, inbox: int, number: int) -> None:
    for n in range(number):
        data = {"asset_key": f"k{n}", "image_id": f"k{n}", "width_px": 320, "height_px": 240}
        server.add_task(inbox, data)


def work(
    server: FakeLabelStudio,
    inbox: int,
    answer_for: Callable[[Mapping[str, Any]], SubmittedAnswer] = one_box,
    *,
    stop: Event | None = None,
) -> int:
    connection = Connection(URL, ANNA.token, transport=server.transport)
    return work_inbox(
        connection, inbox, email=ANNA.email, answer_for=answer_for, stop=stop or Event()
    )


def answers_a_task(server: FakeLabelStudio) -> list[int]:
    return sorted(len(server._annotations_of(task_id)) for task_id in server.tasks)


def test_every_open_task_is_answered_once(server: FakeLabelStudio, inbox: int) -> None:
    add_tasks(server, inbox, 120)
    assert work(server, inbox) == 120
    assert work(server, inbox) == 0
    assert answers_a_task(server) == [1] * 120


@pytest.mark.parametrize(("boxes", "choice"), [((BOX,), "draw everything"), ((), "nothing there")])
def test_an_adjudicator_chooses_before_submitting(
    server: FakeLabelStudio, inbox: int, boxes: tuple[Box, ...], choice: str
) -> None:
    data = {"asset_key": "k", "image_id": "k", "width_px": 320, "height_px": 240, "decisions": []}
    server.add_task(inbox, data)
    assert (
        work(server, inbox, lambda _data: SubmittedAnswer(boxes, skipped=False, lead_time_s=1)) == 1
    )
    (answer,) = server.annotations.values()
    chosen = decision_of(answer["result"])
    assert chosen is not None
    assert chosen.choice == choice
    assert len(drawn_in(answer["result"])) == len(boxes)


def test_boxes_arrive_as_the_browser_writes_them(server: FakeLabelStudio, inbox: int) -> None:
    add_tasks(server, inbox, 1)
    work(server, inbox)
    (annotation,) = server.annotations.values()
    (region,) = annotation["result"]
    assert region["origin"] == "manual"
    assert (
        region_from_result(region, kinds={"box"}, labels={"weed"}, width_px=320, height_px=240)
        == BOX
    )
    assert annotation["lead_time"] == 4.5


def test_a_skipped_task_holds_no_boxes_and_is_not_asked_again(
    server: FakeLabelStudio, inbox: int
) -> None:
    add_tasks(server, inbox, 1)
    assert work(server, inbox, lambda _data: SubmittedAnswer((BOX,), True, 1.0)) == 1
    (annotation,) = server.annotations.values()
    (reason,) = annotation["result"]
    assert (annotation["was_cancelled"], reason["from_name"]) == (False, "cannot_label")
    assert work(server, inbox) == 0


def test_an_answer_that_was_stored_without_a_reply_is_not_given_again(
    server: FakeLabelStudio, inbox: int
) -> None:
    add_tasks(server, inbox, 3)

    def die_after_storing(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST":
            server.fault = lambda _request: None
            server.add_annotation(min(server.tasks), half_saved=True)
            raise httpx.RemoteProtocolError("killed")
        return None

    server.fault = die_after_storing
    with pytest.raises(StudioUnavailableError):
        work(server, inbox)
    assert work(server, inbox) == 2
    assert answers_a_task(server) == [1, 1, 1]


def test_who_is_told_to_stop_finishes_the_task_at_hand(server: FakeLabelStudio, inbox: int) -> None:
    add_tasks(server, inbox, 5)
    stop = Event()

    def answer_and_hear_the_bell(data: Mapping[str, Any]) -> SubmittedAnswer:
        stop.set()
        return one_box(data)

    assert work(server, inbox, answer_and_hear_the_bell, stop=stop) == 1


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def workforce(server: FakeLabelStudio, inbox_key: str, heard: list[int]) -> Workforce:
    return Workforce(
        URL,
        [Annotator(ANNA, inbox_key, one_box)],
        idle_s=0.01,
        on_answer=lambda _email, count: heard.append(count),
        transport=server.transport,
    )


def test_a_workforce_waits_for_its_inbox_and_for_more_work(server: FakeLabelStudio) -> None:
    heard: list[int] = []
    with workforce(server, "farmy:late", heard) as people:
        wait_for(lambda: server.asked("GET", "/api/projects/") > 1)
        inbox = server.add_project("farmy:late")
        for expected in (2, 4):
            add_tasks(server, inbox, 2)
            wait_for(lambda expected=expected: len(heard) == expected)  # type: ignore[misc]
    assert people.answered == {ANNA.email: 4}
    assert heard == [1, 2, 3, 4]


def test_a_workforce_outlives_a_restart_of_the_server(
    server: FakeLabelStudio, inbox: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("farmy_assets.simulation.annotators._AFTER_AN_ERROR_S", 0.01)
    monkeypatch.setattr("farmy_assets.label_studio.connection._PAUSES_S", ())
    add_tasks(server, inbox, 2)
    server.fault = lambda _request: httpx.Response(503)
    heard: list[int] = []
    with workforce(server, server.projects[inbox]["description"], heard):
        wait_for(lambda: len(server.requests) > 2)
        server.fault = lambda _request: None
        wait_for(lambda: len(heard) == 2)
    assert answers_a_task(server) == [1, 1]


def test_work_that_is_refused_ends_and_is_reported_at_the_end(
    server: FakeLabelStudio, inbox: int
) -> None:
    add_tasks(server, inbox, 1)
    server.fault = lambda request: httpx.Response(400) if request.method == "POST" else None
    people = workforce(server, server.projects[inbox]["description"], [])
    people.start()
    wait_for(lambda: people.is_broken)
    with pytest.raises(StudioError):
        people.stop()


class FakeDoor:
    """The gate's way in: an account is made by the platform, and its link takes one password."""

    def __init__(self) -> None:
        self.passwords: dict[str, str] = {"admin@example.com": "admin"}
        self.invited: list[str] = []
        self.transport = httpx.MockTransport(self._handle)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.startswith("/farmy/people/"):
            return self._people(path, json.loads(request.content)["email"])
        if request.method == "POST":
            return self._form(request, parse_qs(request.content.decode()))
        if path == "/api/current-user/token":
            return httpx.Response(
                200, json={"token": f"token-of-{request.headers['Cookie'][-20:]}"}
            )
        return httpx.Response(200, headers={"Set-Cookie": "csrftoken=c; Path=/"})

    def _people(self, path: str, email: str) -> httpx.Response:
        is_new = email not in self.passwords and email not in self.invited
        told = {
            "email": email,
            "name": "",
            "role": "annotator",
            "has_signed_in": email in self.passwords,
            "is_new": is_new,
        }
        if is_new or path.endswith("/reset/"):
            self.invited.append(email)
            link = f"/farmy/join/{email}/t{len(self.invited)}/"
            told |= {"link": link, "valid_until": "2026-01-08T00:00:00+00:00"}
        return httpx.Response(201 if is_new else 200, json=told)

    def _form(self, request: httpx.Request, form: dict[str, list[str]]) -> httpx.Response:
        email, password = form["email"][0], form["password"][0]
        assert form["csrfmiddlewaretoken"] == ["c"]
        assert request.headers["Referer"].startswith(URL)
        if request.url.path.startswith("/farmy/join/"):
            assert request.url.path == f"/farmy/join/{email}/t{len(self.invited)}/"
            self.passwords[email] = password
        let_in = self.passwords.get(email) == password
        return httpx.Response(302 if let_in else 200)


def test_inviting_again_signs_in_to_the_accounts_that_are_there() -> None:
    door = FakeDoor()
    passwords = {"anna@example.com": "pw-anna-1", "ben@example.com": "pw-ben-11"}
    for _ in range(2):
        accounts = invite(URL, "admin", passwords=passwords, transport=door.transport)
        assert {email: account.password for email, account in accounts.items()} == passwords
        assert all(account.token.startswith("token-of-") for account in accounts.values())
    assert "pw-anna" not in repr(accounts)
    assert len(door.passwords) == 3


def test_an_account_with_another_password_is_an_error_that_says_so() -> None:
    door = FakeDoor()
    with pytest.raises(StudioError, match="another password"):
        invite(URL, "t", passwords={"admin@example.com": "wrong"}, transport=door.transport)


def test_an_account_whose_link_was_lost_gets_another_one() -> None:
    door = FakeDoor()
    door.invited.append("anna@example.com")  # made by a run that was killed before it signed in
    passwords = {"anna@example.com": "pw-anna-1"}
    invite(URL, "admin", passwords=passwords, transport=door.transport)
    assert door.passwords["anna@example.com"] == "pw-anna-1"
