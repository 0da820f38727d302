"""The AWS Lambda for uploads: requests of an HTTP API, answered by the upload service."""

import logging
import os
from functools import cache
from typing import Any

from farmy_assets.ingestion.uploads.http import UploadApi
from farmy_assets.ingestion.uploads.quota_limits import limits_from
from farmy_assets.lake.settings import LakeSettings

logging.getLogger().setLevel(logging.INFO)


@cache
def _api() -> UploadApi:
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
    return UploadApi.connect(settings, limits_from(os.environ))


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one request."""
    del context
    return _api().answer(event)
