"""Fewer pixels than an annotator needs to tell the classes apart."""

from typing import TYPE_CHECKING

from farmy_assets.cleansing.check_kinds import MeasuredCheck
from farmy_assets.cleansing.verdicts import Limit

if TYPE_CHECKING:
    from farmy_assets.cleansing.readings import Readings


def measure(readings: "Readings") -> float:
    """The original's short side in pixels."""
    return min(readings.width_px, readings.height_px)


CHECK = MeasuredCheck(
    name="too_small",
    title="Too small",
    sentence="Too few pixels to tell plants apart.",
    flagged="it is small: its short side in pixels",
    value_is="short side in pixels",
    form="{:.0f}",
    measure=measure,
    limit=Limit(warn=224, fail=160),
)
