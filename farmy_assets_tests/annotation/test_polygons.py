import time
from itertools import permutations
from math import cos, pi, sin
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.annotation.matching import mean_the_same
from farmy_assets.annotation.outlines import are_within, crossings
from farmy_assets.annotation.region import Point
from farmy_assets.annotation.regions.polygon import Polygon
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.regions import region_from_result, region_to_result
from farmy_assets_tests.annotation.examples import HEIGHT_PX, WIDTH_PX, labelled

POLICY = AgreementPolicy()


def polygon(*points: Point, label: str = "weed") -> Polygon:
    return Polygon(label=label, points=points)


def square(x: float, y: float, size: float = 100) -> Polygon:
    return polygon((x, y), (x + size, y), (x + size, y + size), (x, y + size))


def around(x: float, y: float, radii: list[float], *, turned: float = 0) -> Polygon:
    """A star-shaped polygon: one corner for each radius, in equal steps around a middle."""
    steps = [turned + 2 * pi * n / len(radii) for n in range(len(radii))]
    return polygon(*((x + r * cos(t), y + r * sin(t)) for r, t in zip(radii, steps, strict=True)))


points_in_the_image = st.tuples(st.floats(0, WIDTH_PX), st.floats(0, HEIGHT_PX))


@st.composite
def polygons(draw: st.DrawFn) -> Polygon:
    """Lines of any form, most of which cross themselves."""
    points = draw(st.lists(points_in_the_image, min_size=3, max_size=12, unique=True))
    try:
        found = polygon(*points)
    except ValidationError:
        found = square(10, 10)
    return found if found.area_px >= 1 else square(10, 10)


@st.composite
def plants(draw: st.DrawFn) -> Polygon:
    radii = draw(st.lists(st.floats(20, 60), min_size=5, max_size=12))
    return around(draw(st.floats(100, 140)), draw(st.floats(100, 140)), radii)


def read(result: object) -> Polygon:
    found = region_from_result(
        result, kinds={"polygon"}, labels=("crop", "weed"), width_px=WIDTH_PX, height_px=HEIGHT_PX
    )
    assert isinstance(found, Polygon)
    return found


def drawn(*points: object, **changes: object) -> dict[str, Any]:
    value = {"points": list(points), "closed": True} | changes
    return labelled("polygon", "polygonlabels", **value)


@given(polygons())
def test_a_polygon_survives_the_way_to_percent_and_back(original: Polygon) -> None:
    result = region_to_result(original, region_id="r", width_px=WIDTH_PX, height_px=HEIGHT_PX)
    again = read(result)
    assert again.label == original.label
    assert len(again.points) == len(original.points)
    for found, wanted in zip(again.points, original.points, strict=True):
        assert found == pytest.approx(wanted, abs=1e-6)


@given(polygons())
def test_a_polygon_survives_being_stored(original: Polygon) -> None:
    assert Polygon.model_validate_json(original.model_dump_json()) == original


def test_percentages_are_of_the_width_and_of_the_height_shown() -> None:
    assert read(drawn([10, 10], [20, 10], [20, 50])).points == ((80, 60), (160, 60), (160, 300))


def test_a_corner_a_little_outside_is_moved_to_the_edge() -> None:
    assert read(drawn([-0.9, 50], [20, 100.9], [20, 50])).points[:2] == ((0, 300), (160, 600))


