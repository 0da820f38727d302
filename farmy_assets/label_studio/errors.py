"""One place that turns the client libraries' errors into ours; texts say what to do next."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import httpx

from farmy_assets.errors import StudioError, StudioUnavailableError

_SHOWN_CHARACTERS = 300
_TRY_LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
_NEXT_STEPS = {
    HTTPStatus.UNAUTHORIZED: (
        "check FARMY_LABEL_STUDIO_TOKEN, and that token access is switched on in Label Studio"
    ),
    HTTPStatus.FORBIDDEN: "check that the token's user may do this",
    HTTPStatus.NOT_FOUND: (
        "it may have been deleted by hand: materialize annotation_projects again to put it back"
    ),
}


@contextmanager
def translated(url: str, doing: str) -> Iterator[None]:
    """Turn errors of httpx and of the SDK into ours.

    Args:
        url: the server's base address, shown to the person who reads the error.
        doing: what was being done, in words that follow "while", e.g. "listing inboxes".

    Raises:
        StudioUnavailableError: no answer, a timeout, a 408, a 429 or a 5xx: later may help.
        StudioError: any other refusal, or an answer that is not Label Studio's.
    """
    from label_studio_sdk.core.api_error import ApiError  # noqa: PLC0415  # lazy: the SDK is big

    try:
        yield
    except httpx.HTTPStatusError as error:
        raise _refusal(url, doing, error.response.status_code, _body(error.response)) from error
    except ApiError as error:
        # Its text carries all response headers: it must not reach a log as the cause.
        raise _refusal(url, doing, error.status_code, error.body) from None
    except httpx.TimeoutException as error:
        msg = (
            f"Label Studio at {url} took too long while {doing}; it is busy or stuck. "
            "The run is asked for again by itself"
        )
        raise StudioUnavailableError(msg) from error
    except httpx.TransportError as error:
        msg = (
            f"Label Studio at {url} does not answer while {doing} ({type(error).__name__}); "
            "start it with `make up`; the run is asked for again by itself"
        )
        raise StudioUnavailableError(msg) from error
    except (httpx.HTTPError, httpx.InvalidURL, json.JSONDecodeError) as error:
        msg = (
            f"what answers at {url} does not speak like Label Studio while {doing} "
            f"({type(error).__name__}); check FARMY_LABEL_STUDIO_URL"
        )
        raise StudioError(msg) from error


def _refusal(url: str, doing: str, status: int | None, body: object) -> StudioError:
    said = _shortened(body)
    if status is None or status in _TRY_LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return StudioUnavailableError(
            f"Label Studio at {url} failed while {doing} (HTTP {status}){said}; its log tells "
            "more. The run is asked for again by itself"
        )
    step = _NEXT_STEPS.get(HTTPStatus(status), "correct what it objects to and run again")
    return StudioError(f"Label Studio at {url} refused {doing} (HTTP {status}){said}; {step}")


def _body(response: httpx.Response) -> object:
    try:
        return response.json()
    except ValueError:
        return response.text


def _shortened(body: object) -> str:
    """The server's own reason, if it gave one that a person can read."""
    if isinstance(body, dict):
        reason = body.get("validation_errors") or body.get("detail") or body
        text = reason if isinstance(reason, str) else json.dumps(reason, default=str)
    elif isinstance(body, str) and not body.lstrip().startswith("<"):
        text = body
    else:
        return ""  # an HTML page, or nothing
    return f": {text[:_SHOWN_CHARACTERS]}" if text else ""
