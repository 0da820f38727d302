"""COCO files as predictions: every shape, sizes of another scale, and what cannot be read."""

import json
from typing import Any

import numpy as np
import pytest

from farmy_assets.annotation.predictions.coco_file import CocoPredictions, read_coco
from farmy_assets.annotation.predictions.model_classes import mapped_classes, parse_classes
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.regions.mask import Mask
from farmy_assets.annotation.regions.polygon import Polygon
from farmy_assets.errors import InvalidInputError

IMAGE = f"{'0' * 32}-{'1' * 12}"
CLASSES = {1: "crop", 2: "weed"}
SIZE = (80, 60)


def dataset(*annotations: dict[str, Any], **image: Any) -> bytes:  # noqa: ANN401 - JSON
    rows = [{"id": n, "image_id": 7, "category_id": 5} | row for n, row in enumerate(annotations)]
    named = {"id": 7, "file_name": f"images/{IMAGE}.jpg", "width": 80, "height": 60} | image
    document = {
        "images": [named], "annotations": rows,
        "categories": [{"id": 5, "name": "Weed"}, {"id": 6, "name": "unused"}],
    }  # fmt: skip
    return json.dumps(document).encode()


def read(content: bytes, *, images_of: bytes | None = None) -> CocoPredictions:
    return read_coco(content, images_of=images_of, classes=CLASSES)


def regions(found: CocoPredictions, *drawn: str, size_px: tuple[int, int] = SIZE) -> list[Any]:
    labels = found.labels(given=None, campaign=list(CLASSES.values()))
    shown = found.regions(IMAGE, size_px=size_px, labels=labels, drawn=drawn or ("box",))
    return [(each.region, each.score) for each in shown]


def test_boxes_come_with_the_campaigns_own_name_of_the_class_and_the_surest_first() -> None:
    found = read(dataset({"bbox": [1, 2, 10, 20], "score": 0.4}, {"bbox": [5, 5, 5, 5]}))
    assert regions(found) == [
        (Box(label="weed", x_min=5, y_min=5, x_max=10, y_max=10), 1.0),
        (Box(label="weed", x_min=1, y_min=2, x_max=11, y_max=22), 0.4),
    ]


def test_coordinates_of_a_picture_of_another_size_are_brought_to_the_copys() -> None:
    found = read(dataset({"bbox": [2, 4, 20, 40]}, width=160, height=120))
    ((region, _),) = regions(found)
    assert region == Box(label="weed", x_min=1, y_min=2, x_max=11, y_max=22)


def test_an_image_that_the_file_names_without_annotations_has_nothing_in_it() -> None:
    assert regions(read(dataset())) == []
    assert IMAGE in read(dataset()).by_image


@pytest.mark.parametrize("compressed", [True, False])
def test_masks_in_both_forms_of_run_lengths(compressed: bool) -> None:
    mask = np.zeros((60, 80), np.uint8)
    mask[10:20, 30:50] = 1
    changes = np.flatnonzero(np.diff(mask.T.ravel().astype(int), prepend=0, append=0))
    whole = [*np.diff(changes, prepend=0).tolist(), 60 * 80 - int(changes[-1])]
    counts: object = whole
    if compressed:
        counts = Mask.of_edges(changes.astype(np.int64), label="x", size_px=SIZE).counts
    row = {"segmentation": {"size": [60, 80], "counts": counts}, "bbox": [30, 10, 20, 10]}
    ((region, _),) = regions(read(dataset(row)), "mask")
    assert isinstance(region, Mask)
    assert (region.bounds_px, region.area_px) == ((30, 10, 50, 20), 200)
    ((wide, _),) = regions(read(dataset(row)), "mask", size_px=(160, 120))
    assert (wide.bounds_px, wide.width_px, wide.height_px) == ((60, 20, 100, 40), 160, 120)
    ((outline, _),) = regions(read(dataset(row)), "polygon")
    assert isinstance(outline, Polygon)
    assert outline.bounds_px == (30, 10, 50, 20)
    ((box, _),) = regions(read(dataset(row)), "box")
    assert isinstance(box, Box)


def test_of_several_parts_of_a_polygon_the_largest_is_taken() -> None:
    parts = [[0, 0, 5, 0, 5, 5], [10, 10, 40, 10, 40, 40]]
    ((region, _),) = regions(read(dataset({"segmentation": parts})), "polygon")
    assert region.bounds_px == (10, 10, 40, 40)


def test_results_name_the_lakes_images_or_those_of_a_data_set() -> None:
    rows = [{"image_id": IMAGE, "category_id": 2, "bbox": [0, 0, 9, 9], "score": 0.5}]
    assert regions(read(json.dumps(rows).encode()))[0][0].label == "weed"
    by_number = json.dumps([{**rows[0], "image_id": 7, "category_id": 5}]).encode()
    assert len(regions(read(by_number, images_of=dataset()))) == 1
    lost = read(by_number)
    assert lost.passed_over == {"of an image that the file does not name": 1}


@pytest.mark.parametrize(
    "row",
    [
        {"bbox": [0, 0, 9]}, {"bbox": [0, 0, 0, 9]}, {"bbox": ["x", 0, 9, 9]},
        {"bbox": [0, 0, float("nan"), 9]}, {"bbox": [0, 0, 10**400, 9]}, {"bbox": None}, {},
        {"bbox": [0, 0, 9, 9], "score": 1.5}, {"bbox": [0, 0, 9, 9], "score": "high"},
        {"bbox": [0, 0, 9, 9], "category_id": [5]}, {"bbox": [200, 0, 9, 9]},
    ],
)  # fmt: skip
def test_an_annotation_that_cannot_be_read_is_counted_and_the_others_stay(
    row: dict[str, Any],
) -> None:
    found = read(dataset(row, {"bbox": [1, 1, 9, 9]}))
    assert len(regions(found)) == 1
    assert sum(found.passed_over.values()) == 1


@pytest.mark.parametrize("content", [b"", b"{", b"3", b"{}", b"[" * 100_000, b'"x"', b"\xff"])
def test_what_is_no_coco_file_is_told(content: bytes) -> None:
    with pytest.raises(InvalidInputError, match="COCO file"):
        read(content)


def test_classes_that_the_campaign_does_not_know_are_named_with_the_way_out() -> None:
    with pytest.raises(
        InvalidInputError, match=r"1 class of the model: weeds.*--classes.*weeds: weed"
    ):
        mapped_classes(["weeds", "crop"], given=None, campaign=["crop", "weed"])


def test_a_file_of_classes_maps_and_leaves_out() -> None:
    given = parse_classes("weeds: weed\nCROP\nstone:\n\n")
    assert mapped_classes(list(given), given=given, campaign=["crop", "weed"]) == (
        "weed",
        "crop",
        "",
    )
    with pytest.raises(InvalidInputError, match=r"line 2 .* repeats"):
        parse_classes("a\na: b")
    with pytest.raises(InvalidInputError, match="one a line"):
        parse_classes("\n")
    with pytest.raises(InvalidInputError, match="nothing could be predicted"):
        mapped_classes(["a"], given={"a": ""}, campaign=["crop"])
