"""Out of focus, moved, or enlarged: even the sharpest parts hold no fine detail."""

from typing import TYPE_CHECKING

from farmy_assets.cleansing.check_kinds import MeasuredCheck
from farmy_assets.cleansing.verdicts import Limit

if TYPE_CHECKING:
    from farmy_assets.cleansing.readings import Readings


def measure(readings: "Readings") -> float:
    """How many times less fine detail is left after blurring again.

    About 1 when blurred, 3 to 10 when sharp; 0 when there is too little to see.
    """
    from farmy_assets.cleansing.sharpness import sharpness  # noqa: PLC0415 - brings numpy

    return sharpness(readings.views)


CHECK = MeasuredCheck(
    name="blurry",
    title="Blurry",
    sentence="Even the sharpest parts hold no fine detail.",
    flagged="it looks blurry: the sharpness of its sharpest parts",
    value_is="detail lost by blurring again",
    measure=measure,
    limit=Limit(warn=2.7, fail=2.4),
)
