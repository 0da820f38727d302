"""How plants grow: each species as leaves and stalks in space, in centimetres.

The crop is chilli; the weeds are unlike it and unlike each other in leaf shape and habit.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from farmy_assets.simulation.leaves import SHAPES, VARIANTS
from farmy_assets.simulation.scenery import Array, Colour

_GOLDEN_ANGLE = 2.39996


@dataclass(frozen=True)
class Blade:
    """One leaf, stalk, straw or stone placed in space.

    Attributes:
        shape: A key of `leaves.SHAPES`.
        variant: Which drawing of it.
        base: Where it starts: (x, y, z) in cm.
        along: From its base to its tip, in cm.
        across: From its midrib to the edge of its picture, in cm.
        tint: Gain of red, green and blue.
    """

    shape: str
    variant: int
    base: Array
    along: Array
    across: Array
    tint: Colour

    @property
    def azimuth(self) -> float:
        """Radians on the ground of the direction it points in."""
        return math.atan2(float(self.along[1]), float(self.along[0]))


@dataclass(frozen=True)
class Plant:
    """One plant: its label, where it stands, how far it reaches, and its parts, low ones first."""

    label: str
    place: Array
    radius_cm: float
    blades: tuple[Blade, ...]


class _Growth:
    """Collects the parts of one plant while it grows."""

    def __init__(self, rng: np.random.Generator, place: Array, tint: Array) -> None:
        self.rng = rng
        self.place = np.array([place[0], place[1], 0.0])
        self.tint = tint
        self.blades: list[Blade] = []

    def add(self, shape: str, base: Array, azimuth: float, rise: float, length_cm: float) -> Array:
        """Place one part; returns where its tip is."""
        direction = np.array(
            [math.cos(azimuth) * math.cos(rise), math.sin(azimuth) * math.cos(rise), math.sin(rise)]
        )
        lean = self.rng.normal(0, 0.25)
        side = np.array([-math.sin(azimuth), math.cos(azimuth), 0.0]) * math.cos(lean)
        side[2] = math.sin(lean)
        own = self.tint * self.rng.normal(1, 0.08) * self.rng.normal(1, (0.06, 0.02, 0.06))
        self.blades.append(
            Blade(
                shape=shape,
                variant=int(self.rng.integers(VARIANTS)),
                base=base,
                along=direction * length_cm,
                across=side * length_cm * SHAPES[shape].aspect / 2,
                tint=(float(own[0]), float(own[1]), float(own[2])),
            )
        )
        tip: Array = base + direction * length_cm
        return tip

    def plant(self, label: str) -> Plant:
        """The plant as grown so far."""
        blades = sorted(self.blades, key=lambda b: float(b.base[2] + max(b.along[2], 0) * 0.5))
        tips = [np.hypot(*(b.base + b.along - self.place)[:2]) for b in blades]
        return Plant(label, self.place[:2], float(max(tips)), tuple(blades))


def _chilli(growth: _Growth, stage: float) -> None:
    rng = growth.rng
    nodes = 2 + round(5.5 * stage)
    height = 3 + 16 * stage
    turn = rng.uniform(0, 2 * math.pi)
    lean = rng.normal(0, 0.8, 2)
    top = np.array([lean[0], lean[1], height])
    stem_cm = float(np.linalg.norm(top))
    growth.add(
        "stalk", growth.place, math.atan2(lean[1], lean[0]), math.asin(height / stem_cm), stem_cm
    )
    for node in range(nodes + 1):
        share = node / nodes
        base = growth.place + np.array([lean[0] * share, lean[1] * share, height * share])
        young = node == nodes
        size = (3.6 + 6.0 * stage) * (1 - 0.55 * share**2) * rng.normal(1, 0.1)
        for leaf in range(3 if young else 2):
            azimuth = turn + node * 1.45 + leaf * (2.1 if young else math.pi) + rng.normal(0, 0.22)
            rise = 0.95 if young else 0.12 + 0.5 * share + rng.normal(0, 0.12)
            stalk_cm = size * (0.1 if young else 0.42)
            stalk = growth.add("stalk", base, azimuth, rise + 0.15, stalk_cm * 1.1)
            growth.add("ovate", stalk, azimuth, rise - 0.3, size * (0.62 if young else 1.0))


def _grass(growth: _Growth, stage: float) -> None:
    rng = growth.rng
    for blade in range(5 + round(7 * stage)):
        azimuth = blade * _GOLDEN_ANGLE + rng.normal(0, 0.3)
        length = (7 + 12 * stage) * rng.uniform(0.55, 1.15)
        growth.add("strap", growth.place, azimuth, rng.uniform(0.15, 1.0), length)


def _rosette(growth: _Growth, stage: float) -> None:
    rng = growth.rng
    for leaf in range(7 + round(5 * stage)):
        inner = leaf / 12
        length = (5 + 6.5 * stage) * (1 - 0.55 * inner) * rng.normal(1, 0.08)
        base = growth.place + np.array([0, 0, 0.6 * inner])
        growth.add("lobed", base, leaf * _GOLDEN_ANGLE, 0.08 + 0.5 * inner, length)


def _amaranth(growth: _Growth, stage: float) -> None:
    rng = growth.rng
    count = 5 + round(5 * stage)
    for leaf in range(count):
        share = leaf / count
        azimuth = leaf * _GOLDEN_ANGLE + rng.normal(0, 0.2)
        base = growth.place + np.array([0, 0, (2 + 9 * stage) * share])
        size = (3.2 + 4 * stage) * (1 - 0.5 * share)
        tip = growth.add("stalk", base, azimuth, 0.5, size * 0.75)
        growth.add("serrated", tip, azimuth, 0.05 + 0.4 * share, size)


def _purslane(growth: _Growth, stage: float) -> None:
    rng = growth.rng
    branches = 3 + round(3 * stage)
    turn = rng.uniform(0, 2 * math.pi)
    for branch in range(branches):
        azimuth = turn + branch * 2 * math.pi / branches + rng.normal(0, 0.25)
        point, reach = growth.place, (1.5 + 2.2 * stage)
        for step in range(3):
            azimuth += rng.normal(0, 0.15)
            point = growth.add("stalk", point, azimuth, 0.08, reach)
            for side in (-1, 1):
                leaf = azimuth + side * rng.uniform(0.7, 1.2)
                growth.add("spoon", point, leaf, 0.15, (2.0 + 1.6 * stage) * (1.1 - 0.15 * step))
        growth.add("spoon", point, azimuth, 0.3, 1.9 + 1.4 * stage)


def _bindweed(growth: _Growth, stage: float) -> None:
    rng = growth.rng
    azimuth, point = rng.uniform(0, 2 * math.pi), growth.place
    for leaf in range(4 + round(4 * stage)):
        azimuth += rng.normal(0.25, 0.5)
        point = growth.add("stalk", point, azimuth, 0.02, 2.4 + 1.4 * stage)
        aside = azimuth + (1 if leaf % 2 else -1) * rng.uniform(0.6, 1.3)
        tip = growth.add("stalk", point, aside, 0.5, 1.2)
        growth.add("heart", tip, aside, 0.1, (2.6 + 1.8 * stage) * rng.uniform(0.75, 1.1))


def _leafflower(growth: _Growth, stage: float) -> None:
    rng = growth.rng
    count = 4 + round(4 * stage)
    for frond in range(count):
        base = growth.place + np.array([0, 0, (1 + 5 * stage) * frond / count])
        length = (4.5 + 5.5 * stage) * rng.uniform(0.75, 1.1)
        growth.add("frond", base, frond * _GOLDEN_ANGLE, rng.uniform(0.1, 0.55), length)


_WEEDS: tuple[tuple[Callable[[_Growth, float], None], Colour], ...] = (
    (_grass, (1.0, 1.0, 0.95)),
    (_rosette, (1.0, 1.0, 1.0)),
    (_amaranth, (1.08, 0.96, 0.95)),
    (_purslane, (1.05, 1.0, 0.95)),
    (_bindweed, (0.98, 1.0, 1.0)),
    (_leafflower, (0.95, 1.02, 1.0)),
)
WEED_KINDS = len(_WEEDS)


def grow_crop(rng: np.random.Generator, place_cm: Array, stage: float) -> Plant:
    """One chilli plant at (x, y) in cm; stage 0 is a seedling, 1 well before flowering."""
    growth = _Growth(rng, place_cm, rng.normal((1.13, 1.0, 0.95), (0.08, 0.05, 0.07)))
    _chilli(growth, float(np.clip(stage + rng.normal(0, 0.08), 0, 1)))
    return growth.plant("crop")


def grow_weed(rng: np.random.Generator, place_cm: Array, stage: float, *, kind: int) -> Plant:
    """One weed at (x, y) in cm; `kind` is 0 to WEED_KINDS - 1."""
    species, tint = _WEEDS[kind]
    growth = _Growth(
        rng, place_cm, np.array(tint) * rng.normal((1.11, 1.0, 0.96), (0.08, 0.05, 0.07))
    )
    species(growth, float(np.clip(stage, 0, 1)))
    return growth.plant("weed")


def scatter_residue(rng: np.random.Generator, place_cm: Array, *, soil_gain: float) -> Blade:
    """One straw, twig or dry leaf lying on the ground."""
    shape = str(rng.choice(["straw", "twig", "dead"], p=[0.5, 0.25, 0.25]))
    length = float(rng.uniform(2, 5) if shape == "dead" else rng.uniform(3, 16))
    growth = _Growth(rng, place_cm, np.full(3, soil_gain * rng.uniform(0.75, 1.1)))
    growth.place[2] = 0.3
    growth.add(shape, growth.place, rng.uniform(0, 2 * math.pi), rng.normal(0, 0.05), length)
    return growth.blades[0]


def scatter_stone(rng: np.random.Generator, place_cm: Array, *, tint: Colour) -> Blade:
    """One stone or clod lying on the ground."""
    size = float(np.clip(rng.lognormal(0.35, 0.6), 0.7, 6))
    growth = _Growth(rng, place_cm, np.array(tint) * rng.uniform(0.7, 1.15))
    growth.place[2] = 0.2 * size
    growth.add("stone", growth.place, rng.uniform(0, 2 * math.pi), 0.0, size)
    grey = tuple(float(gain) for gain in growth.tint * rng.normal(1, 0.025, 3))
    return replace(growth.blades[0], tint=(grey[0], grey[1], grey[2]))
