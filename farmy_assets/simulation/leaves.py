"""Pre-drawn leaves: a small picture of each leaf shape, lit from each of a few directions.

A leaf lies along the x axis of its picture, base left, tip right. Pictures are drawn once for each
process; a plant then places many of them, turned, tilted and tinted (`plants.py`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.float32]

LONG_SIDE_PX = 224
LIGHT_DIRECTIONS = 8
VARIANTS = 4
MAX_LEVEL = 4

_SIDE_STEP_PX = 2**MAX_LEVEL  # sides can be halved that often
_EDGE = 0.015  # left empty at both ends, as a share of the length
_RACHIS = 0.012  # half the stalk that carries leaflets, as a share of the length


@dataclass(frozen=True)
class Shape:
    """One kind of leaf, straw or stone.

    Attributes:
        aspect: Height of the picture over its width; room for the bend included.
        half_width: Half the leaf's width at each place along it, as a share of its length.
        colour: Red, green and blue before light, 0 to 255.
        veins: Side veins on each side; 0 for none.
        rib: How much lighter the midrib is, 0 to 1.
        bend: Largest sideways bend, as a share of the length.
        fold: How far the two halves lean towards each other.
        gloss: How much of the sky it mirrors.
        dome: Whether it bulges like a stone instead of folding like a leaf.
    """

    aspect: float
    half_width: Callable[[Plane], Plane]
    colour: tuple[float, float, float]
    veins: int = 7
    rib: float = 0.5
    bend: float = 0.08
    fold: float = 0.35
    gloss: float = 0.25
    dome: bool = False


def _power(rise: float, fall: float, width: float) -> Callable[[Plane], Plane]:
    peak = rise / (rise + fall)
    top = peak**rise * (1 - peak) ** fall

    def half_width(u: Plane) -> Plane:
        return np.asarray(width * u**rise * (1 - u) ** fall / top, dtype=np.float32)

    return half_width


def _lobed(u: Plane) -> Plane:
    lobes = np.sin(2 * math.pi * (5.2 * u**1.15 + 0.1)) + 0.35 * np.sin(2 * math.pi * 10.4 * u)
    return np.asarray(_power(0.8, 0.5, 0.2)(u) * (0.66 + 0.34 * lobes), dtype=np.float32)


def _serrated(u: Plane) -> Plane:
    return np.asarray(_power(0.5, 0.8, 0.27)(u) * (1 - 0.1 * ((u * 17) % 1.0)), dtype=np.float32)


SHAPES: dict[str, Shape] = {
    "ovate": Shape(0.62, _power(0.62, 0.95, 0.235), (74, 118, 54), bend=0.06, gloss=0.34),
    "strap": Shape(0.5, _power(0.22, 0.7, 0.042), (104, 142, 72), veins=0, rib=0.3, bend=0.19),
    "lobed": Shape(0.62, _lobed, (86, 122, 66), veins=6, rib=0.85, bend=0.06),
    "serrated": Shape(0.72, _serrated, (82, 124, 74), veins=6, rib=0.35, bend=0.04, fold=0.25),
    "spoon": Shape(0.66, _power(1.3, 0.42, 0.26), (98, 138, 78), veins=0, rib=0.2, bend=0.03),
    "heart": Shape(0.96, _power(0.3, 0.72, 0.42), (90, 134, 66), veins=5, rib=0.4, bend=0.04),
    "frond": Shape(0.56, _power(0.25, 0.5, 0.19), (84, 128, 70), veins=0, rib=0.4, bend=0.09),
    "stalk": Shape(0.2, _power(0.06, 0.12, 0.028), (122, 152, 82), veins=0, rib=0.4, bend=0.04),
    "straw": Shape(0.3, _power(0.03, 0.06, 0.012), (205, 180, 132), veins=0, rib=0.2, bend=0.1),
    "twig": Shape(0.3, _power(0.05, 0.25, 0.012), (108, 84, 64), veins=0, rib=0.1, bend=0.1),
    "dead": Shape(0.62, _power(0.5, 0.8, 0.17), (160, 122, 82), rib=0.25, bend=0.12, fold=0.7),
    "stone": Shape(
        0.9, _power(0.5, 0.45, 0.36), (140, 132, 124), 0, 0.0, 0.03, 0.0, 0.1, dome=True
    ),
}


def _smooth_noise(rng: np.random.Generator, shape: tuple[int, int], cells: int) -> Plane:
    """Noise between about -1 and 1 with some `cells` bumps along the picture."""
    rows = max(2, round(cells * shape[0] / shape[1]))
    small = Image.fromarray(rng.uniform(-1, 1, (rows, cells)).astype(np.float32))
    size = (shape[1], shape[0])
    return np.asarray(small.resize(size, Image.Resampling.BICUBIC), dtype=np.float32)


@dataclass(frozen=True)
class _Relief:
    """One leaf before light: coverage and vein strength 0 to 1, colour, and its slopes."""

    alpha: Plane
    colour: NDArray[np.float32]
    slope_along: Plane
    slope_across: Plane
    gloss: float


@lru_cache(maxsize=256)
def _relief(name: str, variant: int) -> _Relief:
    shape = SHAPES[name]
    rng = np.random.default_rng([17, list(SHAPES).index(name), variant])
    width, height = LONG_SIDE_PX, _SIDE_STEP_PX * round(LONG_SIDE_PX * shape.aspect / _SIDE_STEP_PX)
    x = (np.arange(width, dtype=np.float32) + 0.5) / width
    y = ((np.arange(height, dtype=np.float32) + 0.5) / height - 0.5) * shape.aspect
    u = np.broadcast_to(np.clip((x - _EDGE) / (1 - 2 * _EDGE), 1e-4, 1 - 1e-4), (height, width))
    bend = shape.bend * rng.uniform(-1, 1)
    wave = 0.25 * shape.bend * np.sin(2 * math.pi * (x * rng.uniform(0.6, 1.3) + rng.uniform()))
    across = y[:, None] - (4 * bend * x * (1 - x) + wave * x)[None, :]
    half = shape.half_width(np.asarray(u, dtype=np.float32))
    half = half * (1 + 0.07 * _smooth_noise(rng, (height, width), 9))
    if name == "frond":
        half = half * _leaflets(np.asarray(u), np.asarray(across))
    inside = (half - np.abs(across)) * width
    alpha = np.clip(inside + 0.5, 0, 1) * ((x > _EDGE) & (x < 1 - _EDGE))
    share = np.abs(across) / np.maximum(half, 1e-3)
    rib = np.exp(-((across / (0.007 + 0.011 * (1 - u))) ** 2)) * shape.rib * (1 - 0.6 * u)
    vein, ripple = _side_veins(shape, np.asarray(u), share)
    mottle = _smooth_noise(rng, (height, width), 14) + 0.6 * _smooth_noise(rng, (height, width), 40)
    tone = 1 + 0.08 * mottle - 0.14 * np.clip(share, 0, 1) ** 3 + 0.16 * (rib + 0.5 * vein)
    colour = np.array(shape.colour, dtype=np.float32) * tone[..., None]
    pale = np.clip(0.7 * rib + 0.22 * vein, 0, 1)[..., None]
    lighter = np.array([min(255.0, 1.35 * c + 34) for c in shape.colour], dtype=np.float32)
    colour = colour * (1 - pale) + lighter * pale
    colour = _blemished(rng, colour, name, np.asarray(u), share)
    side = np.tanh(across / np.maximum(0.4 * half, 1e-3)) * shape.fold
    along = 0.55 * (u - 0.4) + 0.12 * _smooth_noise(rng, (height, width), 6)
    if shape.dome:
        facets = 0.5 * _smooth_noise(rng, (height, width), 7)
        side = -1.1 * across / np.maximum(half, 1e-3) + facets
        along = 2.0 * (u - 0.5) - facets
    return _Relief(
        alpha=np.asarray(alpha, dtype=np.float32),
        colour=np.asarray(colour, dtype=np.float32),
        slope_along=np.asarray(along + 0.15 * ripple, dtype=np.float32),
        slope_across=np.asarray(-side + 0.1 * ripple * np.sign(across), dtype=np.float32),
        gloss=shape.gloss,
    )


def _leaflets(u: NDArray[np.float32], across: NDArray[np.float32]) -> Plane:
    """1 within the leaflets of a compound leaf, near 0 in the gaps between them."""
    phase = (u - 0.35 * np.abs(across)) * 13 + 0.25 * np.sign(across)
    gap = np.clip((np.abs((phase % 1.0) - 0.5) - 0.24) * 8, 0, 1)
    return np.asarray(np.where(np.abs(across) < _RACHIS, 1, 1 - gap), dtype=np.float32)


def _side_veins(
    shape: Shape, u: NDArray[np.float32], share: NDArray[np.float32]
) -> tuple[Plane, Plane]:
    """How much each pixel is vein, and the slope of the leaf's bulges between veins."""
    if not shape.veins:
        fine = np.cos(share * 18).astype(np.float32)
        return np.asarray(0.12 * np.clip(fine, 0, 1)), np.asarray(0.0 * fine)
    phase = (u - 0.16 * share - 0.07 * share**2) * shape.veins
    vein = np.clip(np.cos(2 * math.pi * phase) * 12 - 10.9, 0, 1) * np.clip(1.15 - share, 0, 1)
    ripple = np.sin(2 * math.pi * phase) * np.clip(1.1 - share, 0, 1)
    return np.asarray(vein, dtype=np.float32), np.asarray(ripple, dtype=np.float32)


