"""AWS Signature Version 4: was this request signed with this secret, and is it still good?

The signature stands in the header Authorization or in the query (a presigned address). A form of
a browser carries its own, over its policy; that one is checked where the form is read.
Source: AWS Identity and Access Management User Guide, "AWS Signature Version 4 for API requests";
Amazon S3 User Guide, "Authenticating requests".
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import quote, unquote

ALGORITHM = "AWS4-HMAC-SHA256"
CLOCK_SKEW = timedelta(minutes=15)
LONGEST_PRESIGNED = timedelta(days=7)
SHA256_HEX_LENGTH = 64
UNSIGNED = "UNSIGNED-PAYLOAD"
QUERY_FIELDS = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
HEADER_FIELDS = ["Credential", "Signature", "SignedHeaders"]
_IN_A_QUERY = frozenset(f"x-amz-{name.lower()}" for name in QUERY_FIELDS)
# The secret of an access key that is used together with a session token; None for an unknown key.
SecretOf = Callable[[str, str], str | None]


class SignatureRefusedError(Exception):
    """The request is not signed as it has to be; the text is for whoever sent it."""


@dataclass(frozen=True)
class SignedRequest:
    """A request as it was sent.

    Attributes:
        method: The method.
        raw_path: The path as on the wire, percent signs and all, without the query.
        query: The query as on the wire.
        headers: Names in lower case; several of one name joined by commas.
    """

    method: str
    raw_path: str
    query: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Signature:
    """What a request says of its signature.

    Attributes:
        access_key_id: Whose it is.
        scope: Date, region, service and `aws4_request`.
        date: When it was made, as the request says it.
        signed_at: The same.
        expires_at: When it ends to be good.
        signed_headers: The names of the headers that it covers.
        value: The signature itself, in hex.
        session_token: Goes with temporary keys; empty with others.
        is_query: Whether it stands in the query.
    """

    access_key_id: str
    scope: tuple[str, str, str, str]
    date: str
    signed_at: datetime
    expires_at: datetime
    signed_headers: tuple[str, ...]
    value: str
    session_token: str
    is_query: bool

    @property
    def service(self) -> str:
        """The service that it was signed for."""
        return self.scope[2]


def read_signature(request: SignedRequest) -> Signature:
    """What the request says of its signature; nothing of it is checked yet but its form.

    Raises:
        SignatureRefusedError: It has none, or half of one.
    """
    authorization = request.headers.get("authorization", "")
    names = [name.lower() for name, _ in _pairs(request.query) if name.lower().startswith("x-amz-")]
    if len(names) != len(set(names)) or (authorization and _IN_A_QUERY & set(names)):
        msg = "one request has one signature"
        raise SignatureRefusedError(msg)
    try:
        if authorization.startswith(f"{ALGORITHM} "):
            return _from_header(request, authorization.removeprefix(f"{ALGORITHM} "))
        if not authorization:
            return _from_query(dict(_pairs(request.query)))
    except (KeyError, ValueError) as error:
        msg = "the signature is not complete"
        raise SignatureRefusedError(msg) from error
    msg = "requests have to be signed (AWS Signature Version 4)"
    raise SignatureRefusedError(msg)


def payload_hash(request: SignedRequest, signature: Signature) -> str | None:
    """The body's sha256 as the signature takes it; None where the body has to be hashed."""
    if signature.is_query and signature.service == "s3":
        return UNSIGNED
    return request.headers.get("x-amz-content-sha256") or None


def check_signature(
    request: SignedRequest,
    signature: Signature,
    *,
    body_hash: str,
    secret_of: SecretOf,
    now: datetime,
) -> None:
    """Make sure that a known key signed this request, and not too long ago.

    Args:
        request: The request.
        signature: Of `read_signature`.
        body_hash: Of `payload_hash`, or the body's sha256 in hex.
        secret_of: Knows the keys.
        now: The time.

    Raises:
        SignatureRefusedError: The key is not known, the time is over, or the signature is wrong.
    """
    if not signature.signed_at - CLOCK_SKEW <= now <= signature.expires_at:
        msg = "the signature's time is over, or has not begun"
        raise SignatureRefusedError(msg)
    uncovered = {name for name in request.headers if name.startswith("x-amz-")}
    uncovered -= {*signature.signed_headers, "x-amz-content-sha256"}
    if "host" not in signature.signed_headers or uncovered:
        msg = f"the signature has to cover host and {', '.join(sorted(uncovered)) or 'the rest'}"
        raise SignatureRefusedError(msg)
    secret = secret_of(signature.access_key_id, signature.session_token)
    if secret is None:
        msg = "the access key is not known"
        raise SignatureRefusedError(msg)
    wanted = _expected(request, signature, body_hash, secret)
    if not hmac.compare_digest(wanted.encode(), signature.value.encode()):
        msg = "the signature is not that of this request"
        raise SignatureRefusedError(msg)


