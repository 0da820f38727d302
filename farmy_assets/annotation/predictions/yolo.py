"""Raw outputs of YOLO models as detections: the heads of v5, of v8 and v11, and end-to-end ones.

    v8, v9, v11, v12   batch x (4 + classes [+ K]) x places    centre, width, height; class scores
    v5, v7             batch x places x (5 + classes [+ K])    the same, behind an objectness
    end-to-end, v10    batch x rows x (6 [+ K])                two corners, score, class
    v7 with NMS        rows x 7                                image, two corners, class, score

With K prototypes of masks there is a second output, batch x K x rows x columns. Coordinates are
pixels of the input. The forms are told apart by their shapes, with the number of classes known.
Sources: docs.ultralytics.com (modes/export), github.com/WongKinYiu/yolov7 (end2end).
"""

from collections.abc import Mapping

import numpy as np

from farmy_assets.annotation.predictions.detections import Detections, corners_of
from farmy_assets.annotation.predictions.fitting import Floats
from farmy_assets.errors import InvalidInputError

_BATCH_AND_TWO, _WITH_PROTOTYPES = 3, 4
_END_TO_END, _END_TO_END_FLAT, _WITH_OBJECTNESS, _WITHOUT = 6, 7, 5, 4
_STRIDES, _ANCHORS = (8, 16, 32), 3


def detections_of(
    outputs: Mapping[str, Floats], *, place: int, classes: int, input_px: tuple[int, int]
) -> Detections:
    """The detections of one image, in no order, doubles included.

    Args:
        outputs: The model's outputs by name.
        place: Which image of the batch.
        classes: How many classes the model has.
        input_px: Width and height of the input.

    Raises:
        InvalidInputError: The shapes are of no form that is known; the text says what to do.
    """
    heads = [each for each in outputs.values() if each.ndim in (2, _BATCH_AND_TWO)]
    protos = [each for each in outputs.values() if each.ndim == _WITH_PROTOTYPES]
    prototypes = protos[0][place] if len(protos) == 1 else np.zeros((0, 0, 0), np.float32)
    count = len(prototypes)
    for head in heads:
        rows = _rows(head, place, classes, count, input_px)
        if rows is not None:
            boxes, scores, numbers, weights = rows
            return Detections(boxes, scores, numbers.astype(np.int64), weights, prototypes)
    shapes = ", ".join(f"{name} {each.shape}" for name, each in outputs.items())
    msg = (
        f"the outputs ({shapes}) are of no YOLO head with {classes} classes: name the model's "
        "classes with --classes, one a line, or say --format detr"
    )
    raise InvalidInputError(msg)


_Rows = tuple[Floats, Floats, Floats, Floats]


def _rows(
    head: Floats, place: int, classes: int, prototypes: int, input_px: tuple[int, int]
) -> _Rows | None:
    """Boxes, scores, classes and weights of one image; None when the head has another form."""
    if head.ndim == 2:  # noqa: PLR2004 - rows of all images together
        return _flat(head, place) if head.shape[1] == _END_TO_END_FLAT and not prototypes else None
    one = head[place]
    high, wide = one.shape
    behind = classes + prototypes
    if wide == _WITH_OBJECTNESS + behind and high == _anchor_places(input_px):
        return _scored(one, classes, objectness=True)
    if wide == _END_TO_END + prototypes:
        return one[:, :4], one[:, 4], one[:, 5], one[:, 6:]
    if high == _WITHOUT + behind:
        return _scored(one.T, classes, objectness=False)
    if wide == _WITH_OBJECTNESS + behind:
        return _scored(one, classes, objectness=True)
    return _scored(one, classes, objectness=False) if wide == _WITHOUT + behind else None


def _scored(rows: Floats, classes: int, *, objectness: bool) -> _Rows:
    first = _WITH_OBJECTNESS if objectness else _WITHOUT
    by_class = rows[:, first : first + classes]
    if objectness:
        by_class = by_class * rows[:, 4:5]
    numbers = by_class.argmax(axis=1)
    scores = by_class[np.arange(len(rows)), numbers]
    return corners_of(rows[:, :4]), scores, numbers.astype(np.float32), rows[:, first + classes :]


def _flat(rows: Floats, place: int) -> _Rows:
    own = rows[rows[:, 0] == place]
    return own[:, 1:5], own[:, 6], own[:, 5], own[:, 7:]


def _anchor_places(input_px: tuple[int, int]) -> int:
    """How many places the head of v5 has: three boxes in each cell of three grids."""
    width, height = input_px
    return sum(_ANCHORS * (width // stride) * (height // stride) for stride in _STRIDES)
