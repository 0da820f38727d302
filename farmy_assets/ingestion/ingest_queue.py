"""The ingest queue, written to: an event that S3 sent and that was lost is sent once more."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from farmy_assets.lake.connection import queue_client, translated
from farmy_assets.lake.settings import LakeSettings

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

NO_ORDER = "0"
TOGETHER = 100  # events in a message; it may have 256 kB


@dataclass(frozen=True)
class IngestQueue:
    """The queue from which the ingest function takes its events."""

    client: "SQSClient"
    url: str

    @classmethod
    def connect(cls, settings: LakeSettings) -> "IngestQueue | None":
        """The queue that the settings name; None when they name none."""
        if not settings.ingest_queue_url:
            return None
        return cls(queue_client(settings), settings.ingest_queue_url)

    def send_created(self, bucket: str, keys: Sequence[str]) -> None:
        """Send, for each key, the event that S3 sends of a new object.

        Without S3's sequencer, so only for objects whose events need no order.

        Raises:
            LakeUnavailableError: Some may not be sent; sending them twice does no harm.
        """
        for start in range(0, len(keys), TOGETHER):
            records = [_created(bucket, key) for key in keys[start : start + TOGETHER]]
            with translated("sending lost events again"):
                self.client.send_message(
                    QueueUrl=self.url, MessageBody=json.dumps({"Records": records})
                )


def _created(bucket: str, key: str) -> dict[str, object]:
    about = {"key": key, "sequencer": NO_ORDER}
    return {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": bucket}, "object": about}}
