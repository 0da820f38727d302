"""What is measured on a picture: one number for each check, and no threshold.

Brightness is luma (ITU-R 601) on a scale from 0 (black) to 1 (white).
"""

import numpy as np
from numpy.typing import NDArray

from farmy_assets.cleansing.checks import Check
from farmy_assets.cleansing.sharpness import sharpness
from farmy_assets.cleansing.views import Views

_SMALL_PX, _LARGE_PX = 256, 800

_PERCENTILES = np.array([5, 95])
_WHITE_LEVEL, _BLACK_LEVEL = 250, 4  # of 255: cameras clip a little before the ends
_MOST_COLOURFUL_PERCENT = 99
_LIVELY_GREEN = 0.10  # excess green of leaves in sun and shade; soil, straw and skin stay below
_BITS_KEPT = 4
_BITS_LOST = 8 - _BITS_KEPT
_FEW_COLOURS = 8


def working_long_side_px(long_side_px: int) -> int:
    """The long side at which a picture is measured; it may come out up to twice as long.

    Half of its own, because few cameras and no web page give sharp single pixels; never more than
    800, at which the fine blur of a large photograph still shows, nor less than 256. So a phone's
    photograph of 3200 pixels or more is decoded at a quarter of its size.
    """
    return min(_LARGE_PX, max(_SMALL_PX, long_side_px // 2))


def measure(views: Views, *, width_px: int, height_px: int) -> dict[Check, float]:
    """One number for each measured check.

    Args:
        views: Of the working picture: upright, the long side `working_long_side_px` or more.
        width_px: The original's width, upright.
        height_px: The original's height, upright.
    """
    counts = np.array(views.grey.histogram(), dtype=np.int64)
    summed = np.cumsum(counts)
    # The brightness that 5 and 95 percent of the pixels do not exceed: a lamp or a date stamp in
    # a dark photograph does not make it bright.
    found = np.searchsorted(summed, summed[-1] * _PERCENTILES / 100)
    p05, p95 = (found / 255).tolist()
    return {
        Check.TOO_SMALL: min(width_px, height_px),
        Check.ODD_ASPECT_RATIO: min(width_px, height_px) / max(width_px, height_px),
        Check.DARK: p95,
        Check.BRIGHT: p05,
        Check.CLIPPED: _clipped_share(summed),
        Check.BLURRY: sharpness(views),
        Check.LOW_INFORMATION: _entropy_bits(counts),
        Check.LOW_CONTRAST: p95 - p05,
        **_colour(views.coarse_levels),
        Check.SCREENSHOT: _drawn_share(views),
    }


def _clipped_share(summed: NDArray[np.int64]) -> float:
    """The share of pixels that are burnt out to white or have sunk to black.

    Args:
        summed: How many pixels are of each brightness or darker, shape (256,).
    """
    unclipped = summed[_WHITE_LEVEL - 1] - summed[_BLACK_LEVEL]
    return float(1 - unclipped / summed[-1])


def _entropy_bits(counts: NDArray[np.int64]) -> float:
    """Shannon's entropy of the brightness, 0 to 8 bits."""
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log2(share)).sum()) + 0.0


def _colour(levels: NDArray[np.uint8]) -> dict[Check, float]:
    """How colourful the most colourful parts are (0 to 1), and the share that is green plants.

    Green plants by excess green, (2g - r - b) / (r + g + b): Woebbecke et al., "Color indices for
    weed identification", Transactions of the ASAE 38 (1995).
    """
    # Rows of one colour each: numpy is quick only on what lies side by side.
    red, green, blue = levels.reshape(-1, 3).T.astype(np.int16)
    chroma = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    most = np.searchsorted(
        np.cumsum(np.bincount(chroma, minlength=256)),
        chroma.size * _MOST_COLOURFUL_PERCENT / 100,
    )
    total = red + green + blue
    excess = 3 * green - total  # 2g - r - b; nothing for black
    is_green = excess > _LIVELY_GREEN * total
    return {
        Check.NO_COLOUR: int(most) / 255,
        Check.LITTLE_VEGETATION: np.count_nonzero(is_green) / chroma.size,
    }


def _drawn_share(views: Views) -> float:
    """How much the picture looks drawn: flat areas and few colours at once, 0 to 1.

    A sensor's noise makes neighbouring pixels differ and spreads colours; a screen's and a
    drawing's pixels are equal to their neighbours and of a few colours.
    """
    levels = views.levels
    flat = np.count_nonzero(levels[:, 1:] == levels[:, :-1]) / max(1, levels[:, 1:].size)
    colours = views.coarse_levels.astype(np.uint16) >> _BITS_LOST
    red, green, blue = colours[..., 0], colours[..., 1], colours[..., 2]
    bins = (red << 2 * _BITS_KEPT) | (green << _BITS_KEPT) | blue
    counts = np.bincount(bins.ravel())
    few = np.sort(counts[counts > 0])[-_FEW_COLOURS:].sum() / counts.sum()
    return float(min(flat, few))
