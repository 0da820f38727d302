"""What each request is asked for before its function is called: who sends it, and its body.

A body is read by pydantic from the bytes, in strict mode: FastAPI's own reading takes "12" for a
number, and NaN for JSON.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ValidationError
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import ClientDisconnect

from farmy_assets.ingestion.uploads.contract import LARGEST_BODY_BYTES, Problem
from farmy_assets.ingestion.uploads.problems import UNREADABLE, RequestProblemError
from farmy_assets.ingestion.uploads.service import UploadService
from farmy_assets.lake.contributors import ContributorRepository

Kind = TypeVar("Kind", bound=BaseModel)

SHOWN_PROBLEMS = 10
CLIENT_ID_PATH = "client_id"
# The OpenAPI document's security scheme; the token itself is checked by `contributor_of`.
TOKEN = HTTPBearer(scheme_name="token", auto_error=False)


class _ClientIdConvertor(StringConvertor):
    """A path with something else in this place is a path where nothing is."""

    regex = "[A-Za-z0-9_-]{8,64}"


register_url_convertor(CLIENT_ID_PATH, _ClientIdConvertor())


def service_of(request: Request) -> UploadService:
    """The service that the application was made with."""
    service: UploadService = request.app.state.service
    return service


def contributor_of(request: Request) -> str:
    """Who sent the request, as the token proves.

    Raises:
        RequestProblemError: It proves nobody, or there are several.
    """
    contributors: ContributorRepository = request.app.state.contributors
    tokens = request.headers.getlist("authorization")
    contributor = contributors.proven_by(tokens[0]) if len(tokens) == 1 else None
    if contributor is None:
        raise RequestProblemError(
            Problem(
                title="not known",
                status=401,
                detail="send your token: Authorization: Bearer <token>; whoever runs the platform "
                "makes one with `farmy contributors add`",
            )
        )
    return contributor


def body_of(kind: type[Kind]) -> Callable[[Request], Awaitable[Kind]]:
    """A dependency that reads the request's body as one of these."""

    async def read(request: Request) -> Kind:
        return _parsed(await _content(request), kind)

    return read


Service = Annotated[UploadService, Depends(service_of)]
Contributor = Annotated[str, Depends(contributor_of)]


async def _content(request: Request) -> bytes:
    """The body; no more of it is read than a body may have."""
    content = bytearray()
    try:
        async for piece in request.stream():
            content += piece
            if len(content) > LARGEST_BODY_BYTES:
                detail = f"a request may have {LARGEST_BODY_BYTES} bytes"
                raise RequestProblemError(Problem(title="too large", status=413, detail=detail))
    except ClientDisconnect as error:
        raise RequestProblemError(UNREADABLE) from error
    return bytes(content)


def _parsed(content: bytes, kind: type[Kind]) -> Kind:
    try:
        return kind.model_validate_json(content, strict=True)
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, one['loc'])) or 'the request'}: {one['msg']}"
            for one in error.errors(include_url=False, include_input=False)[:SHOWN_PROBLEMS]
        ]
        raise RequestProblemError(
            Problem(title="not a valid request", status=422, detail="; ".join(problems))
        ) from error
