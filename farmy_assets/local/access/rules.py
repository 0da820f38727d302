"""Which requests a server on the loopback address answers; a pure decision.

A browser lets any page send requests to 127.0.0.1, and a host name of somebody else may resolve to
it (DNS rebinding). What a page cannot choose are the headers Host, Origin, Sec-Fetch-* and, but for
leaving it out, Referer. A program on this machine sends none of the last three.
Sources: RFC 9110 (Host, Referer), RFC 6454 (Origin), W3C "Fetch Metadata Request Headers".
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

READING = frozenset({"GET", "HEAD"})
LOOKED_AT = frozenset(
    {
        b"host", b"origin", b"referer", b"sec-fetch-site", b"sec-fetch-mode", b"sec-fetch-dest",
        b"content-type", b"accept", b"access-control-request-method",
    }
)  # fmt: skip
OWN_SITES = frozenset({"same-origin", "none"})
VARIABLE = "FARMY_ACCESS_RULES"
FORBIDDEN, WRONG_METHOD, WRONG_TYPE, MISDIRECTED = 403, 405, 415, 421


@dataclass(frozen=True)
class AccessRules:
    """What one server answers.

    Attributes:
        hosts: Every `host:port` under which it is reached.
        subdomains: Whether names below these are its own too (buckets and APIs of the emulator).
        guests: Other origins that may send requests, each with the methods that it may use.
        links: Whether a link on another site may open a page of it.
        json_only: Whether whatever changes something has to come as `application/json`.
        query_path: Where a GET could execute a query: only the page itself is read there by GET.
        websockets: Whether it takes WebSocket connections.
    """

    hosts: tuple[str, ...]
    subdomains: bool = False
    guests: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    links: bool = True
    json_only: bool = False
    query_path: str | None = None
    websockets: bool = False

    def to_json(self) -> str:
        """The rules as text, for the environment of a server's process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "AccessRules":
        """The rules that `to_json` wrote."""
        values = json.loads(text)
        guests = {origin: tuple(methods) for origin, methods in values["guests"].items()}
        return cls(**{**values, "hosts": tuple(values["hosts"]), "guests": guests})


@dataclass(frozen=True)
class Request:
    """What is looked at; a header that is not there is None.

    Attributes:
        method: The method; of a WebSocket, GET.
        path: The path, without the query.
        host: The header, None also where there are several.
        origin: The header.
        referer: The header.
        fetch_site: `Sec-Fetch-Site`.
        fetch_mode: `Sec-Fetch-Mode`.
        fetch_dest: `Sec-Fetch-Dest`.
        content_type: The header.
        accept: The header.
        preflight_for: The method that a CORS preflight asks about.
        is_websocket: Whether it asks for a WebSocket.
    """

    method: str
    path: str = "/"
    host: str | None = None
    origin: str | None = None
    referer: str | None = None
    fetch_site: str | None = None
    fetch_mode: str | None = None
    fetch_dest: str | None = None
    content_type: str | None = None
    accept: str | None = None
    preflight_for: str | None = None
    is_websocket: bool = False


class Refusal(NamedTuple):
    """Why a request is not answered, for the person or program that sent it."""

    status: int
    reason: str


def request_of(
    method: str, path: str, headers: Iterable[tuple[bytes, bytes]], *, is_websocket: bool = False
) -> Request:
    """The request as ASGI tells it; header names are in lower case."""
    found: dict[bytes, list[str]] = {}
    for name, value in headers:
        if name in LOOKED_AT:
            found.setdefault(name, []).append(value.decode("latin-1").strip())

    def only(name: bytes) -> str | None:
        values = found.get(name)
        return None if values is None else ", ".join(values)

    return Request(
        method=method,
        path=path,
        host=only(b"host") if len(found.get(b"host", [])) == 1 else None,
        origin=only(b"origin"),
        referer=only(b"referer"),
        fetch_site=only(b"sec-fetch-site"),
        fetch_mode=only(b"sec-fetch-mode"),
        fetch_dest=only(b"sec-fetch-dest"),
        content_type=only(b"content-type"),
        accept=only(b"accept"),
        preflight_for=only(b"access-control-request-method"),
        is_websocket=is_websocket,
    )


def refusal(rules: AccessRules, request: Request) -> Refusal | None:
    """Why this server does not answer this request; None when it does."""
    if not is_own_host(rules, request.host):
        shown = ", ".join(rules.hosts)
        return Refusal(MISDIRECTED, f"this server is {shown}, and not the Host that was asked for")
    if request.is_websocket and not rules.websockets:
        return Refusal(FORBIDDEN, "this server takes no WebSocket")
    return _foreign(rules, request) or _wrong_form(rules, request)


def is_own_host(rules: AccessRules, host: str | None) -> bool:
    """Whether the Host header names this server."""
    name = (host or "").lower()
    if name in rules.hosts:
        return True
    return rules.subdomains and any(
        re.fullmatch(rf"([a-z0-9-]+\.)+{re.escape(own)}", name) for own in rules.hosts
    )


def guest_origin(rules: AccessRules, request: Request) -> str | None:
    """The other origin that the request comes from, if it may send it; None for all others."""
    method = request.method
    if method == "OPTIONS" and request.preflight_for is not None:
        method = request.preflight_for.upper()
    methods = rules.guests.get(request.origin or "", ())
    return request.origin if method in methods else None


def _foreign(rules: AccessRules, request: Request) -> Refusal | None:
    """Another site's page sent it, as far as a browser tells."""
    if request.origin is not None:
        if _is_own_origin(rules, request.origin) or guest_origin(rules, request):
            return None
        return Refusal(FORBIDDEN, "a page of another origin may not send this request")
    reading = request.method in READING and not request.is_websocket
    if request.fetch_site is not None and request.fetch_site not in OWN_SITES:
        opens_page = request.fetch_mode == "navigate" and request.fetch_dest == "document"
        if reading and ((rules.links and opens_page) or _is_guest_referer(rules, request)):
            return None
        return Refusal(FORBIDDEN, "a page of another site may not send this request")
    if request.fetch_site is None and request.referer is not None:
        own = _is_own_origin(rules, _origin_of(request.referer))
        if not own and not (reading and _is_guest_referer(rules, request)):
            return Refusal(FORBIDDEN, "a page of another site may not send this request")
    return None


def _wrong_form(rules: AccessRules, request: Request) -> Refusal | None:
    """It would change something, and not in the form that only a program can send."""
    if request.is_websocket or request.method == "OPTIONS":
        return None
    if request.method in READING:
        executes = rules.query_path is not None and request.path.rstrip("/") == rules.query_path
        if executes and "text/html" not in (request.accept or ""):
            return Refusal(WRONG_METHOD, "send queries by POST, as application/json")
        return None
    kind = (request.content_type or "").partition(";")[0].strip().lower()
    if rules.json_only and kind != "application/json":
        return Refusal(WRONG_TYPE, "send application/json")
    return None


def _is_own_origin(rules: AccessRules, origin: str) -> bool:
    scheme, _, host = origin.partition("://")
    return scheme in {"http", "https"} and is_own_host(rules, host)


def _is_guest_referer(rules: AccessRules, request: Request) -> bool:
    if request.referer is None:
        return False
    return request.method in rules.guests.get(_origin_of(request.referer), ())


def _origin_of(address: str) -> str:
    """The origin of an address; an empty text where it has none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else ""
