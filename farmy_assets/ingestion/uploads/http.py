"""The upload interface as one function of a request: what API Gateway sends, and what it is told.

Format: API Gateway Developer Guide, "Lambda proxy integration, payload format version 2.0".
"""

import base64
import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from farmy_assets.errors import (
    FarmyError,
    InvalidInputError,
    LakeUnavailableError,
    QuotaExceededError,
    UploadConflictError,
    UploadMissingError,
)
from farmy_assets.ingestion.uploads.contract import (
    LARGEST_BODY_BYTES,
    BatchAnswer,
    BatchItem,
    BatchRequest,
    CorrectionRequest,
    Problem,
    Stands,
    Upload,
    UploadRequest,
)
from farmy_assets.ingestion.uploads.current_metadata import AnotherStandsError
from farmy_assets.ingestion.uploads.known_campaigns import KnownCampaigns
from farmy_assets.ingestion.uploads.openapi import document
from farmy_assets.ingestion.uploads.quota_limits import USUAL_LIMITS, UploadCounts
from farmy_assets.ingestion.uploads.quotas import Quotas
from farmy_assets.ingestion.uploads.service import UploadService
from farmy_assets.lake.catalog_table import CatalogTable
from farmy_assets.lake.connection import dynamodb_client, s3_client
from farmy_assets.lake.contributors import ContributorRepository
from farmy_assets.lake.objects import Bucket
from farmy_assets.lake.record_store import RecordStore
from farmy_assets.lake.settings import LakeSettings

Kind = TypeVar("Kind", bound=BaseModel)
logger = logging.getLogger(__name__)

SHOWN_PROBLEMS = 10
PAUSE_SECONDS = 5
JSON_TYPE, PROBLEM_TYPE = "application/json", "application/problem+json"
PAGE_FILES = {
    "/": ("upload.html", "text/html; charset=utf-8"),
    "/upload.js": ("upload.js", "text/javascript; charset=utf-8"),
    "/queue.js": ("queue.js", "text/javascript; charset=utf-8"),
    "/offline.js": ("offline.js", "text/javascript; charset=utf-8"),
}
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # The bytes go straight to the lake, whose address a page cannot know beforehand.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; style-src 'self' "
    "'unsafe-inline'; connect-src 'self' https: http://127.0.0.1:*; frame-ancestors 'none'",
}
UPLOAD_PATH = re.compile(
    r"/uploads/(?P<client_id>[A-Za-z0-9_-]{8,64})(?:/(?P<rest>complete|correction))?"
)


class Answer(NamedTuple):
    """What the client gets."""

    status: int
    body: str | bytes
    media_type: str = JSON_TYPE
    headers: Mapping[str, str] = {}

    def as_event(self) -> dict[str, Any]:
        """In the words of API Gateway."""
        text = self.body.decode() if isinstance(self.body, bytes) else self.body
        headers = {**HEADERS, **self.headers, "Content-Type": self.media_type}
        return {"statusCode": self.status, "headers": headers, "body": text}


Action = Callable[[Mapping[str, Any]], Answer]


class _RequestError(Exception):
    """The request itself is wrong; its answer is the first argument."""


