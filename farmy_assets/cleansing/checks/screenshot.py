"""A screen's picture or a drawing, no photograph."""

from typing import TYPE_CHECKING

from farmy_assets.cleansing.check_kinds import MeasuredCheck
from farmy_assets.cleansing.verdicts import Limit

if TYPE_CHECKING:
    from farmy_assets.cleansing.readings import Readings

_BITS_KEPT = 4
_BITS_LOST = 8 - _BITS_KEPT
_FEW_COLOURS = 8


def measure(readings: "Readings") -> float:
    """How much the picture looks drawn: flat areas and few colours at once, 0 to 1.

    A sensor's noise makes neighbouring pixels differ and spreads colours; a screen's and a
    drawing's pixels are equal to their neighbours and of a few colours.
    """
    import numpy as np  # noqa: PLC0415 - who reads a policy needs none

    levels = readings.views.levels
    flat = np.count_nonzero(levels[:, 1:] == levels[:, :-1]) / max(1, levels[:, 1:].size)
    colours = readings.views.coarse_levels.astype(np.uint16) >> _BITS_LOST
    red, green, blue = colours[..., 0], colours[..., 1], colours[..., 2]
    bins = (red << 2 * _BITS_KEPT) | (green << _BITS_KEPT) | blue
    counts = np.bincount(bins.ravel())
    few = np.sort(counts[counts > 0])[-_FEW_COLOURS:].sum() / counts.sum()
    return float(min(flat, few))


CHECK = MeasuredCheck(
    name="screenshot",
    title="Screenshot or drawing",
    sentence="Flat areas of few colours.",
    flagged="it looks drawn, not photographed: how much so (0 to 1)",
    value_is="drawn share, 0 to 1",
    fails_above=True,
    measure=measure,
    limit=Limit(warn=0.7, fail=0.85),
)
