"""The AWS Lambda for uploads: requests of an HTTP API, handed to the FastAPI application."""

import logging
import os
from functools import cache
from typing import Any

from fastapi import FastAPI
from mangum import Mangum
from mangum.adapter import DEFAULT_TEXT_MIME_TYPES

from farmy_assets.ingestion.uploads.app import HEADERS, connected_app
from farmy_assets.ingestion.uploads.problems import PROBLEM_TYPE, UNREADABLE
from farmy_assets.ingestion.uploads.quota_limits import limits_from
from farmy_assets.lake.settings import LakeSettings

logger = logging.getLogger(__name__)
logging.getLogger().setLevel(logging.INFO)
logging.getLogger("mangum").setLevel(logging.WARNING)  # the gateway writes the access log


@cache
def _adapter() -> Mangum:
    settings = LakeSettings(
        raw_bucket=os.environ["RAW_BUCKET"],
        records_bucket=os.environ["RECORDS_BUCKET"],
        catalog_table=os.environ["CATALOG_TABLE"],
        cleansed_bucket="",
        datasets_bucket="",
        region_name=os.environ["AWS_REGION"],
        endpoint_url=os.environ.get("AWS_ENDPOINT_URL"),
        quota_table=os.environ["QUOTA_TABLE"],
    )
    return adapter(connected_app(settings, limits_from(os.environ)))


def adapter(app: FastAPI) -> Mangum:
    """What answers the events of an HTTP API (payload format 2.0) with this application."""
    return Mangum(app, lifespan="off", text_mime_types=[*DEFAULT_TEXT_MIME_TYPES, PROBLEM_TYPE])


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - AWS's object
    """Answer one request."""
    answer = _adapter()
    try:
        return answer(event, context)
    except ValueError:  # of the event itself: a broken base64, half a character, no port's number
        logger.warning("an event could not be read")
        return {
            "statusCode": UNREADABLE.status,
            "headers": {**HEADERS, "content-type": PROBLEM_TYPE},
            "body": UNREADABLE.model_dump_json(exclude_none=True),
            "isBase64Encoded": False,
        }
