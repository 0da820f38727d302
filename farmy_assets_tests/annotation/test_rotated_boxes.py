from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.matching import mean_the_same
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.regions.rotated_box import RotatedBox
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.label_configs import label_config
from farmy_assets.label_studio.regions import region_from_result, region_to_result
from farmy_assets_tests.annotation.examples import (
    HEIGHT_PX,
    WIDTH_PX,
    box,
    campaign,
    labelled,
    region,
)  # fmt: skip

POLICY = AgreementPolicy()


def turned(
    angle: float, *, x: float = 400, y: float = 300, width: float = 100, height: float = 40
) -> RotatedBox:
    return RotatedBox(label="weed", x=x, y=y, width=width, height=height, angle=angle)


@st.composite
def rotated_boxes(draw: st.DrawFn) -> RotatedBox:
    """Boxes inside the example image, of one pixel and more, at any angle."""
    return turned(
        draw(st.floats(0, 359.9)),
        x=draw(st.floats(100, WIDTH_PX - 100)),
        y=draw(st.floats(100, HEIGHT_PX - 100)),
        width=draw(st.floats(1, 130)),
        height=draw(st.floats(1, 130)),
    )


def read(result: object, *kinds: str, size_px: tuple[int, int] = (WIDTH_PX, HEIGHT_PX)) -> Region:
    return region_from_result(
        result,
        kinds=kinds or ("rotated_box",),
        labels=("crop", "weed"),
        width_px=size_px[0],
        height_px=size_px[1],
    )


def drawn(**changes: object) -> dict[str, Any]:
    value: dict[str, object] = {"x": 20, "y": 20, "width": 30, "height": 20, "rotation": 0}
    return labelled("rotated_box", "rectanglelabels", **(value | changes))


@given(rotated_boxes())
def test_a_rotated_box_survives_the_way_to_percent_and_back(original: RotatedBox) -> None:
    result = region_to_result(original, region_id="r", width_px=WIDTH_PX, height_px=HEIGHT_PX)
    again = read(result)
    assert isinstance(again, RotatedBox)
    for name in ("x", "y", "width", "height", "angle"):
        assert getattr(again, name) == pytest.approx(getattr(original, name), abs=1e-6)


def test_it_is_turned_about_its_upper_left_corner_in_pixels_and_not_in_percent() -> None:
    found = read(drawn(rotation=90), size_px=(1000, 500))
    assert found.bounds_px == pytest.approx((100, 100, 200, 400))
    upright = read(drawn(x=10, width=10, height=60), size_px=(1000, 500))
    assert isinstance(found, RotatedBox)
    assert isinstance(upright, RotatedBox)
    assert found.likeness(upright) == pytest.approx(1)


