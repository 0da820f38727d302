"""Rotated boxes: rectangles around one object that may be turned."""

from collections.abc import Iterator, Sequence
from math import atan2, cos, degrees, radians, sin
from statistics import median
from typing import Annotated, ClassVar, Self

from pydantic import Field

from farmy_assets.annotation import outlines
from farmy_assets.annotation.region import Bounds, Point, Region
from farmy_assets.annotation.regions.box import EDGE_TOLERANCE_PX, SMALLEST_SIDE_PX

FARTHEST_OUTSIDE_SHARE = 0.02
"""How far a corner may lie outside of the image, as a share of the side, and still be released: a
turned box cannot be clipped. Reading allows half of that, and fusing may move corners a little."""

Side = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Coordinate = Annotated[float, Field(allow_inf_nan=False)]


class RotatedBox(Region):
    """A rectangle around one object, turned about its centre.

    Attributes:
        x: The centre, in pixels from the left edge of the image.
        y: The centre, in pixels from the upper edge of the image.
        width: Length of the side that is level while the angle is 0, in pixels.
        height: Length of the other side, in pixels.
        angle: By how much it is turned, clockwise as seen, in degrees from 0 to under 360.
    """

    kind: ClassVar[str] = "rotated_box"
    plural: ClassVar[str] = "rotated boxes"

    x: Coordinate
    y: Coordinate
    width: Side
    height: Side
    angle: Annotated[float, Field(ge=0, lt=360)] = 0.0

    @property
    def outline_px(self) -> tuple[Point, ...]:
        """Its corners, clockwise from the one that is the upper left one while the angle is 0."""
        turn_cos, turn_sin = _turn(self.angle)
        half_x, half_y = self.width / 2, self.height / 2
        return tuple(
            (self.x + turn_cos * x - turn_sin * y, self.y + turn_sin * x + turn_cos * y)
            for x, y in (
                (-half_x, -half_y), (half_x, -half_y), (half_x, half_y), (-half_x, half_y),
            )
        )  # fmt: skip

    @property
    def bounds_px(self) -> Bounds:
        """The upright rectangle around its corners, which may lie a little outside of the image."""
        return outlines.bounds_of(self.outline_px)

    @property
    def place(self) -> tuple[object, ...]:
        """The order of all kinds, then that of all its numbers."""
        return *super().place, self.x, self.y, self.width, self.height, self.angle

    def likeness(self, other: Self) -> float:
        """The intersection over the union of the areas, from 0 (apart) to 1 (the same)."""
        return outlines.iou(self.outline_px, other.outline_px)

    def is_within_tolerance(self, other: Self) -> bool:
        """Whether they overlap, and no side is over `EDGE_TOLERANCE_PX` from the other's."""
        near = outlines.are_within(self.outline_px, other.outline_px, EDGE_TOLERANCE_PX)
        return near and self.likeness(other) > 0

    @classmethod
    def fused(cls, regions: Sequence[Self], *, label: str) -> Self:
        """The median of centres, widths and heights, and the mean of the angles.

        A rectangle is the same when it is turned by 180 degrees, and by 90 with its sides
        exchanged: each is taken in the form that is nearest to the first one's angle.
        """
        first, *others = sorted(regions, key=lambda region: region.place)
        alike = [(first.width, first.height, 0.0), *(each._as_turned(first) for each in others)]
        return cls(
            label=label,
            x=median(region.x for region in regions),
            y=median(region.y for region in regions),
            width=median(width for width, _, _ in alike),
            height=median(height for _, height, _ in alike),
            angle=(first.angle + _mean([turn for _, _, turn in alike])) % 360 % 360,
        )

    def faults(self, width_px: int, height_px: int) -> Iterator[str]:
        """That it reaches far out of the image, or has hardly an area."""
        x_min, y_min, x_max, y_max = self.bounds_px
        beyond_x = max(-x_min, x_max - width_px) / width_px
        beyond_y = max(-y_min, y_max - height_px) / height_px
        has_centre_inside = 0 <= self.x <= width_px and 0 <= self.y <= height_px
        if max(beyond_x, beyond_y) > FARTHEST_OUTSIDE_SHARE or not has_centre_inside:
            yield f"reaches out of its image of {width_px} x {height_px} px"
        elif min(self.width, self.height) < SMALLEST_SIDE_PX:
            yield f"is thinner than {SMALLEST_SIDE_PX} px"

    def _as_turned(self, first: Self) -> tuple[float, float, float]:
        """Width, height, and the angle from the first box's on, from -45 to 45 degrees."""
        quarters, turn = divmod(self.angle - first.angle + 45, 90)
        sides = (self.height, self.width) if quarters % 2 else (self.width, self.height)
        return *sides, turn - 45


def _mean(turns: Sequence[float]) -> float:
    """The mean of angles that are the same after half a turn, in degrees."""
    across = sum(sin(radians(2 * turn)) for turn in turns)
    along = sum(cos(radians(2 * turn)) for turn in turns)
    return degrees(atan2(across, along)) / 2


def _turn(angle: float) -> tuple[float, float]:
    """Cosine and sine of an angle in degrees; exact for quarters of a turn."""
    quarters = angle / 90
    if quarters == int(quarters):
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(quarters) % 4]
    return cos(radians(angle)), sin(radians(angle))


REGION = RotatedBox
