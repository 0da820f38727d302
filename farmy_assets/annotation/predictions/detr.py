"""Raw outputs of DETR models as detections: scores of a fixed number of queries, and their boxes.

    DETR, Deformable DETR, RT-DETR, RF-DETR   batch x queries x classes (scores before softmax or
                                              sigmoid) and batch x queries x 4 (centre, width and
                                              height as shares of the input)
    RT-DETR of Ultralytics                    batch x queries x (4 + classes), both in one, scored
    RT-DETR, D-FINE, deployed                 `labels`, `boxes` (corners in pixels), `scores`

One class more than there are names is the "no object" of DETR, which softmax takes part in; as
many as names are scored each by itself (sigmoid).
Sources: arxiv.org/abs/2005.12872 (DETR), arxiv.org/abs/2304.08069 (RT-DETR).
"""

from collections.abc import Mapping

import numpy as np

from farmy_assets.annotation.predictions.detections import Detections, corners_of
from farmy_assets.annotation.predictions.fitting import Floats
from farmy_assets.errors import InvalidInputError

_BATCH_AND_TWO = 3
_DEPLOYED = ("labels", "boxes", "scores")
_BOX = 4


def detections_of(
    outputs: Mapping[str, Floats], *, place: int, classes: int, input_px: tuple[int, int]
) -> Detections:
    """The detections of one image, in no order; a query gives one detection for its best class.

    Args:
        outputs: The model's outputs by name.
        place: Which image of the batch.
        classes: How many classes the model has.
        input_px: Width and height of the input.

    Raises:
        InvalidInputError: The shapes are of no form that is known; the text says what to do.
    """
    if all(name in outputs for name in _DEPLOYED):
        labels, boxes, scores = (outputs[name][place] for name in _DEPLOYED)
        return Detections(boxes.reshape(-1, _BOX), scores.ravel(), _whole(labels.ravel()))
    several = [each[place] for each in outputs.values() if each.ndim == _BATCH_AND_TWO]
    size = np.array([*input_px, *input_px], np.float32)
    for scores in several:
        queries, wide = scores.shape
        if wide == _BOX + classes and len(several) == 1:
            best = scores[:, _BOX:]
            return _best(corners_of(scores[:, :_BOX]) * size, best)
        boxes = [e for e in several if e is not scores and e.shape == (queries, _BOX)]
        if boxes and wide in (classes, classes + 1):
            likely = _sigmoid(scores) if wide == classes else _softmax(scores)[:, :classes]
            return _best(corners_of(boxes[0]) * size, likely)
    shapes = ", ".join(f"{name} {each.shape}" for name, each in outputs.items())
    msg = (
        f"the outputs ({shapes}) are of no DETR model with {classes} classes: name the model's "
        "classes with --classes, one a line, or say --format yolo"
    )
    raise InvalidInputError(msg)


def _best(boxes: Floats, scores: Floats) -> Detections:
    numbers = scores.argmax(axis=1)
    best = scores[np.arange(len(scores)), numbers]
    return Detections(boxes.astype(np.float32), best, numbers.astype(np.int64))


def _whole(values: Floats) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    return np.nan_to_num(values, nan=-1.0).astype(np.int64)


def _sigmoid(values: Floats) -> Floats:
    likely = 1 / (1 + np.exp(-np.clip(values, -60, 60)))
    return likely.astype(np.float32)


def _softmax(values: Floats) -> Floats:
    raised = np.exp(values - values.max(axis=-1, keepdims=True))
    likely: Floats = raised / raised.sum(axis=-1, keepdims=True)
    return likely
