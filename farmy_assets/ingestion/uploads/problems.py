"""Problems (RFC 9457) that the upload interface answers with, and which error becomes which.

What a client can correct is answered; what went wrong inside stays in the log.
"""

import logging

from starlette.responses import Response

from farmy_assets.errors import (
    FarmyError,
    InvalidInputError,
    LakeUnavailableError,
    QuotaExceededError,
    UploadConflictError,
    UploadMissingError,
)
from farmy_assets.ingestion.uploads.contract import Problem
from farmy_assets.ingestion.uploads.current_metadata import AnotherStandsError

logger = logging.getLogger(__name__)

PROBLEM_TYPE = "application/problem+json"
PAUSE_SECONDS = 5
UNAUTHORIZED = 401
INTERNAL = Problem(title="internal error", status=500, detail="it is in the log")
UNREADABLE = Problem(title="not readable", status=400, detail="send JSON in UTF-8")


class RequestProblemError(Exception):
    """The request itself is wrong.

    Attributes:
        problem: The answer to its sender.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.title)
        self.problem = problem


def problem_response(problem: Problem) -> Response:
    """The problem as an answer, with the headers that belong to it."""
    headers = {}
    if problem.status == UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if problem.retry_after_seconds is not None:
        headers["Retry-After"] = str(problem.retry_after_seconds)
    body = problem.model_dump_json(exclude_none=True)
    return Response(body, problem.status, headers, PROBLEM_TYPE)


def problem_of(error: FarmyError) -> Problem:
    """The answer to a client for an error; one that it cannot correct is logged."""
    if isinstance(error, InvalidInputError):
        return _rejection(error)
    logger.error("the lake did not do what was asked: %s", error)
    if isinstance(error, LakeUnavailableError):
        return Problem(
            title="not now", status=503, detail="the lake does not answer: try again in a moment",
            retry_after_seconds=PAUSE_SECONDS,
        )  # fmt: skip
    return INTERNAL


def _rejection(error: InvalidInputError) -> Problem:
    detail = str(error)
    if isinstance(error, UploadMissingError):
        return Problem(title="no such upload", status=404, detail=detail)
    if isinstance(error, AnotherStandsError):
        return Problem(title="another stands", status=409, detail=detail, stands=error.stands)
    if isinstance(error, QuotaExceededError):
        return Problem(
            title="too much", status=429, detail=detail,
            retry_after_seconds=error.retry_after_seconds,
        )  # fmt: skip
    if isinstance(error, UploadConflictError):
        return Problem(title="conflict", status=409, detail=detail)
    return Problem(title="not a valid request", status=422, detail=detail)
