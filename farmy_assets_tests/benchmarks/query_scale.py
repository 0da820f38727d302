"""The query layer over a million images: snapshots, a filter, a search by a photograph.

Batches, snapshots and index lie on a real local S3. The catalog's entries are synthetic answers,
read by AWS's own client: a million of them in a local server would measure that server.
"""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from botocore.awsrequest import AWSResponse

from farmy_assets.catalog.batches import Batch, batch_id_for
from farmy_assets.catalog.metadata import ImageMetadata, Source, image_id_for
from farmy_assets.cleansing.compared_images import Fingerprint
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_threads
from farmy_assets.query.layer import QueryLayer
from farmy_assets.query.snapshots import SnapshotRepository
from farmy_assets.query.table_sources import table_sources
from farmy_assets_tests.benchmarks.catalog_scale import answer_of
from farmy_assets_tests.benchmarks.page import say

BATCH = 500
DAYS = 100
FIRST_DAY = datetime(2026, 1, 1, 12, tzinfo=UTC)
CROPS = ("maize", "wheat", "potato", "tomato", "sunflower")
TIMES = 9
FILTER = (
    "SELECT image_id, campaign, arrived_at FROM images "
    "WHERE crop = 'tomato' AND dt BETWEEN '2026-02-01' AND '2026-02-07' "
    "ORDER BY arrived_at DESC LIMIT 100"
)


@dataclass(frozen=True)
class QuerySpeed:
    """Seconds, of so many images."""

    images: int
    full_s: float
    increment: int
    increment_s: float
    filter_s: float
    look_alike_s: float


def _sha256(number: int) -> str:
    return f"{number:032x}{0:032x}"


def _image_id(number: int) -> str:
    return image_id_for(_sha256(number), Source.BULK, "bench", f"{number}.jpg")


def _metadata(number: int, images: int) -> str:
    arrived = FIRST_DAY + timedelta(days=number * DAYS // images, seconds=number % 3600)
    return ImageMetadata(
        image_id=_image_id(number), sha256=_sha256(number), size_bytes=100_000,
        media_type="image/jpeg", original_name=f"{number}.jpg", source=Source.BULK,
        campaign="bench", arrived_at=arrived, crop=CROPS[number % len(CROPS)], licence="CC0-1.0",
    ).model_dump_json()  # fmt: skip


class SyntheticEntries:
    """DynamoDB's answers about so many images."""

    def __init__(self, lake: Lake, images: int) -> None:
        self.images, self.table = images, lake.catalog.name
        lake.catalog.client.meta.events.register_first("before-send.dynamodb", self.answer)  # type: ignore[arg-type]

    def answer(self, request: Any, **_: object) -> AWSResponse:  # noqa: ANN401
        asked = json.loads(request.body)
        if "RequestItems" not in asked:  # which images wait: none
            return answer_of(request, b'{"Items": [], "Count": 0}')
        ids = [key["image_id"]["S"] for key in asked["RequestItems"][self.table]["Keys"]]
        items = [
            {
                "image_id": {"S": image_id}, "state": {"S": "present"}, "sequencer": {"S": "0"},
                "metadata": {"S": _metadata(int(image_id[:32], 16), self.images)},
                "batch_id": {"S": f"b-{int(image_id[:32], 16) // BATCH}"},
            }
            for image_id in ids
        ]  # fmt: skip
        return answer_of(request, json.dumps({"Responses": {self.table: items}}).encode())


def measure(lake: Lake, photograph: bytes, *, images: int, increment: int) -> QuerySpeed:
    """Everything, on a lake with nothing in it; its catalog's client is of no use afterwards.

    Args:
        lake: A lake; batches, snapshots and an index are written into its records.
        photograph: Any that can be decoded.
        images: How many before the increment; a multiple of 500.
        increment: How many more; a multiple of 500.
    """
    SyntheticEntries(lake, images + increment)
    book, feed = SnapshotRepository(lake.records), table_sources(lake)["images"]
    _seal(lake, 0, images)
    say(f"the first snapshot of {images:,} images")
    full = _seconds(lambda: book.take(feed))
    _seal(lake, images, images + increment)
    say(f"a snapshot of {increment:,} more")
    more = _seconds(lambda: book.take(feed))
    rows = book.manifest("images").rows
    if rows != images + increment:
        msg = f"the table has {rows} rows"
        raise AssertionError(msg)
    layer = QueryLayer(lake)
    layer.query(FILTER)  # fetches the files, once
    say("a filter")
    filtered = statistics.median(_seconds(lambda: layer.query(FILTER)) for _ in range(TIMES))
    say("an index of so many fingerprints")
    lake.duplicates.claim(
        "bench", list(_fingerprints(images)), campaign="weeds", find=lambda new, known: {}
    )

    def search() -> object:
        return layer.similar_images.of(photograph, limit=20, max_distance_bits=64)

    search()  # reads the index and starts the process that decodes, once
    say("a search by a photograph")
    searched = statistics.median(_seconds(search) for _ in range(TIMES))
    return QuerySpeed(images, full, increment, more, filtered, searched)


def _seal(lake: Lake, first: int, end: int) -> None:
    def write(number: int) -> None:
        sealed_at = FIRST_DAY + timedelta(days=DAYS)
        start = (number - 1) * BATCH
        batch = Batch(
            batch_id=batch_id_for(number, sealed_at, "bench"), number=number, campaign="bench",
            sealed_at=sealed_at, image_ids=tuple(_image_id(start + n) for n in range(BATCH)),
        )  # fmt: skip
        lake.records.write_once(keys.batch(number), batch)

    in_threads(write, range(first // BATCH + 1, end // BATCH + 1))


def _fingerprints(count: int) -> Iterator[Fingerprint]:
    hashes = np.random.default_rng(7).integers(0, 2**64, size=(count, 4), dtype=np.uint64)
    for number, (content, pixels, phash, dhash) in enumerate(hashes.tolist()):
        yield Fingerprint.model_construct(
            image_id=_image_id(number), sha256=f"{content:016x}{0:048x}",
            pixel_hash=f"{pixels:016x}{0:048x}", phash=f"{phash:016x}", dhash=f"{dhash:016x}",
            turned="", width_px=640, height_px=480, sharpness=4.0,
        )  # fmt: skip


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
