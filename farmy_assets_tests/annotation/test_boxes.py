from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.annotation.regions.box import Box, iou
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.regions import region_from_result, region_to_result
from farmy_assets_tests.annotation.examples import HEIGHT_PX, WIDTH_PX, box, boxes, region

LABELS = ("crop", "weed")


def read(result: object) -> Box:
    found = region_from_result(
        result, kinds={"box"}, labels=LABELS, width_px=WIDTH_PX, height_px=HEIGHT_PX
    )
    assert isinstance(found, Box)
    return found


@given(boxes())
def test_a_box_survives_the_way_to_percent_and_back(original: Box) -> None:
    result = region_to_result(original, region_id="r", width_px=WIDTH_PX, height_px=HEIGHT_PX)
    again = read(result)
    assert again.label == original.label
    for edge in ("x_min", "y_min", "x_max", "y_max"):
        assert getattr(again, edge) == pytest.approx(getattr(original, edge), abs=1e-6)


def test_percentages_are_of_the_image_shown_and_not_of_the_size_in_the_region() -> None:
    assert read(region(x=10, y=50, width=20, height=25)) == Box(
        label="weed", x_min=80, y_min=300, x_max=240, y_max=450
    )


def test_a_tiny_overshoot_is_clipped_to_the_image() -> None:
    found = read(region(x=-0.5, y=90, width=20, height=10.9))
    assert (found.x_min, found.y_max) == (0, HEIGHT_PX)


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        pytest.param(None, "not a labelled rectangle", id="not an object"),
        pytest.param({"type": "choices"}, "not a labelled rectangle", id="another tool"),
        pytest.param({"type": "rectanglelabels"}, "no value", id="no value"),
        pytest.param(region(rectanglelabels=["tree"]), "unknown label 'tree'", id="unknown label"),
        pytest.param(region(rectanglelabels=["crop", "weed"]), "2 labels", id="two labels"),
        pytest.param(region(rectanglelabels=[]), "0 labels", id="no label"),
        pytest.param(region(rectanglelabels="weed"), "0 labels", id="label is no list"),
        pytest.param(region(rectanglelabels=[["weed"]]), "unknown label", id="label is a list"),
        pytest.param(region(rotation=30), "turned", id="turned"),
        pytest.param(region(rotation="x"), "turned", id="rotation is no number"),
        pytest.param(region() | {"image_rotation": 90}, "turned with its image", id="turned image"),
        pytest.param(region(x=None), "no usable x", id="missing edge"),
        pytest.param(region(y="12"), "no usable y", id="edge is text"),
        pytest.param(region(y=True), "no usable y", id="edge is a truth value"),
        pytest.param(region(width=float("nan")), "no usable width", id="nan"),
        pytest.param(region(height=float("inf")), "no usable height", id="infinite"),
        pytest.param(region(height=10**400), "no usable height", id="huge"),
        pytest.param(region(width=0), "has the width 0", id="no width"),
        pytest.param(region(height=-3), "has the height -3", id="negative height"),
        pytest.param(region(width=1e-9), "under 0.5 pixels", id="a slip of the hand"),
        pytest.param(region(x=95), "beyond the image", id="over the right edge"),
        pytest.param(region(y=-2), "beyond the image", id="over the upper edge"),
        pytest.param(region(x=100.2, width=0.5), "under 0.5 pixels", id="all in the overshoot"),
    ],
)
def test_a_region_that_cannot_be_understood_is_refused_with_its_reason(
    result: object, reason: str
) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        read(result)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from(("type", "image_rotation", "other")), json_values),
    st.dictionaries(
        st.sampled_from(("x", "y", "width", "height", "rotation", "rectanglelabels")), json_values
    ),
)
def test_whatever_a_region_holds_it_is_read_or_refused(
    outer: dict[str, Any], value: dict[str, Any]
) -> None:
    whole = region(**value)
    for result in (outer, whole, whole | outer):
        try:
            found = read(result)
        except InvalidInputError:
            continue
        assert found.x_max <= WIDTH_PX
        assert found.y_max <= HEIGHT_PX


@given(boxes(), boxes())
def test_iou_lies_between_0_and_1_and_knows_no_order(first: Box, second: Box) -> None:
    assert 0 <= iou(first, second) <= 1
    assert iou(first, second) == iou(second, first)


@given(boxes())
def test_a_box_overlaps_itself_entirely(one: Box) -> None:
    assert iou(one, one) == 1


def test_iou_of_small_boxes_falls_fast() -> None:
    assert iou(box(0, 0, 10), box(2, 2, 10)) == pytest.approx(0.47, abs=0.005)
    assert iou(box(0, 0, 10), box(10, 0, 10)) == 0
