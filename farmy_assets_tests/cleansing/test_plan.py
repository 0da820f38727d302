"""The image work as Daft plans gives the same verdicts as one call after the other."""

import gc
from collections.abc import Iterator, Sequence

import daft
import pytest

from farmy_assets.cleansing.plan import (
    INPUT_COLUMNS,
    RawImage,
    assess_many,
    copies_frame,
    quality_frame,
    quality_records,
    worth_workers,
)
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import ImageQuality
from farmy_assets.cleansing.verdicts import Reason
from farmy_assets_tests.cleansing.drawing import plants, stored

# Daft leaves the pipes of its worker processes to the garbage collector, which then complains.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

POLICY = CleansingPolicy(max_long_side_px=100)
GOOD = stored(plants())
IMAGES = [
    *(RawImage(f"cut-{n:02d}", None, GOOD[: 40 * n]) for n in range(20)),
    RawImage("good", None, GOOD),
    RawImage("liar", "0" * 64, GOOD),
    RawImage("missing", "0" * 64, None),
    RawImage("text", None, b"text"),
    RawImage("turned", None, stored(plants(3), "TIFF")),
]


@pytest.fixture(autouse=True)
def _complaints_stay_in_this_file() -> Iterator[None]:
    yield
    gc.collect()


def frame_of(images: Sequence[RawImage]) -> daft.DataFrame:
    columns = zip(INPUT_COLUMNS, zip(*images, strict=True), strict=True)
    frame = daft.from_pydict({name: list(values) for name, values in columns})
    return frame.with_column("sort_of_extra", daft.lit(1))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_plan_gives_every_image_the_verdict_it_gets_alone(workers: int) -> None:
    frame = quality_frame(frame_of(IMAGES), policy=POLICY, workers=workers)

    assert frame.column_names == list(ImageQuality.model_fields)
    assert quality_records(frame) == list(assess_many(IMAGES, POLICY))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_plan_gives_every_image_a_copy_or_the_reason_why_not(workers: int) -> None:
    frame = copies_frame(frame_of(IMAGES), policy=POLICY, workers=workers)
    rows = {row["image_id"]: row for row in frame.to_pylist()}

    assert len(rows) == len(IMAGES)
    assert {name for name, row in rows.items() if row["copy_content"]} == {"good", "turned"}
    assert rows["good"]["copy_width_px"] == 100
    assert rows["good"]["copy_reason"] is None
    assert rows["liar"]["copy_reason"] == Reason.CONTENT_CHANGED
    assert rows["missing"]["copy_reason"] == Reason.MISSING_FROM_RAW
    assert rows["text"]["copy_reason"] == Reason.NOT_AN_IMAGE


def test_workers_are_started_for_large_batches_alone() -> None:
    assert not worth_workers(1, total_bytes=5_000_000)
    assert not worth_workers(1000, total_bytes=1000 * 30_000)
    assert worth_workers(10_000, total_bytes=10_000 * 30_000)
    assert worth_workers(1000, total_bytes=1000 * 3_500_000)
