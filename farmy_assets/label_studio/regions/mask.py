"""A mask as Label Studio's brush writes it: run lengths of the picture's channels, row by row.

Source: labelstud.io/tags/brushlabels; the coding is in `label_studio/brush_rle.py`.
"""

from collections.abc import Mapping
from typing import Any

from farmy_assets.annotation.mask_runs import transposed
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions.mask import Mask
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.brush_rle import painted_edges, rle_of_edges

CONTROL = "BrushLabels"
SETTINGS = 'choice="single"'
RESULT_TYPE = "brushlabels"
NAME = "brush mask"

_FORMAT = "rle"


def value_of(region: Region, *, width_px: int, height_px: int) -> dict[str, Any]:
    """The mask as a brush's value says it.

    Raises:
        ValueError: The mask is not of an image of this size.
    """
    if not isinstance(region, Mask):
        msg = f"a {region.kind} is no mask"
        raise TypeError(msg)
    if (region.width_px, region.height_px) != (width_px, height_px):
        msg = "the mask is of an image of another size"
        raise ValueError(msg)
    rows = transposed(region.edges, height_px, width_px)
    return {"format": _FORMAT, "rle": rle_of_edges(rows, width_px=width_px, height_px=height_px)}


def region_of(value: Mapping[Any, Any], *, label: str, width_px: int, height_px: int) -> Mask:
    """The mask that a brush's value describes.

    Raises:
        InvalidInputError: It cannot be understood; the text says why.
    """
    if value.get("format") != _FORMAT:
        msg = f"has the unknown format {str(value.get('format'))[:40]!r}"
        raise InvalidInputError(msg)
    rows = painted_edges(value.get("rle"), width_px=width_px, height_px=height_px)
    if not rows.size:
        msg = "has no painted pixel"
        raise InvalidInputError(msg)
    columns = transposed(rows, width_px, height_px)
    return Mask.of_edges(columns, label=label, size_px=(width_px, height_px))
