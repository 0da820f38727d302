"""The catalog at size: events into it, a sensor's look, and the comparison with S3.

    python -m farmy_assets_tests.benchmarks.catalog_scale

The comparison runs against synthetic answers in place of a server (a laptop's S3 takes 0.2 s for a
thousand keys, which would measure the server); AWS's client reads them as it reads real ones. The
other two run on a real local server.
"""

import io
import json
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import typer
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from farmy_assets.catalog.batches import Batch, SealingPolicy, batch_id_for
from farmy_assets.defs.sensors import SensorCursor
from farmy_assets.ingestion.event_intake import EventIntake
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.raw_zone import RawZone
from farmy_assets.workflow.progress import Progress
from farmy_assets.workflow.reconcile import Reconciler
from farmy_assets_tests.arrivals import arrival, jpeg, s3_event
from farmy_assets_tests.benchmarks.page import say
from farmy_assets_tests.benchmarks.platforms import ORIGIN, Measured, fresh_platform

PAGE = 1000
BATCH = 500
NEVER = SealingPolicy(max_images=10**9)


@dataclass(frozen=True)
class ReconcileSpeed:
    """What the comparison of so many images took."""

    images: int
    seconds: float
    peak_mb: float


def _image_id(number: int) -> str:
    return f"{number % 16:x}{number // 16:031x}-{0:012x}"


def _batch(number: int) -> Batch:
    """Batches are numbered from 1."""
    sealed_at = datetime(2026, 5, 14, tzinfo=UTC)
    first = (number - 1) * BATCH
    return Batch(
        batch_id=batch_id_for(number, sealed_at, "bench"), number=number, campaign="bench",
        sealed_at=sealed_at, image_ids=tuple(_image_id(first + n) for n in range(BATCH)),
    )  # fmt: skip


