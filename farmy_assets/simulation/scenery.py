"""Where a drawn photograph is taken: the camera over the field, the light, the soil, the rows.

Everything is in centimetres on the ground (x to the right, y away from the camera, z up) until the
camera projects it into pixels. No drawing happens here.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Colour = tuple[float, float, float]

_PHONE_FOCAL_SHARE = 0.82  # focal length over picture width: a phone's main lens


@dataclass(frozen=True)
class Camera:
    """A phone held over the ground, looking at the ground's origin.

    Attributes:
        width_px: Width of the picture.
        height_px: Height of the picture.
        distance_cm: From the lens to the origin.
        tilt: Radians away from looking straight down.
        roll: Radians the phone is turned about its line of sight.
    """

    width_px: int
    height_px: int
    distance_cm: float
    tilt: float
    roll: float

    def _rows(self) -> tuple[Array, Array, Array, Array]:
        """Right, up and forward of the camera, and its place."""
        sin, cos = math.sin(self.tilt), math.cos(self.tilt)
        right, up = np.array([1.0, 0.0, 0.0]), np.array([0.0, cos, sin])
        turned_right = math.cos(self.roll) * right + math.sin(self.roll) * up
        turned_up = -math.sin(self.roll) * right + math.cos(self.roll) * up
        place = self.distance_cm * np.array([0.0, -sin, cos])
        return turned_right, turned_up, np.array([0.0, sin, -cos]), place

    @cached_property
    def matrix(self) -> Array:
        """The 3 x 4 projection from (x, y, z, 1) in cm to homogeneous pixels."""
        right, up, forward, place = self._rows()
        focal = _PHONE_FOCAL_SHARE * max(self.width_px, self.height_px)
        top = np.stack(
            [
                focal * right + self.width_px / 2 * forward,
                -focal * up + self.height_px / 2 * forward,
                forward,
            ]
        )
        return np.concatenate([top, -(top @ place)[:, None]], axis=1)

    def project(self, points_cm: Array) -> Array:
        """Pixels (n, 2) of points (n, 3) in cm."""
        matrix = self.matrix
        homogeneous = points_cm @ matrix[:, :3].T + matrix[:, 3]
        pixels: Array = homogeneous[:, :2] / homogeneous[:, 2:]
        return pixels

    def image_to_ground(self) -> Array:
        """The 3 x 3 homography from pixels to ground (x, y) in cm."""
        return np.asarray(np.linalg.inv(self.matrix[:, [0, 1, 3]]), dtype=np.float64)

    def ground_at(self, pixels: Array) -> Array:
        """Ground (n, 2) in cm seen at pixels (n, 2)."""
        homography = self.image_to_ground()
        homogeneous = pixels @ homography[:, :2].T + homography[:, 2]
        ground: Array = homogeneous[:, :2] / homogeneous[:, 2:]
        return ground


@dataclass(frozen=True)
class Light:
    """The sky over the field.

    Attributes:
        kind: "sunny", "overcast" or "evening".
        azimuth: Radians on the ground of the direction the light comes from.
        elevation: Radians over the horizon.
        strength: Share of the light that comes from the sun itself, 0 to 1.
        tint: Gain of red, green and blue.
        exposure: Gain of all three.
    """

    kind: str
    azimuth: float
    elevation: float
    strength: float
    tint: Colour
    exposure: float

    @property
    def direction(self) -> tuple[float, float, float]:
        """Towards the sun, of length one."""
        flat = math.cos(self.elevation)
        return (
            math.cos(self.azimuth) * flat,
            math.sin(self.azimuth) * flat,
            math.sin(self.elevation),
        )

    def shadow_shear(self) -> Array:
        """Where the shadow of a point one cm high falls: (x, y) in cm."""
        reach = min(1.0 / math.tan(self.elevation), 2.2)
        return np.array([-math.cos(self.azimuth) * reach, -math.sin(self.azimuth) * reach])


@dataclass(frozen=True)
class Field:
    """The ground: soil and rows.

    Attributes:
        soil: Red, green and blue of the dry soil, 0 to 255.
        cloddiness: 0 smooth and crusted, 1 freshly hoed.
        moisture: 0 dry and even, 1 dark wet patches.
        ridge: How strongly furrows show, 0 to 1.
        row_direction: Radians on the ground.
        row_spacing_cm: Between rows.
        row_offset_cm: Of the row nearest to the origin.
        plant_spacing_cm: Along a row.
        stage: 0 seedling, 1 well before flowering.
        stones: Share of stony ground, 0 to 1.
        residue: Share of straw and dry leaves, 0 to 1.
    """

    soil: Colour
    cloddiness: float
    moisture: float
    ridge: float
    row_direction: float
    row_spacing_cm: float
    row_offset_cm: float
    plant_spacing_cm: float
    stage: float
    stones: float
    residue: float

    def across(self, ground_cm: Array) -> Array:
        """Signed distance in cm of ground points (..., 2) from the middle row."""
        normal = np.array([-math.sin(self.row_direction), math.cos(self.row_direction)])
        distance: Array = ground_cm @ normal - self.row_offset_cm
        return distance


_SOILS: tuple[Colour, ...] = (
    (146, 128, 108),  # grey-brown loam
    (128, 106, 84),  # brown loam
    (150, 116, 90),  # reddish loam
    (104, 90, 76),  # dark humus
    (166, 150, 128),  # pale sand
    (140, 108, 86),  # laterite
)


def draw_light(rng: np.random.Generator) -> Light:
    """A sky: one half sunny, a third overcast, the rest towards evening."""
    kind = str(rng.choice(["sunny", "overcast", "evening"], p=[0.48, 0.34, 0.18]))
    azimuth = float(rng.uniform(0, 2 * math.pi))
    if kind == "overcast":
        tint: Colour = (0.97, 1.0, 1.04)
        return Light(kind, azimuth, 1.1, 0.18, tint, float(rng.uniform(0.9, 1.12)))
    if kind == "evening":
        warm = float(rng.uniform(0.04, 0.12))
        tint = (1 + warm, 1.0, 1 - 1.6 * warm)
        elevation = float(rng.uniform(0.42, 0.62))
        return Light(kind, azimuth, elevation, 0.8, tint, float(rng.uniform(0.82, 1.0)))
    elevation = float(rng.uniform(0.75, 1.2))
    return Light(kind, azimuth, elevation, 1.0, (1.03, 1.0, 0.96), float(rng.uniform(1.0, 1.18)))


def draw_field(rng: np.random.Generator) -> Field:
    """A field of chilli between planting and flowering."""
    soil = np.array(_SOILS[int(rng.integers(len(_SOILS)))]) * rng.uniform(0.88, 1.1)
    soil = soil * rng.uniform(0.96, 1.04, size=3)
    spacing = float(rng.uniform(38, 60))
    return Field(
        soil=(float(soil[0]), float(soil[1]), float(soil[2])),
        cloddiness=float(rng.uniform(0.1, 1)),
        moisture=float(rng.uniform(0.15, 1)),
        ridge=float(rng.uniform(0.15, 1)),
        row_direction=float(rng.uniform(0, math.pi)),
        row_spacing_cm=spacing,
        row_offset_cm=float(rng.uniform(-0.4, 0.4)) * spacing,
        plant_spacing_cm=float(rng.uniform(24, 38)),
        stage=float(rng.beta(1.4, 1.6)),
        stones=float(rng.beta(1.2, 2)),
        residue=float(rng.beta(1.2, 2)),
    )


def draw_camera(rng: np.random.Generator, width_px: int, height_px: int) -> Camera:
    """A phone held by a standing person, or by one who bends down."""
    return Camera(
        width_px=width_px,
        height_px=height_px,
        distance_cm=float(rng.uniform(75, 135)),
        tilt=float(rng.uniform(0.1, 0.75)),
        roll=float(rng.normal(0, 0.12)),
    )
