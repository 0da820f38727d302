"""There is hardly anything in the picture: a wall, the sky, the inside of a pocket."""

from typing import TYPE_CHECKING

from farmy_assets.cleansing.check_kinds import MeasuredCheck
from farmy_assets.cleansing.verdicts import Limit

if TYPE_CHECKING:
    from farmy_assets.cleansing.readings import Readings


def measure(readings: "Readings") -> float:
    """Shannon's entropy of the brightness, 0 to 8 bits."""
    import numpy as np  # noqa: PLC0415 - who reads a policy needs none

    counts = readings.counts
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log2(share)).sum()) + 0.0


CHECK = MeasuredCheck(
    name="low_information",
    title="Little information",
    sentence="There is hardly anything to see.",
    flagged="there is little to see: the entropy of its brightness in bits",
    value_is="entropy in bits",
    measure=measure,
    limit=Limit(warn=4.0, fail=3.0),
)