def test_a_line_that_ends_where_it_began_has_each_corner_once() -> None:
    assert len(read(drawn([10, 10], [20, 10], [20, 50], [10, 10])).points) == 3


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        pytest.param(drawn([1, 1], [9, 9]), "fewer than three points", id="two points"),
        pytest.param(drawn([1, 1], [5, 5], [9, 9]), "do not lie on one line", id="on one line"),
        pytest.param(drawn([1, 1], [5, 5], [1, 1]), "fewer than three", id="there and back"),
        pytest.param(drawn([1, 1], [1.01, 1], [1, 1.01]), "0.25 square pixels", id="a slip"),
        pytest.param(drawn([1, 1], [5, 1], [5, 102]), "beyond the image", id="below the image"),
        pytest.param(drawn([-2, 1], [5, 1], [5, 9]), "beyond the image", id="left of the image"),
        pytest.param(drawn([1, 1], [5, 1], [5, float("nan")]), "unusable point", id="nan"),
        pytest.param(drawn([1, 1], [5, 1], ["5", 9]), "unusable point", id="text"),
        pytest.param(drawn([1, 1], [5, 1], [5, 9, 3]), "unusable point", id="three coordinates"),
        pytest.param(drawn([1, 1], [5, 1], None), "unusable point", id="no point"),
        pytest.param(drawn(points=None), "no list of points", id="no points"),
        pytest.param(drawn(points={}), "no list of points", id="points are an object"),
        pytest.param(drawn(*[[1, 1]] * 1001), "more than 1000 points", id="too many points"),
        pytest.param(drawn([1, 1], [5, 1], [5, 9], closed=False), "not closed", id="open"),
        pytest.param(drawn([1, 1], [5, 1], [5, 9], polygonlabels=["a"]), "unknown", id="label"),
        pytest.param({"type": "rectanglelabels"}, "not a labelled polygon", id="another tool"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_reason(result: object, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        read(result)


def test_a_line_that_would_take_minutes_to_compute_is_refused_at_once() -> None:
    corners = [[50 + 49 * cos(2 * pi * n * 499 / 999), 50 + 49 * sin(2 * pi * n * 499 / 999)]
               for n in range(999)]  # fmt: skip
    began = time.process_time()
    with pytest.raises(InvalidInputError, match="crosses itself more than 200 times"):
        read(drawn(*corners))
    assert time.process_time() - began < 2


def test_crossings_are_counted_once() -> None:
    assert crossings(square(0, 0).points) == 0
    assert crossings(((0, 0), (10, 10), (10, 0), (0, 10))) == 1
    star = around(50, 50, [40] * 5).points
    assert crossings((*star[::2], *star[1::2])) == 5


def test_a_line_that_crosses_itself_covers_both_of_its_lobes_and_is_kept_as_drawn() -> None:
    bow = polygon((0, 0), (100, 100), (100, 0), (0, 100))
    assert bow.area_px == pytest.approx(5000)
    assert bow.points == ((0, 0), (100, 100), (100, 0), (0, 100))
    assert bow.likeness(square(0, 0)) == pytest.approx(0.5)


def test_what_a_line_goes_around_twice_counts_once() -> None:
    twice = polygon(*square(0, 0).points, *square(0, 0, 50).points)
    assert twice.area_px == pytest.approx(10_000)


@given(polygons(), polygons())
def test_likeness_lies_between_0_and_1_and_knows_no_order(first: Polygon, second: Polygon) -> None:
    assert 0 <= first.likeness(second) <= 1
    assert first.likeness(second) == second.likeness(first)
    assert first.likeness(first) == 1


def test_likeness_is_the_shared_area_over_the_area_of_both() -> None:
    assert square(0, 0).likeness(square(50, 0)) == pytest.approx(1 / 3)
    assert square(0, 0).likeness(square(100, 0)) == 0
    triangle = polygon((0, 0), (100, 0), (100, 100))
    assert triangle.likeness(square(0, 0)) == pytest.approx(0.5)


def test_a_small_polygon_may_be_drawn_two_pixels_off() -> None:
    assert square(0, 0, 6).likeness(square(2, 2, 6)) < 0.5
    assert mean_the_same(square(0, 0, 6), square(2, 2, 6), policy=POLICY)
    assert not mean_the_same(square(0, 0, 6), square(2.1, 2, 6), policy=POLICY)
    assert not mean_the_same(square(0, 0, 2), square(2, 0, 2), policy=POLICY)


def test_two_leaves_that_cross_each_other_are_not_one_although_their_bounds_are() -> None:
    falling = polygon((0, 0), (8, 0), (200, 192), (200, 200), (192, 200), (0, 8))
    rising = polygon((0, 200), (0, 192), (192, 0), (200, 0), (200, 8), (8, 200))
    assert falling.bounds_px == rising.bounds_px
    assert falling.likeness(rising) > 0
    assert not mean_the_same(falling, rising, policy=POLICY)


def fused(*regions: Polygon) -> Polygon:
    return Polygon.fused(regions, label="weed")


def test_of_three_people_the_line_is_around_what_two_of_them_cover() -> None:
    found = fused(square(0, 0), square(10, 0), square(300, 300))
    assert found.bounds_px == (10, 0, 100, 100)
    assert fused(square(0, 0), square(4, 0), square(8, 8)).likeness(square(4, 0)) > 0.95


def test_of_two_people_the_line_runs_in_the_middle() -> None:
    assert fused(square(0, 0), square(10, 0)).bounds_px == pytest.approx((5, 0, 105, 100), abs=0.01)
    small, large = square(100, 100, 100), square(80, 80, 140)
    area = (small.area_px + large.area_px) / 2
    assert fused(small, large).area_px == pytest.approx(area, rel=0.01)


def test_a_repeated_outline_stays_as_it_was_drawn() -> None:
    line = around(100, 100, [50.0, 20.0, 60.0, 50.2, 50.1])
    assert fused(line, line).points == line.points


def test_where_nobody_has_anything_in_common_one_of_the_drawn_lines_is_taken() -> None:
    assert fused(square(0, 0), square(300, 0)).points in {
        square(0, 0).points, square(300, 0).points,
    }  # fmt: skip


def test_of_several_parts_the_largest_stays() -> None:
    # Both have two lobes; what they share is a large one on the left and a little one.
    one = polygon(
        (0, 0), (100, 0), (100, 49), (300, 49), (300, 51), (100, 51), (100, 100), (0, 100)
    )
    other = polygon((0, 0), (98, 0), (98, 100), (0, 100))
    found = fused(one, one.model_copy(update={"points": one.points[::-1]}), other)
    assert found.bounds_px[0] == 0
    assert found.likeness(one) > 0.95


@settings(max_examples=50, deadline=None)
@given(plants(), plants(), plants())
def test_a_fused_outline_does_not_depend_on_the_order_and_is_a_sound_polygon(
    first: Polygon, second: Polygon, third: Polygon
) -> None:
    for group in ((first, second), (first, second, third)):
        found = {fused(*order).points for order in permutations(group)}
        assert len(found) == 1
        (middle,) = (fused(*group),)
        assert not list(middle.faults(WIDTH_PX, HEIGHT_PX))
        least = min(one.likeness(other) for one in group for other in group)
        assert min(middle.likeness(one) for one in group) >= least - 0.05


def test_simplifying_moves_the_line_by_half_a_pixel_at_most() -> None:
    many = [60 + sin(n) for n in range(400)]
    first, second, third = (around(120 + n, 120, many, turned=n / 900) for n in range(3))
    found = fused(first, second, third)
    assert len(found.points) < 300
    assert are_within(found.points, second.points, 3)


def test_a_polygon_outside_of_its_image_or_without_area_cannot_be_released() -> None:
    assert list(square(750, 0).faults(WIDTH_PX, HEIGHT_PX)) == [
        "reaches out of its image of 800 x 600 px"
    ]
    sliver = polygon((0, 0), (100, 0), (100, 0.0001))
    assert list(sliver.faults(WIDTH_PX, HEIGHT_PX)) == ["covers less than 0.05 square pixels"]


def test_polygons_with_equal_bounds_have_an_order() -> None:
    one = polygon((0, 0), (100, 0), (100, 100))
    other = polygon((0, 0), (100, 100), (0, 100))
    assert one.bounds_px == other.bounds_px
    assert one.place != other.place
