"""Detections as regions of the kinds that a campaign draws."""

from collections.abc import Iterator, Sequence

import numpy as np
from pydantic import ValidationError

from farmy_assets.annotation.contours import line_around
from farmy_assets.annotation.predictions.detections import Detections
from farmy_assets.annotation.predictions.fitting import Fitting, Floats
from farmy_assets.annotation.predictions.masks import edges_of, mask_pixels
from farmy_assets.annotation.predictions.predicted import PredictedRegion
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.regions.mask import Mask
from farmy_assets.annotation.regions.polygon import Polygon
from farmy_assets.annotation.regions.rotated_box import RotatedBox
from farmy_assets.errors import InvalidInputError

SMALLEST_SIDE_PX = 1.0
_FROM_MASKS = (Mask.kind, Polygon.kind, Box.kind, RotatedBox.kind)
_FROM_BOXES = (Box.kind, RotatedBox.kind)
_DECIMALS = 2


def kind_of_predictions(drawn: Sequence[str], *, has_masks: bool) -> str:
    """Which of a campaign's kinds of regions predictions become: the most exact that they can.

    Args:
        drawn: The kinds that the campaign draws.
        has_masks: Whether there are masks, or boxes alone.

    Raises:
        InvalidInputError: The campaign draws nothing that they could become.
    """
    possible = _FROM_MASKS if has_masks else _FROM_BOXES
    for kind in possible:
        if kind in drawn:
            return kind
    what = "masks" if has_masks else "boxes alone"
    msg = (
        f"the model gives {what}, which become {', '.join(possible)}; the campaign draws "
        f"{', '.join(drawn) or 'nothing'}: use another model, or add a kind to its `regions`"
    )
    raise InvalidInputError(msg)


def regions_of(
    found: Detections, fitting: Fitting, *, labels: Sequence[str], kind: str
) -> Iterator[PredictedRegion]:
    """The regions of detections, in their order.

    Left out are those of classes without a label, those thinner than a pixel within the image, and
    masks without a pixel.

    Args:
        found: In pixels of the input.
        fitting: How the image lies in the input.
        labels: The campaign's class for each class of the model; empty for those left out.
        kind: What the regions become.
    """
    boxes = fitting.to_image(found.boxes)
    scores = np.clip(found.scores.astype(np.float64), 0, 1)
    for place, number in enumerate(found.classes.tolist()):
        label = labels[number] if 0 <= number < len(labels) else ""
        sides = boxes[place, 2:] - boxes[place, :2]
        if not label or sides.min() < SMALLEST_SIDE_PX:
            continue
        region = _region(found, place, boxes[place], fitting, label=label, kind=kind)
        if region is not None:
            yield PredictedRegion(region=region, score=round(float(scores[place]), 4))


def _region(
    found: Detections, place: int, box: Floats, fitting: Fitting, *, label: str, kind: str
) -> Region | None:
    if kind in _FROM_BOXES:
        return box_region(box.tolist(), label=label, kind=kind)
    pixels, first = mask_pixels(found.weights[place], found.prototypes, box, fitting)
    if not pixels.any():
        return None
    if kind == Mask.kind:
        edges = edges_of(pixels, first, fitting.image_px)
        return Mask.of_edges(edges, label=label, size_px=fitting.image_px)
    line = line_around(pixels)
    return polygon_region([(x + first[0], y + first[1]) for x, y in line], label=label)


def box_region(corners: Sequence[float], *, label: str, kind: str) -> Region | None:
    """An upright box, or a rotated one that is not turned; None when it has no area.

    Args:
        corners: x_min, y_min, x_max, y_max in pixels of the image.
        label: Its class.
        kind: `box` or `rotated_box`.
    """
    x_min, y_min, x_max, y_max = (round(value, _DECIMALS) for value in corners)
    if x_max <= x_min or y_max <= y_min:
        return None
    if kind == Box.kind:
        return Box(label=label, x_min=x_min, y_min=y_min, x_max=x_max, y_max=y_max)
    return RotatedBox(
        label=label, x=(x_min + x_max) / 2, y=(y_min + y_max) / 2,
        width=x_max - x_min, height=y_max - y_min,
    )  # fmt: skip


def polygon_region(points: Sequence[tuple[float, float]], *, label: str) -> Polygon | None:
    """A polygon with these corners; None when it has no area."""
    rounded = [(round(x, _DECIMALS), round(y, _DECIMALS)) for x, y in points]
    try:
        return Polygon(label=label, points=tuple(rounded))
    except ValidationError:
        return None
