"""Even the brightest parts of the picture are dark."""

from typing import TYPE_CHECKING

from farmy_assets.cleansing.check_kinds import MeasuredCheck
from farmy_assets.cleansing.verdicts import Limit

if TYPE_CHECKING:
    from farmy_assets.cleansing.readings import Readings


def measure(readings: "Readings") -> float:
    """The 95th percentile of brightness, 0 (black) to 1 (white)."""
    return readings.brightest_parts


CHECK = MeasuredCheck(
    name="dark",
    title="Dark",
    sentence="Even the brightest parts are dark.",
    flagged="it is dark: the brightness of its brightest parts (0 to 1)",
    value_is="brightness, 0 to 1",
    measure=measure,
    limit=Limit(warn=0.4, fail=0.32),
)
