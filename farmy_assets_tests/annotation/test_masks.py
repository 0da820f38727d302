import time
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from farmy_assets.annotation import mask_runs
from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.annotation.mask_runs import Pixels
from farmy_assets.annotation.matching import mean_the_same
from farmy_assets.annotation.regions.mask import Mask
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.regions import region_from_result, region_to_result
from farmy_assets_tests.annotation.examples import HEIGHT_PX, WIDTH_PX, labelled

POLICY = AgreementPolicy()
SIZE = (WIDTH_PX, HEIGHT_PX)


def of_pixels(pixels: Pixels, *, label: str = "weed") -> Mask:
    height, width = pixels.shape
    edges = mask_runs.packed(pixels.T, height, (0, 0))
    return Mask.of_edges(edges, label=label, size_px=(width, height))


def pixels_of(mask: Mask) -> Pixels:
    return mask_runs.unpacked(mask.edges, mask.height_px, (0, mask.width_px)).T


def painted(*squares: tuple[int, int, int]) -> Mask:
    """Squares by their left and upper edge and their side, in an image of the example's size."""
    pixels = np.zeros((HEIGHT_PX, WIDTH_PX), np.bool_)
    for x, y, side in squares:
        pixels[y : y + side, x : x + side] = True
    return of_pixels(pixels)


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    """A few squares, over each other or apart."""
    spot = st.tuples(st.integers(0, 780), st.integers(0, 580), st.integers(1, 60))
    return painted(*draw(st.lists(spot, min_size=1, max_size=4)))


def read(result: object, size_px: tuple[int, int] = SIZE) -> Mask:
    found = region_from_result(
        result, kinds={"mask"}, labels=("crop", "weed"), width_px=size_px[0], height_px=size_px[1]
    )
    assert isinstance(found, Mask)
    return found


def drawn(rle: object, **changes: object) -> dict[str, Any]:
    return labelled("mask", "brushlabels", **({"format": "rle", "rle": rle} | changes))


@given(masks())
def test_a_mask_survives_the_way_to_label_studio_and_back(original: Mask) -> None:
    result = region_to_result(original, region_id="r", width_px=WIDTH_PX, height_px=HEIGHT_PX)
    assert result["value"]["format"] == "rle"
    assert read(result) == original.model_copy(update={"label": "weed"})


@given(masks())
def test_a_mask_survives_being_stored(original: Mask) -> None:
    assert Mask.model_validate_json(original.model_dump_json()) == original


def test_a_stored_mask_is_checked_as_well() -> None:
    for counts in ("0", "480000", "", "Z"):
        with pytest.raises(ValidationError):
            Mask(label="weed", width_px=800, height_px=600, counts=counts)


RIGHT: list[int] = region_to_result(
    painted((10, 10, 50)), region_id="r", width_px=WIDTH_PX, height_px=HEIGHT_PX
)["value"]["rle"]
BITS = "".join(f"{each:08b}" for each in RIGHT)


