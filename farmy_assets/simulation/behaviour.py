"""How a simulated annotator answers, and how good answers are; the same seed errs the same way."""

import math
from collections.abc import Iterable, Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.annotation.matching import match_regions
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions.box import Box, iou
from farmy_assets.catalog.records import Record

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]

_LOOSE_IOU = (0.53, 0.72)
_EXTRA_TRIES = 40
_MATCHING = AgreementPolicy()


class ErrorRates(Record):
    """How often a person errs; probabilities for each true box, where not stated otherwise.

    Attributes:
        wrong_class: The box gets another class.
        miss: The box is not drawn.
        extra: A further box is drawn where nothing is.
        jitter: Standard deviation of each edge, as a share of the box's width or height.
        loose: The box is drawn carelessly: its IoU with the truth lies between 0.5 and 0.75.
        skip: The whole image is skipped; the chance is for each image.
    """

    wrong_class: Share = 0.03
    miss: Share = 0.03
    extra: Share = 0.02
    jitter: Share = 0.02
    loose: Share = 0.01
    skip: Share = 0.0


class Answer(Record):
    """What a person made of one image; a skipped image has no boxes."""

    boxes: tuple[Box, ...]
    skipped: bool


class Score(Record):
    """How well boxes agree with the truth, matched one to one at IoU 0.5 whatever their class.

    Attributes:
        precision: Share of the boxes found that are there; 1 when none were found.
        recall: Share of the true boxes that were found; 1 when there are none.
        mean_iou: Over the matched pairs; 0 when there are none.
        class_accuracy: Share of the matched pairs with the true class; 1 when there are none.
    """

    precision: Share
    recall: Share
    mean_iou: Share
    class_accuracy: Share


def answer(
    true_boxes: Sequence[Box],
    *,
    width_px: int,
    height_px: int,
    labels: Sequence[str],
    rates: ErrorRates,
    seed: int,
) -> Answer:
    """What a person with these error rates makes of an image.

    Args:
        true_boxes: What there is to be found, in pixels of the upright image.
        width_px: Width of the image.
        height_px: Height of the image.
        labels: The classes to choose from.
        rates: How often the person errs.
        seed: One for each person and image.
    """
    rng = np.random.default_rng([_nonnegative(seed), 7])
    if rng.random() < rates.skip:
        return Answer(boxes=(), skipped=True)
    drawn: list[Box] = []
    for true in true_boxes:
        missed, mistaken, careless, further = rng.random(4) < (
            rates.miss,
            rates.wrong_class,
            rates.loose,
            rates.extra,
        )
        label = _other_label(rng, true.label, labels) if mistaken else true.label
        shape = _loosened if careless else _jittered
        edges = shape(rng, true, width_px=width_px, height_px=height_px, jitter=rates.jitter)
        if not missed:
            drawn.append(_box(label, edges))
        if further:
            drawn += _extra(rng, [*true_boxes, *drawn], true, labels, (width_px, height_px))
    return Answer(boxes=tuple(drawn), skipped=False)


def seconds_needed(given: Answer, seed: int) -> float:
    """How long the person looked and drew: a few seconds a box, now and then much longer."""
    rng = np.random.default_rng([_nonnegative(seed), 11])
    if given.skipped:
        return round(float(rng.lognormal(1.4, 0.4)), 1)
    return round(
        float(rng.lognormal(1.6, 0.4) + rng.lognormal(1.2, 0.35, len(given.boxes)).sum()), 1
    )


def score(found: Sequence[Region], truth: Sequence[Region]) -> Score:
    """How well the regions of one image agree with its truth."""
    return score_all([(found, truth)])


def score_all(images: Iterable[tuple[Sequence[Region], Sequence[Region]]]) -> Score:
    """How well the regions of many images, (found, truth) each, agree with the truth.

    Every region counts the same, whatever its image.
    """
    found_count = true_count = same_class = 0
    overlaps: list[float] = []
    for found, truth in images:
        pairs = match_regions(found, truth, policy=_MATCHING)
        overlaps += [found[i].likeness(truth[j]) for i, j in pairs]
        same_class += sum(found[i].label == truth[j].label for i, j in pairs)
        found_count, true_count = found_count + len(found), true_count + len(truth)
    matched = len(overlaps)
    return Score(
        precision=matched / found_count if found_count else 1.0,
        recall=matched / true_count if true_count else 1.0,
        mean_iou=min(1.0, math.fsum(overlaps) / matched) if matched else 0.0,
        class_accuracy=same_class / matched if matched else 1.0,
    )


def _nonnegative(seed: int) -> int:
    return seed % (1 << 64)


def _box(label: str, edges: tuple[float, float, float, float]) -> Box:
    x_min, y_min, x_max, y_max = edges
    return Box(label=label, x_min=x_min, y_min=y_min, x_max=x_max, y_max=y_max)


def _other_label(rng: np.random.Generator, label: str, labels: Sequence[str]) -> str:
    others = sorted(set(labels) - {label})
    return others[int(rng.integers(len(others)))] if others else label


def _jittered(
    rng: np.random.Generator, true: Box, *, width_px: int, height_px: int, jitter: float
) -> tuple[float, float, float, float]:
    """The true edges moved a little, as a hand does, and kept inside the image."""
    width, height = true.x_max - true.x_min, true.y_max - true.y_min
    left, top, right, bottom = (
        np.clip(rng.normal(0, jitter, 4), -0.2, 0.2) if jitter else (0.0,) * 4
    )
    return (
        max(0.0, true.x_min + float(left) * width),
        max(0.0, true.y_min + float(top) * height),
        min(float(width_px), true.x_max + float(right) * width),
        min(float(height_px), true.y_max + float(bottom) * height),
    )


def _loosened(
    rng: np.random.Generator, true: Box, *, width_px: int, height_px: int, jitter: float
) -> tuple[float, float, float, float]:
    """The true box with far too much ground around it, or cut short where there is no room."""
    del jitter  # the IoU is chosen, not left to the hand
    share = math.sqrt(rng.uniform(*_LOOSE_IOU))
    width, height = true.x_max - true.x_min, true.y_max - true.y_min
    at_x, at_y = rng.uniform(0.2, 0.8, 2)
    for scale in (1 / share, share):
        x_min, y_min = (
            true.x_min - at_x * width * (scale - 1),
            true.y_min - at_y * height * (scale - 1),
        )
        x_max, y_max = x_min + width * scale, y_min + height * scale
        if x_min >= 0 and y_min >= 0 and x_max <= width_px and y_max <= height_px:
            break
    return float(x_min), float(y_min), float(x_max), float(y_max)


def _extra(
    rng: np.random.Generator,
    taken: Sequence[Box],
    like: Box,
    labels: Sequence[str],
    size: tuple[int, int],
) -> list[Box]:
    """One box about as large as `like`, away from all others; none when there is no room."""
    for attempt in range(_EXTRA_TRIES):
        shrink = 0.97**attempt
        width = min((like.x_max - like.x_min) * rng.uniform(0.5, 1.1) * shrink, 0.9 * size[0])
        height = min((like.y_max - like.y_min) * rng.uniform(0.5, 1.1) * shrink, 0.9 * size[1])
        x_min, y_min = rng.uniform(0, size[0] - width), rng.uniform(0, size[1] - height)
        label = labels[int(rng.integers(len(labels)))]
        edges = (float(x_min), float(y_min), float(x_min + width), float(y_min + height))
        box = _box(label, edges)
        if all(iou(box, other) == 0 for other in taken):
            return [box]
    return []
