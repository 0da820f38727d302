"""Simulated annotators: true regions of each kind, and what people with known errors draw of them.

Everything follows from a seed. A person's errors are independent of the other people's: a share of
the objects is missed, a share gets another class, objects are invented, and every outline is off.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import cos, pi, sin
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from farmy_assets.annotation.mask_runs import packed
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.regions.keypoint import Keypoint
from farmy_assets.annotation.regions.mask import Mask
from farmy_assets.annotation.regions.polygon import Polygon
from farmy_assets.annotation.regions.rotated_box import RotatedBox

Chance = np.random.Generator

WIDTH_PX, HEIGHT_PX = 1000, 1000
CLASSES = ("beet", "charlock", "crop", "dock", "thistle")
_GRID = 3  # objects lie in cells of a grid, near enough to each other to touch
_SIZES_PX = (120.0, 260.0)
_CORNERS = 14
_STEM_SCALE = 0.35  # points are of objects of some 50 px: a hand is off by a share of these


class Habits(NamedTuple):
    """How a person errs.

    Attributes:
        confusion: Share of the objects that get another class.
        missed: Share of the objects that are not drawn.
        extra: Invented objects, as a share of the true ones.
        jitter: Standard deviation of what is drawn, as a share of the object's size.
    """

    confusion: float = 0.1
    missed: float = 0.08
    extra: float = 0.06
    jitter: float = 0.08


@dataclass(frozen=True)
class Shape:
    """An object, from which a region of each kind follows: all lengths in pixels.

    Attributes:
        x: Its centre.
        y: Likewise.
        width: Its larger extent, along its axis.
        height: Its smaller extent.
        angle: The direction of its axis, clockwise in degrees.
        bulges: How far each of its corners is from an ellipse, as a factor.
    """

    x: float
    y: float
    width: float
    height: float
    angle: float
    bulges: tuple[float, ...]

    @property
    def outline(self) -> tuple[tuple[float, float], ...]:
        """Its corners, within the image."""
        turn = self.angle * pi / 180
        points = []
        for number, bulge in enumerate(self.bulges):
            around = 2 * pi * number / len(self.bulges)
            along, across = (
                bulge * self.width / 2 * cos(around),
                bulge * self.height / 2 * sin(around),
            )
            x = self.x + along * cos(turn) - across * sin(turn)
            y = self.y + along * sin(turn) + across * cos(turn)
            points.append((min(max(x, 0.0), WIDTH_PX), min(max(y, 0.0), HEIGHT_PX)))
        return tuple(points)


class Drawn(NamedTuple):
    """A region that a person drew, and the object that was meant; None for an invented one."""

    region: Region
    object: int | None


class SimulatedImage(NamedTuple):
    """One image: its true regions, and what each person drew."""

    truth: tuple[Region, ...]
    answers: Mapping[str, tuple[Drawn, ...]]


def simulated_image(
    kind: str, people: Mapping[str, Habits], chance: Chance, *, objects: int | None = None
) -> SimulatedImage:
    """One image with objects of this kind; three to seven when it is not said how many."""
    count = int(chance.integers(3, 8)) if objects is None else objects
    cells = chance.permutation(_GRID * _GRID)
    region_of = KINDS[kind]
    scale = _STEM_SCALE if kind == "keypoint" else 1.0
    shapes = [_shape(int(cell), chance, scale) for cell in cells[:count]]
    labels = [str(chance.choice(CLASSES)) for _ in shapes]
    free = [int(cell) for cell in cells[count:]]
    answers = {}
    for person, habits in people.items():
        drawn = []
        for number, (shape, label) in enumerate(zip(shapes, labels, strict=True)):
            if chance.random() < habits.missed:
                continue
            given = label
            if chance.random() < habits.confusion:
                given = str(chance.choice([other for other in CLASSES if other != label]))
            drawn.append(Drawn(region_of(_drawn(shape, habits, chance), given), number))
        for _ in range(int(chance.binomial(count, habits.extra))):
            shape = _shape(int(chance.choice(free)), chance, scale) if free else shapes[0]
            drawn.append(Drawn(region_of(shape, str(chance.choice(CLASSES))), None))
        answers[person] = tuple(drawn)
    truth = [region_of(shape, label) for shape, label in zip(shapes, labels, strict=True)]
    return SimulatedImage(tuple(truth), answers)


def _shape(cell: int, chance: Chance, scale: float) -> Shape:
    side = WIDTH_PX / _GRID
    width = float(chance.uniform(*_SIZES_PX)) * scale
    return Shape(
        x=(cell % _GRID + 0.5) * side + float(chance.uniform(-30, 30)),
        y=(cell // _GRID + 0.5) * side + float(chance.uniform(-30, 30)),
        width=width,
        height=width * float(chance.uniform(0.5, 0.9)),
        angle=float(chance.uniform(0, 180)),
        bulges=tuple(float(b) for b in chance.uniform(0.85, 1.1, _CORNERS)),
    )


def _drawn(shape: Shape, habits: Habits, chance: Chance) -> Shape:
    """The shape with this person's jitter: place and size by a share of it, the outline besides."""
    size = (shape.width + shape.height) / 2
    off = chance.normal(0, habits.jitter, 5)
    bulges = chance.normal(0, habits.jitter / 2, _CORNERS)
    return replace(
        shape,
        x=shape.x + off[0] * size / 2,
        y=shape.y + off[1] * size / 2,
        width=shape.width * max(0.5, 1 + off[2]),
        height=shape.height * max(0.5, 1 + off[3]),
        angle=shape.angle + off[4] * 90,
        bulges=tuple(
            b * max(0.5, 1 + float(more)) for b, more in zip(shape.bulges, bulges, strict=True)
        ),
    )


def _box(shape: Shape, label: str) -> Region:
    xs, ys = zip(*shape.outline, strict=True)
    return Box(label=label, x_min=min(xs), y_min=min(ys), x_max=max(xs), y_max=max(ys))


def _rotated_box(shape: Shape, label: str) -> Region:
    return RotatedBox(
        label=label, x=shape.x, y=shape.y, width=shape.width, height=shape.height,
        angle=shape.angle % 360,
    )  # fmt: skip


def _polygon(shape: Shape, label: str) -> Region:
    return Polygon(label=label, points=shape.outline)


def _keypoint(shape: Shape, label: str) -> Region:
    return Keypoint(label=label, x=shape.x, y=shape.y)


def _mask(shape: Shape, label: str) -> Region:
    picture = Image.new("1", (WIDTH_PX, HEIGHT_PX))
    ImageDraw.Draw(picture).polygon(list(shape.outline), fill=1)
    painted = np.asarray(picture, np.bool_)
    edges = packed(np.ascontiguousarray(painted.T), HEIGHT_PX, (0, 0))
    return Mask.of_edges(edges, label=label, size_px=(WIDTH_PX, HEIGHT_PX))


KINDS: Mapping[str, Callable[[Shape, str], Region]] = {
    "box": _box,
    "rotated_box": _rotated_box,
    "polygon": _polygon,
    "mask": _mask,
    "keypoint": _keypoint,
}
