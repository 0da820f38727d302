"""How sharp the sharpest parts of a picture are, whatever its size, its contrast and its light.

A sharp photograph loses nearly all of its finest detail to a slight blur; a blurred one has none
left to lose. The ratio of the two does not depend on contrast or exposure. It is taken

- tile by tile, in those with the most fine detail: a sharp insect or stalk makes a photograph of
  use, however soft all else is. Tiles overlap by half, because a small subject lies across the
  borders of tiles as often as within one. The fifth best counts: a speck, or the edge of a label,
  lies in four tiles at most;
- along several directions, of which the worst counts: motion takes the detail of one only, in all
  tiles alike. Each direction has its own fifth best tile, because the veins of one leaf run across
  those of the next. Where one direction has less than half the sharpness of the one across it,
  that is held against the picture as well, for hard edges keep some detail even along a movement;
  but only so far, because stripes and veins look like that, too;
- at two scales, of which the worse counts: noise looks like detail at the finer one.

The idea of blurring again: Crete et al., "The blur effect", Human Vision and Electronic Imaging
XII, SPIE 6492 (2007). Tiles, directions and scales are our own.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from farmy_assets.cleansing.views import Views

_HALVES_ACROSS = 16  # half tiles: eight tiles lie side by side, and seven over their borders
_TILES_LOOKED_AT = 16
_MIN_HALF_PX = 5  # below, a tile holds too little for a second scale
_SHARPER_TILES = 4  # any one point lies in as many
_ROWS_APART = 4  # detail is looked for in every fourth row
_STRAIGHT = ((0, 1), (1, 0))
_STRAIGHT_AND_SLANTED = (*_STRAIGHT, (1, 1), (1, -1))
_LEAST_EVENNESS = 0.5  # of two directions across each other
_LEFT_AT_LEAST = 0.8  # of the sharpness, however uneven it is
_NOTHING = 1e-9
# Detail as small as rounding to whole levels leaves behind is no detail.
_ROUNDING_VARIANCE = 1.0

# Shape (height, width, tiles): the same pixel of all tiles side by side, for long inner loops.
Tiles = NDArray[np.float32]


def sharpness(views: Views) -> float:
    """How many times less fine detail the sharpest parts hold once they are blurred again.

    Args:
        views: Of a picture. Blur counts at its scale: give pictures of about one size.

    Returns:
        About 1 when blurred, 3 to 10 when sharp; 0 when there is too little to see.
    """
    tiles = _most_detailed_tiles(views)
    if tiles is None:
        return 0.0
    fine = _sharpness_along(_STRAIGHT, tiles)
    down, right, falling, rising = coarse = _sharpness_along(_STRAIGHT_AND_SLANTED, _halved(tiles))
    evenness = min(_evenness(down, right), _evenness(falling, rising)) / _LEAST_EVENNESS
    return min(*fine, *coarse) * max(_LEFT_AT_LEAST, min(1.0, evenness))


def _evenness(one: float, other: float) -> float:
    """1 when both directions are as sharp, near 0 when one is not sharp at all."""
    return min(one, other) / max(one, other, _NOTHING)


def _most_detailed_tiles(views: Views) -> Tiles | None:
    """The tiles with the most fine detail across and down."""
    height, width = (side // _HALVES_ACROSS for side in views.levels.shape)
    if min(height, width) < _MIN_HALF_PX:
        return None
    of_halves = _detail_of_halves(views.levels, height, width)
    of_rows = of_halves[:-1] + of_halves[1:]
    of_tiles = of_rows[:, :-1] + of_rows[:, 1:]
    chosen = np.argsort(-of_tiles, axis=None, kind="stable")[:_TILES_LOOKED_AT].tolist()
    tiles = np.empty((len(chosen), 2 * height, 2 * width), np.uint8)
    for number, place in enumerate(chosen):
        row, column = divmod(place, _HALVES_ACROSS - 1)
        top, left = row * height, column * width
        tiles[number] = views.levels[top : top + 2 * height, left : left + 2 * width]
    return tiles.transpose(1, 2, 0).astype(np.float32, order="C")


def _detail_of_halves(levels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.int32]:
    """How much fine detail the quarters of tiles hold, shape (16, 16).

    Args:
        levels: The picture.
        height: Half a tile's.
        width: Half a tile's.
    """
    rows = max(1, height // _ROWS_APART) * _ROWS_APART  # of each half: all have as many
    used = levels[: height * _HALVES_ACROSS, : width * _HALVES_ACROSS]
    by_half = used.reshape(_HALVES_ACROSS, height, -1)[:, :rows]
    above, middle, below = (by_half[:, start::_ROWS_APART].astype(np.int16) for start in range(3))
    doubled = middle + middle
    above += below
    above -= doubled
    down = np.abs(above, out=above)
    across = middle[..., :-2] + middle[..., 2:]
    across -= doubled[..., 1:-1]
    np.abs(across, out=across)
    down[..., 0] = down[..., -1] = 0
    np.minimum(down[..., 1:-1], across, out=down[..., 1:-1])
    # Rows first, which lie side by side; a tile's are too few to exceed 32 bits.
    of_columns = down.sum(axis=1, dtype=np.int32)
    of_halves = of_columns.reshape(_HALVES_ACROSS, _HALVES_ACROSS, width)
    return np.asarray(of_halves.sum(axis=2), dtype=np.int32)


def _halved(tiles: Tiles) -> Tiles:
    rows = tiles[::2] + tiles[1::2]
    return np.asarray((rows[:, ::2] + rows[:, 1::2]) / 4, dtype=np.float32)


def _sharpness_along(directions: Sequence[tuple[int, int]], tiles: Tiles) -> list[float]:
    """Each direction's sharpness, in the tile that stands for the sharpest.

    It is a tile's detail, over what is left of it after blurring along the direction.

    Detail is the mean square of the second difference; blurring is the binomial (1, 2, 1) / 4. The
    two at once, (1, -2, 1) and (1, 2, 1), are the second difference over twice the distance.

    Args:
        directions: One step down and to the right each.
        tiles: The tiles.
    """
    doubled = 2 * _shifted(tiles, 0, 0)
    detail, left_over = np.empty((2, len(directions), *doubled.shape), np.float32)
    for number, (down, right) in enumerate(directions):
        for apart, differences in ((1, detail), (2, left_over)):
            along = apart * down, apart * right
            before = _shifted(tiles, -along[0], -along[1])
            np.add(before, _shifted(tiles, *along), out=differences[number])
    detail -= doubled
    left_over -= doubled
    # Rows first, which lie side by side.
    had = np.square(detail, out=detail).sum(axis=1).sum(axis=1)
    has = np.square(left_over, out=left_over).sum(axis=1).sum(axis=1) / 16
    of_tiles = np.sort(had / (has + _ROUNDING_VARIANCE * doubled[..., 0].size), axis=1)
    losses: list[float] = of_tiles[:, -1 - _SHARPER_TILES].tolist()
    return losses


def _shifted(tiles: Tiles, down: int, right: int) -> Tiles:
    """The tiles without the two outermost rows and columns, from so many pixels further on."""
    height, width = tiles.shape[:2]
    return tiles[2 + down : height - 2 + down, 2 + right : width - 2 + right]
