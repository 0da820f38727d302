"""The picture is much longer than wide, or wider than long."""

from typing import TYPE_CHECKING

from farmy_assets.cleansing.check_kinds import MeasuredCheck
from farmy_assets.cleansing.verdicts import Limit

if TYPE_CHECKING:
    from farmy_assets.cleansing.readings import Readings


def measure(readings: "Readings") -> float:
    """The short side divided by the long one, 0 to 1."""
    sides = readings.width_px, readings.height_px
    return min(sides) / max(sides)


CHECK = MeasuredCheck(
    name="odd_aspect_ratio",
    title="Odd shape",
    sentence="Much longer than wide, or wider than long.",
    flagged="it is very narrow: its short side, divided by the long one,",
    value_is="short side by long side",
    measure=measure,
    limit=Limit(warn=0.42, fail=0.4),
)