def _from_header(request: SignedRequest, text: str) -> Signature:
    parts = [part.strip().split("=", 1) for part in text.split(",")]
    # Other readers take the first key that stands anywhere in the header: there is only one.
    if sorted(name for name, *_ in parts) != HEADER_FIELDS or text.count("Credential=") > 1:
        raise ValueError
    fields = dict(parts)
    at = _time(request.headers["x-amz-date"])
    access_key_id, scope = _credential(fields["Credential"], request.headers["x-amz-date"])
    return Signature(
        access_key_id=access_key_id,
        scope=scope,
        date=request.headers["x-amz-date"],
        signed_at=at,
        expires_at=at + CLOCK_SKEW,
        signed_headers=tuple(fields["SignedHeaders"].split(";")),
        value=fields["Signature"],
        session_token=request.headers.get("x-amz-security-token", ""),
        is_query=False,
    )


def _from_query(query: Mapping[str, str]) -> Signature:
    if not any(f"X-Amz-{name}" in query for name in QUERY_FIELDS):
        msg = "requests have to be signed (AWS Signature Version 4)"
        raise SignatureRefusedError(msg)
    fields = {name: query[f"X-Amz-{name}"] for name in QUERY_FIELDS}
    at = _time(fields["Date"])
    lifetime = timedelta(seconds=int(fields["Expires"]))
    if fields["Algorithm"] != ALGORITHM or not timedelta(0) <= lifetime <= LONGEST_PRESIGNED:
        raise ValueError
    access_key_id, scope = _credential(fields["Credential"], fields["Date"])
    return Signature(
        access_key_id=access_key_id,
        scope=scope,
        date=fields["Date"],
        signed_at=at,
        expires_at=at + lifetime,
        signed_headers=tuple(fields["SignedHeaders"].split(";")),
        value=fields["Signature"],
        session_token=query.get("X-Amz-Security-Token", ""),
        is_query=True,
    )


def _credential(text: str, date: str) -> tuple[str, tuple[str, str, str, str]]:
    access_key_id, day, region, service, end = text.split("/")
    if not access_key_id or end != "aws4_request" or day != date[:8]:
        raise ValueError
    return access_key_id, (day, region, service, end)


def _time(text: str) -> datetime:
    digits = text[:8] + text[9:15]
    if text != f"{digits[:8]}T{digits[8:]}Z" or not (digits.isascii() and digits.isdigit()):
        raise ValueError
    # strptime would take as long as all the rest of a check.
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
    hour, minute, second = int(digits[8:10]), int(digits[10:12]), int(digits[12:])
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def _expected(request: SignedRequest, signature: Signature, body_hash: str, secret: str) -> str:
    canonical = "\n".join(
        [
            request.method,
            _canonical_path(request.raw_path, signature.service),
            _canonical_query(request.query, without=("X-Amz-Signature",)),
            *(
                f"{name}:{' '.join(request.headers.get(name, '').split())}"
                for name in signature.signed_headers
            ),
            "",
            ";".join(signature.signed_headers),
            body_hash,
        ]
    )
    to_sign = "\n".join(
        [
            ALGORITHM,
            signature.date,
            "/".join(signature.scope),
            hashlib.sha256(canonical.encode()).hexdigest(),
        ]
    )
    key = _signing_key(secret, signature.scope)
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=64)
def _signing_key(secret: str, scope: Sequence[str]) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _canonical_path(raw_path: str, service: str) -> str:
    """S3 signs the path as it is sent; all others sign it normalised, and encoded once more."""
    if service == "s3":
        return raw_path or "/"
    parts: list[str] = []
    for part in raw_path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in {"", "."}:
            parts.append(part)
    end = "/" if raw_path.endswith("/") and parts else ""
    return quote(f"/{'/'.join(parts)}{end}", safe="/-_.~")


def _canonical_query(query: str, *, without: Sequence[str]) -> str:
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in _pairs(query)
        if name not in without
    )
    return "&".join(f"{name}={value}" for name, value in pairs)


def _pairs(query: str) -> list[tuple[str, str]]:
    parts = (part.partition("=") for part in query.split("&") if part)
    return [(unquote(name), unquote(value)) for name, _, value in parts]
