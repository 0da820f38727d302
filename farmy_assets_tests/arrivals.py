"""Builders of small, valid things for tests."""

import hashlib
import json
from datetime import UTC, datetime
from io import BytesIO

from PIL import Image

from farmy_assets.catalog.arrivals import DeliveryMetadata, receive
from farmy_assets.catalog.metadata import ImageMetadata, Source

NOON = datetime(2026, 5, 14, 12, 0, tzinfo=UTC)
ORIGIN = DeliveryMetadata(source=Source.MOBILE, campaign="weeds", crop="maize", licence="CC-BY-4.0")


def jpeg(shade: int = 120, *, size: tuple[int, int] = (64, 48)) -> bytes:
    """A small JPEG of one shade; another shade gives other bytes."""
    buffer = BytesIO()
    Image.new("RGB", size, (shade, 200, 40)).save(buffer, "JPEG")
    return buffer.getvalue()


def arrival(name: str, content: bytes, *, origin: DeliveryMetadata = ORIGIN) -> ImageMetadata:
    """The metadata with which a file enters the lake."""
    metadata = receive(name, content, origin=origin, arrived_at=NOON)
    assert isinstance(metadata, ImageMetadata)
    return metadata


def s3_event(key: str, sequencer: str, *, removed: bool = False, bucket: str = "raw") -> str:
    """The body of a queue message, in the form in which S3 writes it."""
    name = "ObjectRemoved:DeleteMarkerCreated" if removed else "ObjectCreated:Put"
    item: dict[str, object] = {"key": key, "sequencer": sequencer, "versionId": "v1"}
    if not removed:
        item |= {"size": 4, "eTag": hashlib.md5(key.encode()).hexdigest()}
    record = {
        "eventVersion": "2.6",
        "eventSource": "aws:s3",
        "awsRegion": "eu-central-1",
        "eventTime": "2026-05-14T12:00:00.000Z",
        "eventName": name,
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": bucket}, "object": item},
    }
    return json.dumps({"Records": [record]})
