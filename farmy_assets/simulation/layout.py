"""Which plants, stones and straws lie where in one photograph."""

from dataclasses import dataclass, replace

import numpy as np

from farmy_assets.simulation.plants import (
    WEED_KINDS,
    Blade,
    Plant,
    grow_crop,
    grow_weed,
    scatter_residue,
    scatter_stone,
)
from farmy_assets.simulation.scenery import (
    Array,
    Camera,
    Field,
    Light,
    draw_camera,
    draw_field,
    draw_light,
)

_MIN_PLANTS, _MAX_PLANTS, _MAX_CROPS = 5, 12, 8
_NEVER_CAME_UP = 0.12
_SHADOW_OF_PHOTOGRAPHER = 0.5
_FROM_BEHIND = -0.55


@dataclass(frozen=True)
class Scene:
    """All that one photograph shows.

    Attributes:
        camera: Where the phone is.
        light: The sky.
        field: The soil and the rows.
        plants: The far ones first.
        litter: Stones, straw and dry leaves, the far ones first.
        own_shadow: Whether the photographer's shadow falls into the picture.
    """

    camera: Camera
    light: Light
    field: Field
    plants: tuple[Plant, ...]
    litter: tuple[Blade, ...]
    own_shadow: bool


def lay_out(rng: np.random.Generator, width_px: int, height_px: int) -> Scene:
    """Lay out one photograph: crop along its rows, weeds anywhere, litter on the ground."""
    light, field = draw_light(rng), draw_field(rng)
    camera, stands = _framed(rng, draw_camera(rng, width_px, height_px), field)
    crops = [grow_crop(rng, place, field.stage) for place in stands]
    wanted = int(rng.integers(max(_MIN_PLANTS, len(crops) + 1), _MAX_PLANTS + 1))
    plants = _with_weeds(rng, camera, field, crops, wanted)
    behind = light.kind != "overcast" and light.direction[1] < _FROM_BEHIND
    own_shadow = behind and bool(rng.random() < _SHADOW_OF_PHOTOGRAPHER)
    ordered = sorted(plants, key=lambda plant: -float(plant.place[1]))
    return Scene(camera, light, field, tuple(ordered), _litter(rng, camera, field), own_shadow)


def _stands(rng: np.random.Generator, field: Field) -> Array:
    """Where the crop stands around the origin, (n, 2) in cm; a few plants never came up."""
    along = np.arange(-8, 9) * field.plant_spacing_cm
    rows = np.arange(-6, 7) * field.row_spacing_cm + field.row_offset_cm
    s, t = np.tile(along, len(rows)), np.repeat(rows, len(along))
    s = s + np.repeat(rng.uniform(0, field.plant_spacing_cm, len(rows)), len(along))
    s, t = s + rng.normal(0, 2.2, s.shape), t + rng.normal(0, 1.6, t.shape)
    cos, sin = np.cos(field.row_direction), np.sin(field.row_direction)
    places = np.stack([s * cos - t * sin, s * sin + t * cos], axis=1)
    grown: Array = places[rng.random(len(places)) > _NEVER_CAME_UP]
    return grown


def _framed(rng: np.random.Generator, camera: Camera, field: Field) -> tuple[Camera, Array]:
    """The camera brought near enough that the picture holds a handful of crop plants."""
    stands = _stands(rng, field)
    for _ in range(12):
        visible = stands[_inside(camera, stands, margin_px=0.07 * camera.width_px)]
        if len(visible) <= _MAX_CROPS:
            break
        camera = replace(camera, distance_cm=camera.distance_cm * 0.9)
    return camera, visible[:_MAX_CROPS]


def _inside(camera: Camera, places: Array, *, margin_px: float) -> Array:
    """For each ground place whether it is in the picture or at most a margin outside of it."""
    points = np.concatenate([places, np.zeros((len(places), 1))], axis=1)
    pixels = camera.project(points)
    far = np.array([camera.width_px, camera.height_px]) + margin_px
    before = np.concatenate([points, np.ones((len(points), 1))], axis=1) @ camera.matrix[2] > 1
    inside: Array = ((pixels > -margin_px) & (pixels < far)).all(axis=1) & before
    return inside


def _anywhere(rng: np.random.Generator, camera: Camera, count: int, *, margin: float) -> Array:
    """Ground places (count, 2) spread evenly over the picture, `margin` (a share) off its edge."""
    pixels = rng.uniform(margin, 1 - margin, (count, 2))
    return camera.ground_at(pixels * np.array([camera.width_px, camera.height_px]))


def _with_weeds(
    rng: np.random.Generator, camera: Camera, field: Field, crops: list[Plant], wanted: int
) -> list[Plant]:
    """The crop, and weeds where there is room for them, until `wanted` plants stand."""
    kinds = rng.permutation(WEED_KINDS)[: int(rng.integers(2, 5))]
    plants = list(crops)
    for place in _anywhere(rng, camera, 60, margin=0.06):
        if len(plants) >= wanted:
            break
        stage = 0.75 * field.stage + float(rng.uniform(-0.1, 0.35))
        weed = grow_weed(rng, place, stage, kind=int(rng.choice(kinds)))
        gaps = [float(np.hypot(*(place - other.place))) for other in plants]
        reach = [0.85 * (weed.radius_cm + other.radius_cm) for other in plants]
        if all(gap > needed for gap, needed in zip(gaps, reach, strict=True)):
            plants.append(weed)
    return plants


def _litter(rng: np.random.Generator, camera: Camera, field: Field) -> tuple[Blade, ...]:
    """Stones and residue over the whole picture, the far ones first."""
    soil = np.array(field.soil) / np.array([140, 132, 124])
    grey = rng.uniform(0, 0.75)
    tint = soil * (1 - grey) + grey * soil.mean() * 1.08
    stones = _anywhere(rng, camera, round(8 + 70 * field.stones**1.5), margin=-0.02)
    straws = _anywhere(rng, camera, round(5 + 34 * field.residue**1.5), margin=-0.02)
    pieces = [
        scatter_stone(rng, place, tint=(float(tint[0]), float(tint[1]), float(tint[2])))
        for place in stones
    ] + [scatter_residue(rng, place, soil_gain=float(soil.mean())) for place in straws]
    return tuple(sorted(pieces, key=lambda piece: -float(piece.base[1])))
