"""Requests as no app sends them, to the application as uvicorn serves it."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import httpx
import pytest

from farmy_assets import upload_handler
from farmy_assets.ingestion.uploads.app import HEADERS
from farmy_assets.ingestion.uploads.contract import LARGEST_BODY_BYTES
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.arrivals import NOON, jpeg
from farmy_assets_tests.ingestion.uploads.phone import (
    WHO,
    UploadApi,
    api,
    lambda_process,
    request_for,
)

__all__ = ["api"]

ASKED = request_for(jpeg()).model_dump_json(exclude_none=True)
Ask = Callable[..., httpx.Response]


@pytest.fixture
def token(lake: Lake) -> str:
    return lake.contributors.give_token(WHO, now=NOON)


@pytest.fixture
def ask(api: UploadApi, token: str) -> Ask:
    """Sends one request, with a good token where none is named."""

    def ask(method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        more.setdefault("headers", {"Authorization": f"Bearer {token}"})

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(api.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, **more)

        return anyio.run(send)

    return ask


def with_value(name: str, value: str) -> str:
    """The request with one more field, whose value is written as it is."""
    return f'{ASKED[:-1]},"{name}":{value}}}'


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param("[" * 100_000, "recursion", id="deep"),
        pytest.param('{"a":' * 100_000, "recursion", id="deep objects"),
        pytest.param(with_value("size_bytes", "NaN"), "size_bytes", id="NaN"),
        pytest.param(with_value("size_bytes", "1e999"), "size_bytes", id="infinite"),
        pytest.param(with_value("size_bytes", "9" * 100_000), "number", id="a huge number"),
        pytest.param(
            with_value("position", '{"latitude_deg":NaN,"longitude_deg":1}'), "finite",
            id="no place",
        ),
        pytest.param(with_value("captured_at", "Infinity"), "captured_at", id="no time"),
        pytest.param(ASKED.encode("utf-16"), "JSON", id="UTF-16"),
        pytest.param(with_value("crop", '"\xff"').encode("latin-1"), "JSON", id="Latin-1"),
        pytest.param(with_value("crop", r'"\ud800"'), "JSON", id="half a character"),
        pytest.param(b"\xef\xbb\xbf" + ASKED.encode(), "JSON", id="byte order mark"),
        pytest.param(ASKED + ASKED, "JSON", id="two requests"),
        pytest.param(with_value("size_bytes", '"12"'), "size_bytes", id="a number as text"),
        pytest.param(with_value("licence", '"\\u0000"').replace("licence", "name"), "name",
                     id="a name of nothing"),
        pytest.param("", "JSON", id="nothing"),
        pytest.param("null", "the request", id="null"),
        pytest.param(f"[{ASKED}]", "the request", id="a list"),
    ],
)  # fmt: skip
def test_what_is_not_such_a_request_in_json_is_refused(
    ask: Ask, lake: Lake, body: str | bytes, told: str
) -> None:
    answer = ask("POST", "/uploads", content=body)
    assert answer.status_code == answer.json()["status"] == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert told in answer.json()["detail"]
    assert list(lake.raw.keys("")) == []


def test_of_a_name_that_comes_twice_the_last_one_counts_and_is_checked(ask: Ask) -> None:
    assert ask("POST", "/uploads", content=with_value("size_bytes", "0")).status_code == 422
    first = with_value("crop", '"rye"')[:-1] + ',"crop":"oat"}'
    assert ask("POST", "/uploads", content=first).status_code == 200
    again = ask("POST", "/uploads", content=with_value("crop", '"oat"'))
    assert again.status_code == 200  # the very same request


@pytest.mark.parametrize(
    "media_type", [None, "text/plain", "application/xml", "multipart/form-data; boundary=x", "x"]
)
def test_a_body_is_read_as_json_whatever_its_sender_calls_it(
    ask: Ask, token: str, media_type: str | None
) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    headers |= {"Content-Type": media_type} if media_type else {}
    assert ask("POST", "/uploads", content=ASKED, headers=headers).status_code == 200
    answer = ask("POST", "/uploads", content="a=b", headers=headers)
    assert answer.status_code == 422


@pytest.mark.parametrize("declared", [True, False], ids=["with a length", "in pieces"])
def test_no_more_is_read_of_a_body_than_a_body_may_have(
    api: UploadApi, token: str, *, declared: bool
) -> None:
    pieces = [b" " * 100_000] * 10_000
    headers = [(b"authorization", f"Bearer {token}".encode())]
    headers += [(b"content-length", b"1000000000")] if declared else []
    read, sent = [0], list[dict[str, Any]]()

    async def receive() -> dict[str, Any]:
        read[0] += len(pieces[0])
        return {"type": "http.request", "body": pieces[0], "more_body": True}

    anyio.run(answered, api, headers, receive, sent)
    assert sent[0]["status"] == 413
    assert read[0] <= LARGEST_BODY_BYTES + len(pieces[0])


def test_a_client_that_goes_in_the_middle_of_its_body_is_no_error_of_ours(
    api: UploadApi, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    messages: list[dict[str, Any]] = [
        {"type": "http.disconnect"}, {"type": "http.request", "body": b"{", "more_body": True},
    ]  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop()

    headers = [(b"authorization", f"Bearer {token}".encode())]
    anyio.run(answered, api, headers, receive, sent)
    assert sent[0]["status"] == 400
    assert caplog.records == []


async def answered(
    api: UploadApi,
    headers: list[tuple[bytes, bytes]],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    sent: list[dict[str, Any]],
) -> None:
    """Send a request piece by piece, and keep what comes back."""
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
        "method": "POST", "path": "/uploads", "raw_path": b"/uploads", "query_string": b"",
        "headers": headers, "client": None, "server": None, "root_path": "",
    }  # fmt: skip

    async def send(message: Any) -> None:  # noqa: ANN401 - ASGI's own
        sent.append(message)

    await api.app(scope, receive, send)


def test_two_tokens_prove_nobody(ask: Ask, token: str) -> None:
    good, bad = f"Bearer {token}", f"Bearer c-4712.{'x' * 43}"
    for values in ([good, bad], [bad, good], [good, good], [f"{good}, {good}"], [f"{good},x"]):
        headers = [("Authorization", value) for value in values]
        answer = ask("POST", "/uploads", content=ASKED, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    ["Basic {token}", "{token}", "Bearer", "Bearer  {token}", "Bearer {token} ", "Token {token}",
     "Bearer {token}\u00ff"],
)  # fmt: skip
def test_what_is_no_bearer_token_proves_nobody(ask: Ask, token: str, header: str) -> None:
    value = header.format(token=token).encode("latin-1")
    answer = ask("POST", "/uploads", content=ASKED, headers=[(b"authorization", value)])
    assert answer.status_code == 401


def test_who_is_not_known_learns_nothing_of_the_body(ask: Ask) -> None:
    for body in (ASKED, "no JSON", " " * (LARGEST_BODY_BYTES + 1)):
        answer = ask("POST", "/uploads", content=body, headers={})
        assert answer.status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("HEAD", "/", 405, "GET"),
        ("HEAD", "/openapi.json", 405, "GET"),
        ("HEAD", "/uploads/client-0001", 405, "GET"),
        ("OPTIONS", "/uploads", 405, "POST"),
        ("PUT", "/uploads/client-0001/complete", 405, "POST"),
        ("GET", "/uploads/batch", 405, "POST"),
        ("POST", "/upload.js", 405, "GET"),
        ("QUERY", "/uploads", 405, "POST"),
        ("GET", "/uploads/", 404, None),
        ("GET", "/uploads/client-0001/", 404, None),
        ("POST", "/uploads//batch", 404, None),
        ("POST", "/UPLOADS", 404, None),
        ("POST", "/uploads%0A", 404, None),
        ("GET", "/uploads/client-0001%0A", 404, None),
        ("GET", "/uploads/short", 404, None),
        ("GET", f"/uploads/{'x' * 65}", 404, None),
        ("GET", "/uploads/client%200001", 404, None),
        ("GET", "/uploads/client-0001/forms", 404, None),
        ("GET", "/docs", 404, None),
        ("GET", "/redoc", 404, None),
        ("GET", "/page/upload.html", 404, None),
        ("GET", "/%2e%2e/app.py", 404, None),
    ],
)
def test_other_methods_and_paths_are_problems_with_the_same_headers(
    ask: Ask, method: str, path: str, status: int, allowed: str | None
) -> None:
    answer = ask(method, path)
    assert answer.status_code == status
    assert answer.headers.get("allow") == allowed
    assert answer.headers["content-type"] == "application/problem+json"
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize(
    ("event", "about"),
    [
        ({"body": "x", "isBase64Encoded": True}, "base64"),
        ({"body": "\ud800"}, "half a character"),
        ({"headers": {"host": "x", "x-forwarded-port": "443, letters"}}, "a port"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_event_that_cannot_be_read_is_answered(
    api: UploadApi, monkeypatch: pytest.MonkeyPatch, event: dict[str, Any], about: str
) -> None:
    monkeypatch.setattr(upload_handler, "_adapter", lambda: upload_handler.adapter(api.app))
    http = {"method": "POST", "path": "/uploads", "sourceIp": "192.0.2.1"}
    whole = {"version": "2.0", "headers": {}, "requestContext": {"http": http}, **event}
    with lambda_process():
        answer = upload_handler.handler(whole, None)
    assert answer["statusCode"] == 400, about
    assert json.loads(answer["body"])["title"] == "not readable"
    assert answer["headers"]["X-Content-Type-Options"] == "nosniff"


def test_the_adapter_logs_no_request(
    api: UploadApi, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    http = {"method": "GET", "path": "/uploads/client-0001", "sourceIp": "192.0.2.1"}
    headers = {"authorization": f"Bearer {token}"}
    with caplog.at_level("INFO"):
        api.answer({"version": "2.0", "headers": headers, "requestContext": {"http": http}})
    assert [r for r in caplog.records if r.name.startswith(("mangum", "fastapi"))] == []
    assert token not in caplog.text