@dataclass(frozen=True)
class UploadApi:
    """The HTTP interface of the upload service, for contributors with a token."""

    service: UploadService
    contributors: ContributorRepository

    @classmethod
    def connect(cls, settings: LakeSettings, limits: UploadCounts = USUAL_LIMITS) -> "UploadApi":
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
        return cls(service, ContributorRepository(RecordStore(records)))

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one request; never raises."""
        try:
            return self._answer(event).as_event()
        except _RequestError as error:
            answer: Answer = error.args[0]
            return answer.as_event()
        except FarmyError as error:
            return _failure(error).as_event()
        except Exception:
            logger.exception("an upload request could not be answered")
            return _problem(500, "internal error", "it is in the log").as_event()

    def _answer(self, event: Mapping[str, Any]) -> Answer:
        path = str(event.get("rawPath", "/"))
        method = str(event["requestContext"]["http"]["method"]).upper()
        actions = self._actions(path)
        if not actions:
            return _problem(404, "not found", f"there is nothing at {path[:200]}")
        if method not in actions:
            allowed = ", ".join(sorted(actions))
            answer = _problem(405, "method not allowed", f"{path} takes {allowed}")
            return answer._replace(headers={"Allow": allowed})
        return actions[method](event)

    def _actions(self, path: str) -> dict[str, Action]:
        """What can be done at a path, by method."""
        fixed: dict[str, dict[str, Action]] = {
            "/openapi.json": {"GET": lambda _: Answer(200, json.dumps(document()))},
            "/uploads": {"POST": self._request},
            "/uploads/batch": {"POST": self._request_all},
            **{page: {"GET": partial(_page, page)} for page in PAGE_FILES},
        }
        match = UPLOAD_PATH.fullmatch(path)
        if path in fixed or match is None:
            return fixed.get(path, {})
        client_id = match["client_id"]
        if match["rest"] == "correction":
            return {"POST": partial(self._correct, client_id)}
        if match["rest"]:
            return {"POST": lambda event: _told(self.service.complete(client_id, self._who(event)))}
        return {"GET": lambda event: _told(self.service.status(client_id, self._who(event)))}

    def _request(self, event: Mapping[str, Any]) -> Answer:
        contributor = self._who(event)
        return _told(self.service.request(_read(event, UploadRequest), contributor))

    def _request_all(self, event: Mapping[str, Any]) -> Answer:
        contributor = self._who(event)
        found = self.service.request_all(_read(event, BatchRequest).uploads, contributor)
        items = [
            BatchItem(upload=one)
            if isinstance(one, Upload)
            else BatchItem(problem=Problem.model_validate_json(_failure(one).body))
            for one in found
        ]
        return _told(BatchAnswer(uploads=items))

    def _correct(self, client_id: str, event: Mapping[str, Any]) -> Answer:
        contributor = self._who(event)
        return _told(self.service.correct(client_id, _read(event, CorrectionRequest), contributor))

    def _who(self, event: Mapping[str, Any]) -> str:
        headers = {str(k).lower(): str(v) for k, v in (event.get("headers") or {}).items()}
        contributor = self.contributors.proven_by(headers.get("authorization", ""))
        if contributor is None:
            answer = _problem(
                401, "not known", "send your token: Authorization: Bearer <token>; whoever runs "
                "the platform makes one with `farmy contributors add`",
            )  # fmt: skip
            raise _RequestError(answer._replace(headers={"WWW-Authenticate": "Bearer"}))
        return contributor


def _read(event: Mapping[str, Any], kind: type[Kind]) -> Kind:
    body = str(event.get("body") or "")
    try:
        content = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
        if len(content) > LARGEST_BODY_BYTES:
            told = f"a request may have {LARGEST_BODY_BYTES} bytes"
            raise _RequestError(_problem(413, "too large", told))
        return kind.model_validate_json(content, strict=True)  # "12" is no number
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, one['loc'])) or 'the request'}: {one['msg']}"
            for one in error.errors(include_url=False, include_input=False)[:SHOWN_PROBLEMS]
        ]
        raise _RequestError(_problem(422, "not a valid request", "; ".join(problems))) from error
    except ValueError as error:  # a broken base64, or half a character
        raise _RequestError(_problem(400, "not readable", "send JSON in UTF-8")) from error


def _told(record: BaseModel) -> Answer:
    return Answer(200, record.model_dump_json(exclude_none=True))


def _failure(error: FarmyError) -> Answer:
    if isinstance(error, InvalidInputError):
        return _rejection(error)
    logger.error("the lake did not do what was asked: %s", error)
    if isinstance(error, LakeUnavailableError):
        answer = _problem(
            503, "not now", "the lake does not answer: try again in a moment",
            retry_after_seconds=PAUSE_SECONDS,
        )  # fmt: skip
        return answer._replace(headers={"Retry-After": str(PAUSE_SECONDS)})
    return _problem(500, "internal error", "it is in the log")


def _rejection(error: InvalidInputError) -> Answer:
    """What whoever asks can mend."""
    told = str(error)
    if isinstance(error, UploadMissingError):
        return _problem(404, "no such upload", told)
    if isinstance(error, AnotherStandsError):
        return _problem(409, "another stands", told, stands=error.stands)
    if isinstance(error, QuotaExceededError):
        seconds = error.retry_after_seconds
        answer = _problem(429, "too much", told, retry_after_seconds=seconds)
        return answer._replace(headers={"Retry-After": str(seconds)})
    if isinstance(error, UploadConflictError):
        return _problem(409, "conflict", told)
    return _problem(422, "not a valid request", told)


def _problem(
    status: int, title: str, detail: str, *, stands: Stands | None = None,
    retry_after_seconds: int | None = None,
) -> Answer:  # fmt: skip
    problem = Problem(
        title=title, status=status, detail=detail, stands=stands,
        retry_after_seconds=retry_after_seconds,
    )  # fmt: skip
    return Answer(status, problem.model_dump_json(exclude_none=True), PROBLEM_TYPE)


def _page(path: str, event: Mapping[str, Any]) -> Answer:
    del event
    name, media_type = PAGE_FILES[path]
    content = files("farmy_assets.ingestion.uploads").joinpath("page", name).read_bytes()
    return Answer(200, content, media_type)
