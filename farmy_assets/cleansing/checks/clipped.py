"""Large parts of the picture are burnt out or have sunk to black: no detail is left there."""

from typing import TYPE_CHECKING

from farmy_assets.cleansing.check_kinds import MeasuredCheck
from farmy_assets.cleansing.verdicts import Limit

if TYPE_CHECKING:
    from farmy_assets.cleansing.readings import Readings

_WHITE_LEVEL, _BLACK_LEVEL = 250, 4  # of 255: cameras clip a little before the ends


def measure(readings: "Readings") -> float:
    """The share of pixels that are burnt out to white or have sunk to black, 0 to 1."""
    summed = readings.summed_counts
    unclipped = summed[_WHITE_LEVEL - 1] - summed[_BLACK_LEVEL]
    return float(1 - unclipped / summed[-1])


CHECK = MeasuredCheck(
    name="clipped",
    title="Clipped",
    sentence="Large parts are plain white or plain black.",
    flagged="much is burnt out or sunk to black: the share of such pixels",
    value_is="share of the picture",
    fails_above=True,
    measure=measure,
    limit=Limit(warn=0.3, fail=0.45),
)
