"""How sharp the sharpest parts of a picture are, whatever its size, its contrast and its light.

A sharp photograph loses nearly all of its finest detail to a slight blur; a blurred one has none
left to lose. The ratio of the two does not depend on contrast or exposure. It is taken

- tile by tile, in those with the most fine detail, and the second best of them counts: a sharp
  insect or stalk makes a photograph of use, however soft all else is. (The best may be a speck, or
  the edge of a label.)
- along several directions, of which the worst counts: motion takes the detail of one only. Where
  one direction has less than half the sharpness of the one across it, that is held against the
  tile as well, for hard edges keep some detail even along a movement; but only so far, because
  stripes and veins look like that, too;
- at two scales, of which the worse counts: noise looks like detail at the finer one.

The idea of blurring again: Crete et al., "The blur effect", Human Vision and Electronic Imaging
XII, SPIE 6492 (2007). Tiles, directions and scales are our own.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from farmy_assets.cleansing.views import Views

_TILES_ACROSS = 8
_TILES_LOOKED_AT = 8
_MIN_TILE_PX = 10  # below, a tile holds too little for a second scale
_SHARPER_TILES = 1  # the second sharpest counts
_ROWS_APART = 4  # detail is looked for in every fourth row
_STRAIGHT = ((0, 1), (1, 0))
_STRAIGHT_AND_SLANTED = (*_STRAIGHT, (1, 1), (1, -1))
_LEAST_EVENNESS = 0.5  # of two directions across each other
_LEFT_AT_LEAST = 0.8  # of the sharpness, however uneven it is
_NOTHING = 1e-9
# Detail as small as rounding to whole levels leaves behind is no detail.
_ROUNDING_VARIANCE = 1.0

Tiles = NDArray[np.float32]
Losses = NDArray[np.float64]


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
    coarse = _sharpness_along(_STRAIGHT_AND_SLANTED, _halved(tiles))
    worst = np.minimum(fine.min(axis=0), coarse.min(axis=0))
    evenness = np.minimum(_evenness(*coarse[:2]), _evenness(*coarse[2:])) / _LEAST_EVENNESS
    of_tiles = np.sort(worst * evenness.clip(_LEFT_AT_LEAST, 1.0))
    return float(of_tiles[-1 - _SHARPER_TILES])


def _evenness(one: Losses, other: Losses) -> Losses:
    """Of each tile: 1 when both directions are as sharp, near 0 when one is not sharp at all."""
    return np.asarray(np.minimum(one, other) / np.maximum(np.maximum(one, other), _NOTHING))


def _most_detailed_tiles(views: Views) -> Tiles | None:
    """The tiles with the most fine detail across and down, shape (tiles, height, width)."""
    height, width = (side // _TILES_ACROSS for side in views.levels.shape)
    if min(height, width) < _MIN_TILE_PX:
        return None
    rows = height // _ROWS_APART * _ROWS_APART  # of each tile: all tiles have as many
    used = views.levels[: height * _TILES_ACROSS, : width * _TILES_ACROSS]
    by_tile = used.reshape(_TILES_ACROSS, height, -1)[:, :rows]
    above, middle, below = (by_tile[:, start::_ROWS_APART].astype(np.int16) for start in range(3))
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
    summed = of_columns.reshape(_TILES_ACROSS, _TILES_ACROSS, width).sum(axis=2)
    chosen = np.argsort(-summed, axis=None, kind="stable")[:_TILES_LOOKED_AT]
    tiles = [
        views.levels[y * height : (y + 1) * height, x * width : (x + 1) * width]
        for y, x in (divmod(int(place), _TILES_ACROSS) for place in chosen)
    ]
    return np.stack(tiles).astype(np.float32)


def _halved(tiles: Tiles) -> Tiles:
    height, width = (side // 2 * 2 for side in tiles.shape[1:])
    even = tiles[:, :height, :width]
    summed = even[:, ::2, ::2] + even[:, 1::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, 1::2]
    return np.asarray(summed / 4, dtype=np.float32)


def _sharpness_along(directions: Sequence[tuple[int, int]], tiles: Tiles) -> Losses:
    """For each direction and tile: detail, over what is left of it after blurring along it.

    Detail is the mean square of the second difference; blurring is the binomial (1, 2, 1) / 4. The
    two at once, (1, -2, 1) and (1, 2, 1), are the second difference over twice the distance.

    Args:
        directions: One step down and to the right each.
        tiles: The tiles.

    Returns:
        Shape (directions, tiles).
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
    had = np.einsum("dtyx,dtyx->dt", detail, detail)
    has = np.einsum("dtyx,dtyx->dt", left_over, left_over) / 16
    return np.asarray(had / (has + _ROUNDING_VARIANCE * doubled[0].size), dtype=np.float64)


def _shifted(tiles: Tiles, down: int, right: int) -> Tiles:
    """The tiles without the two outermost rows and columns, from so many pixels further on."""
    height, width = tiles.shape[1:]
    return tiles[:, 2 + down : height - 2 + down, 2 + right : width - 2 + right]