def as_bytes(bits: str) -> list[int]:
    bits += "0" * (-len(bits) % 8)
    return [int(bits[n : n + 8], 2) for n in range(0, len(bits), 8)]


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        pytest.param(drawn(RIGHT[:-2]), "is cut off", id="cut"),
        pytest.param(drawn(RIGHT[:3]), "is cut off", id="cut in its header"),
        pytest.param(drawn([]), "is cut off", id="empty"),
        pytest.param(drawn([0, 0, 0, 8, 255]), "not of 800 x 600 pixels", id="of two pixels"),
        pytest.param(drawn([255] * 40), "not of 800 x 600 pixels", id="of a billion pixels"),
        pytest.param(drawn([0] * 5_000_000), "longer than its image", id="a long list"),
        pytest.param(drawn(None), "no list of bytes", id="nothing"),
        pytest.param(drawn("eNo="), "no list of bytes", id="text"),
        pytest.param(drawn([1, 2, 300]), "other things than bytes", id="a large number"),
        pytest.param(drawn([1, None]), "other things than bytes", id="none in it"),
        pytest.param(drawn([1.5]), "other things than bytes", id="a fraction in it"),
        pytest.param(
            drawn(as_bytes(BITS[:53] + ("111" + "1" * 16 + "0" * 8) * 40)),
            "goes on beyond its image",
            id="more than the image holds",
        ),
        pytest.param(
            drawn(
                as_bytes(
                    BITS[:53]
                    + ("111" + "1" * 16 + "0" * 8) * 29
                    + "111"
                    + f"{4 * 480_000 - 29 * 65536 - 1:016b}"
                    + "0" * 8
                )
            ),
            "no painted pixel",
            id="nothing painted",
        ),
        pytest.param(drawn(RIGHT, format="png"), "unknown format 'png'", id="format"),
        pytest.param(drawn(RIGHT, format=None), "unknown format", id="no format"),
        pytest.param(drawn(RIGHT, brushlabels=[]), "0 labels", id="no label"),
        pytest.param({"type": "polygonlabels"}, "not a brush mask", id="another tool"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_reason(result: object, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        read(result)


def test_a_mask_of_another_size_is_refused_even_with_as_many_pixels() -> None:
    assert read(drawn(RIGHT), (600, 800)) != painted((10, 10, 50))  # cannot be told by the form
    with pytest.raises(InvalidInputError, match="not of 801 x 600 pixels"):
        read(drawn(RIGHT), (801, 600))


def test_a_mask_in_endless_pieces_is_refused_in_bounded_time() -> None:
    blocks = ("1" + "00" + "000" + "1" * 8 + "1" + "00" + "000" + "0" * 8) * 110_000
    began = time.process_time()
    with pytest.raises(InvalidInputError, match="too finely divided"):
        read(drawn(as_bytes(BITS[:53] + blocks)))
    assert time.process_time() - began < 20


@given(st.lists(st.integers(0, 255), max_size=60), st.booleans())
def test_whatever_a_list_holds_it_is_read_or_refused(tail: list[int], whole: bool) -> None:
    try:
        found = read(drawn(tail if whole else RIGHT[:7] + tail))
    except InvalidInputError:
        return
    assert not list(found.faults(WIDTH_PX, HEIGHT_PX))


@given(masks(), masks())
def test_likeness_lies_between_0_and_1_and_is_that_of_the_pixels(first: Mask, second: Mask) -> None:
    one, other = pixels_of(first), pixels_of(second)
    assert first.likeness(second) == second.likeness(first)
    assert first.likeness(second) == pytest.approx((one & other).sum() / (one | other).sum())
    assert first.likeness(first) == 1


def test_masks_of_images_of_different_sizes_have_nothing_in_common() -> None:
    small = of_pixels(np.ones((10, 10), np.bool_))
    large = of_pixels(np.ones((10, 11), np.bool_))
    assert small.likeness(large) == 0
    assert Mask.fused([small, large, small], label="crop").counts == small.counts


def test_a_small_mask_may_be_painted_two_pixels_off() -> None:
    assert painted((10, 10, 6)).likeness(painted((12, 12, 6))) < 0.5
    assert mean_the_same(painted((10, 10, 6)), painted((12, 12, 6)), policy=POLICY)
    assert not mean_the_same(painted((10, 10, 6)), painted((13, 12, 6)), policy=POLICY)
    assert not mean_the_same(painted((10, 10, 2)), painted((12, 10, 2)), policy=POLICY)


def test_two_leaves_that_cross_are_not_one_although_their_bounds_are() -> None:
    falling = np.eye(80, dtype=np.bool_)
    rising = falling[::-1] | np.eye(80, k=1, dtype=np.bool_)[::-1]
    one, other = of_pixels(falling | np.eye(80, k=1, dtype=np.bool_)), of_pixels(rising)
    assert one.likeness(other) > 0
    assert not mean_the_same(one, other, policy=POLICY)


def fused(*masks: Mask) -> Mask:
    return Mask.fused(masks, label="weed")


@given(masks(), masks(), masks())
def test_of_three_people_each_pixel_is_decided_by_two(
    first: Mask, second: Mask, third: Mask
) -> None:
    votes = np.sum([pixels_of(each) for each in (first, second, third)], axis=0)
    if (votes >= 2).any():
        for order in permutations((first, second, third)):
            assert np.array_equal(pixels_of(fused(*order)), votes >= 2)


def test_of_two_people_the_edge_lies_in_the_middle() -> None:
    assert fused(painted((100, 100, 80)), painted((80, 80, 120))).bounds_px == (90, 90, 190, 190)
    assert fused(painted((0, 0, 50)), painted((0, 0, 50))) == painted((0, 0, 50))
    halved = fused(painted((0, 0, 50)), painted((0, 0, 50), (300, 300, 20)))
    assert halved == painted((0, 0, 50))


def test_where_nothing_is_common_one_of_the_masks_is_taken() -> None:
    group = [painted((0, 0, 50)), painted((300, 0, 50))]
    assert fused(*group) in group
    assert fused(*group) == fused(*group[::-1])


def test_a_mask_of_another_image_cannot_be_released() -> None:
    assert list(painted((0, 0, 9)).faults(WIDTH_PX, HEIGHT_PX)) == []
    assert list(painted((0, 0, 9)).faults(600, 800)) == [
        "is of an image of 800 x 600 px, not of 600 x 800 px"
    ]


def test_it_is_shown_by_the_line_around_it() -> None:
    found = painted((10, 20, 30), (300, 300, 5))
    assert found.outline_px == ((10, 20), (40, 20), (40, 50), (10, 50))
    assert found.bounds_px == (10, 20, 305, 305)
    assert found.area_px == 925
