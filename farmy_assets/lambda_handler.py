"""The AWS Lambda door: S3 events from the ingest queue become images and catalog entries.

A message that cannot be handled is reported by itself, so that the rest of its delivery is not
repeated; after five deliveries the queue hands it to the dead-letter queue.
"""

import logging
import os
from datetime import UTC, datetime
from functools import cache
from typing import Any

from farmy_assets.ingestion.event_intake import EventIntake
from farmy_assets.ingestion.uploads.quotas import Quotas
from farmy_assets.lake.catalog_table import CatalogTable
from farmy_assets.lake.connection import dynamodb_client, s3_client
from farmy_assets.lake.objects import Bucket
from farmy_assets.lake.settings import LakeSettings

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


@cache
def _intake() -> EventIntake:
    raw, table = os.environ["RAW_BUCKET"], os.environ["CATALOG_TABLE"]
    settings = LakeSettings(
        raw_bucket=raw,
        catalog_table=table,
        cleansed_bucket="",
        records_bucket="",
        datasets_bucket="",
        region_name=os.environ["AWS_REGION"],
        endpoint_url=os.environ.get("AWS_ENDPOINT_URL"),
    )
    dynamodb = dynamodb_client(settings)
    quotas = os.environ.get("QUOTA_TABLE")
    return EventIntake(
        raw=Bucket(s3_client(settings), raw),
        catalog=CatalogTable(dynamodb, table),
        quotas=Quotas(dynamodb, quotas) if quotas else None,
    )


def handler(event: dict[str, Any], context: object) -> dict[str, list[dict[str, str]]]:
    """Catalogue the images of one delivery; the answer names the messages to deliver again."""
    del context
    messages = event["Records"]
    delivery = _intake().take_all([m["body"] for m in messages], now=datetime.now(UTC))
    for place, error in delivery.failed.items():
        logger.error("message %s is to be delivered again: %s", messages[place]["messageId"], error)
    logger.info("%d messages, %d entries changed, %d failed, %d malformed records, %d other events",
                len(messages), delivery.changed, len(delivery.failed), delivery.malformed_records,
                sum(delivery.other_events.values()))  # fmt: skip
    return {
        "batchItemFailures": [
            {"itemIdentifier": messages[place]["messageId"]} for place in sorted(delivery.failed)
        ]
    }
