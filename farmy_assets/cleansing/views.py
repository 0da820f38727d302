"""The picture in the forms that several checks look at, each made once."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

COARSE = 4


class Views(NamedTuple):
    """The working picture's brightness, and a quarter of the picture in each direction.

    `grey` is the brightness in mode L, `levels` the same as an array of shape (height, width).
    `coarse` is the quarter, `coarse_levels` the same as an array of shape (height, width, 3).
    """

    grey: Image.Image
    levels: NDArray[np.uint8]
    coarse: Image.Image
    coarse_levels: NDArray[np.uint8]


def views_of(image: Image.Image) -> Views:
    """The views of a picture in mode RGB."""
    grey, coarse = image.convert("L"), image.reduce(COARSE)
    return Views(grey, np.asarray(grey), coarse, np.asarray(coarse))
