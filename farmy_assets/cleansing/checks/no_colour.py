"""A black-and-white picture: a scan, an infrared camera, a drawing."""

from typing import TYPE_CHECKING

from farmy_assets.cleansing.check_kinds import MeasuredCheck
from farmy_assets.cleansing.verdicts import Limit

if TYPE_CHECKING:
    from farmy_assets.cleansing.readings import Readings

_MOST_COLOURFUL_PERCENT = 99


def measure(readings: "Readings") -> float:
    """How colourful the most colourful parts are, 0 to 1."""
    import numpy as np  # noqa: PLC0415 - who reads a policy needs none

    red, green, blue = readings.colours
    chroma = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    most = np.searchsorted(
        np.cumsum(np.bincount(chroma, minlength=256)),
        chroma.size * _MOST_COLOURFUL_PERCENT / 100,
    )
    return int(most) / 255


CHECK = MeasuredCheck(
    name="no_colour",
    title="No colour",
    sentence="A black-and-white picture.",
    flagged="it has hardly any colour: its colourfulness (0 to 1)",
    value_is="colourfulness, 0 to 1",
    measure=measure,
    limit=Limit(warn=0.04, fail=0.02),
)
