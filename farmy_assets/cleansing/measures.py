"""Tiny measures: a picture in, one number out. None of them knows a threshold.

Brightness is luma (ITU-R 601) on a scale from 0 (black) to 1 (white).
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

ENOUGH_LONG_SIDE_PX = 512  # what is left out below this scale changes no measure and no fingerprint

_WHITE_LEVEL = 250  # of 255: burnt-out skies come out of cameras a little below the top
_SMALL_LONG_SIDE_PX = 256  # one scale for all pictures; small enough to average out noise
_TILES_ACROSS = 6
_SHARP_TILES_PERCENTILE = 90.0  # the sharpest four of 36 tiles: a leaf before a soft background
_SECOND_BLUR_RADIUS_PX = 1.0
# Detail as small as rounding to whole levels leaves behind is no detail.
_ROUNDING_VARIANCE = 1.0
_MIN_SIDE_PX = 2 * _TILES_ACROSS + 2


def brightness_percentile(grey: Image.Image, percent: float) -> float:
    """The brightness that `percent` of the pixels do not exceed.

    Args:
        grey: A picture in mode L.
        percent: 0 to 100.
    """
    counts = np.cumsum(grey.histogram())
    return int(np.searchsorted(counts, counts[-1] * percent / 100)) / 255


def clipped_share(grey: Image.Image) -> float:
    """The share of pixels that are burnt out to white, 0 to 1."""
    counts = grey.histogram()
    return sum(counts[_WHITE_LEVEL:]) / sum(counts)


def at_small_scale(grey: Image.Image) -> Image.Image:
    """The picture scaled down, never up, to the one scale at which pictures are compared."""
    scale = _SMALL_LONG_SIDE_PX / max(grey.size)
    if scale >= 1:
        return grey
    width, height = (max(1, round(side * scale)) for side in grey.size)
    return grey.resize((width, height), Image.Resampling.HAMMING)


def sharpness(grey: Image.Image) -> float:
    """How many times less fine detail the sharpest parts hold once they are blurred again.

    A sharp photograph loses nearly all of its finest detail to a slight blur; a blurred one has
    none left to lose, and comes out near 1. The ratio does not depend on contrast or exposure.
    It is taken tile by tile, so that a sharp plant before a soft background counts as sharp.

    Args:
        grey: A picture in mode L of any size; blur counts as a share of the picture's size.

    Returns:
        About 1 or less when blurred, 3 to 50 when sharp; 0 when there is nothing to see.
    """
    small = at_small_scale(grey)
    if min(small.size) < _MIN_SIDE_PX:
        return 0.0
    detail = _detail_by_tile(small)
    left_over = _detail_by_tile(small.filter(ImageFilter.GaussianBlur(_SECOND_BLUR_RADIUS_PX)))
    ratios = detail / (left_over + _ROUNDING_VARIANCE)
    return float(np.percentile(ratios, _SHARP_TILES_PERCENTILE))


def _detail_by_tile(grey: Image.Image) -> NDArray[np.float64]:
    """The variance of the Laplacian in each tile, shape (tiles, tiles)."""
    level = np.asarray(grey, dtype=np.float32)
    laplacian = (
        4 * level[1:-1, 1:-1]
        - level[:-2, 1:-1]
        - level[2:, 1:-1]
        - level[1:-1, :-2]
        - level[1:-1, 2:]
    )
    height, width = (side // _TILES_ACROSS for side in laplacian.shape)
    tiles = laplacian[: height * _TILES_ACROSS, : width * _TILES_ACROSS].reshape(
        _TILES_ACROSS, height, _TILES_ACROSS, width
    )
    variances: NDArray[np.float64] = tiles.var(axis=(1, 3), dtype=np.float64)
    return variances
