"""Errors: foreign ones become ours, say what to do next, and tell no secret."""

from collections.abc import Callable

import httpx
import pytest

from farmy_assets.annotation.inboxes import Inbox, Phase
from farmy_assets.errors import InvalidInputError, StudioError, StudioUnavailableError
from farmy_assets.label_studio import Studio, StudioSettings
from farmy_assets.label_studio.connection import Connection
from farmy_assets_tests.label_studio.fake_label_studio import FakeLabelStudio

INBOX = Inbox(campaign="weeds", phase=Phase.ANNOTATION, person="anna")


def raising(error: Exception) -> Callable[[httpx.Request], httpx.Response | None]:
    def fault(_request: httpx.Request) -> httpx.Response | None:
        raise error

    return fault


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (httpx.ConnectError("refused"), "make up"),
        (httpx.RemoteProtocolError("reset"), "make up"),
        (httpx.ReadTimeout("slow"), "took too long"),
    ],
    ids=["refused", "reset", "timeout"],
)
def test_no_answer_can_be_tried_again(
    studio: Studio, server: FakeLabelStudio, error: Exception, text: str
) -> None:
    server.fault = raising(error)
    with pytest.raises(StudioUnavailableError, match=text) as caught:
        studio.people.accounts()
    assert "http://studio.test" in str(caught.value)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_server_in_trouble_can_be_tried_again(
    studio: Studio, server: FakeLabelStudio, status: int
) -> None:
    server.fault = lambda _request: httpx.Response(status, text="<html>trouble</html>")
    with pytest.raises(StudioUnavailableError, match=f"HTTP {status}"):
        studio.people.accounts()


@pytest.mark.parametrize(
    ("status", "text"),
    [(400, "correct what"), (401, "FARMY_LABEL_STUDIO_TOKEN"), (404, "deleted by hand")],
)
def test_a_refusal_is_not_worth_trying_again(
    studio: Studio, server: FakeLabelStudio, status: int, text: str
) -> None:
    server.fault = lambda _request: httpx.Response(status, json={"detail": "no"})
    with pytest.raises(StudioError, match=text) as caught:
        studio.people.accounts()
    assert not isinstance(caught.value, StudioUnavailableError)
    assert len(server.requests) == 1


def test_a_page_that_is_not_label_studios_is_said_to_be_one(
    studio: Studio, server: FakeLabelStudio
) -> None:
    server.fault = lambda _request: httpx.Response(200, text="<html>hello</html>")
    with pytest.raises(StudioError, match="FARMY_LABEL_STUDIO_URL"):
        studio.check()


def test_a_read_is_tried_again_after_a_lost_connection(
    studio: Studio, server: FakeLabelStudio
) -> None:
    def once(_request: httpx.Request) -> httpx.Response | None:
        if len(server.requests) == 1:
            raise httpx.RemoteProtocolError("stale connection")
        return None

    server.fault = once
    assert [account.email for account in studio.people.accounts()] == ["admin@example.com"]


@pytest.mark.parametrize("status", [401, 503])
def test_neither_token_nor_headers_show_in_an_error_of_the_sdk(
    studio: Studio, server: FakeLabelStudio, status: int
) -> None:
    server.fault = lambda request: (
        httpx.Response(status, headers={"Set-Cookie": "secret"})
        if request.method == "POST" and "storages" in request.url.path
        else None
    )
    with pytest.raises(StudioError) as caught:
        studio.ensure_inbox(INBOX, label_config="<View/>", instructions="")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "secret" not in str(caught.value)
    assert "0" * 40 not in str(caught.value)


def test_a_server_that_is_up_tells_its_version(studio: Studio) -> None:
    assert studio.check() == "1.23.2"


def test_a_server_that_is_still_starting_is_not_up(studio: Studio, server: FakeLabelStudio) -> None:
    server.fault = lambda _request: httpx.Response(200, json={"status": "DOWN"})
    with pytest.raises(StudioUnavailableError, match="still starting"):
        studio.check()


def test_a_personal_token_buys_a_new_access_token_when_the_old_one_has_expired() -> None:
    valid, sent = ["first"], []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/token/refresh/":
            return httpx.Response(200, json={"access": valid[0]})
        sent.append(request.headers["Authorization"])
        accepted = request.headers["Authorization"] == f"Bearer {valid[0]}"
        return httpx.Response(200 if accepted else 401, json=[])

    connection = Connection("http://s.test", "a.b.c", transport=httpx.MockTransport(answer))
    connection.get("/api/users/", doing="reading")
    valid[0] = "second"
    connection.get("/api/users/", doing="reading")
    assert sent == ["Bearer first", "Bearer first", "Bearer second"]


def test_settings_come_from_the_environment_and_hide_the_token() -> None:
    environment = {"FARMY_LABEL_STUDIO_URL": "http://h:1/", "FARMY_LABEL_STUDIO_TOKEN": "s3cret"}
    settings = StudioSettings.from_environment(environment, cleansed_bucket="cleansed")
    assert (settings.url, settings.token) == ("http://h:1", "s3cret")
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"FARMY_LABEL_STUDIO_URL": "http://h", "FARMY_LABEL_STUDIO_TOKEN": ""},
        {"FARMY_LABEL_STUDIO_URL": "localhost:8180", "FARMY_LABEL_STUDIO_TOKEN": "t"},
    ],
    ids=["nothing", "empty token", "no scheme"],
)
def test_settings_that_cannot_work_are_refused(environment: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError):
        StudioSettings.from_environment(environment, cleansed_bucket="cleansed")


def test_an_inbox_and_a_task_have_an_address_for_people(studio: Studio) -> None:
    assert studio.task_url(3) == "http://studio.test/projects/3/data"
    assert studio.task_url(3, 9) == "http://studio.test/projects/3/data?task=9"
