"""What a phone asks for; and S3's part, since the S3 in memory takes no forms."""

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest

from farmy_assets.ingestion.event_intake import EventIntake
from farmy_assets.ingestion.uploads import presigned as transfers
from farmy_assets.ingestion.uploads.app import UploadApp, upload_app
from farmy_assets.ingestion.uploads.contract import Upload, UploadRequest
from farmy_assets.ingestion.uploads.known_campaigns import KnownCampaigns
from farmy_assets.ingestion.uploads.quota_limits import USUAL_LIMITS, UploadCounts
from farmy_assets.ingestion.uploads.quotas import Quotas
from farmy_assets.ingestion.uploads.service import UploadService
from farmy_assets.ingestion.uploads.upload_record import UploadRecord
from farmy_assets.lake import keys
from farmy_assets.lake.contributors import ContributorRepository
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.record_store import RecordStore
from farmy_assets.upload_handler import adapter
from farmy_assets_tests.arrivals import NOON, jpeg, s3_event

WHO = "c-4711"


def request_for(content: bytes, client_id: str = "client-0001", **more: object) -> UploadRequest:
    """Leave for these bytes, as a phone asks for it."""
    told = {
        "client_id": client_id, "name": "Rübe 1.jpg", "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(), "media_type": "image/jpeg",
        "campaign": "weeds",
    }  # fmt: skip
    return UploadRequest.model_validate(told | more)


def upload_service(lake: Lake, limits: UploadCounts = USUAL_LIMITS) -> UploadService:
    """The service of a lake, at noon."""
    return UploadService(
        lake.raw, lake.catalog, quotas_of(lake, limits), KnownCampaigns(lake.records.bucket),
        clock=lambda: NOON,
    )  # fmt: skip


def quotas_of(lake: Lake, limits: UploadCounts = USUAL_LIMITS) -> Quotas:
    """The quotas of a lake."""
    return Quotas(lake.catalog.client, "quotas", limits)


def send(lake: Lake, upload: Upload, content: bytes) -> None:
    """What S3 does with a form: it stores the bytes under the form's key."""
    assert upload.form is not None
    fields = upload.form.fields
    lake.raw.client.put_object(
        Bucket=lake.raw.name, Key=fields["key"], Body=content, ContentType=fields["Content-Type"]
    )


def take_in(lake: Lake, prefix: str = keys.INCOMING) -> None:
    """What the queue and the Lambda do with S3's events of bytes that came."""
    for key in list(lake.raw.keys(prefix)):
        EventIntake(lake.raw, lake.catalog, quotas_of(lake)).take(s3_event(key, "01"), now=NOON)


def catalogue(lake: Lake, image_id: str, sequencer: str = "01", *, removed: bool = False) -> None:
    """What they do with bytes that came, and then with the event of the image."""
    take_in(lake)
    event = s3_event(keys.raw_image(image_id), sequencer, removed=removed)
    EventIntake(lake.raw, lake.catalog).take(event, now=NOON)


def keep_versions(lake: Lake) -> None:
    """Have the raw bucket keep versions, as the template does."""
    lake.raw.client.put_bucket_versioning(
        Bucket=lake.raw.name, VersioningConfiguration={"Status": "Enabled"}
    )


@dataclass(frozen=True)
class UploadApi:
    """The interface of a service, asked as API Gateway asks the Lambda."""

    service: UploadService
    contributors: ContributorRepository

    @cached_property
    def app(self) -> UploadApp:
        return upload_app(self.service, self.contributors)

    def answer(self, event: dict[str, Any]) -> dict[str, Any]:
        with lambda_process():
            return adapter(self.app)(event, None)  # type: ignore[arg-type]  # it looks at no context


@contextmanager
def lambda_process() -> Iterator[None]:
    """What Mangum finds in a Lambda's process: a loop of the main thread; closed at the end."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


@pytest.fixture
def api(lake: Lake) -> UploadApi:
    return UploadApi(upload_service(lake), lake.contributors)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Bytes of three parts: S3's in memory wants 5 MiB of each but the last."""
    monkeypatch.setattr(transfers, "PART_BYTES", 5 * 1024 * 1024)
    monkeypatch.setattr(transfers, "WHOLE_UP_TO_BYTES", 1024 * 1024)
    return jpeg() + bytes(11 * 1024 * 1024)


def send_part(
    lake: Lake, desk_answer: Upload, content: bytes, upload_id: str, number: int, who: str = WHO
) -> None:
    """What S3 does with a part."""
    assert desk_answer.parts is not None
    part = next(part for part in desk_answer.parts if part.number == number)
    end = part.offset_bytes + part.size_bytes
    lake.raw.client.upload_part(
        Bucket=lake.raw.name, Key=keys.incoming(who, desk_answer.client_id), UploadId=upload_id,
        PartNumber=number, Body=content[part.offset_bytes : end],
    )  # fmt: skip


def send_all_parts(lake: Lake, upload: Upload, content: bytes, who: str = WHO) -> None:
    """All parts of an upload."""
    key = keys.upload(who, upload.client_id)
    record = RecordStore(lake.raw).read(key, UploadRecord)
    for part in upload.parts or []:
        send_part(lake, upload, content, record.incoming_parts_id or "", part.number, who)
