"""Everything in the picture is about equally bright: fog, a dirty lens."""

from typing import TYPE_CHECKING

from farmy_assets.cleansing.check_kinds import MeasuredCheck
from farmy_assets.cleansing.verdicts import Limit

if TYPE_CHECKING:
    from farmy_assets.cleansing.readings import Readings


def measure(readings: "Readings") -> float:
    """The distance of the 95th from the 5th percentile of brightness, 0 to 1."""
    return readings.brightest_parts - readings.darkest_parts


CHECK = MeasuredCheck(
    name="low_contrast",
    title="Low contrast",
    sentence="Everything is about equally bright.",
    flagged="it has little contrast: the spread of its brightness (0 to 1)",
    value_is="range of brightness, 0 to 1",
    measure=measure,
    limit=Limit(warn=0.15, fail=0.08),
)
