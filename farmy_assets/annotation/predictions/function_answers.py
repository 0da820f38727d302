"""What a person's own function says of a picture, as regions of the campaign."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from farmy_assets.annotation.mask_runs import counted_text, packed
from farmy_assets.annotation.predictions.coco_shapes import Size, shape_of
from farmy_assets.annotation.predictions.predicted import MOST_REGIONS, PredictedRegion
from farmy_assets.errors import InvalidInputError

_FORM = (
    'a list of mappings with "label", "score" and one of "box" (x_min, y_min, x_max, y_max), '
    '"points" (corners x, y) and "mask" (height x width)'
)


def regions_of_answer(
    answer: object,
    *,
    size_px: Size,
    labels: Callable[[str], str],
    drawn: Sequence[str],
    who: str,
) -> tuple[PredictedRegion, ...]:
    """The regions of one picture, the surest first; those with an empty label are left out.

    Args:
        answer: What the function said.
        size_px: Width and height of the picture.
        labels: Makes a class of the campaign, or nothing, of a label of the function.
        drawn: The kinds of regions that the campaign draws.
        who: The function's name, for messages.

    Raises:
        InvalidInputError: The answer has another form; the text says which is wanted.
    """
    if not isinstance(answer, Sequence) or isinstance(answer, str | bytes):
        msg = f"{who} has to answer each picture with {_FORM}, not with {type(answer).__name__}"
        raise InvalidInputError(msg)
    found = [_region(each, size_px, labels, drawn, who) for each in answer]
    there = sorted((each for each in found if each), key=lambda each: -each.score)
    return tuple(there[:MOST_REGIONS])


def _region(
    row: object, size_px: Size, labels: Callable[[str], str], drawn: Sequence[str], who: str
) -> PredictedRegion | None:
    if not isinstance(row, Mapping) or not isinstance(row.get("label"), str):
        msg = f"{who} has to answer each picture with {_FORM}"
        raise InvalidInputError(msg)
    label = labels(row["label"])
    if not label:
        return None
    try:
        score = float(row.get("score", 1.0))
        shape = _as_coco(row, size_px)
    except (TypeError, ValueError) as error:
        msg = f"{who} answered with something that cannot be read ({error}); it takes {_FORM}"
        raise InvalidInputError(msg) from error
    if not 0 <= score <= 1:
        msg = f"{who} gave the score {score:g}; scores are from 0 to 1"
        raise InvalidInputError(msg)
    try:
        region = shape_of(shape, of_px=size_px, size_px=size_px, label=label, drawn=drawn)
    except InvalidInputError as error:
        msg = f"{who} gave a region {error}"
        raise InvalidInputError(msg) from error
    return PredictedRegion(region=region, score=score)


def _as_coco(row: Mapping[str, Any], size_px: Size) -> dict[str, Any]:
    """The shape in COCO's form, of which regions of every kind can be made."""
    shape: dict[str, Any] = {}
    if (box := row.get("box")) is not None:
        x_min, y_min, x_max, y_max = (float(value) for value in box)
        shape["bbox"] = [x_min, y_min, x_max - x_min, y_max - y_min]
    if (points := row.get("points")) is not None:
        corners = np.asarray(points, np.float64).reshape(-1, 2)
        shape["segmentation"] = [corners.ravel().tolist()]
        low, high = corners.min(axis=0), corners.max(axis=0)
        shape.setdefault("bbox", [*low.tolist(), *(high - low).tolist()])
    if (mask := row.get("mask")) is not None:
        pixels = np.asarray(mask) > 0
        width, height = size_px
        if pixels.shape != (height, width):
            msg = f"a mask of shape {pixels.shape} for a picture of {height} x {width}"
            raise ValueError(msg)
        edges = packed(np.ascontiguousarray(pixels.T), height, (0, 0))
        shape["segmentation"] = {
            "size": [height, width], "counts": counted_text(edges, width * height),
        }  # fmt: skip
        if pixels.any():
            down, across = np.nonzero(pixels)
            low_x, low_y = int(across.min()), int(down.min())
            size = [int(across.max()) + 1 - low_x, int(down.max()) + 1 - low_y]
            shape.setdefault("bbox", [low_x, low_y, *size])
    return shape
