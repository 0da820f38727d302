"""Lets only signed requests through to an ASGI application that answers for AWS.

Unsigned, it answers whether it is there, CORS preflights, requests to an API behind its gateway
(the API checks its callers itself), and a browser's forms, whose signature is among their fields.
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import escape

from farmy_assets.local.access.asgi import (
    SAFE_HEADERS,
    Application,
    Message,
    Receive,
    Scope,
    Send,
)
from farmy_assets.local.access.signatures import (
    SHA256_HEX_LENGTH,
    SecretOf,
    SignatureRefusedError,
    SignedRequest,
    check_signature,
    payload_hash,
    read_signature,
)

HEALTH_PATH = "/_ministack/health"
ADMIN_PREFIXES = ("/_", "//")
# No wider than the emulator's own form: under another name it would take the request for S3's.
API_HOST = re.compile(r"[a-f0-9]{8}\.execute-api\.127\.0\.0\.1(:[0-9]+)?")
# The upload interface's own. To some others (Iceberg, S3 Control, the registry) the emulator
# answers itself, under every name, and takes whoever signs nothing for its root key.
API_PATH = re.compile(r"/|/uploads(/.*)?|/[a-z]+\.(js|json)")
FORM = "multipart/form-data"
LARGEST_HASHED_BODY_BYTES = 32_000_000  # of services that do not say their body's sha256 beforehand
FORBIDDEN = 403
# Whether a form may be sent to this host, for a bucket of this name.
TakesForm = Callable[[str, str], bool]


def is_open(request: SignedRequest, path: str, takes_form: TakesForm) -> bool:
    """Whether a request is answered that is signed neither in its headers nor in its address."""
    if path == HEALTH_PATH:
        return request.method in {"GET", "HEAD"}
    if path.startswith(ADMIN_PREFIXES):
        return False
    if request.method == "OPTIONS":
        return "access-control-request-method" in request.headers
    # A form goes to the bucket itself, and names its key in a field. With a query, or marked by a
    # header, the same request would be another operation.
    is_form = request.headers.get("content-type", "").lower().startswith(FORM)
    is_plain = not request.query and not any(n.startswith("x-amz-") for n in request.headers)
    if request.method != "POST" or not is_form or not is_plain:
        return False
    return takes_form(request.headers.get("host", "").lower(), path.removeprefix("/"))


def is_for_an_api(request: SignedRequest, path: str) -> bool:
    """Whether it goes to an API behind the gateway, which lets its callers in by its own rules."""
    host = request.headers.get("host", "").lower()
    return API_HOST.fullmatch(host) is not None and API_PATH.fullmatch(path) is not None


def signed(
    application: Application,
    *,
    secret_of: SecretOf,
    is_administrator: Callable[[str], bool],
    takes_form: TakesForm,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Application:
    """The application, but that it only sees what a known key signed.

    Args:
        application: What answers for AWS.
        secret_of: Knows the keys.
        is_administrator: Whether an access key may use the application's own `/_...` addresses.
        takes_form: Whether an unsigned form goes to a bucket; another service would do as root
            what it says.
        clock: The time.
    """

    async def checked(scope: Scope, request: SignedRequest, receive: Receive) -> Receive:
        signature = read_signature(request)
        if scope["path"].startswith(ADMIN_PREFIXES) and not is_administrator(
            signature.access_key_id
        ):
            msg = "this address is for the platform's own key"
            raise SignatureRefusedError(msg)
        promised = payload_hash(request, signature)
        body_hash, receive = (promised, receive) if promised else await _hashed(receive)
        check_signature(request, signature, body_hash=body_hash, secret_of=secret_of, now=clock())
        if promised and len(promised) == SHA256_HEX_LENGTH:
            return _as_promised(receive, promised)
        return receive

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        request = _as_sent(scope)
        claims = "authorization" in request.headers or "X-Amz-" in request.query
        open_to_all = not claims and is_open(request, scope["path"], takes_form)
        sending = _Sending(send)
        try:
            if not open_to_all and not is_for_an_api(request, scope["path"]):
                receive = await checked(scope, request, receive)
            await application(scope, receive, sending)
        except SignatureRefusedError as error:
            if not sending.has_begun:
                await _refuse(send, request, str(error))

    return answer


class _Sending:
    """Knows whether an answer has begun, after which there can be no other."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False

    async def __call__(self, message: Message) -> None:
        self.has_begun = True
        await self._send(message)


def _as_sent(scope: Scope) -> SignedRequest:
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1"), value.decode("utf-8", "replace")
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    return SignedRequest(
        method=scope["method"],
        raw_path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
    )


async def _hashed(receive: Receive) -> tuple[str, Receive]:
    """The sha256 of a body that has to be known before the signature can be checked."""
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > LARGEST_HASHED_BODY_BYTES:
            msg = "the request is too large for a signature without x-amz-content-sha256"
            raise SignatureRefusedError(msg)
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return hashlib.sha256(body).hexdigest(), again


def _as_promised(receive: Receive, promised: str) -> Receive:
    """Receives the body, and fails at its end if these are not the bytes that were signed."""
    digest = hashlib.sha256()

    async def checked() -> Message:
        message = await receive()
        if message["type"] == "http.request":
            digest.update(message.get("body", b""))
            if not message.get("more_body", False) and digest.hexdigest() != promised:
                msg = "the body is not the one that was signed"
                raise SignatureRefusedError(msg)
        return message

    return checked


async def _refuse(send: Send, request: SignedRequest, reason: str) -> None:
    """Refuse with AWS's error format, so that its clients show the reason."""
    if "x-amz-target" in request.headers:
        media_type = "application/x-amz-json-1.0"
        body = json.dumps({"__type": "AccessDeniedException", "message": reason})
    else:
        media_type = "application/xml"
        error = f"<Code>AccessDenied</Code><Message>{escape(reason)}</Message>"
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{error}</Error>'
    content = b"" if request.method == "HEAD" else body.encode()
    headers: list[tuple[bytes, bytes]] = [
        (b"content-type", media_type.encode()),
        (b"content-length", str(len(content)).encode()),
        *SAFE_HEADERS,
    ]
    await send({"type": "http.response.start", "status": FORBIDDEN, "headers": headers})
    await send({"type": "http.response.body", "body": content})