def test_without_a_rotation_it_is_upright() -> None:
    value = {k: v for k, v in drawn()["value"].items() if k != "rotation"}
    assert read(drawn() | {"value": value}).bounds_px == pytest.approx((160, 120, 400, 240))


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        pytest.param(
            drawn(x=10, rotation=45), "reaches beyond the image", id="a corner on the left"
        ),
        pytest.param(drawn(y=98.5), "a corner at 118.5 percent", id="below"),
        pytest.param(drawn(y=-0.9, height=0.5), "its centre outside", id="all in the overshoot"),
        pytest.param(drawn(rotation="90"), "no usable rotation", id="angle is text"),
        pytest.param(drawn(rotation=float("inf")), "no usable rotation", id="infinite angle"),
        pytest.param(drawn(width=0), "width under 0.5 pixels", id="no width"),
        pytest.param(drawn(height=-3), "height under 0.5 pixels", id="negative height"),
        pytest.param(drawn(x=None), "no usable x", id="no corner"),
        pytest.param(drawn(rectanglelabels=[]), "0 labels", id="no label"),
        pytest.param(drawn(width=1e308, rotation=1), "beyond the image", id="huge"),
        pytest.param({"type": "polygonlabels"}, "not a labelled rectangle", id="another tool"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_reason(result: object, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        read(result, size_px=(1000, 1000))


def test_corners_a_little_outside_are_kept_as_drawn_and_can_be_released() -> None:
    found = read(drawn(x=-0.9, y=-0.9))
    assert found.bounds_px[0] == pytest.approx(-7.2)
    assert list(found.faults(WIDTH_PX, HEIGHT_PX)) == []
    assert list(turned(0, x=30).faults(WIDTH_PX, HEIGHT_PX)) == [
        "reaches out of its image of 800 x 600 px"
    ]
    assert list(turned(0, height=0.05).faults(WIDTH_PX, HEIGHT_PX)) == ["is thinner than 0.1 px"]


BOTH = ("box", "rotated_box")


def test_the_controls_name_tells_upright_boxes_from_turned_ones() -> None:
    assert isinstance(read(drawn(), *BOTH), RotatedBox)
    assert isinstance(read(drawn(rotation=10), *BOTH), RotatedBox)
    assert isinstance(read(region(), *BOTH), Box)
    with pytest.raises(InvalidInputError, match="only upright boxes"):
        read(region(rotation=30), *BOTH)


def test_a_control_of_another_name_is_known_by_its_type_if_one_kind_has_it() -> None:
    foreign = region() | {"from_name": "label"}
    assert isinstance(read(foreign, "box", "polygon"), Box)
    assert isinstance(read(foreign, "rotated_box"), RotatedBox)
    with pytest.raises(InvalidInputError, match="may be a box or rotated_box: its control 'label'"):
        read(foreign, *BOTH)
    with pytest.raises(InvalidInputError, match="may be a box"):
        read(foreign | {"from_name": ["label"]}, *BOTH)


def test_a_control_with_results_of_another_type_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="but 'polygonlabels'"):
        read(region() | {"type": "polygonlabels"}, "box", "polygon")


def test_a_campaign_can_have_both_kinds_of_boxes_and_its_config_says_which_is_which() -> None:
    both = campaign().model_copy(update={"regions": BOTH})
    config = label_config(both, Phase.ANNOTATION)
    assert '<RectangleLabels name="box" toName="image" canRotate="false">' in config
    assert '<RectangleLabels name="rotated_box" toName="image" canRotate="true">' in config


@given(rotated_boxes(), rotated_boxes())
def test_likeness_lies_between_0_and_1_and_knows_no_order(
    first: RotatedBox, second: RotatedBox
) -> None:
    assert 0 <= first.likeness(second) <= 1
    assert first.likeness(second) == second.likeness(first)
    assert first.likeness(first) == 1


def test_likeness_is_exact_for_turned_boxes() -> None:
    square = turned(0, width=100, height=100)
    # A square and the same turned by 45 degrees share a regular octagon.
    octagon = 100**2 * 2 * (2**0.5 - 1)
    shared = octagon / (2 * 100**2 - octagon)
    assert square.likeness(turned(45, width=100, height=100)) == pytest.approx(shared)
    assert turned(0).likeness(turned(180)) == pytest.approx(1)
    assert turned(30).likeness(turned(120, width=40, height=100)) == pytest.approx(1)


@given(st.floats(0, 89), st.floats(1, 80), st.floats(1, 80))
def test_an_unturned_one_is_as_like_another_as_upright_boxes_are(
    shift: float, width: float, height: float
) -> None:
    one = turned(0, x=100, y=100, width=width, height=height)
    other = turned(180, x=100 + shift, y=100, width=height, height=width)
    upright = [
        Box(label="weed", x_min=x_min, y_min=y_min, x_max=x_max, y_max=y_max)
        for x_min, y_min, x_max, y_max in (one.bounds_px, other.bounds_px)
    ]
    assert one.likeness(other) == pytest.approx(upright[0].likeness(upright[1]), abs=1e-9)


def test_a_small_one_may_be_drawn_two_pixels_off() -> None:
    small = turned(30, width=5, height=5)
    moved = turned(30, x=401.5, y=301, width=5, height=5)
    assert small.likeness(moved) < 0.5
    assert mean_the_same(small, moved, policy=POLICY)
    assert not small.is_within_tolerance(turned(30, x=403, width=5, height=5))


def fused(*regions: RotatedBox) -> RotatedBox:
    return RotatedBox.fused(regions, label="weed")


@given(rotated_boxes(), st.integers(0, 3), st.integers(0, 3))
def test_the_same_box_in_other_forms_is_fused_to_the_same_box(
    original: RotatedBox, quarters: int, more_quarters: int
) -> None:
    forms = [original]
    for count in (quarters, more_quarters):
        sides = (original.width, original.height)
        width, height = sides if count % 2 == 0 else sides[::-1]
        angle = (original.angle + 90 * count) % 360
        forms.append(turned(angle, x=original.x, y=original.y, width=width, height=height))
    assert fused(*forms).likeness(original) == pytest.approx(1, abs=1e-6)


def test_angles_on_both_sides_of_0_have_their_mean_at_0() -> None:
    found = fused(turned(355), turned(5))
    assert min(found.angle, 360 - found.angle) == pytest.approx(0, abs=1e-9)
    assert fused(turned(175), turned(1)).likeness(turned(178)) == pytest.approx(1, abs=1e-6)
    assert fused(turned(80), turned(170, width=40, height=100)).likeness(turned(80)) > 0.999


@given(st.lists(rotated_boxes(), min_size=3, max_size=3))
def test_a_fused_box_does_not_depend_on_the_order(group: list[RotatedBox]) -> None:
    assert len({fused(*order) for order in permutations(group)}) == 1


def test_one_bad_box_of_three_moves_nothing_but_the_angle() -> None:
    found = fused(turned(30), turned(30, x=402), turned(36, x=500, width=180))
    assert (found.x, found.y, found.width, found.height) == (402, 300, 100, 40)
    assert found.angle == pytest.approx(32, abs=0.01)


def test_rotated_boxes_and_upright_ones_are_never_the_same_object() -> None:
    upright = box(350, 280)
    assert not mean_the_same(upright, turned(0, x=400, y=330, height=100), policy=POLICY)
