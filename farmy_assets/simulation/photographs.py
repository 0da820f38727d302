"""One drawn field photograph, with the true boxes around its plants.

The picture is drawn from the far plants to the near ones; each plant also marks the pixels it
covers, and a box is tight around what of its plant remains visible in the finished picture.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter

from farmy_assets.annotation.regions.box import Box
from farmy_assets.simulation.ground import Plane, coarse_noise, draw_ground, enlarge
from farmy_assets.simulation.layout import Scene, lay_out
from farmy_assets.simulation.leaves import LIGHT_DIRECTIONS, LONG_SIDE_PX, MAX_LEVEL, leaf_picture
from farmy_assets.simulation.plants import Blade
from farmy_assets.simulation.scenery import Array, Light

MIN_BOXES, MAX_BOXES = 4, 12
MIN_SIDE_PX = 12
MIN_VISIBLE_SHARE = 0.25
_DIRECT = 0.5  # with a stronger sun than this, shadows have edges
_NOISE_POOL = 1 << 22
_SERIES = 20260514


@dataclass(frozen=True)
class Photograph:
    """A drawn photograph.

    Attributes:
        content: The picture, RGB.
        boxes: Around each plant that a person would mark; labels "crop" and "weed".
    """

    content: Image.Image
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class _Stamp:
    """One leaf as it will appear: its picture, its cover, and where its top left corner goes."""

    picture: Image.Image
    alpha: Image.Image
    corner: tuple[int, int]


def draw_photograph(seed: int, *, width_px: int = 1280, height_px: int = 960) -> Photograph:
    """Draw the field photograph that belongs to a seed; the same seed gives the same pixels.

    The boxes are whole pixels, 4 to 12 of them, far plants first.
    """
    for attempt in itertools.count():
        photograph = _drawn(np.random.default_rng([_SERIES, seed, attempt]), width_px, height_px)
        if MIN_BOXES <= len(photograph.boxes) <= MAX_BOXES:
            break
    return photograph


def _drawn(rng: np.random.Generator, width_px: int, height_px: int) -> Photograph:
    scene = lay_out(rng, width_px, height_px)
    canvas = draw_ground(rng, scene.camera, scene.light, scene.field)
    _draw_litter(canvas, scene)
    canvas = _shaded(canvas, scene)
    owner = Image.new("L", canvas.size, 0)
    extents = [_draw_plant(canvas, owner, scene, index) for index in range(len(scene.plants))]
    boxes = _true_boxes(np.asarray(owner), scene, extents)
    return Photograph(_developed(rng, canvas, scene), boxes)


def _stamps(
    scene: Scene, blades: Sequence[Blade], *, scale: float = 1.0, fallen: bool = False
) -> Iterator[tuple[Blade, _Stamp]]:
    """The blades that the picture shows, as the camera sees them or as their shadow falls."""
    points = np.stack([(b.base, b.base + b.along, b.base + b.across) for b in blades])
    if fallen:
        points[..., :2] += points[..., 2:] * scene.light.shadow_shear()
        points[..., 2] = 0.05
    pixels = scene.camera.project(points.reshape(-1, 3)).reshape(-1, 6) * scale
    frame = (scene.camera.width_px * scale, scene.camera.height_px * scale)
    for blade, quad in zip(blades, pixels.tolist(), strict=True):
        stamp = _stamp(blade, quad, scene.light, frame)
        if stamp is not None:
            yield blade, stamp


def _stamp(
    blade: Blade, quad: list[float], light: Light, frame: tuple[float, float]
) -> _Stamp | None:
    """The blade drawn between base, tip and edge (x, y each); None when outside or edge-on.

    The leaf's picture holds (u, v) at (u * width, (v + 1) / 2 * height), and a point of the
    photograph is base + u * along + v * across; the warp needs the inverse.
    """
    x, y, x_tip, y_tip, x_edge, y_edge = quad
    ax, ay, cx, cy = x_tip - x, y_tip - y, x_edge - x, y_edge - y
    reach_x, reach_y = abs(cx), abs(cy)
    left, right = math.floor(min(x, x_tip) - reach_x) - 1, math.ceil(max(x, x_tip) + reach_x) + 1
    top, bottom = math.floor(min(y, y_tip) - reach_y) - 1, math.ceil(max(y, y_tip) + reach_y) + 1
    determinant = ax * cy - ay * cx
    outside = right <= 0 or bottom <= 0 or left >= frame[0] or top >= frame[1]
    if outside or abs(determinant) < 1.0:
        return None
    step = round((light.azimuth - blade.azimuth) / (2 * math.pi) * LIGHT_DIRECTIONS)
    level = math.floor(math.log2(LONG_SIDE_PX / max(math.hypot(ax, ay), 1.0)))
    picture = leaf_picture(
        blade.shape,
        blade.variant,
        step % LIGHT_DIRECTIONS,
        sunny=light.strength > _DIRECT,
        level=min(max(level, 0), MAX_LEVEL),
    )
    per_u, per_v = picture.width / determinant, picture.height / 2 / determinant
    across = (cy * per_u, -cx * per_u)
    down = (-ay * per_v, ax * per_v)
    origin = (
        across[0] * (left - x) + across[1] * (top - y),
        down[0] * (left - x) + down[1] * (top - y) + picture.height / 2,
    )
    warped = picture.transform(
        (right - left, bottom - top),
        Image.Transform.AFFINE,
        (*across, origin[0], *down, origin[1]),
        resample=Image.Resampling.BILINEAR,
    )
    return _Stamp(warped, warped.getchannel("A"), (left, top))


def _paint(canvas: Image.Image, blade: Blade, stamp: _Stamp, light: Light) -> None:
    """Put the blade on the canvas in its own tint, lighter where it faces the light."""
    (ax, ay, az), (cx, cy, cz) = blade.along.tolist(), blade.across.tolist()
    normal = (ay * cz - az * cy, az * cx - ax * cz, ax * cy - ay * cx)
    sun = light.direction
    facing = abs(sum(n * s for n, s in zip(normal, sun, strict=True))) / math.hypot(*normal)
    gain = 1 + 0.55 * light.strength * (facing - 0.62)
    red, green, blue = (gain * share for share in blade.tint)
    matrix = (red, 0.0, 0.0, 0.0, 0.0, green, 0.0, 0.0, 0.0, 0.0, blue, 0.0)
    tinted = stamp.picture.convert("RGB").convert("RGB", matrix)
    canvas.paste(tinted, stamp.corner, stamp.alpha)


def _darken(canvas: Image.Image, mask: Image.Image, corner: tuple[int, int], share: float) -> None:
    """Lay a hard shadow of the mask's form on the canvas."""
    even = Image.new("L", mask.size, round(255 * share))
    canvas.paste((28, 26, 24), corner, ImageChops.multiply(mask, even))


