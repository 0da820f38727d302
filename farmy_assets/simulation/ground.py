"""The ground of a drawn photograph: clods, crumbs, cracks, furrows and damp patches.

Relief comes from three square tiles that repeat without a seam; they are made once for each process
and lit anew for each photograph, then laid under the camera by a perspective warp.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.spatial import cKDTree

from farmy_assets.simulation.scenery import Array, Camera, Field, Light

Plane = NDArray[np.float32]

TILE_PX = 1024
_ROUND_RADIUS_PX = 3  # smaller clods need no form of their own
_COARSE = 4  # what varies slowly over the picture is computed at a quarter of its size


def _tile_noise(rng: np.random.Generator, steepness: float) -> Plane:
    """Seamless fractal noise with unit spread."""
    rows = np.fft.fftfreq(TILE_PX)[:, None]
    columns = np.fft.rfftfreq(TILE_PX)[None, :]
    radius = np.hypot(rows, columns)
    radius[0, 0] = 1.0
    amplitude = np.where(radius < 3 / TILE_PX, 0, radius**-steepness)
    phase = rng.uniform(0, 2 * math.pi, amplitude.shape)
    noise = np.fft.irfft2(amplitude * np.exp(1j * phase), s=(TILE_PX, TILE_PX))
    return np.asarray(noise / noise.std(), dtype=np.float32)


def _bumps(rng: np.random.Generator, count: int, smallest: float, largest: float) -> Plane:
    """Seamless heap of clods, radii in pixels, small ones far more common than large ones."""
    height = np.zeros((TILE_PX, TILE_PX), dtype=np.float32)
    radii = np.sort(smallest * (largest / smallest) ** (rng.random(count) ** 2.6))
    for radius in radii:
        reach = math.ceil(radius * 1.3)
        row, column = rng.integers(0, TILE_PX, 2)
        steps = np.arange(-reach, reach + 1, dtype=np.float32)
        distance = np.hypot(steps[:, None], steps[None, :])
        if radius > _ROUND_RADIUS_PX:
            angle = np.arctan2(steps[:, None], steps[None, :])
            turns = rng.uniform(0, 2 * math.pi, 3)
            distance = distance / (
                0.95
                + 0.16 * np.cos(2 * angle + turns[0])
                + 0.1 * np.cos(3 * angle + turns[1])
                + 0.06 * np.cos(5 * angle + turns[2])
            )
        dome = radius * np.clip(1 - (distance / radius) ** 2, 0, None) ** 0.75
        place = np.ix_((row + steps.astype(int)) % TILE_PX, (column + steps.astype(int)) % TILE_PX)
        height[place] = np.maximum(height[place], dome * rng.uniform(0.55, 0.9))
    return height


def _cracks(rng: np.random.Generator) -> Plane:
    """Seamless net of shrinkage cracks: 0 on the plates, down to -1 in the cracks."""
    half = TILE_PX // 2
    seeds = rng.uniform(0, half, (46, 2))
    tree = cKDTree(seeds, boxsize=np.array([half, half]))
    warp = np.stack([_tile_noise(rng, 1.7)[::2, ::2], _tile_noise(rng, 1.7)[::2, ::2]], axis=-1)
    grid = np.stack(np.meshgrid(np.arange(half), np.arange(half), indexing="ij"), axis=-1)
    near = np.asarray(tree.query(((grid + 5.0 * warp) % half).reshape(-1, 2), k=2)[0])
    edge = (near[:, 1] - near[:, 0]).reshape(half, half).astype(np.float32)
    depth = -np.exp(-((edge / (1.1 + 0.5 * np.clip(warp[..., 0], -1.5, 2))) ** 2))
    whole = Image.fromarray(depth.astype(np.float32)).resize((TILE_PX, TILE_PX))
    return np.asarray(whole, dtype=np.float32)


@lru_cache(maxsize=1)
def _tiles() -> dict[str, tuple[Plane, Plane, Plane, Plane]]:
    """For each kind of ground: slope along x, along y, height over its surroundings, grain."""
    rng = np.random.default_rng(1847)
    rough, fine = _tile_noise(rng, 1.75), _tile_noise(rng, 1.1)
    heights = {
        "clods": _bumps(rng, 1500, 4, 34) * 1.1
        + _bumps(rng, 5000, 2, 8) * 0.7
        + 4.0 * rough
        + 0.9 * fine,
        "crumbs": _bumps(rng, 5000, 1.5, 10) * 0.7 + 4.0 * rough + 0.8 * fine,
        "crust": 5.5 * rough + 0.7 * fine + 3.2 * _cracks(rng) + _bumps(rng, 900, 1.5, 8) * 0.7,
    }
    specks = _tile_noise(rng, 0.35) ** 3
    grain = 0.5 * np.clip(specks / specks.std(), -4, 5) + 0.5 * _tile_noise(rng, 0.6)
    return {name: (*_slopes(height), grain) for name, height in heights.items()}


def _slopes(height: Plane) -> tuple[Plane, Plane, Plane]:
    along_x = (np.roll(height, 1, 1) - np.roll(height, -1, 1)) / 2
    along_y = (np.roll(height, -1, 0) - np.roll(height, 1, 0)) / 2  # y points up on the ground
    blurred = np.fft.irfft2(
        np.fft.rfft2(height)
        * np.exp(
            -(
                (np.hypot(np.fft.fftfreq(TILE_PX)[:, None], np.fft.rfftfreq(TILE_PX)[None]) * 42)
                ** 2
            )
        ),
        s=height.shape,
    )
    shelter = (height - blurred) / height.std()
    return (
        np.asarray(along_x, dtype=np.float32),
        np.asarray(along_y, dtype=np.float32),
        np.asarray(np.tanh(shelter), dtype=np.float32),
    )


def _lit_tile(name: str, light: Light, turn: float) -> Image.Image:
    """The tile under this light when it lies turned by `turn` radians; mid-grey is flat ground."""
    along_x, along_y, shelter, grain = _tiles()[name]
    angle = light.azimuth - turn
    slope = along_x * np.float32(math.cos(angle)) + along_y * np.float32(math.sin(angle))
    steep = np.float32((0.34 + 0.5 * light.strength) / math.tan(max(light.elevation, 0.55)) ** 0.5)
    facing = np.tanh(slope * steep)
    deep = np.float32(0.055 + 0.055 * (1 - light.strength))
    lit = np.float32(0.24 + 0.16 * light.strength) * facing + deep * shelter
    lit = 128 * (1 + lit) * (1 + np.float32(0.085) * grain)
    return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))


def _laid_out(
    tile: Image.Image, camera: Camera, *, turn: float, px_per_cm: float, shift: Array
) -> Plane:
    """The tile on the ground as the camera sees it, 1 for flat ground."""
    size = (camera.width_px, camera.height_px)
    cos, sin = math.cos(turn) * px_per_cm, math.sin(turn) * px_per_cm
    to_tile = np.array([[cos, sin, shift[0]], [sin, -cos, shift[1]], [0, 0, 1]])
    matrix = to_tile @ camera.image_to_ground()
    corners = np.array([[0, 0, 1], [size[0], 0, 1], [0, size[1], 1], [size[0], size[1], 1]])
    seen = corners @ matrix.T
    seen = seen[:, :2] / seen[:, 2:]
    low = np.floor(seen.min(axis=0) / TILE_PX).astype(int)
    high = np.ceil((seen.max(axis=0) + 2) / TILE_PX).astype(int)
    repeated = Image.new("L", ((high[0] - low[0]) * TILE_PX, (high[1] - low[1]) * TILE_PX))
    for column in range(high[0] - low[0]):
        for row in range(high[1] - low[1]):
            repeated.paste(tile, (column * TILE_PX, row * TILE_PX))
    moved = np.array([[1, 0, -low[0] * TILE_PX], [0, 1, -low[1] * TILE_PX], [0, 0, 1]]) @ matrix
    moved = moved / moved[2, 2]
    warped = repeated.transform(
        size,
        Image.Transform.PERSPECTIVE,
        moved.ravel()[:8].tolist(),
        resample=Image.Resampling.BILINEAR,
    )
    return np.asarray(warped, dtype=np.float32) * np.float32(1 / 128)


def coarse_noise(rng: np.random.Generator, shape: tuple[int, int], cells: int) -> Plane:
    """Smooth noise between about -1 and 1 with some `cells` bumps along each side."""
    small = Image.fromarray(rng.uniform(-1, 1, (cells, cells)).astype(np.float32))
    smooth = small.resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return np.asarray(smooth, dtype=np.float32)


def enlarge(plane: Plane, camera: Camera) -> Plane:
    """A slowly varying plane brought to the size of the picture."""
    size = (camera.width_px, camera.height_px)
    larger = Image.fromarray(plane).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(larger, dtype=np.float32)


def draw_ground(
    rng: np.random.Generator, camera: Camera, light: Light, field: Field
) -> Image.Image:
    """The bare ground, RGB, before the camera's exposure."""
    rows, columns = camera.height_px // _COARSE, camera.width_px // _COARSE
    shape = (rows, columns)
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float64) * _COARSE
    ground = camera.ground_at(np.stack([x.ravel(), y.ravel()], axis=1)).reshape(rows, columns, 2)
    across = field.across(ground) + 2.2 * coarse_noise(rng, shape, 9)
    phase = 2 * math.pi * across / field.row_spacing_cm
    hill = np.cos(phase)
    sunward = math.sin(light.azimuth - field.row_direction)
    furrow = field.ridge * (0.16 * light.strength * sunward * np.sin(phase) + 0.07 * hill)
    patches = coarse_noise(rng, shape, 4) + 0.6 * coarse_noise(rng, shape, 9)
    patches = patches + 0.35 * coarse_noise(rng, shape, 26)
    damp = np.clip(0.55 * patches - 0.5 * field.ridge * hill, -1, 1.3) * field.moisture
    tone = (1 + furrow) * (1 - 0.2 * np.clip(damp, -0.4, 1.2))
    tone = tone * (1 + 0.035 * coarse_noise(rng, shape, 60))
    cloddy = 2.2 * (field.cloddiness - 0.5) + 1.1 * coarse_noise(rng, shape, 6)
    cloddy = np.clip(0.5 + cloddy + 0.3 * field.ridge * hill, 0, 1)
    dry = np.clip(0.5 * patches, -0.5, 1)[..., None] * np.array([-0.02, 0.0, 0.03])
    soil = np.array(field.soil) * (tone[..., None] + dry)
    relief = _relief_seen(rng, camera, light, enlarge(np.asarray(cloddy, dtype=np.float32), camera))
    small = Image.fromarray(np.clip(soil, 0, 255).astype(np.uint8))
    colour = small.resize((camera.width_px, camera.height_px), Image.Resampling.BILINEAR)
    lit = [np.asarray(channel, dtype=np.float32) * relief for channel in colour.split()]
    channels = [Image.fromarray(np.clip(part, 0, 255).astype(np.uint8)) for part in lit]
    return Image.merge("RGB", channels)


def _relief_seen(rng: np.random.Generator, camera: Camera, light: Light, cloddy: Plane) -> Plane:
    """How much light each place of the ground sends to the camera, 1 for flat ground."""
    smooth = str(rng.choice(["crumbs", "crust"]))
    layers = []
    for name, scale in (("clods", 9.0), (smooth, 10.5)):
        turn = float(rng.uniform(0, 2 * math.pi))
        layers.append(
            _laid_out(
                _lit_tile(name, light, turn),
                camera,
                turn=turn,
                px_per_cm=scale * float(rng.uniform(0.85, 1.3)),
                shift=rng.uniform(0, TILE_PX, 2),
            )
        )
    return layers[1] + (layers[0] - layers[1]) * cloddy
