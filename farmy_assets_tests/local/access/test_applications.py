"""The two layers in front of an ASGI application, called as a server calls them."""

import asyncio
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from farmy_assets.local.access.asgi import Application, Message, Receive, Scope, Send, guarded
from farmy_assets.local.access.rules import AccessRules
from farmy_assets.local.access.signed import signed
from farmy_assets_tests.local.access.test_signatures import secret_of
from farmy_assets_tests.local.access.test_signatures import signed as sign

HOST = "127.0.0.1:4566"
PAGE = "http://127.0.0.1:8280"
RULES = AccessRules(hosts=(HOST,), subdomains=True, guests={PAGE: ("POST",)}, links=False)


@dataclass
class Inner:
    """An application that remembers what reached it."""

    headers: Sequence[tuple[bytes, bytes]] = ()
    bodies: list[bytes] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            self.bodies.append(b"websocket")
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": list(self.headers)})
        await send({"type": "http.response.body", "body": b"done"})


@dataclass(frozen=True)
class Answer:
    """What a client gets."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(
    application: Application,
    method: str = "GET",
    path: str = "/",
    *,
    query: str = "",
    headers: Mapping[str, str] | None = None,
    pieces: Sequence[bytes] = (b"",),
    kind: str = "http",
) -> Answer:
    sent: list[Message] = []
    told = {"host": HOST, **{name.lower(): text for name, text in (headers or {}).items()}}
    scope = {
        "type": kind, "method": method, "path": path, "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(k.encode(), v.encode()) for k, v in told.items()],
    }  # fmt: skip
    messages = [
        {"type": "http.request", "body": piece, "more_body": n + 1 < len(pieces)}
        for n, piece in enumerate(pieces)
    ]

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    async def serve() -> None:
        await application(scope, receive, send)

    asyncio.run(serve())
    first: Message = sent[0] if sent else {"type": "nothing"}
    if first["type"] != "http.response.start":
        return Answer(0, {}, first["type"].encode())
    shown = {name.decode(): value.decode() for name, value in first["headers"]}
    return Answer(first["status"], shown, b"".join(m.get("body", b"") for m in sent[1:]))


def administered(inner: Inner) -> Application:
    return signed(
        inner, secret_of=secret_of, is_administrator=lambda key: key == "AKIDEXAMPLE",
        takes_form=lambda host, bucket: (host, bucket) == (HOST, "bucket"),
    )  # fmt: skip


def test_what_is_refused_never_reaches_the_application() -> None:
    inner = Inner()
    application = guarded(inner, RULES)
    answer = ask(application, "POST", headers={"Origin": "http://evil.example"})
    assert answer.status == 403
    assert "access-control-allow-origin" not in answer.headers
    assert ask(application, headers={"Host": "evil.example"}).status == 421
    assert ask(application, kind="websocket").body == b"websocket.close"
    assert inner.bodies == []


def test_no_answer_may_be_framed_or_taken_for_another_media_type() -> None:
    own_policy = (b"Content-Security-Policy", b"default-src 'self'")
    for headers in ((), (own_policy,), ((b"X-Frame-Options", b"SAMEORIGIN"),)):
        inner = Inner(headers)
        for answer in (
            ask(guarded(inner, RULES)),
            ask(guarded(inner, RULES), headers={"Host": "x"}),
        ):
            told = {name.lower() for name in answer.headers}
            assert {"x-frame-options", "x-content-type-options"} <= told
            assert answer.headers["content-security-policy"] == "frame-ancestors 'none'"
    assert ask(guarded(Inner((own_policy,)), RULES)).headers[own_policy[0].decode()]


def test_an_answer_for_everybody_is_readable_for_the_guest_alone() -> None:
    application = guarded(Inner(((b"Access-Control-Allow-Origin", b"*"),)), RULES)
    guest = ask(application, "POST", headers={"Origin": PAGE})
    assert guest.headers["access-control-allow-origin"] == PAGE
    assert guest.headers["vary"] == "Origin"
    for headers in ({}, {"Origin": f"http://{HOST}"}):
        told = {name.lower() for name in ask(application, "POST", headers=headers).headers}
        assert "access-control-allow-origin" not in told


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"), ("GET", "/bucket/key"), ("PUT", "/bucket/key"), ("DELETE", "/bucket/key"),
        ("POST", "/"), ("POST", "/bucket?delete"), ("POST", "/_ministack/reset"),
        ("GET", "/_ministack/sqs/messages"), ("GET", "/_ministack/ready"),
        ("POST", "/_ministack/health"), ("GET", "/_localstack/health"), ("OPTIONS", "/bucket"),
        ("GET", "/health"), ("GET", "/oauth2/authorize"), ("GET", "//_ministack/health"),
    ],
)  # fmt: skip
def test_unsigned_requests_do_not_reach_the_emulator(method: str, path: str) -> None:
    inner = Inner()
    answer = ask(administered(inner), method, path)
    assert answer.status == 403
    assert b"<Code>AccessDenied</Code>" in answer.body
    assert inner.bodies == []


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/_ministack/health", {}),
        ("OPTIONS", "/bucket", {"Access-Control-Request-Method": "POST"}),
        ("POST", "/bucket", {"Content-Type": "multipart/form-data; boundary=x"}),
        ("GET", "/uploads", {"Host": f"d5f50139.execute-api.{HOST}"}),
        ("POST", "/uploads", {
            "Host": f"d5f50139.execute-api.{HOST}", "Authorization": "Bearer token",
        }),
    ],
)  # fmt: skip
def test_what_carries_no_signature_by_its_nature_is_let_through(
    method: str, path: str, headers: Mapping[str, str]
) -> None:
    assert ask(administered(Inner()), method, path, headers=headers).status == 200


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/bucket/key", {"Content-Type": "multipart/form-data; boundary=x"}),
        ("/", {"Content-Type": "multipart/form-data; boundary=x"}),
        # The emulator takes these for IAM and ECS, and whoever signs nothing for its root key.
        (
            "/bucket",
            {
                "Content-Type": "multipart/form-data; boundary=x",
                "Host": f"iam.{HOST}",
            },
        ),
        ("/clusters", {"Content-Type": "multipart/form-data; boundary=x"}),
        ("/_x", {"Content-Type": "multipart/form-data; boundary=x"}),
        ("/_ministack/reset", {"Host": f"d5f50139.execute-api.{HOST}"}),
        ("/iceberg/v1/config", {"Host": f"d5f50139.execute-api.{HOST}"}),
        ("/v20180820/accesspoint", {"Host": f"d5f50139.execute-api.{HOST}"}),
        ("/v2/email/identities", {"Host": f"d5f50139.execute-api.{HOST}"}),
        ("/uploads\n/x", {"Host": f"d5f50139.execute-api.{HOST}"}),
        # What the emulator itself does not take for an API would be S3 to it, without a signature.
        ("/bucket/key", {"Host": f"an-api.execute-api.{HOST}"}),
        ("/bucket/key", {"Host": f"zzzzzzzz.execute-api.{HOST}"}),
        ("/bucket/key", {"Host": "d5f50139.execute-api.localhost:4566"}),
        ("/bucket", {"Content-Type": "multipart/form-data; boundary=x", "X-Amz-Target": "Y.Scan"}),
        (
            "/bucket",
            {
                "Content-Type": "multipart/form-data; boundary=x",
                "X-Amz-Copy-Source": "/raw/key",
            },
        ),
        ("/bucket", {"Content-Type": "multipart/form-data; boundary=x", "Authorization": "x"}),
    ],
)
def test_a_form_or_an_api_opens_nothing_else(path: str, headers: Mapping[str, str]) -> None:
    inner = Inner()
    assert ask(administered(inner), "POST", path, headers=headers).status == 403
    assert inner.bodies == []


def test_what_looks_like_a_form_is_no_other_operation() -> None:
    inner = Inner()
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    for query in ("delete", "delete=", "uploads", "restore"):
        answer = ask(administered(inner), "POST", "/bucket", query=query, headers=form)
        assert answer.status == 403
    assert inner.bodies == []


def as_sent(**how: Any) -> dict[str, Any]:  # noqa: ANN401
    request = sign(f"http://{HOST}/bucket/key", **how)
    return {"query": request.query, "headers": request.headers}


def test_a_signed_request_arrives_whole_and_with_the_bytes_that_were_signed() -> None:
    for how in ({}, {"service": "sqs"}, {"expires": 60}):
        inner = Inner()
        body = b"one and two"
        sent = as_sent(method="PUT", **({"body": body} if "expires" not in how else {}), **how)
        if not how:
            assert sent["headers"]["x-amz-content-sha256"] == sha256(body).hexdigest()
        pieces = [body[:3], b"", body[3:]]
        answer = ask(administered(inner), "PUT", "/bucket/key", **sent, pieces=pieces)
        assert (answer.status, inner.bodies) == (200, [body])


def test_other_bytes_than_those_that_were_signed_are_refused() -> None:
    for how in ({}, {"service": "sqs"}):
        inner = Inner()
        sent = as_sent(method="PUT", body=b"one and two", **how)
        answer = ask(administered(inner), "PUT", "/bucket/key", **sent, pieces=[b"one ", b"three"])
        assert (answer.status, inner.bodies) == (403, [])


def test_only_the_platform_s_own_key_reaches_the_emulator_s_own_addresses() -> None:
    for key, wanted in (("AKIDEXAMPLE", 200), ("OTHER", 403)):
        request = sign(f"http://{HOST}/_ministack/reset", method="POST", key=key)
        answer = ask(administered(Inner()), "POST", "/_ministack/reset", headers=request.headers)
        assert answer.status == wanted


def test_clients_of_either_protocol_can_read_why() -> None:
    answer = ask(administered(Inner()), "POST", headers={"X-Amz-Target": "DynamoDB.Scan"})
    assert b'"__type": "AccessDeniedException"' in answer.body
    assert ask(administered(Inner()), "HEAD", "/bucket/key").body == b""


def test_what_runs_in_the_emulator_s_environment_needs_the_standard_library_alone() -> None:
    root = Path(__file__).parents[3]
    code = (
        f"import sys; sys.path.insert(0, {str(root)!r});"
        "import farmy_assets.local.access.asgi, farmy_assets.local.access.signed;"
        "print(sorted(m for m in sys.modules if m.startswith('farmy_assets')))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    assert "farmy_assets.local.access.signatures" in done.stdout
