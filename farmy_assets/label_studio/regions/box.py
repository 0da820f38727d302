"""An upright box as Label Studio writes it: percent of the image's width and height.

Source: labelstud.io/tags/rectanglelabels, "Sample Results JSON".
"""

from collections.abc import Mapping
from typing import Any

from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions.box import Box
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.region_values import is_turned, number_in

CONTROL = "RectangleLabels"
SETTINGS = 'canRotate="false"'
RESULT_TYPE = "rectanglelabels"
NAME = "labelled rectangle"

MAX_OVERSHOOT_PERCENT = 1.0
"""How far a box may reach over the image's edge and still be clipped instead of refused."""

MIN_SIDE_PX = 0.5
"""A box narrower than this is a slip of the hand, not an object."""


def value_of(region: Region, *, width_px: int, height_px: int) -> dict[str, Any]:
    """Where the box is, as a rectangle's value says it."""
    x_min, y_min, x_max, y_max = region.bounds_px
    return {
        "x": 100 * x_min / width_px,
        "y": 100 * y_min / height_px,
        "width": 100 * (x_max - x_min) / width_px,
        "height": 100 * (y_max - y_min) / height_px,
        "rotation": 0,
    }


def region_of(value: Mapping[Any, Any], *, label: str, width_px: int, height_px: int) -> Box:
    """The box that a rectangle's value describes.

    One that reaches over the edge by at most one percent is clipped; a turned one is refused,
    because no upright box says what its author meant.

    Raises:
        InvalidInputError: It cannot be understood; the text says why.
    """
    if is_turned(value.get("rotation")):
        msg = "is turned; only upright boxes are understood"
        raise InvalidInputError(msg)
    x_min, x_max = _interval_px(value, "x", "width", width_px)
    y_min, y_max = _interval_px(value, "y", "height", height_px)
    return Box(label=label, x_min=x_min, y_min=y_min, x_max=x_max, y_max=y_max)


def _interval_px(
    value: Mapping[Any, Any], start: str, size: str, side_px: int
) -> tuple[float, float]:
    """One axis of a box, percent to pixels, clipped to the image."""
    low, length = number_in(value, start), number_in(value, size)
    if length <= 0:
        msg = f"has the {size} {length:g}"
        raise InvalidInputError(msg)
    high = low + length
    if low < -MAX_OVERSHOOT_PERCENT or high > 100 + MAX_OVERSHOOT_PERCENT:
        msg = f"reaches beyond the image ({start} from {low:.6g} to {high:.6g} percent)"
        raise InvalidInputError(msg)
    low_px, high_px = max(0.0, low * side_px / 100), min(float(side_px), high * side_px / 100)
    if high_px - low_px < MIN_SIDE_PX:
        msg = f"has a {size} under {MIN_SIDE_PX} pixels inside the image"
        raise InvalidInputError(msg)
    return low_px, high_px
