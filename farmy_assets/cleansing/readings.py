"""What several checks read off a picture, each computed once, when the first of them asks.

Brightness is luma (ITU-R 601) on a scale from 0 (black) to 1 (white).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from farmy_assets.cleansing.checks import measured_checks
from farmy_assets.cleansing.views import Views

_SMALL_PX, _LARGE_PX = 256, 800
_PERCENTILES = np.array([5, 95])


def working_long_side_px(long_side_px: int) -> int:
    """The long side at which a picture is measured; it may come out up to twice as long.

    Half of its own, because few cameras and no web page give sharp single pixels; never more than
    800, at which the fine blur of a large photograph still shows, nor less than 256. So a phone's
    photograph of 3200 pixels or more is decoded at a quarter of its size.
    """
    return min(_LARGE_PX, max(_SMALL_PX, long_side_px // 2))


@dataclass(frozen=True)
class Readings:
    """One picture as the checks see it.

    Attributes:
        views: Of the working picture: upright, the long side `working_long_side_px` or more.
        width_px: The original's width, upright.
        height_px: The original's height, upright.
    """

    views: Views
    width_px: int
    height_px: int

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """How many pixels are of each brightness, shape (256,)."""
        return np.array(self.views.grey.histogram(), dtype=np.int64)

    @cached_property
    def summed_counts(self) -> NDArray[np.int64]:
        """How many pixels are of each brightness or darker, shape (256,)."""
        return np.cumsum(self.counts)

    @property
    def darkest_parts(self) -> float:
        """The brightness that 5 percent of the pixels do not exceed."""
        return self._percentiles[0]

    @property
    def brightest_parts(self) -> float:
        """The brightness that 95 percent of the pixels do not exceed.

        A lamp or a date stamp in a dark photograph does not make it bright.
        """
        return self._percentiles[1]

    @cached_property
    def _percentiles(self) -> tuple[float, float]:
        summed = self.summed_counts
        low, high = (np.searchsorted(summed, summed[-1] * _PERCENTILES / 100) / 255).tolist()
        return low, high

    @cached_property
    def colours(self) -> tuple[NDArray[np.int16], NDArray[np.int16], NDArray[np.int16]]:
        """Red, green and blue of the quarter picture, 0 to 255, each of shape (pixels,)."""
        # Rows of one colour each: numpy is quick only on what lies side by side.
        red, green, blue = self.views.coarse_levels.reshape(-1, 3).T.astype(np.int16)
        return red, green, blue


def measure(readings: Readings) -> Mapping[str, float]:
    """The value of each measured check, by its name."""
    return {check.name: check.measure(readings) for check in measured_checks()}
