"""An upright box as Label Studio writes it: percent of the image's width and height.

Source: labelstud.io/tags/rectanglelabels, "Sample Results JSON".
"""

import math
from collections.abc import Collection, Mapping
from typing import Any

from farmy_assets.annotation.boxes import Box
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.controls import DRAWN_BOX

MAX_OVERSHOOT_PERCENT = 1.0
"""How far a region may reach over the image's edge and still be clipped instead of refused."""

MIN_SIDE_PX = 0.5
"""A region narrower than this is a slip of the hand, not an object."""


def box_to_result(box: Box, *, region_id: str, width_px: int, height_px: int) -> dict[str, Any]:
    """The box as Label Studio writes a rectangle: percent of the image's width and height."""
    return {
        "id": region_id,
        "from_name": DRAWN_BOX,
        "to_name": "image",
        "type": "rectanglelabels",
        "original_width": width_px,
        "original_height": height_px,
        "image_rotation": 0,
        "value": {
            "x": 100 * box.x_min / width_px,
            "y": 100 * box.y_min / height_px,
            "width": 100 * (box.x_max - box.x_min) / width_px,
            "height": 100 * (box.y_max - box.y_min) / height_px,
            "rotation": 0,
            "rectanglelabels": [box.label],
        },
    }


def box_from_result(
    result: object, *, labels: Collection[str], width_px: int, height_px: int
) -> Box:
    """The box that a Label Studio region describes, in pixels of the size given here.

    Label Studio checks nothing that is sent to it, so everything is checked here. A region that
    reaches over the edge by at most one percent is clipped; a turned one is refused, because no
    upright box says what its author meant.

    Args:
        result: One entry of an annotation's result list, as Label Studio returned it.
        labels: The class names that the campaign knows.
        width_px: Width of the image that was shown.
        height_px: Height of the image that was shown.

    Raises:
        InvalidInputError: The region cannot be understood; the text says why.
    """
    if not isinstance(result, Mapping) or result.get("type") != "rectanglelabels":
        kind = result.get("type") if isinstance(result, Mapping) else type(result).__name__
        msg = f"not a labelled rectangle but {str(kind)[:40]!r}"
        raise InvalidInputError(msg)
    value = result.get("value")
    if not isinstance(value, Mapping):
        msg = "has no value"
        raise InvalidInputError(msg)
    if _turned(value.get("rotation")) or _turned(result.get("image_rotation")):
        msg = "is turned; only upright boxes are understood"
        raise InvalidInputError(msg)
    label = _single_label(value.get("rectanglelabels"), labels)
    x_min, x_max = _interval_px(value, "x", "width", width_px)
    y_min, y_max = _interval_px(value, "y", "height", height_px)
    return Box(label=label, x_min=x_min, y_min=y_min, x_max=x_max, y_max=y_max)


def _single_label(written: object, labels: Collection[str]) -> str:
    if not isinstance(written, list | tuple) or len(written) != 1:
        count = len(written) if isinstance(written, list | tuple) else 0
        msg = f"has {count} labels instead of one"
        raise InvalidInputError(msg)
    label = written[0]
    if not isinstance(label, str) or label not in labels:
        msg = f"has the unknown label {str(label)[:40]!r}"
        raise InvalidInputError(msg)
    return label


def _interval_px(
    value: Mapping[Any, Any], start: str, size: str, side_px: int
) -> tuple[float, float]:
    """One axis of a region, percent to pixels, clipped to the image."""
    low, length = _number(value, start), _number(value, size)
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


def _number(value: Mapping[Any, Any], name: str) -> float:
    number = _finite(value.get(name))
    if number is None:
        msg = f"has no usable {name}: {str(value.get(name))[:40]!r}"
        raise InvalidInputError(msg)
    return number


def _turned(degrees: object) -> bool:
    if degrees is None:
        return False
    angle = _finite(degrees)
    return angle is None or angle % 360 != 0


def _finite(value: object) -> float | None:
    """The value as a float when it is a finite number (a bool is none), else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
