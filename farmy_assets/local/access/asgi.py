"""Applies the access rules in front of an ASGI application, in the same process.

What is refused never reaches the application: it gets a status and one sentence. Every answer says
that it may not be shown in a frame and is what its media type says.
Format: ASGI specification, "HTTP & WebSocket ASGI Message Format".
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias

from farmy_assets.local.access.rules import (
    AccessRules,
    Refusal,
    guest_origin,
    refusal,
    request_of,
)

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers: TypeAlias = list[tuple[bytes, bytes]]

# Beside a policy that the application states itself, a second one only takes away.
SAFE_HEADERS = (
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
REPEATABLE = frozenset({b"content-security-policy"})
POLICY_VIOLATION = 1008  # RFC 6455, section 7.4.1
ANY_ORIGIN = b"access-control-allow-origin"


def guarded(application: Application, rules: AccessRules) -> Application:
    """The application, but that it only sees what the rules let in."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await application(scope, receive, send)
            return
        is_websocket = scope["type"] == "websocket"
        request = request_of(
            "GET" if is_websocket else scope["method"],
            scope["path"],
            scope["headers"],
            is_websocket=is_websocket,
        )
        if refused := refusal(rules, request):
            await refuse(send, refused, is_websocket=is_websocket)
            return
        if is_websocket:
            await application(scope, receive, send)
            return
        guest = guest_origin(rules, request)
        await application(scope, receive, safe_answers(send, guest))

    return answer


def safe_answers(send: Send, guest: str | None = None) -> Send:
    """Sends what it is given, with headers for browsers: no frames, no guessing of media types.

    Args:
        send: What sends.
        guest: The other origin whose page may read the answer, if the application says so too.
    """

    async def send_safely(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = with_safe_headers(message.get("headers", ()), guest)
            message = {**message, "headers": headers}
        await send(message)

    return send_safely


def with_safe_headers(headers: Iterable[tuple[bytes, bytes]], guest: str | None) -> Headers:
    """The headers of an answer, with those added that protect it, and no foreign reader allowed."""
    sent = list(headers)
    there = {name.lower() for name, _ in sent}
    if ANY_ORIGIN in there:
        sent = [header for header in sent if header[0].lower() != ANY_ORIGIN]
        if guest is not None:
            sent += [(ANY_ORIGIN, guest.encode("latin-1")), (b"vary", b"Origin")]
    return sent + [
        header for header in SAFE_HEADERS if header[0] in REPEATABLE or header[0] not in there
    ]


async def refuse(send: Send, refused: Refusal, *, is_websocket: bool = False) -> None:
    """Answer in the application's place."""
    if is_websocket:  # before it is accepted: the client gets a 403
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        return
    body = f"{refused.reason}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        *SAFE_HEADERS,
    ]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
