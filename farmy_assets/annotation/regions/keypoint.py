"""Keypoints: one point on one object."""

from collections.abc import Iterator, Sequence
from math import hypot
from statistics import median
from typing import ClassVar, Self

from farmy_assets.annotation.region import Bounds, Pixel, Point, Region
from farmy_assets.annotation.regions.box import EDGE_TOLERANCE_PX, OVERSHOOT_PX

REACH_PX = 20.0
"""At this distance two points have nothing in common. A lone point has no size that its distances
could be compared with, so the scale is in pixels: by the usual thresholds of a campaign, points up
to 10 pixels apart are one object (0.5), and points up to 5 pixels apart are drawn alike (0.75)."""

SHOWN_RADIUS_PX = 4.0
"""Half the size of the square on its corner that shows people where the point is."""

_ROUNDING_PX = 1e-9


class Keypoint(Region):
    """A point on one object: absolute pixels, origin top left."""

    kind: ClassVar[str] = "keypoint"
    plural: ClassVar[str] = "keypoints"
    measure: ClassVar[str] = "closeness"
    reach_px: ClassVar[float] = REACH_PX

    x: Pixel
    y: Pixel

    @property
    def bounds_px(self) -> Bounds:
        """The point itself, without an area."""
        return self.x, self.y, self.x, self.y

    @property
    def outline_px(self) -> tuple[Point, ...]:
        """A small square on its corner, not reaching over the left and the upper edge."""
        return (
            (self.x, max(0.0, self.y - SHOWN_RADIUS_PX)),
            (self.x + SHOWN_RADIUS_PX, self.y),
            (self.x, self.y + SHOWN_RADIUS_PX),
            (max(0.0, self.x - SHOWN_RADIUS_PX), self.y),
        )

    def likeness(self, other: Self) -> float:
        """How near they are: 1 at the same place, falling evenly to 0 at `REACH_PX`."""
        return max(0.0, 1 - self._distance_px(other) / REACH_PX)

    def is_within_tolerance(self, other: Self) -> bool:
        """Whether they are no more than `EDGE_TOLERANCE_PX` apart."""
        return self._distance_px(other) <= EDGE_TOLERANCE_PX + _ROUNDING_PX

    @classmethod
    def fused(cls, regions: Sequence[Self], *, label: str) -> Self:
        """The median of each coordinate (of two points: the middle)."""
        return cls(
            label=label,
            x=median(point.x for point in regions),
            y=median(point.y for point in regions),
        )

    def faults(self, width_px: int, height_px: int) -> Iterator[str]:
        """That it lies outside of the image."""
        # `Pixel` itself sees to it that it lies neither left of nor above the image.
        if self.x > width_px + OVERSHOOT_PX or self.y > height_px + OVERSHOOT_PX:
            yield f"lies outside of its image of {width_px} x {height_px} px"

    def _distance_px(self, other: Self) -> float:
        return hypot(self.x - other.x, self.y - other.y)


REGION = Keypoint
