import contextlib
import io
import itertools
import json
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from pydantic import ValidationError

from farmy_assets.annotation.mask_runs import Pixels, packed
from farmy_assets.annotation.question_answers import answers_of
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions.keypoint import Keypoint
from farmy_assets.annotation.regions.mask import Mask
from farmy_assets.annotation.regions.polygon import Polygon
from farmy_assets.annotation.regions.rotated_box import RotatedBox
from farmy_assets.datasets.formats.coco import files_of, picture_path
from farmy_assets.datasets.splits import SPLITS
from farmy_assets.datasets.versions import DatasetVersion, LabelledImage
from farmy_assets.errors import NotReleasableError
from farmy_assets_tests.datasets.examples import (
    HEIGHT_PX,
    WIDTH_PX,
    a_box,
    a_version,
    an_image,
    image_lists,
    quick,
)


def documents(version: DatasetVersion) -> dict[str, dict[str, Any]]:
    return {path: json.loads(content) for path, content in files_of(version).items()}


def read_by_cocos_own_reader(content: bytes) -> COCO:
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        path = Path(folder) / "instances.json"
        path.write_bytes(content)
        return COCO(str(path))


@quick
@given(image_lists())
def test_cocos_own_reader_finds_every_image_and_every_box(images: list[LabelledImage]) -> None:
    version = a_version(*images)
    files = files_of(version)
    assert list(files) == [f"annotations/instances_{split}.json" for split in SPLITS]
    for split, content in zip(SPLITS, files.values(), strict=True):
        coco = read_by_cocos_own_reader(content)
        found = {image["file_name"]: image for image in coco.imgs.values()}
        wanted = {picture_path(image): image for image in version.images_in(split)}
        assert found.keys() == wanted.keys()
        for name, image in wanted.items():
            entry = found[name]
            assert (entry["width"], entry["height"]) == (image.width_px, image.height_px)
            annotations = coco.loadAnns(coco.getAnnIds(imgIds=entry["id"]))
            boxes = sorted(
                (coco.cats[each["category_id"]]["name"], *each["bbox"]) for each in annotations
            )
            assert [name for name, *_ in boxes] == [box.label for box in image.regions]
            for (_, x, y, width, height), box in zip(boxes, image.regions, strict=True):
                assert (x, y, x + width, y + height) == pytest.approx(box.bounds_px, abs=0.006)


@quick
@given(image_lists())
def test_no_exported_box_leaves_its_image_and_each_has_an_area(
    images: list[LabelledImage],
) -> None:
    for document in documents(a_version(*images)).values():
        sizes = {image["id"]: (image["width"], image["height"]) for image in document["images"]}
        for each in document["annotations"]:
            x, y, width, height = each["bbox"]
            assert round(x + width, 6) <= sizes[each["image_id"]][0]
            assert round(y + height, 6) <= sizes[each["image_id"]][1]
            assert each["area"] == pytest.approx(width * height, abs=0.006)
            assert min(x, y) >= 0 < each["area"]


@quick
@given(image_lists())
def test_the_same_images_give_the_same_bytes_in_any_order(images: list[LabelledImage]) -> None:
    assert files_of(a_version(*images)) == files_of(a_version(*reversed(images)))


