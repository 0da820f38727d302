"""The image work as a Daft plan gives what one call after the other gives."""

from collections.abc import Sequence

import daft

from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import ImageQuality
from farmy_assets.execution.plan import INPUT_COLUMNS, image_work
from farmy_assets.execution.work import RawImage, work_on
from farmy_assets.execution.work_order import WorkOrder
from farmy_assets_tests.cleansing.drawing import plants, stored

POLICY = CleansingPolicy(max_long_side_px=100)
GOOD = stored(plants())
IMAGES = [
    *(RawImage(f"cut-{n:02d}", f"{n}.jpg", None, GOOD[: 40 * n]) for n in range(20)),
    RawImage("good", None, None, GOOD),
    RawImage("liar", None, "0" * 64, GOOD),
    RawImage("missing", None, "0" * 64, None),
    RawImage("text", "text.jpg", None, b"text"),
    RawImage("turned", "turned.tif", None, stored(plants(3), "TIFF")),
]


def frame_of(images: Sequence[RawImage]) -> daft.DataFrame:
    columns = zip(INPUT_COLUMNS, zip(*images, strict=True), strict=True)
    frame = daft.from_pydict({name: list(values) for name, values in columns})
    return frame.with_column("sort_of_extra", daft.lit(1))


def test_a_plan_gives_every_image_what_it_gets_alone() -> None:
    order = WorkOrder(policy=POLICY, copies=True)
    rows = image_work(frame_of(IMAGES), order).to_pylist()
    found = {row["image_id"]: ImageQuality.model_validate_json(row["quality"]) for row in rows}
    copies = {row["image_id"]: row["copy_content"] for row in rows}

    assert len(rows) == len(IMAGES)
    for image in IMAGES:
        quality, copy, _ = work_on(image, order)
        assert found[image.image_id] == quality
        assert copies[image.image_id] == (copy.content if copy else None)
    assert {name for name, content in copies.items() if content} == {"good", "turned"}
    assert found["missing"].reasons == ("missing_from_raw",)
    assert found["liar"].reasons == ("content_changed",)


def test_without_copies_none_are_made() -> None:
    rows = image_work(frame_of(IMAGES), WorkOrder(policy=POLICY)).to_pylist()

    assert {row["copy_content"] for row in rows} == {None}
