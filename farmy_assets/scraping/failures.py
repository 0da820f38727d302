"""Scrapy's and the network's exceptions as reasons that a person reads in the report."""

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.spidermiddlewares.httperror import HttpError

from farmy_assets.scraping.addresses import RefusedRequestError
from farmy_assets.scraping.records import RefusalReason

MAX_DETAIL = 300


REASONS: tuple[tuple[type[BaseException], RefusalReason], ...] = (
    (DownloadCancelledError, RefusalReason.TOO_LARGE),
    (DownloadTimeoutError, RefusalReason.TOO_SLOW),
    (CannotResolveHostError, RefusalReason.CONNECTION_FAILED),
    (DownloadConnectionRefusedError, RefusalReason.CONNECTION_FAILED),
    (DownloadFailedError, RefusalReason.CONNECTION_FAILED),
    (ResponseDataLossError, RefusalReason.CONNECTION_FAILED),
    (OSError, RefusalReason.CONNECTION_FAILED),
)


def reason_for(error: BaseException | None) -> tuple[RefusalReason, str]:
    """Why something could not be fetched, and the detail to it."""
    if isinstance(error, RefusedRequestError):
        return error.reason, str(error)[:MAX_DETAIL]
    if isinstance(error, HttpError):
        return RefusalReason.HTTP_ERROR, f"HTTP {error.response.status}"
    detail = f"{type(error).__name__}: {error}"[:MAX_DETAIL]
    if isinstance(error, IgnoreRequest):
        unpacked = "DOWNLOAD_MAXSIZE" in str(error)
        reason = RefusalReason.TOO_LARGE if unpacked else RefusalReason.TOO_MANY_REDIRECTS
        return reason, detail
    found = (reason for kind, reason in REASONS if isinstance(error, kind))
    return next(found, RefusalReason.UNREADABLE), detail
