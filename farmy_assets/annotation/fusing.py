"""Several people's boxes of one object become one box."""

from collections.abc import Iterable
from statistics import median

from farmy_assets.annotation.boxes import Box, iou
from farmy_assets.annotation.conflicts import BoxGroup

DOUBLE_BOX_IOU = 0.95


def middle(group: BoxGroup) -> Box:
    """The median of each edge (of two boxes: the mean), which resists one bad box of three."""
    boxes = list(group.values())
    labels = sorted(box.label for box in boxes)
    return Box(
        label=max(labels, key=labels.count),
        x_min=median(box.x_min for box in boxes),
        y_min=median(box.y_min for box in boxes),
        x_max=median(box.x_max for box in boxes),
        y_max=median(box.y_max for box in boxes),
    )


def without_doubles(boxes: Iterable[Box]) -> tuple[Box, ...]:
    """The boxes in reading order; one that repeats another (same class and place) is left out."""
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda box: box.place):
        if all(box.label != other.label or iou(box, other) < DOUBLE_BOX_IOU for other in kept):
            kept.append(box)
    return tuple(kept)
