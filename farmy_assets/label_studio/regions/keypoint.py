"""A keypoint as Label Studio writes it: percent of the image's width and height.

Its `width` is the size at which the point is displayed, and says nothing about the object.
Source: labelstud.io/tags/keypointlabels.
"""

from collections.abc import Mapping
from typing import Any

from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions.keypoint import Keypoint
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.region_values import number_in

CONTROL = "KeyPointLabels"
SETTINGS = 'strokeWidth="2"'
RESULT_TYPE = "keypointlabels"
NAME = "labelled keypoint"

MAX_OVERSHOOT_PERCENT = 1.0
"""How far a point may lie outside of the image and still be moved to the edge."""

DISPLAY_WIDTH_PERCENT = 0.5


def value_of(region: Region, *, width_px: int, height_px: int) -> dict[str, Any]:
    """Where the point is, as a keypoint's value says it."""
    x, y = region.centre_px
    return {"x": 100 * x / width_px, "y": 100 * y / height_px, "width": DISPLAY_WIDTH_PERCENT}


def region_of(value: Mapping[Any, Any], *, label: str, width_px: int, height_px: int) -> Keypoint:
    """The point that a value describes; one a little outside is moved to the edge.

    Raises:
        InvalidInputError: It cannot be understood; the text says why.
    """
    x, y = _coordinate_px(value, "x", width_px), _coordinate_px(value, "y", height_px)
    return Keypoint(label=label, x=x, y=y)


def _coordinate_px(value: Mapping[Any, Any], name: str, side_px: int) -> float:
    percent = number_in(value, name)
    if not -MAX_OVERSHOOT_PERCENT <= percent <= 100 + MAX_OVERSHOOT_PERCENT:
        msg = f"lies outside of the image ({name} at {percent:.6g} percent)"
        raise InvalidInputError(msg)
    return min(max(percent * side_px / 100, 0.0), float(side_px))
