"""HTTP to one Label Studio as one user: plain JSON for what is frequent, the SDK for the rest.

The SDK's models make a listing up to six times slower and importing them costs 1.5 s and 170 MB,
so what every batch and every look of a sensor needs goes through httpx alone. Reading is tried
again after a lost connection; writing never is, because Label Studio would store it twice.
"""

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import httpx

from farmy_assets.errors import StudioUnavailableError
from farmy_assets.label_studio.errors import translated

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

Json: TypeAlias = Any  # a parsed answer: its shape is the caller's knowledge

_TIMEOUT_S = 60.0
_PAUSES_S = (0.3, 1.0)  # before the second and the third try of a read


@dataclass(frozen=True)
class ServerClock:
    """What time the server said it was, to the second, and what time it was here."""

    there: datetime
    here: datetime


class Connection:
    """Authorised requests to one server; safe to share between threads.

    Args:
        url: base address without a trailing slash.
        token: legacy or personal access token.
        transport: takes the place of the network in tests.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = url
        self._token = token
        auth = _PersonalToken(url, token) if token.count(".") == 2 else _LegacyToken(token)  # noqa: PLR2004
        self.clock: ServerClock | None = None
        """As of the last answer; None before the first, or when no answer told the time."""
        self._http = httpx.Client(
            base_url=url,
            auth=auth,
            timeout=_TIMEOUT_S,
            transport=transport,
            follow_redirects=False,
            event_hooks={"response": [self._note_clock]},
        )

    def _note_clock(self, response: httpx.Response) -> None:
        try:
            there = parsedate_to_datetime(response.headers.get("Date", ""))
        except ValueError:
            return
        self.clock = ServerClock(there.astimezone(UTC), datetime.now(UTC))

    def get(self, path: str, *, doing: str, **parameters: str | int) -> Json:
        """The JSON answer of a GET; a lost connection or a 5xx is tried twice more.

        Raises:
            StudioUnavailableError: no answer after the last try; a timeout counts at once.
            StudioError: the server refused.
        """
        for pause_s in _PAUSES_S:
            try:
                return self._get_once(path, doing, parameters)
            except StudioUnavailableError as error:
                if isinstance(error.__cause__, httpx.TimeoutException):
                    raise
                time.sleep(pause_s)
        return self._get_once(path, doing, parameters)

    def _get_once(self, path: str, doing: str, parameters: dict[str, str | int]) -> Json:
        with translated(self.url, doing):
            return self._http.get(path, params=parameters).raise_for_status().json()

    def post(self, path: str, body: Json, *, doing: str, timeout_s: float = _TIMEOUT_S) -> Json:
        """The JSON answer of a POST, sent exactly once.

        Raises:
            StudioUnavailableError: no clear answer; the server may have stored it all the same.
            StudioError: the server refused and stored nothing.
        """
        with translated(self.url, doing):
            answer = self._http.post(path, json=body, timeout=timeout_s)
            return answer.raise_for_status().json()

    @contextmanager
    def sdk(self, doing: str) -> Iterator["LabelStudio"]:
        """The official client over the same connection, its errors translated."""
        with translated(self.url, doing):
            yield self._sdk

    @cached_property
    def _sdk(self) -> "LabelStudio":
        from label_studio_sdk import LabelStudio  # noqa: PLC0415  # 1.5 s and 170 MB: only to write

        return LabelStudio(  # type: ignore[no-untyped-call]  # typed only in its base class
            base_url=self.url, api_key=self._token, httpx_client=self._http
        )

    def close(self) -> None:
        """Give the sockets back."""
        self._http.close()


class _LegacyToken(httpx.Auth):
    def __init__(self, token: str) -> None:
        self._header = f"Token {token}"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = self._header
        yield request


class _PersonalToken(httpx.Auth):
    """A personal access token only buys short-lived ones (300 s): fetch one, use it until 401."""

    requires_response_body = True

    def __init__(self, url: str, token: str) -> None:
        self._refresh_url = f"{url}/api/token/refresh/"
        self._refresh_token = token
        self._access = ""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if self._access:
            request.headers["Authorization"] = f"Bearer {self._access}"
            response = yield request
            if response.status_code != httpx.codes.UNAUTHORIZED:
                return
        answer = yield httpx.Request(
            "POST", self._refresh_url, json={"refresh": self._refresh_token}
        )
        answer.raise_for_status()
        self._access = answer.json()["access"]
        request.headers["Authorization"] = f"Bearer {self._access}"
        yield request
