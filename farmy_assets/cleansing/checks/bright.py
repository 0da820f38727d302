"""Even the darkest parts of the picture are bright."""

from typing import TYPE_CHECKING

from farmy_assets.cleansing.check_kinds import MeasuredCheck
from farmy_assets.cleansing.verdicts import Limit

if TYPE_CHECKING:
    from farmy_assets.cleansing.readings import Readings


def measure(readings: "Readings") -> float:
    """The 5th percentile of brightness, 0 (black) to 1 (white)."""
    return readings.darkest_parts


CHECK = MeasuredCheck(
    name="bright",
    title="Bright",
    sentence="Even the darkest parts are bright.",
    flagged="it is too bright: the brightness of its darkest parts (0 to 1)",
    value_is="brightness, 0 to 1",
    fails_above=True,
    measure=measure,
    limit=Limit(warn=0.6, fail=0.7),
)