def test_perfect_detections_are_judged_perfect_by_cocos_own_evaluation() -> None:
    images = [an_image(n, a_box(), a_box("überreif", (200, 200, 300, 300))) for n in range(40)]
    content = files_of(a_version(*images))["annotations/instances_train.json"]
    truth = read_by_cocos_own_reader(content)
    detections = [
        {**{key: each[key] for key in ("image_id", "category_id", "bbox")}, "score": 0.9}
        for each in truth.dataset["annotations"]
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        judge = COCOeval(truth, truth.loadRes(detections), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    assert judge.stats[0] == pytest.approx(1)


def test_ids_count_from_one_and_are_in_one_split_only() -> None:
    version = a_version(*(an_image(n, a_box()) for n in range(30)))
    for kind in ("images", "annotations"):
        ids = [each["id"] for document in documents(version).values() for each in document[kind]]
        assert sorted(ids) == list(range(1, 31))


def test_categories_keep_the_campaigns_ids_with_their_gaps_in_every_file() -> None:
    for document in documents(a_version(an_image(1, a_box("熟した 🍓")))).values():
        categories = [(each["id"], each["name"]) for each in document["categories"]]
        assert categories == [(2, "überreif"), (7, "unreif"), (40, "熟した 🍓")]
        assert all(each["category_id"] == 40 for each in document["annotations"])


def test_an_image_without_boxes_still_appears_in_the_export() -> None:
    version = a_version(an_image(1))
    images = [image for document in documents(version).values() for image in document["images"]]
    assert [image["file_name"] for image in images] == [f"images/{an_image(1).image_id}.jpg"]


def test_an_empty_split_is_a_file_that_can_be_read() -> None:
    for content in files_of(a_version()).values():
        coco = read_by_cocos_own_reader(content)
        assert (coco.imgs, coco.anns) == ({}, {})
        assert len(coco.cats) == 3


def test_a_box_is_corner_and_sides_in_pixels_with_two_decimals() -> None:
    image = an_image(1, a_box(corners=(10.004, 20.006, 110.125, 70)))
    (entry,) = itertools.chain.from_iterable(
        document["annotations"] for document in documents(a_version(image)).values()
    )
    assert entry["bbox"] == [10.0, 20.01, 100.12, 49.99]
    assert entry["area"] == 5005.0
    assert (entry["iscrowd"], entry["segmentation"]) == (0, [])


def test_what_percentages_lose_in_arithmetic_does_not_reach_the_file() -> None:
    image = an_image(1, a_box(corners=(0, 0, 640.004, 480.004)))
    (entry,) = itertools.chain.from_iterable(
        document["annotations"] for document in documents(a_version(image)).values()
    )
    assert entry["bbox"] == [0, 0, 640, 480]


def test_licence_ids_follow_the_names() -> None:
    names = ("z", "d", "a", "y", "c", "x", "b")
    version = a_version(*(an_image(n, group="north", licence=name) for n, name in enumerate(names)))
    listed = [
        (licence["id"], licence["name"])
        for document in documents(version).values()
        for licence in document["licenses"]
    ]
    assert listed == list(enumerate(sorted(names), start=1))


def test_only_licences_that_images_carry_are_listed_and_none_is_invented() -> None:
    images = [
        an_image(1, group="north", licence="CC-BY-4.0"),
        an_image(2, group="north", licence="CC0-1.0"),
        an_image(3, group="north"),
    ]
    with_images = [d for d in documents(a_version(*images)).values() if d["images"]]
    (document,) = with_images
    names = {licence["id"]: licence["name"] for licence in document["licenses"]}
    assert names == {1: "CC-BY-4.0", 2: "CC0-1.0"}
    carried = {i["file_name"]: names.get(i.get("license")) for i in document["images"]}
    assert carried == {picture_path(image): image.licence for image in images}


def test_a_split_without_licensed_images_lists_no_licence() -> None:
    empty = [d for d in documents(a_version(an_image(1, licence="CC0-1.0"))).values()]
    assert sorted(len(document["licenses"]) for document in empty) == [0, 0, 1]


def test_the_file_says_which_version_it_is() -> None:
    version = a_version(an_image(1))
    for document in documents(version).values():
        assert document["info"]["version"] == version.version_id
        assert document["info"].keys() == {"description", "version"}


def test_a_version_with_problems_is_not_exported() -> None:
    with pytest.raises(NotReleasableError, match="pear"):
        files_of(a_version(an_image(1, a_box("pear"))))


def entries_of(*regions: Region) -> tuple[COCO, list[dict[str, Any]]]:
    """COCO's own reader with one image that has these regions, and its annotations."""
    version = a_version(an_image(1, regions=regions))
    for content in files_of(version).values():
        coco = read_by_cocos_own_reader(content)
        if coco.anns:
            return coco, coco.loadAnns(coco.getAnnIds())
    raise AssertionError(regions)


def pixels_of(coco: COCO, entry: dict[str, Any]) -> Pixels:
    """What COCO's own reader draws; it is not yet written for the newest numpy."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        drawn: Pixels = coco.annToMask(entry) > 0
    return drawn


def polygon_of(*points: tuple[float, float]) -> Polygon:
    return Polygon(label="unreif", points=points)


def test_a_polygon_is_drawn_by_cocos_own_reader() -> None:
    coco, (entry,) = entries_of(polygon_of((10, 10), (110, 10), (110, 60)))
    assert sorted(entry["segmentation"][0]) == sorted([10, 10, 110, 10, 110, 60])
    assert (entry["bbox"], entry["area"], entry["iscrowd"]) == ([10, 10, 100, 50], 2500, 0)
    assert pixels_of(coco, entry).sum() == pytest.approx(2500, rel=0.03)


def test_a_polygon_that_crosses_itself_has_a_list_for_each_of_its_lobes() -> None:
    coco, (entry,) = entries_of(polygon_of((100, 100), (200, 200), (200, 100), (100, 200)))
    assert len(entry["segmentation"]) == 2
    assert entry["area"] == 5000
    assert pixels_of(coco, entry).sum() == pytest.approx(5000, rel=0.03)


def test_a_rotated_box_is_its_corners_inside_of_the_image() -> None:
    turned = RotatedBox(label="unreif", x=100, y=100, width=100, height=20, angle=90)
    coco, (entry,) = entries_of(turned)
    assert (entry["bbox"], entry["area"]) == ([90, 50, 20, 100], 2000)
    assert pixels_of(coco, entry).sum() == pytest.approx(2000, rel=0.06)
    _, (entry,) = entries_of(turned.model_copy(update={"x": 5}))
    assert (entry["bbox"], entry["area"]) == ([0, 50, 15, 100], 1500)
    assert min(entry["segmentation"][0]) == 0


def test_a_mask_keeps_every_pixel() -> None:
    painted = np.zeros((HEIGHT_PX, WIDTH_PX), np.bool_)
    painted[20:50, 10:90] = True
    painted[30:35, 40:60] = False
    painted[100, 200] = True
    edges = packed(painted.T, HEIGHT_PX, (0, 0))
    mask = Mask.of_edges(edges, label="unreif", size_px=(WIDTH_PX, HEIGHT_PX))
    coco, (entry,) = entries_of(mask)
    assert np.array_equal(pixels_of(coco, entry), painted)
    assert (entry["bbox"], entry["area"]) == ([10, 20, 191, 81], painted.sum())


def test_a_keypoint_is_left_out() -> None:
    _, entries = entries_of(a_box(), Keypoint(label="unreif", x=5, y=5))
    assert [entry["bbox"] for entry in entries] == [[10, 20, 100, 50]]


@quick
@given(st.lists(st.tuples(st.floats(0, WIDTH_PX), st.floats(0, HEIGHT_PX)), min_size=3, max_size=9,
                unique=True))  # fmt: skip
def test_whatever_is_drawn_stays_inside_of_its_image(points: list[tuple[float, float]]) -> None:
    try:
        drawn = polygon_of(*points)
    except ValidationError:
        return
    if list(drawn.faults(WIDTH_PX, HEIGHT_PX)):
        return
    _, (entry,) = entries_of(drawn)
    x, y, width, height = entry["bbox"]
    assert min(x, y) >= 0
    assert round(x + width, 6) <= WIDTH_PX
    assert round(y + height, 6) <= HEIGHT_PX
    for part in entry["segmentation"]:
        assert len(part) >= 6
        assert 0 <= min(part[::2]) <= max(part[::2]) <= WIDTH_PX
        assert 0 <= min(part[1::2]) <= max(part[1::2]) <= HEIGHT_PX


def test_perfect_masks_are_judged_perfect_by_cocos_own_evaluation() -> None:
    regions = (
        polygon_of((10, 10), (110, 10), (110, 60)),
        RotatedBox(label="überreif", x=300, y=200, width=100, height=40, angle=30),
    )
    images = [an_image(n, regions=regions) for n in range(20)]
    truth = read_by_cocos_own_reader(
        files_of(a_version(*images))["annotations/instances_train.json"]
    )
    detections = [
        {key: each[key] for key in ("image_id", "category_id", "segmentation")} | {"score": 0.9}
        for each in truth.dataset["annotations"]
    ]
    for each in detections:
        each["segmentation"] = truth.annToRLE(each)
    with contextlib.redirect_stdout(io.StringIO()):
        judge = COCOeval(truth, truth.loadRes(detections), "segm")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    assert judge.stats[0] == pytest.approx(1)


def test_answers_stand_under_attributes_of_their_annotation_and_of_their_image() -> None:
    answered = a_box().model_copy(
        update={"attributes": answers_of({"leaves": 7, "pests": ("aphid", "thrips")})}
    )
    other = a_box("überreif", (200, 200, 300, 300))
    image = an_image(1, answered, other, choices={"quality": "good"})
    (document,) = [d for d in documents(a_version(image)).values() if d["images"]]
    assert document["images"][0]["attributes"] == {"quality": "good"}
    by_category = {each["category_id"]: each for each in document["annotations"]}
    assert by_category[7]["attributes"] == {"leaves": 7, "pests": ["aphid", "thrips"]}
    assert "attributes" not in by_category[2]
    assert b'"attributes"' not in b"".join(files_of(a_version(an_image(1, a_box()))).values())
