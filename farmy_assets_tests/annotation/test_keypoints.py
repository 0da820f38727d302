from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.annotation.matching import drawn_alike, mean_the_same
from farmy_assets.annotation.regions.keypoint import Keypoint
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.regions import region_from_result, region_to_result
from farmy_assets_tests.annotation.examples import HEIGHT_PX, WIDTH_PX, labelled

POLICY = AgreementPolicy()


def point(x: float, y: float = 100) -> Keypoint:
    return Keypoint(label="weed", x=x, y=y)


keypoints = st.builds(point, st.floats(0, WIDTH_PX), st.floats(0, HEIGHT_PX))


def read(result: object) -> Keypoint:
    found = region_from_result(
        result, kinds={"keypoint"}, labels=("crop", "weed"), width_px=WIDTH_PX, height_px=HEIGHT_PX
    )
    assert isinstance(found, Keypoint)
    return found


def drawn(**changes: object) -> dict[str, Any]:
    value: dict[str, object] = {"x": 25, "y": 50, "width": 0.5}
    return labelled("keypoint", "keypointlabels", **(value | changes))


@given(keypoints)
def test_a_keypoint_survives_the_way_to_percent_and_back(original: Keypoint) -> None:
    result = region_to_result(original, region_id="r", width_px=WIDTH_PX, height_px=HEIGHT_PX)
    again = read(result)
    assert (again.x, again.y) == pytest.approx((original.x, original.y), abs=1e-6)


def test_percentages_are_of_the_image_and_the_display_size_means_nothing() -> None:
    assert read(drawn()) == read(drawn(width=3)) == point(200, 300)
    assert read(drawn(width=None)) == point(200, 300)


def test_a_point_a_little_outside_is_moved_to_the_edge() -> None:
    assert read(drawn(x=-0.5, y=100.7)) == point(0, HEIGHT_PX)


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        pytest.param(drawn(x=None), "no usable x", id="no x"),
        pytest.param(drawn(y="50"), "no usable y", id="text"),
        pytest.param(drawn(x=float("nan")), "no usable x", id="nan"),
        pytest.param(drawn(x=102), "outside of the image", id="right of the image"),
        pytest.param(drawn(y=-1.1), "outside of the image", id="above the image"),
        pytest.param(drawn(keypointlabels=["a", "b"]), "2 labels", id="two labels"),
        pytest.param({"type": "ellipselabels"}, "not a labelled keypoint", id="another tool"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_reason(result: object, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        read(result)


@given(keypoints, keypoints)
def test_likeness_lies_between_0_and_1_and_knows_no_order(
    first: Keypoint, second: Keypoint
) -> None:
    assert 0 <= first.likeness(second) <= 1
    assert first.likeness(second) == second.likeness(first)
    assert first.likeness(first) == 1


def test_points_up_to_ten_pixels_apart_are_one_object_and_up_to_five_drawn_alike() -> None:
    assert mean_the_same(point(100), point(110), policy=POLICY)
    assert not mean_the_same(point(100), point(110.1), policy=POLICY)
    assert drawn_alike(point(100), point(105), policy=POLICY)
    assert not drawn_alike(point(100), point(105.1), policy=POLICY)


def test_points_two_pixels_apart_are_alike_even_under_the_strictest_policy() -> None:
    strict = AgreementPolicy(match_iou=1, tight_iou=1)
    assert drawn_alike(point(100), point(102), policy=strict)
    assert mean_the_same(point(100), point(102), policy=strict)
    assert not drawn_alike(point(100), point(102.1), policy=strict)


def test_one_bad_point_of_three_moves_nothing() -> None:
    group = [point(100, 50), point(103, 54), point(300, 52)]
    for order in permutations(group):
        assert Keypoint.fused(order, label="weed") == point(103, 52)
    assert Keypoint.fused(group[:2], label="weed") == point(101.5, 52)


def test_a_point_outside_of_its_image_cannot_be_released() -> None:
    assert not list(point(WIDTH_PX, HEIGHT_PX).faults(WIDTH_PX, HEIGHT_PX))
    assert list(point(WIDTH_PX + 1).faults(WIDTH_PX, HEIGHT_PX)) == [
        "lies outside of its image of 800 x 600 px"
    ]


def test_it_is_shown_by_a_small_square_on_its_corner() -> None:
    assert point(100, 50).outline_px == ((100, 46), (104, 50), (100, 54), (96, 50))
    assert min(min(corner) for corner in point(1, 1).outline_px) == 0
