"""The picture in the forms that several checks look at, each made once."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

COARSE = 4
SMALL_SIDE = 32

_ENOUGH_SHORT_SIDE_PX = 48


class Views(NamedTuple):
    """The working picture's brightness, a quarter of the picture in each direction, and less.

    `grey` is the brightness in mode L, `levels` the same as an array of shape (height, width).
    `coarse` is the quarter, `coarse_levels` the same as an array of shape (height, width, 3).
    `reduced` is the brightness that fingerprints are taken of: the quarter's, unless that is too
    small. `small_levels` is `reduced` scaled to shape (32, 32).
    """

    grey: Image.Image
    levels: NDArray[np.uint8]
    coarse: Image.Image
    coarse_levels: NDArray[np.uint8]
    reduced: Image.Image
    small_levels: NDArray[np.uint8]


def views_of(image: Image.Image) -> Views:
    """The views of a picture in mode RGB."""
    grey, coarse = image.convert("L"), image.reduce(COARSE)
    is_enough = min(coarse.size) >= _ENOUGH_SHORT_SIDE_PX
    reduced = coarse.convert("L") if is_enough else grey
    small = reduced.resize((SMALL_SIDE, SMALL_SIDE), Image.Resampling.LANCZOS)
    return Views(grey, np.asarray(grey), coarse, np.asarray(coarse), reduced, np.asarray(small))