class SyntheticLake:
    """Answers of S3 and DynamoDB about so many sealed images, which agree with each other."""

    def __init__(self, lake: Lake, images: int) -> None:
        self.images = images
        self.batch_ids = [_batch(n + 1).batch_id for n in range(images // BATCH)]
        lake.raw.client.meta.events.register_first("before-send.s3", self.s3)  # type: ignore[arg-type]
        lake.catalog.client.meta.events.register_first("before-send.dynamodb", self.scan)  # type: ignore[arg-type]

    def s3(self, request: Any, **_: object) -> AWSResponse:  # noqa: ANN401
        where = urlsplit(request.url)
        asked = {k: v[0] for k, v in parse_qs(where.query, keep_blank_values=True).items()}
        if "prefix" not in asked:
            number = int(where.path.rpartition("/")[2].removesuffix(".json"))
            return answer_of(request, _batch(number).to_json())
        versions = "versions" in asked
        start = int(asked.get("key-marker" if versions else "continuation-token", 0))
        named = self._keys(asked["prefix"])
        following = start + PAGE if start + PAGE < len(named) else None
        some = named[start : start + PAGE]
        page = _versions_page if versions else _objects_page
        return answer_of(request, page(some, following).encode())

    def _keys(self, prefix: str) -> list[str]:
        if prefix == keys.BATCHES:
            return [keys.batch(n + 1) for n in range(len(self.batch_ids))]
        if prefix[:-1] == keys.RAW_IMAGES:
            digit = int(prefix[-1], 16)
            return [keys.raw_image(_image_id(n)) for n in range(digit, self.images, 16)]
        return []  # no corrections, and nothing that came in and was not looked at

    def scan(self, request: Any, **_: object) -> AWSResponse:  # noqa: ANN401
        asked = json.loads(request.body)
        size = self.images // asked["TotalSegments"]
        first = int(asked.get("ExclusiveStartKey", {}).get("image_id", {}).get("S", 0))
        base = asked["Segment"] * size
        items = [
            {"image_id": {"S": _image_id(base + n)}, "state": {"S": "present"},
             "campaign": {"S": "bench"}, "batch_id": {"S": self.batch_ids[(base + n) // BATCH]}}
            for n in range(first, min(first + PAGE, size))
        ]  # fmt: skip
        answer: dict[str, Any] = {"Items": items, "Count": len(items)}
        if first + PAGE < size:
            answer["LastEvaluatedKey"] = {"image_id": {"S": str(first + PAGE)}}
        return answer_of(request, json.dumps(answer).encode())


_FACTS = (
    "<LastModified>2026-05-14T12:00:00.000Z</LastModified>"
    '<ETag>"d41d8cd98f00b204e9800998ecf8427e"</ETag><Size>100000</Size>'
    "<StorageClass>STANDARD</StorageClass>"
)


def _objects_page(named: Sequence[str], following: int | None) -> str:
    more = following is not None
    token = f"<NextContinuationToken>{following}</NextContinuationToken>" if more else ""
    listed = "".join(f"<Contents><Key>{key}</Key>{_FACTS}</Contents>" for key in named)
    return (
        f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>{token}{listed}"
        "</ListBucketResult>"
    )


def _versions_page(named: Sequence[str], following: int | None) -> str:
    more = following is not None
    markers = f"<NextKeyMarker>{following}</NextKeyMarker>" if more else ""
    if more:
        markers += "<NextVersionIdMarker>1</NextVersionIdMarker>"
    listed = "".join(
        f"<Version><Key>{key}</Key><VersionId>1</VersionId><IsLatest>true</IsLatest>{_FACTS}"
        "</Version>"
        for key in named
    )
    return (
        f"<ListVersionsResult><IsTruncated>{str(more).lower()}</IsTruncated>{markers}{listed}"
        "</ListVersionsResult>"
    )


def answer_of(request: Any, body: bytes) -> AWSResponse:  # noqa: ANN401
    class Body(io.BytesIO):
        def stream(self, **_: object) -> list[bytes]:
            return [self.getvalue()]

    headers = HTTPHeaders()
    headers["ETag"] = '"of-no-use"'
    return AWSResponse(request.url, 200, headers, Body(body))


def measure_reconcile(lake: Lake, *, images: int = 1_000_000) -> ReconcileSpeed:
    """Compare so many images with their entries and batches, synthetic answers included.

    Args:
        lake: A lake whose clients are not used for anything else afterwards.
        images: A multiple of 2,000.
    """
    SyntheticLake(lake, images)
    began = time.perf_counter()
    drift = Reconciler.of(lake).reconcile(now=datetime.now(UTC))
    taken = time.perf_counter() - began
    if not drift.is_none or drift.images != images or drift.entries != images:
        msg = f"the comparison is wrong: {drift}"
        raise AssertionError(msg)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return ReconcileSpeed(images, taken, peak_mb)


def measure_intake(platform: Measured, *, images: int = 300) -> dict[str, float]:
    """Images a second from message to entry: one message after another, and ten together."""
    lake = platform.lake
    intake = EventIntake(lake.exports, lake.catalog)
    zone = RawZone(lake.exports)
    bodies = []
    for number in range(images):
        metadata = arrival(f"{number}.jpg", jpeg(number % 250), origin=ORIGIN)
        zone.store(metadata, jpeg(number % 250))
        bodies.append(s3_event(keys.raw_image(metadata.image_id), "01"))
    speeds = {}
    for label, size in (("one_by_one", 1), ("by_ten", 10)):
        began = time.perf_counter()
        for start in range(0, images, size):
            intake.take_all(bodies[start : start + size], now=datetime.now(UTC))
        speeds[label] = images / (time.perf_counter() - began)
    return speeds


def measure_tick(platform: Measured, *, processed: int) -> float:
    """Seconds of the new-images sensor's look at the lake, with so many images processed."""
    lake = platform.lake
    known = max(lake.batches.numbers(), default=0)
    for number in range(known + 1, processed // BATCH + 1):
        batch = _batch(number)
        lake.records.write_once(keys.batch(number), batch)
        lake.records.bucket.put(keys.placements(batch.campaign, batch.batch_id), b"{}")
        about = {"state": "present", "sequencer": "0", "campaign": "bench"}
        about["batch_id"] = batch.batch_id
        items = [
            {"PutRequest": {"Item": {k: {"S": v} for k, v in {"image_id": i, **about}.items()}}}
            for i in batch.image_ids
        ]
        for start in range(0, BATCH, 25):
            lake.catalog.client.batch_write_item(
                RequestItems={lake.catalog.name: items[start : start + 25]}  # type: ignore[dict-item]
            )
    cursor = SensorCursor(up_to=processed // BATCH)

    def tick() -> float:
        began = time.perf_counter()
        lake.batches.is_sealed(cursor.up_to)
        now = datetime.now(UTC)
        lake.batches.seal_waiting(policy=NEVER, now=now, known_up_to=cursor.up_to)
        Progress.of(lake).of_batches(after=cursor.up_to, besides=cursor.undone)
        return time.perf_counter() - began

    return sorted(tick() for _ in range(9))[4]


def main(images: int = 1_000_000, processed: int = 100_000) -> None:
    """Measure all three."""
    with fresh_platform(parts={"ministack"}) as platform:
        intake = measure_intake(platform)
        say(", ".join(f"intake {name}: {speed:.0f} images/s" for name, speed in intake.items()))
        for count in (1000, processed):
            seconds = measure_tick(platform, processed=count)
            say(f"a sensor's look with {count} images processed: {1000 * seconds:.0f} ms")
        found = measure_reconcile(Lake.connect(platform.lake.settings), images=images)
    say(
        f"reconcile of {found.images} images: {found.seconds:.0f} s, "
        f"peak memory {found.peak_mb:.0f} MB"
    )


if __name__ == "__main__":
    typer.run(main)
