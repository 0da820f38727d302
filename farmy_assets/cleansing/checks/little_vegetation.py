"""The picture hardly shows green plants; a warning only, for soil and straw are of use, too."""

from typing import TYPE_CHECKING

from farmy_assets.cleansing.check_kinds import MeasuredCheck
from farmy_assets.cleansing.verdicts import Limit

if TYPE_CHECKING:
    from farmy_assets.cleansing.readings import Readings

_LIVELY_GREEN = 0.10  # excess green of leaves in sun and shade; soil, straw and skin stay below


def measure(readings: "Readings") -> float:
    """The share of the picture that is green plants, 0 to 1.

    By excess green, (2g - r - b) / (r + g + b): Woebbecke et al., "Color indices for weed
    identification", Transactions of the ASAE 38 (1995).
    """
    import numpy as np  # noqa: PLC0415 - who reads a policy needs none

    red, green, blue = readings.colours
    total = red + green + blue
    excess = 3 * green - total  # 2g - r - b; nothing for black
    return np.count_nonzero(excess > _LIVELY_GREEN * total) / total.size


CHECK = MeasuredCheck(
    name="little_vegetation",
    title="Little vegetation",
    sentence="Hardly any green plants.",
    flagged="it shows few green plants: the share of such pixels",
    value_is="green share of the picture",
    measure=measure,
    limit=Limit(warn=0.02),
)