def _blemished(
    rng: np.random.Generator,
    colour: NDArray[np.float32],
    name: str,
    u: NDArray[np.float32],
    share: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Yellowing tips and edges and a few spots, on some of the variants."""
    if name in {"stalk", "straw", "twig", "stone"}:
        return colour
    yellow = np.clip((u - 0.78) * 3 + (share - 0.8) * 1.6, 0, 1) * rng.uniform(0, 0.4)
    target = np.array([176, 160, 70], dtype=np.float32)
    colour = np.asarray(colour * (1 - yellow[..., None]) + target * yellow[..., None], np.float32)
    height, width = u.shape
    for _ in range(int(rng.integers(0, 5))):
        row, column = rng.uniform(0.25, 0.75) * height, rng.uniform(0.15, 0.85) * width
        radius = rng.uniform(2, 6)
        distance = np.hypot(np.arange(height)[:, None] - row, np.arange(width)[None, :] - column)
        spot = np.clip(radius - distance, 0, 1)[..., None] * 0.55
        brown = np.array([118, 96, 52], dtype=np.float32)
        colour = np.asarray(colour * (1 - spot) + brown * spot, dtype=np.float32)
    return colour


@lru_cache(maxsize=1024)
def _relief_at(name: str, variant: int, level: int) -> _Relief:
    """The relief at 1 / 2**level of its size."""
    if not level:
        return _relief(name, variant)
    larger = _relief_at(name, variant, level - 1)
    return _Relief(
        alpha=_halved(larger.alpha),
        colour=_halved(larger.colour),
        slope_along=_halved(larger.slope_along),
        slope_across=_halved(larger.slope_across),
        gloss=larger.gloss,
    )


def _halved(plane: Plane) -> Plane:
    mean = (plane[::2, ::2] + plane[1::2, ::2] + plane[::2, 1::2] + plane[1::2, 1::2]) / 4
    return np.asarray(mean, dtype=np.float32)


@lru_cache(maxsize=4096)
def leaf_picture(
    name: str, variant: int, light_step: int, *, sunny: bool, level: int
) -> Image.Image:
    """One leaf, lit.

    Args:
        name: A key of SHAPES.
        variant: 0 to VARIANTS - 1.
        light_step: Where the light comes from, in steps of a full turn / LIGHT_DIRECTIONS, counted
            from the leaf's own direction.
        sunny: Whether the light is direct.
        level: 0 is LONG_SIDE_PX long; each level more is half as long.

    Returns:
        RGBA; the caller must not change it.
    """
    relief = _relief_at(name, variant, level)
    angle = 2 * math.pi * light_step / LIGHT_DIRECTIONS
    facing = relief.slope_along * math.cos(angle) + relief.slope_across * math.sin(angle)
    depth = 0.75 if sunny else 0.3
    shade = np.clip(1 + depth * facing, 0.3, 1.7)
    glint = np.clip(facing - 0.12, 0, 1) ** 1.5 * relief.gloss * (420 if sunny else 260)
    sky = np.array([0.86, 1.0, 0.92], dtype=np.float32)
    rgb = relief.colour * shade[..., None] + glint[..., None] * sky
    pixels = np.concatenate([np.clip(rgb, 0, 255), relief.alpha[..., None] * 255], axis=2)
    return Image.fromarray(pixels.astype(np.uint8))
