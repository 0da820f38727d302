"""A polygon as Label Studio writes it: corners in percent of the image's width and height.

The form has one line and no holes.
Source: labelstud.io/tags/polygonlabels.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from farmy_assets.annotation.outlines import crossings
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions.polygon import Polygon
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.region_values import finite

CONTROL = "PolygonLabels"
SETTINGS = 'strokeWidth="2" pointSize="small"'
RESULT_TYPE = "polygonlabels"
NAME = "labelled polygon"

MAX_OVERSHOOT_PERCENT = 1.0
"""How far a corner may lie outside of the image and still be moved to the edge."""

MIN_AREA_PX = 0.25
"""A polygon smaller than this is a slip of the hand, not an object."""

MAX_POINTS = 1000
MAX_CROSSINGS = 200
"""With more, computing with the polygon would take seconds: nobody draws such a line."""


def value_of(region: Region, *, width_px: int, height_px: int) -> dict[str, Any]:
    """Where the polygon is, as a polygon's value says it."""
    points = [[100 * x / width_px, 100 * y / height_px] for x, y in region.outline_px]
    return {"points": points, "closed": True}


def region_of(value: Mapping[Any, Any], *, label: str, width_px: int, height_px: int) -> Polygon:
    """The polygon that a value describes; corners a little outside are moved to the edge.

    Raises:
        InvalidInputError: It cannot be understood; the text says why.
    """
    if value.get("closed", True) is not True:
        msg = "is not closed"
        raise InvalidInputError(msg)
    written = value.get("points")
    if not isinstance(written, list | tuple) or len(written) > MAX_POINTS:
        count = f"more than {MAX_POINTS}" if isinstance(written, list | tuple) else "no list of"
        msg = f"has {count} points"
        raise InvalidInputError(msg)
    points = [_point_px(point, (width_px, height_px)) for point in written]
    if points and points[0] == points[-1]:
        points.pop()
    try:
        polygon = Polygon(label=label, points=tuple(points))
    except ValidationError as error:
        msg = "has fewer than three points that do not lie on one line"
        raise InvalidInputError(msg) from error
    if crossings(polygon.points) > MAX_CROSSINGS:
        msg = f"crosses itself more than {MAX_CROSSINGS} times"
        raise InvalidInputError(msg)
    if polygon.area_px < MIN_AREA_PX:
        msg = f"covers less than {MIN_AREA_PX} square pixels"
        raise InvalidInputError(msg)
    return polygon


def _point_px(point: object, size_px: tuple[int, int]) -> tuple[float, float]:
    """A corner, percent to pixels, moved into the image."""
    percent = [finite(each) for each in point] if isinstance(point, list | tuple) else []
    if len(percent) != len(size_px) or None in percent:
        msg = f"has an unusable point: {str(point)[:40]!r}"
        raise InvalidInputError(msg)
    x, y = (
        _coordinate_px(value, side)
        for value, side in zip(percent, size_px, strict=True)
        if value is not None
    )
    return x, y


def _coordinate_px(percent: float, side_px: int) -> float:
    if not -MAX_OVERSHOOT_PERCENT <= percent <= 100 + MAX_OVERSHOOT_PERCENT:
        msg = f"reaches beyond the image (a point at {percent:.6g} percent)"
        raise InvalidInputError(msg)
    return min(max(percent * side_px / 100, 0.0), float(side_px))
