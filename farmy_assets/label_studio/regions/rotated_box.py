"""A rotated box as Label Studio writes it.

`x` and `y` are the corner that is the upper left one before turning, `width` and `height` the
sides, in percent of the image; `rotation` is clockwise, in degrees, about that corner. It is turned
in the pixels of the image: percent of the width and of the height are not of the same length.
The type of the results is the same as that of upright boxes.
Source: labelstud.io/tags/rectanglelabels, "Sample Results JSON".
"""

from collections.abc import Mapping
from math import cos, radians, sin
from typing import Any

from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions.rotated_box import RotatedBox
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.region_values import number_in
from farmy_assets.label_studio.regions.box import MAX_OVERSHOOT_PERCENT, MIN_SIDE_PX

CONTROL = "RectangleLabels"
SETTINGS = 'canRotate="true"'
RESULT_TYPE = "rectanglelabels"
NAME = "labelled rectangle"

FARTHEST_PERCENT = 1e6
"""Beyond the image in any case; larger numbers are not computed with."""


def value_of(region: Region, *, width_px: int, height_px: int) -> dict[str, Any]:
    """Where the box is, as a rectangle's value says it."""
    if not isinstance(region, RotatedBox):
        msg = f"a {region.kind} is no rotated box"
        raise TypeError(msg)
    (x, y), *_ = region.outline_px
    return {
        "x": 100 * x / width_px,
        "y": 100 * y / height_px,
        "width": 100 * region.width / width_px,
        "height": 100 * region.height / height_px,
        "rotation": region.angle,
    }


def region_of(value: Mapping[Any, Any], *, label: str, width_px: int, height_px: int) -> RotatedBox:
    """The box that a rectangle's value describes; without a rotation it is upright.

    Corners may lie outside of the image by one percent: a turned box cannot be clipped.

    Raises:
        InvalidInputError: It cannot be understood; the text says why.
    """
    angle = 0.0 if value.get("rotation") is None else number_in(value, "rotation") % 360 % 360
    width, height = _side_px(value, "width", width_px), _side_px(value, "height", height_px)
    x, y = _percent(value, "x") * width_px / 100, _percent(value, "y") * height_px / 100
    turn_cos, turn_sin = cos(radians(angle)), sin(radians(angle))
    box = RotatedBox(
        label=label,
        x=x + (turn_cos * width - turn_sin * height) / 2,
        y=y + (turn_sin * width + turn_cos * height) / 2,
        width=width,
        height=height,
        angle=angle,
    )
    for corner_x, corner_y in box.outline_px:
        for percent in (100 * corner_x / width_px, 100 * corner_y / height_px):
            if not -MAX_OVERSHOOT_PERCENT <= percent <= 100 + MAX_OVERSHOOT_PERCENT:
                msg = f"reaches beyond the image (a corner at {percent:.6g} percent)"
                raise InvalidInputError(msg)
    if not (0 <= box.x <= width_px and 0 <= box.y <= height_px):
        msg = "has its centre outside of the image"
        raise InvalidInputError(msg)
    return box


def _percent(value: Mapping[Any, Any], name: str) -> float:
    percent = number_in(value, name)
    if abs(percent) > FARTHEST_PERCENT:
        msg = f"reaches beyond the image ({name} {percent:.6g} percent)"
        raise InvalidInputError(msg)
    return percent


def _side_px(value: Mapping[Any, Any], name: str, image_px: int) -> float:
    length = _percent(value, name) * image_px / 100
    if length < MIN_SIDE_PX:
        msg = f"has a {name} under {MIN_SIDE_PX} pixels"
        raise InvalidInputError(msg)
    return length
