"""Areas inside closed lines: which share two have in common, and one line of several.

A line that crosses itself covers what a person sees filled: every place that it goes around, once
or more often. All coordinates are pixels; shapely (GEOS) computes. It is loaded by the first use.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import numpy as np

from farmy_assets.annotation.region import Bounds, Point

if TYPE_CHECKING:
    from shapely import Geometry, MultiPolygon, Polygon

Outline = tuple[Point, ...]
"""The corners of a closed line, at least three; the last is joined to the first."""

SIMPLIFIED_WITHIN_PX = 0.5
"""How far a fused line may pass from where it would be with all of its corners."""

_HALVINGS = 20
_ROUNDING_PX = 1e-6


def iou(first: Outline, second: Outline) -> float:
    """The intersection over the union of two areas, from 0 (apart) to 1 (the same).

    Exact but for rounding, and the same for both orders; 0 when one has no area.
    """
    if first is second or first == second:
        return 1.0 if _area(first).area > 0 else 0.0
    if not overlap(bounds_of(first), bounds_of(second)):
        return 0.0
    return _iou(first, second) if first < second else _iou(second, first)


@lru_cache(maxsize=4096)
def _iou(first: Outline, second: Outline) -> float:
    """Kept, because the same two are compared for matching, for conflicts and for fusing."""
    one, other = _area(first), _area(second)
    shared = one.intersection(other).area
    union = one.area + other.area - shared
    return min(1.0, shared / union) if union > 0 else 0.0


def are_within(first: Outline, second: Outline, distance_px: float) -> bool:
    """Whether each area lies in the other with its edges moved out by this distance."""
    edges = zip(bounds_of(first), bounds_of(second), strict=True)
    if max(abs(one - other) for one, other in edges) > distance_px + _ROUNDING_PX:
        return False
    one, other = _area(first), _area(second)
    reach = distance_px + _ROUNDING_PX
    # Corners stay corners: a box that moves by the distance in both directions is within it.
    wide, wider = (each.buffer(reach, join_style="mitre", mitre_limit=2) for each in (one, other))
    return bool(wide.covers(other) and wider.covers(one))


def area_px(outline: Outline) -> float:
    """The area inside a line, in square pixels; what it goes around twice counts once."""
    return float(_area(outline).area)


@lru_cache(maxsize=4096)
def bounds_of(outline: Outline) -> Bounds:
    """The smallest upright rectangle around a line."""
    xs, ys = zip(*outline, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def cut_to(outline: Outline, width_px: float, height_px: float) -> tuple[Outline, ...]:
    """The parts of an area that lie in the image, as outlines; holes are not told."""
    from shapely import box  # noqa: PLC0415 - slow to import

    inside = _polygonal(_area(outline).intersection(box(0, 0, width_px, height_px)))
    return tuple(_corners(part) for part in inside.geoms)


def crossings(outline: Outline) -> int:
    """How often a line crosses itself: pairs of its sides, in time that grows with their square.

    It tells beforehand whether computing with the line takes long. Sides that only touch do not
    count.
    """
    start = np.array(outline)
    along = np.roll(start, -1, axis=0) - start
    # For side i and corner j: on which side of the line through i the corner lies.
    offset = start[None, :, :] - start[:, None, :]
    turn = along[:, None, 0] * offset[:, :, 1] - along[:, None, 1] * offset[:, :, 0]
    parts = turn * np.roll(turn, -1, axis=1) < 0
    return int(np.count_nonzero(parts & parts.T)) // 2


def overlap(first: Bounds, second: Bounds) -> bool:
    """Whether two upright rectangles have an area in common."""
    return (
        first[0] < second[2]
        and second[0] < first[2]
        and first[1] < second[3]
        and second[1] < first[3]
    )


def fused(outlines: Sequence[Outline]) -> Outline | None:
    """The line around what more than half of several areas cover; the order does not matter.

    With an even number the line runs between what more than half and what at least half cover, so
    that the area is the mean of the two: of two people, neither the little that both drew nor all
    that one of them drew. Of several parts the largest stays, without holes.

    Returns:
        The line, with corners left out that change it by less than `SIMPLIFIED_WITHIN_PX`; None
        when nothing is covered by more than half.
    """
    ordered = sorted(outlines)
    if ordered[0] == ordered[-1]:
        return ordered[0]
    inner, outer = _covered([_area(outline) for outline in ordered])
    if inner.is_empty:
        return None
    between = inner if inner.equals(outer) else _between(inner, outer)
    around = _area(_corners(_largest(between)))
    simple = _polygonal(around.simplify(SIMPLIFIED_WITHIN_PX))
    return None if simple.is_empty else _corners(_largest(simple))


def _covered(areas: Sequence["MultiPolygon"]) -> tuple["MultiPolygon", "MultiPolygon"]:
    """What more than half of the areas cover, and what at least half of them cover."""
    from shapely import polygonize, union_all  # noqa: PLC0415 - slow to import

    pieces = polygonize([union_all([area.boundary for area in areas])]).geoms
    counts = [
        2 * sum(area.covers(place) for area in areas)
        for place in (piece.representative_point() for piece in pieces)
    ]
    inner = [piece for piece, count in zip(pieces, counts, strict=True) if count > len(areas)]
    outer = [piece for piece, count in zip(pieces, counts, strict=True) if count >= len(areas)]
    return _polygonal(union_all(inner)), _polygonal(union_all(outer))


def _between(inner: "MultiPolygon", outer: "MultiPolygon") -> "MultiPolygon":
    """The inner area, grown within the outer one until its area is the mean of both."""
    wanted = (inner.area + outer.area) / 2
    low, high = 0.0, 1.0
    while _grown(inner, high, outer).area < wanted and high < _ROUNDING_PX**-1:
        high *= 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _grown(inner, middle, outer).area < wanted else (low, middle)
    return _grown(inner, high, outer)


def _grown(inner: "MultiPolygon", distance_px: float, outer: "MultiPolygon") -> "MultiPolygon":
    wide = inner.buffer(distance_px, join_style="mitre", mitre_limit=2)
    return _polygonal(wide.intersection(outer))


@lru_cache(maxsize=4096)
def _area(outline: Outline) -> "MultiPolygon":
    from shapely import Polygon, make_valid  # noqa: PLC0415 - slow to import

    area = Polygon(outline)
    if area.is_valid:
        return _polygonal(area)
    return _polygonal(make_valid(area, method="structure", keep_collapsed=False))


def _polygonal(geometry: "Geometry") -> "MultiPolygon":
    """A geometry without its points and lines."""
    from shapely import MultiPolygon, Polygon, get_parts  # noqa: PLC0415 - slow to import

    parts = get_parts(get_parts(geometry))
    return MultiPolygon([part for part in parts if isinstance(part, Polygon) and part.area > 0])


def _largest(area: "MultiPolygon") -> "Polygon":
    return max(area.geoms, key=lambda part: (part.area, part.wkb))


def _corners(part: "Polygon") -> Outline:
    """The outer line of a part, in one order: clockwise as seen, from its first corner on."""
    points = cast("Polygon", part.normalize()).exterior.coords[:-1]
    return tuple((float(x), float(y)) for x, y, *_ in points)
