"""Shapes in COCO's form as regions of the kinds that a campaign draws."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import ValidationError

from farmy_assets.annotation import mask_runs
from farmy_assets.annotation.contours import line_around
from farmy_assets.annotation.mask_runs import Edges
from farmy_assets.annotation.outlines import area_px
from farmy_assets.annotation.predictions.shaping import box_region, polygon_region
from farmy_assets.annotation.region import Point, Region
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.regions.mask import Mask
from farmy_assets.annotation.regions.polygon import Polygon
from farmy_assets.annotation.regions.rotated_box import RotatedBox
from farmy_assets.errors import InvalidInputError

Size = tuple[int, int]
"""Width and height, in pixels."""

_MOST_PIXELS = 2**28
_UNREADABLE = "with a mask that cannot be read"
_FEWEST_NUMBERS = 6
_FARTHEST = 1e9  # also what is no number is not under it


def shape_of(
    row: Mapping[str, Any], *, of_px: Size, size_px: Size, label: str, drawn: Sequence[str]
) -> Region:
    """The region of one annotation: the most exact kind that it and the campaign have.

    Args:
        row: The annotation, with `segmentation` or `bbox`.
        of_px: The size that its coordinates are of.
        size_px: The size of the image that is shown.
        label: The region's class.
        drawn: The kinds that the campaign draws.

    Raises:
        InvalidInputError: There is nothing that can be drawn; the text ends "an annotation ...".
    """
    segmentation, scale = row.get("segmentation"), (size_px[0] / of_px[0], size_px[1] / of_px[1])
    if isinstance(segmentation, Mapping):
        found = _of_runs(segmentation, of_px, scale=scale, label=label, drawn=drawn)
    elif isinstance(segmentation, list) and segmentation and Polygon.kind in drawn:
        found = _of_corners(segmentation, size_px, scale=scale, label=label)
    else:
        found = None
    found = found or _of_box(row.get("bbox"), size_px, scale=scale, label=label, drawn=drawn)
    if found is None:
        msg = f"without a shape that can be drawn as {' or '.join(drawn)}"
        raise InvalidInputError(msg)
    return found


def _of_runs(
    runs: Mapping[str, Any], of_px: Size, *, scale: Point, label: str, drawn: Sequence[str]
) -> Region | None:
    if not {Mask.kind, Polygon.kind} & set(drawn):
        return None
    height, width = of_px[1], of_px[0]
    if list(runs.get("size") or ()) != [height, width] or width * height > _MOST_PIXELS:
        msg = "with a mask of another size than its image's"
        raise InvalidInputError(msg)
    edges = _edges(runs.get("counts"), width * height)
    if not edges.size:
        return None
    if Mask.kind in drawn and scale == (1.0, 1.0):
        return Mask.of_edges(edges, label=label, size_px=of_px)
    if Mask.kind in drawn:
        return _scaled_mask(edges, of_px, scale, label)
    first, top, last, bottom = mask_runs.bounds_of(edges, height)
    columns = mask_runs.unpacked(edges, height, (first, last))
    line = line_around(columns[:, top:bottom].T)
    return polygon_region(
        [((x + first) * scale[0], (y + top) * scale[1]) for x, y in line], label=label
    )


def _edges(counts: object, pixels: int) -> Edges:
    try:
        if isinstance(counts, str):
            return mask_runs.edges_of_text(counts, pixels)
        lengths = np.array(counts, np.int64)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidInputError(_UNREADABLE) from error
    if lengths.ndim != 1 or lengths.min(initial=0) < 0 or lengths.sum() != pixels:
        raise InvalidInputError(_UNREADABLE)
    edges = np.cumsum(lengths)
    edges = edges[: len(edges) // 2 * 2]
    # Runs of no pixels leave two edges at one place, which are none.
    return mask_runs.covered_by([edges], 1) if edges.size else edges


def _scaled_mask(edges: Edges, of_px: Size, scale: Point, label: str) -> Mask | None:
    """The mask in an image of another size: each pixel takes the value of the nearest one."""
    columns = mask_runs.unpacked(edges, of_px[1], (0, of_px[0]))
    width, height = round(of_px[0] * scale[0]), round(of_px[1] * scale[1])
    across = np.minimum(((np.arange(width) + 0.5) / scale[0]).astype(np.int64), of_px[0] - 1)
    down = np.minimum(((np.arange(height) + 0.5) / scale[1]).astype(np.int64), of_px[1] - 1)
    pixels = np.ascontiguousarray(columns[across][:, down])
    if not pixels.any():
        return None
    return Mask.of_edges(
        mask_runs.packed(pixels, height, (0, 0)), label=label, size_px=(width, height)
    )


def _of_corners(parts: list[Any], size_px: Size, *, scale: Point, label: str) -> Polygon | None:
    """The largest part: a polygon of ours is one line."""
    found = [
        polygon_region(
            [
                _inside((x * scale[0], y * scale[1]), size_px)
                for x, y in zip(n[::2], n[1::2], strict=True)
            ],
            label=label,
        )
        for n in parts
        if _are_numbers(n) and len(n) >= _FEWEST_NUMBERS and len(n) % 2 == 0
    ]
    polygons = [polygon for polygon in found if polygon]
    return max(polygons, key=lambda polygon: area_px(polygon.points), default=None)


def _of_box(
    bbox: object, size_px: Size, *, scale: Point, label: str, drawn: Sequence[str]
) -> Region | None:
    kind = next((kind for kind in (Box.kind, RotatedBox.kind) if kind in drawn), "")
    if not kind or not isinstance(bbox, list) or not _are_numbers(bbox) or len(bbox) != 4:  # noqa: PLR2004
        return None
    x, y, width, height = bbox
    low = _inside((x * scale[0], y * scale[1]), size_px)
    high = _inside(((x + width) * scale[0], (y + height) * scale[1]), size_px)
    try:
        return box_region((*low, *high), label=label, kind=kind)
    except ValidationError:
        return None


def _inside(point: Point, size_px: Size) -> Point:
    x, y = point
    return min(max(0.0, x), float(size_px[0])), min(max(0.0, y), float(size_px[1]))


def _are_numbers(values: object) -> bool:
    return isinstance(values, list) and all(
        isinstance(v, int | float) and not isinstance(v, bool) and abs(v) < _FARTHEST
        for v in values
    )