def _draw_litter(canvas: Image.Image, scene: Scene) -> None:
    """Stones, straw and dry leaves, each with the shadow it throws."""
    sun = scene.light.direction
    for blade, stamp in _stamps(scene, scene.litter):
        reach = min(stamp.picture.width, stamp.picture.height) * 0.1 / max(sun[2], 0.3)
        aside, below = round(reach * sun[0]), round(reach * sun[1]) + 1
        corner = (stamp.corner[0] - aside, stamp.corner[1] + below)
        _darken(canvas, stamp.alpha, corner, 0.3 + 0.35 * scene.light.strength)
        _paint(canvas, blade, stamp, scene.light)


def _shaded(canvas: Image.Image, scene: Scene) -> Image.Image:
    """The ground with the soft shadows of all plants on it."""
    half = (canvas.width // 2, canvas.height // 2)
    mask = Image.new("L", half, 0)
    blades = [blade for plant in scene.plants for blade in plant.blades]
    for _, stamp in _stamps(scene, blades, scale=0.5, fallen=True):
        mask.paste(255, stamp.corner, stamp.alpha)
    wide = mask.reduce(4).filter(ImageFilter.GaussianBlur(3.5))
    contact = wide.resize(half, Image.Resampling.BILINEAR)
    sharp = (
        mask.filter(ImageFilter.GaussianBlur(1.1)) if scene.light.strength > _DIRECT else contact
    )
    depth = 0.25 + 0.75 * scene.light.strength
    both = Image.blend(contact, sharp, depth).resize(canvas.size, Image.Resampling.BILINEAR)
    share = 0.4 + 0.2 * scene.light.strength
    dim = [round(v * (1 - share * c)) for c in (1.04, 1.0, 0.9) for v in range(256)]
    return Image.composite(canvas.point(dim), canvas, both)


def _draw_plant(canvas: Image.Image, owner: Image.Image, scene: Scene, index: int) -> Array:
    """Draw one plant and mark its pixels; returns its unclipped extent (x0, y0, x1, y1)."""
    blades, sun = scene.plants[index].blades, scene.light.direction
    for blade, stamp in _stamps(scene, blades):
        reach = max(1.0, stamp.picture.width / 40)
        aside, below = round(reach * sun[0]), round(reach * sun[1]) + 1
        corner = (stamp.corner[0] - aside, stamp.corner[1] + below)
        _darken(canvas, stamp.alpha, corner, 0.16 + 0.16 * scene.light.strength)
        _paint(canvas, blade, stamp, scene.light)
        seen = stamp.alpha.convert("1", dither=Image.Dither.NONE)
        owner.paste(index + 1, stamp.corner, seen)
    tips = [point for blade in blades for point in (blade.base, blade.base + blade.along)]
    pixels = scene.camera.project(np.stack(tips))
    return np.concatenate([pixels.min(axis=0), pixels.max(axis=0)])


def _true_boxes(owner: NDArray[np.uint8], scene: Scene, extents: list[Array]) -> tuple[Box, ...]:
    """Tight boxes around what is visible of each plant, near ones last; slivers left out."""
    boxes = []
    for index, (plant, extent) in enumerate(zip(scene.plants, extents, strict=True)):
        left, top = np.clip(np.floor(extent[:2]).astype(int) - 60, 0, None)
        right, bottom = np.ceil(extent[2:]).astype(int) + 60
        seen = owner[top : max(bottom, 0), left : max(right, 0)] == index + 1
        columns, rows = np.flatnonzero(seen.any(axis=0)), np.flatnonzero(seen.any(axis=1))
        if not len(columns):
            continue
        x_min, x_max = int(left + columns[0]), int(left + columns[-1] + 1)
        y_min, y_max = int(top + rows[0]), int(top + rows[-1] + 1)
        whole = max(float((extent[2] - extent[0]) * (extent[3] - extent[1])), 1.0)
        visible = (x_max - x_min) * (y_max - y_min) / whole
        if min(x_max - x_min, y_max - y_min) < MIN_SIDE_PX or visible < MIN_VISIBLE_SHARE:
            continue
        boxes.append(Box(label=plant.label, x_min=x_min, y_min=y_min, x_max=x_max, y_max=y_max))
    return tuple(boxes)


@lru_cache(maxsize=1)
def _noise_pool() -> NDArray[np.float32]:
    """Sensor noise with unit spread, drawn once; each photograph starts somewhere else in it."""
    return np.random.default_rng(90210).standard_normal(_NOISE_POOL, dtype=np.float32)


def _developed(rng: np.random.Generator, canvas: Image.Image, scene: Scene) -> Image.Image:
    """What lens and sensor make of it: fall-off, softness, white balance, exposure, noise."""
    camera, light = scene.camera, scene.light
    edge = float(rng.uniform(0.12, 0.3))
    lens = [edge**2, edge, edge**2, edge, 1, edge, edge**2, edge, edge**2]
    soft = canvas.filter(ImageFilter.Kernel((3, 3), lens))
    gain = enlarge(_light_fall(rng, scene), camera) * np.float32(light.exposure)
    tint = np.array(light.tint) * rng.normal(1, 0.015, 3)
    grain = np.float32(rng.uniform(1.6, 4.5))
    start = int(rng.integers(0, _NOISE_POOL - 3 * gain.size))
    channels = []
    # One channel after the other: NumPy is slow where the last axis is three long.
    for index, channel in enumerate(soft.split()):
        first = start + index * gain.size
        picture = _noise_pool()[first : first + gain.size].reshape(gain.shape) * grain
        picture += np.asarray(channel, dtype=np.float32) * (gain * np.float32(tint[index]))
        np.clip(picture, 0, 255, out=picture)
        channels.append(Image.fromarray(picture.astype(np.uint8)))
    return Image.merge("RGB", channels)


def _light_fall(rng: np.random.Generator, scene: Scene) -> Plane:
    """Slow differences of brightness: vignette, haze, at times the photographer's shadow."""
    rows, columns = scene.camera.height_px // 8, scene.camera.width_px // 8
    y = np.linspace(-0.75, 0.75, rows, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, columns, dtype=np.float32)[None, :]
    middle = rng.normal(0, 0.08, 2)
    fall = 1 - rng.uniform(0.05, 0.15) * ((x - middle[0]) ** 2 + (y - middle[1]) ** 2)
    slope = rng.normal(0, 0.09, 2)
    fall = fall + slope[0] * x + slope[1] * y + 0.1 * coarse_noise(rng, (rows, columns), 4)
    if scene.own_shadow:
        centre, height = rng.uniform(-0.8, 0.8), rng.uniform(-0.15, 0.3)
        head = np.hypot((x - centre) / 0.17, (y - height) / 0.23)
        chest = np.hypot((x - centre) / 0.42, np.minimum(y - height - 0.55, 0) / 0.36)
        arm = np.hypot((x - centre - 0.36) / 0.14, (y - height - 0.3) / 0.3)
        nearest = np.minimum(np.minimum(head, chest), arm)
        fall = fall * (0.8 + 0.2 * np.tanh((nearest - 1) * 11))
    return np.asarray(fall, dtype=np.float32)
