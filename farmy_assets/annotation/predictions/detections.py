"""Detections: what every form of raw output is turned into first; those that repeat others go."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from farmy_assets.annotation.predictions.fitting import Floats

Numbers = npt.NDArray[np.int64]
_CONSIDERED = 30_000  # the surest; before doubles are taken out


def _no_masks() -> Floats:
    return np.zeros((0, 0), np.float32)


@dataclass(frozen=True)
class Detections:
    """The detections in one image, in pixels of the model's input.

    Attributes:
        boxes: N x 4: x_min, y_min, x_max, y_max.
        scores: N, from 0 to 1.
        classes: N, numbers of the model's classes.
        weights: N x K, what each mask takes of each of K prototypes; without masks 0 x 0.
        prototypes: K x rows x columns, over the whole input; empty without masks.
    """

    boxes: Floats
    scores: Floats
    classes: Numbers
    weights: Floats = field(default_factory=_no_masks)
    prototypes: Floats = field(default_factory=lambda: np.zeros((0, 0, 0), np.float32))

    @property
    def has_masks(self) -> bool:
        """Whether each detection has a mask."""
        return self.prototypes.size > 0

    def chosen(self, places: Numbers) -> "Detections":
        """Those at these places, in this order."""
        weights = self.weights[places] if self.has_masks else self.weights
        return Detections(
            self.boxes[places], self.scores[places], self.classes[places], weights, self.prototypes
        )

    def surest(self, least_score: float, *, most: int = _CONSIDERED) -> "Detections":
        """Those of at least this score and with an area, the surest first; of equals the first."""
        sides = self.boxes[:, 2:] - self.boxes[:, :2]
        sound = np.isfinite(self.boxes).all(axis=1) & np.isfinite(self.scores)
        sound &= (self.scores >= least_score) & (sides > 0).all(axis=1)
        places = np.flatnonzero(sound)
        order = np.argsort(-self.scores[places], kind="stable")[:most]
        return self.chosen(places[order].astype(np.int64))


def without_doubles(found: Detections, *, iou: float, most: int) -> Detections:
    """Of boxes of one class that overlap by more than this, only the surest (greedy NMS).

    Args:
        found: The surest first.
        iou: From 0 to 1; at this overlap and below both stay.
        most: How many stay at most.
    """
    boxes = found.boxes.astype(np.float64)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    left: Numbers = np.arange(len(boxes), dtype=np.int64)
    kept: list[int] = []
    while left.size and len(kept) < most:
        first, left = int(left[0]), left[1:]
        kept.append(first)
        low = np.maximum(boxes[left, :2], boxes[first, :2])
        high = np.minimum(boxes[left, 2:], boxes[first, 2:])
        shared = np.clip(high - low, 0, None).prod(axis=1)
        union = areas[left] + areas[first] - shared
        same = found.classes[left] == found.classes[first]
        left = left[~(same & (shared > iou * union))]
    return found.chosen(np.array(kept, np.int64))


def corners_of(centred: Floats) -> Floats:
    """Centre x, centre y, width, height (N x 4) as x_min, y_min, x_max, y_max."""
    half = centred[:, 2:4] / 2
    return np.concatenate([centred[:, :2] - half, centred[:, :2] + half], axis=1)
