import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from farmy_assets.annotation import mask_runs
from farmy_assets.annotation.contours import MOST_CORNERS, line_around
from farmy_assets.annotation.mask_runs import Edges, Pixels
from farmy_assets.annotation.outlines import area_px


@st.composite
def pixels(draw: st.DrawFn, *, size: tuple[int, int] | None = None) -> Pixels:
    """Rows by columns; some are empty, some full."""
    height, width = size or (draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    painted = draw(st.lists(st.booleans(), min_size=height * width, max_size=height * width))
    return np.array(painted, np.bool_).reshape(height, width)


def edges_of(painted: Pixels) -> Edges:
    return mask_runs.packed(painted, painted.shape[1], (0, 0))


def same(first: Edges, second: Edges) -> bool:
    return bool(np.array_equal(first, second))


@given(pixels())
def test_pixels_survive_being_packed(painted: Pixels) -> None:
    height, width = painted.shape
    edges = edges_of(painted)
    assert (np.diff(edges) > 0).all()
    assert np.array_equal(mask_runs.unpacked(edges, width, (0, height)), painted)
    assert mask_runs.pixel_count(edges) == painted.sum()


@given(pixels())
def test_rows_become_columns(painted: Pixels) -> None:
    height, width = painted.shape
    assert same(mask_runs.transposed(edges_of(painted), width, height), edges_of(painted.T))


@given(pixels())
def test_counts_are_those_of_cocos_own_coder(painted: Pixels) -> None:
    theirs = coco_mask.encode(np.asfortranarray(painted.astype(np.uint8)))["counts"].decode()
    edges = edges_of(painted.T)
    assert mask_runs.counted_text(edges, painted.size) == theirs
    assert same(mask_runs.edges_of_text(theirs, painted.size), edges)


@given(st.lists(st.integers(1, 2**20), min_size=2, max_size=12, unique=True))
def test_long_runs_are_written_as_cocos_own_coder_reads_them(numbers: list[int]) -> None:
    edges = np.array(sorted(numbers)[: len(numbers) // 2 * 2], np.int64)
    size = 2**10, 2**11
    text = mask_runs.counted_text(edges, size[0] * size[1])
    assert same(mask_runs.edges_of_text(text, size[0] * size[1]), edges)
    read: float = coco_mask.area({"size": list(size), "counts": text.encode()})
    assert read == mask_runs.pixel_count(edges)


@pytest.mark.parametrize(
    "text", ["", "é", "0 ", "0~", "P", "00P", "ooooooooo0", "11", "30", "O5", "0004"]
)
def test_counts_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="counts"):
        mask_runs.edges_of_text(text, 4)


@given(st.text(max_size=12) | st.text(alphabet="0123PQRSo", max_size=12), st.integers(1, 50))
def test_whatever_counts_hold_they_are_read_or_refused(text: str, size: int) -> None:
    try:
        edges = mask_runs.edges_of_text(text, size)
    except ValueError:
        return
    assert (np.diff(edges) > 0).all()
    assert mask_runs.pixel_count(edges) <= size


@given(st.lists(pixels(size=(4, 5)), min_size=1, max_size=4), st.integers(1, 4))
def test_pixels_that_so_many_have_are_found(several: list[Pixels], at_least: int) -> None:
    wanted = np.sum(several, axis=0) >= at_least
    assert same(mask_runs.covered_by([edges_of(each) for each in several], at_least),
                edges_of(wanted))  # fmt: skip


@given(pixels(size=(4, 5)), pixels(size=(4, 5)))
def test_pixels_of_both_are_counted(first: Pixels, second: Pixels) -> None:
    shared = mask_runs.shared_count(edges_of(first), edges_of(second))
    assert shared == (first & second).sum()


@given(pixels())
def test_bounds_are_those_of_the_pixels(painted: Pixels) -> None:
    edges = edges_of(painted)
    if edges.size:
        first, start, last, end = mask_runs.bounds_of(edges, painted.shape[1])
        rows, columns = np.flatnonzero(painted.any(axis=1)), np.flatnonzero(painted.any(axis=0))
        assert (first, last) == (rows[0], rows[-1] + 1)
        assert start <= columns[0]
        assert end >= columns[-1] + 1


def test_a_line_goes_around_the_largest_part_over_its_holes() -> None:
    painted = np.zeros((40, 60), np.bool_)
    painted[5:30, 10:50] = True
    painted[10:20, 20:30] = False
    painted[35:38, 2:5] = True
    assert line_around(painted) == ((10, 5), (50, 5), (50, 30), (10, 30))


def test_parts_that_touch_at_a_corner_are_two() -> None:
    painted = np.zeros((6, 6), np.bool_)
    painted[:2, :2] = painted[2:, 2:] = True
    assert line_around(painted) == ((2, 2), (6, 2), (6, 6), (2, 6))


def test_a_single_pixel_has_a_line_around_it() -> None:
    assert line_around(np.ones((1, 1), np.bool_)) == ((0, 0), (1, 0), (1, 1), (0, 1))


def test_a_round_part_keeps_its_area_within_the_tolerance() -> None:
    y, x = np.mgrid[:200, :200]
    painted = (x - 100) ** 2 + (y - 100) ** 2 < 80**2
    assert area_px(line_around(painted)) == pytest.approx(painted.sum(), rel=0.03)


def test_a_line_around_noise_has_no_more_corners_than_a_page_can_show() -> None:
    noise = np.random.default_rng(1).random((500, 500)) < 0.7
    assert 3 <= len(line_around(noise)) <= MOST_CORNERS


@pytest.mark.parametrize("is_whole", [False, True], ids=["within lines", "over the ends of lines"])
def test_a_part_of_the_image_is_unpacked_with_a_border_of_zeros(is_whole: bool) -> None:
    painted = np.zeros((6, 9), np.bool_)
    painted[2:5, 3:6] = True
    painted[3, 4] = False
    if is_whole:
        painted[2:4] = True
    edges = edges_of(painted)
    first, start, last, stop = mask_runs.bounds_of(edges, 9)
    found = mask_runs.unpacked_part(edges, 9, (first, last), (start, stop))
    assert (found[1:-1, 1:-1] == painted[first:last, start:stop]).all()
    assert found.sum() == painted.sum()
    assert found.shape == (last - first + 2, stop - start + 2)
