"""What a phone asks for; and S3's part, since the S3 in memory takes no forms."""

import hashlib

import pytest

from farmy_assets.lake import keys
from farmy_assets.lake.event_intake import EventIntake
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.uploads.contract import Upload, UploadRequest
from farmy_assets.lake.uploads.desk import UploadDesk
from farmy_assets.lake.uploads.http import UploadApi
from farmy_assets_tests.arrivals import NOON, s3_event

WHO = "c-4711"


def request_for(content: bytes, client_id: str = "client-0001", **more: object) -> UploadRequest:
    """Leave for these bytes, as a phone asks for it."""
    told = {
        "client_id": client_id, "name": "Rübe 1.jpg", "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(), "media_type": "image/jpeg",
        "campaign": "weeds",
    }  # fmt: skip
    return UploadRequest.model_validate(told | more)


def desk_of(lake: Lake) -> UploadDesk:
    """The desk of a lake, at noon."""
    return UploadDesk(lake.raw, lake.catalog, clock=lambda: NOON)


def send(lake: Lake, upload: Upload, content: bytes) -> None:
    """What S3 does with a form: it stores the bytes with the form's metadata."""
    assert upload.form is not None
    fields = upload.form.fields
    lake.raw.client.put_object(
        Bucket=lake.raw.name, Key=fields["key"], Body=content, ContentType=fields["Content-Type"],
        Metadata={"farmy": fields["x-amz-meta-farmy"]} if "x-amz-meta-farmy" in fields else {},
    )  # fmt: skip


def catalogue(lake: Lake, image_id: str, sequencer: str = "01", *, removed: bool = False) -> None:
    """What the queue and the Lambda do with S3's event."""
    event = s3_event(keys.raw_image(image_id), sequencer, removed=removed)
    EventIntake(lake.raw, lake.catalog).take(event, now=NOON)


@pytest.fixture
def api(lake: Lake) -> UploadApi:
    return UploadApi(desk_of(lake), lake.contributors)
