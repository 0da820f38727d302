"""Polygons: the outline of one object, corner by corner."""

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from farmy_assets.annotation import outlines
from farmy_assets.annotation.nearest import nearest_to_all
from farmy_assets.annotation.region import Bounds, Pixel, Point, Region
from farmy_assets.annotation.regions.box import EDGE_TOLERANCE_PX, OVERSHOOT_PX

SMALLEST_AREA_PX = 0.05
"""Smaller polygons have hardly an area left once the export formats' decimals are rounded."""


class Polygon(Region):
    """A closed line around one object: absolute pixels, origin top left.

    Attributes:
        points: Its corners as they were drawn, x and y; the last is joined to the first. The line
            may cross itself: it covers every place that it goes around.
    """

    kind: ClassVar[str] = "polygon"
    plural: ClassVar[str] = "polygons"

    points: Annotated[tuple[tuple[Pixel, Pixel], ...], Field(min_length=3)]

    @model_validator(mode="after")
    def _has_an_area(self) -> Self:
        (x, y), *others = self.points
        from_first = [(other_x - x, other_y - y) for other_x, other_y in others]
        far_x, far_y = max(from_first, key=lambda step: abs(step[0]) + abs(step[1]))
        if all(far_x * step_y == far_y * step_x for step_x, step_y in from_first):
            msg = "the points of a polygon must not all lie on one line"
            raise ValueError(msg)
        return self

    @property
    def area_px(self) -> float:
        """What it covers, in square pixels."""
        return outlines.area_px(self.points)

    @property
    def bounds_px(self) -> Bounds:
        """From its leftmost and uppermost to its rightmost and lowest corner."""
        return outlines.bounds_of(self.points)

    @property
    def outline_px(self) -> tuple[Point, ...]:
        """The line itself."""
        return self.points

    @property
    def place(self) -> tuple[object, ...]:
        """The order of all kinds, then that of the points."""
        return *super().place, self.points

    def likeness(self, other: Self) -> float:
        """The intersection over the union of the areas, from 0 (apart) to 1 (the same)."""
        return outlines.iou(self.points, other.points)

    def is_within_tolerance(self, other: Self) -> bool:
        """Whether they overlap, and no part of a line is over `EDGE_TOLERANCE_PX` from the other.

        The bounds alone would not do: leaves that cross each other can have the same.
        """
        near = outlines.are_within(self.points, other.points, EDGE_TOLERANCE_PX)
        return near and self.likeness(other) > 0

    @classmethod
    def fused(cls, regions: Sequence[Self], *, label: str) -> Self:
        """The line around what most of them cover; see `outlines.fused`.

        Where most have nothing in common it is the one that is most like the others, as drawn.
        """
        points = outlines.fused([region.points for region in regions])
        if points is None:
            points = nearest_to_all(regions).points
        return cls(label=label, points=points)

    def faults(self, width_px: int, height_px: int) -> Iterator[str]:
        """That it reaches out of the image, or has hardly an area."""
        # `Pixel` itself sees to it that nothing lies left of or above the image.
        _, _, x_max, y_max = self.bounds_px
        if x_max > width_px + OVERSHOOT_PX or y_max > height_px + OVERSHOOT_PX:
            yield f"reaches out of its image of {width_px} x {height_px} px"
        elif self.area_px < SMALLEST_AREA_PX:
            yield f"covers less than {SMALLEST_AREA_PX} square pixels"


REGION = Polygon
