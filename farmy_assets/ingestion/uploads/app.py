"""The upload interface as a FastAPI application, for uvicorn and for the Lambda.

Every answer has the same safe headers; whatever is not an answer of an operation is a problem.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from farmy_assets.errors import FarmyError, InvalidInputError
from farmy_assets.ingestion.uploads.contract import Problem
from farmy_assets.ingestion.uploads.known_campaigns import KnownCampaigns
from farmy_assets.ingestion.uploads.openapi import DESCRIPTION, TITLE, completed
from farmy_assets.ingestion.uploads.problems import (
    INTERNAL,
    RequestProblemError,
    problem_of,
    problem_response,
)
from farmy_assets.ingestion.uploads.quota_limits import USUAL_LIMITS, UploadCounts
from farmy_assets.ingestion.uploads.quotas import Quotas
from farmy_assets.ingestion.uploads.routes import operations, pages
from farmy_assets.ingestion.uploads.service import UploadService
from farmy_assets.lake.catalog_table import CatalogTable
from farmy_assets.lake.connection import dynamodb_client, s3_client
from farmy_assets.lake.contributors import ContributorRepository
from farmy_assets.lake.objects import Bucket
from farmy_assets.lake.record_store import RecordStore
from farmy_assets.lake.settings import LakeSettings

logger = logging.getLogger(__name__)

SHOWN_PATH_CHARACTERS = 200
NOT_ALLOWED = 405
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # The bytes go straight to the lake, whose address a page cannot know beforehand.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; style-src 'self' "
    "'unsafe-inline'; connect-src 'self' https: http://127.0.0.1:*; frame-ancestors 'none'",
}


class UploadApp(FastAPI):
    """The interface without a lake: its routes, its problems and its document."""

    def __init__(self) -> None:
        super().__init__(
            title=TITLE,
            version="1",
            description=DESCRIPTION,
            openapi_url=None,  # a route of `routes.py`: with the headers and methods of the others
            redirect_slashes=False,
            separate_input_output_schemas=False,
            # Nothing of a request leaves this process by another way than its answer.
            telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        )
        self.include_router(operations)
        self.include_router(pages)
        self.add_middleware(_SafeAnswers)
        self.exception_handler(RequestProblemError)(_wrong_request)
        self.exception_handler(FarmyError)(_failure)
        self.exception_handler(HTTPException)(_no_operation)
        self.exception_handler(RequestValidationError)(_no_operation)

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI 3.1 document, as JSON values."""
        if self.openapi_schema is None:
            self.openapi_schema = completed(super().openapi())
        return self.openapi_schema


def upload_app(service: UploadService, contributors: ContributorRepository) -> UploadApp:
    """The interface of a service, for contributors with a token."""
    app = UploadApp()
    app.state.service, app.state.contributors = service, contributors
    return app


def connected_app(settings: LakeSettings, limits: UploadCounts = USUAL_LIMITS) -> UploadApp:
    """The interface on a lake; nothing is asked of a server yet.

    It has no right to list a bucket, but for the names of campaigns.

    Raises:
        InvalidInputError: The settings name no table for the quotas.
    """
    if not settings.quota_table:
        msg = "FARMY_QUOTA_TABLE is not set: give it the name of the table of upload quotas"
        raise InvalidInputError(msg)
    s3, dynamodb = s3_client(settings), dynamodb_client(settings)
    records = Bucket(s3, settings.records_bucket, denied_is_missing=True)
    service = UploadService(
        raw=Bucket(s3, settings.raw_bucket, denied_is_missing=True),
        catalog=CatalogTable(dynamodb, settings.catalog_table),
        quotas=Quotas(dynamodb, settings.quota_table, limits),
        campaigns=KnownCampaigns(records),
        clock=lambda: datetime.now(UTC),
    )
    return upload_app(service, ContributorRepository(RecordStore(records)))


class _SafeAnswers:
    """Adds the headers that every answer has, and answers what nothing else caught."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        has_begun = False

        async def send_safely(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        if "\n" in scope["path"]:  # a route's pattern ends with `$`, which is before a newline too
            await problem_response(_nothing_at(scope["path"]))(scope, receive, send_safely)
            return
        try:
            await self.app(scope, receive, send_safely)
        except Exception:
            logger.exception("an upload request could not be answered")
            if has_begun:  # the server ends the connection: half an answer must not look whole
                raise
            await problem_response(INTERNAL)(scope, receive, send_safely)


def _wrong_request(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, RequestProblemError)  # noqa: S101 - FastAPI calls it for these alone
    return problem_response(error.problem)


def _failure(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, FarmyError)  # noqa: S101 - FastAPI calls it for these alone
    return problem_response(problem_of(error))


def _no_operation(request: Request, error: Exception) -> Response:
    """There is nothing at the path, or nothing for the method."""
    path = request.scope["path"]
    if not isinstance(error, HTTPException) or error.status_code != NOT_ALLOWED:
        return problem_response(_nothing_at(path))
    allowed = (error.headers or {}).get("Allow", "")
    detail = f"{path[:SHOWN_PATH_CHARACTERS]} takes {allowed}"
    response = problem_response(
        Problem(title="method not allowed", status=NOT_ALLOWED, detail=detail)
    )
    response.headers["Allow"] = allowed
    return response


def _nothing_at(path: str) -> Problem:
    detail = f"there is nothing at {path[:SHOWN_PATH_CHARACTERS]}"
    return Problem(title="not found", status=404, detail=detail)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(UploadApp().openapi(), indent=1) + "\n")  # docs/openapi.json
