"""Boxes: upright rectangles."""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import ClassVar, Self

from pydantic import model_validator

from farmy_assets.annotation.region import Bounds, Pixel, Point, Region

EDGE_TOLERANCE_PX = 2.0
"""A hand is not steadier. A box of 10 pixels that moves by 2 has an IoU of 0.47; for a box of more
than about 30 pixels this changes nothing, because its IoU is over 0.75 anyway."""

OVERSHOOT_PX = 0.004
"""How far a box may seem to reach out of its image: percentages that are turned into pixels are
wrong by less, and the decimals of the export formats hide it."""

SMALLEST_SIDE_PX = 0.1
"""Thinner boxes have no area left once the decimals of the export formats are rounded."""

_TOLERANCE_PX = EDGE_TOLERANCE_PX + 1e-9  # a sum of decimals may be a little more


class Box(Region):
    """An upright rectangle around one object: absolute pixels, origin top left, x_max > x_min."""

    kind: ClassVar[str] = "box"
    plural: ClassVar[str] = "boxes"

    x_min: Pixel
    y_min: Pixel
    x_max: Pixel
    y_max: Pixel

    @model_validator(mode="after")
    def _has_an_area(self) -> Self:
        if self.x_max <= self.x_min or self.y_max <= self.y_min:
            msg = "a box must be wider and higher than zero"
            raise ValueError(msg)
        return self

    @property
    def area_px(self) -> float:
        """Width times height, in square pixels."""
        return (self.x_max - self.x_min) * (self.y_max - self.y_min)

    @property
    def bounds_px(self) -> Bounds:
        """The box itself."""
        return self.x_min, self.y_min, self.x_max, self.y_max

    @property
    def outline_px(self) -> tuple[Point, ...]:
        """Its four corners, clockwise from the upper left one."""
        return (
            (self.x_min, self.y_min),
            (self.x_max, self.y_min),
            (self.x_max, self.y_max),
            (self.x_min, self.y_max),
        )

    def likeness(self, other: Self) -> float:
        """The intersection over the union, from 0 (apart) to 1 (the same)."""
        return iou(self, other)

    def is_within_tolerance(self, other: Self) -> bool:
        """Whether they overlap, and no edge differs by more than `EDGE_TOLERANCE_PX`."""
        return (
            abs(self.x_min - other.x_min) <= _TOLERANCE_PX
            and abs(self.y_min - other.y_min) <= _TOLERANCE_PX
            and abs(self.x_max - other.x_max) <= _TOLERANCE_PX
            and abs(self.y_max - other.y_max) <= _TOLERANCE_PX
            and iou(self, other) > 0
        )

    @classmethod
    def fused(cls, regions: Sequence[Self], *, label: str) -> Self:
        """The median of each edge (of two boxes: the mean), which resists one bad box of three."""
        return cls(
            label=label,
            x_min=median(box.x_min for box in regions),
            y_min=median(box.y_min for box in regions),
            x_max=median(box.x_max for box in regions),
            y_max=median(box.y_max for box in regions),
        )

    def faults(self, width_px: int, height_px: int) -> Iterator[str]:
        """That it reaches out of the image, or has hardly an area."""
        # `Pixel` itself sees to it that nothing lies left of or above the image.
        if self.x_max > width_px + OVERSHOOT_PX or self.y_max > height_px + OVERSHOOT_PX:
            yield f"reaches out of its image of {width_px} x {height_px} px"
        elif min(self.x_max - self.x_min, self.y_max - self.y_min) < SMALLEST_SIDE_PX:
            yield f"is thinner than {SMALLEST_SIDE_PX} px"


def iou(first: Box, second: Box) -> float:
    """The boxes' intersection over their union, from 0 (apart) to 1 (the same); labels ignored."""
    # Each field is looked up once, and compared without min and max: this is called most of all.
    left, top, right, bottom = first.x_min, first.y_min, first.x_max, first.y_max
    left_2, top_2, right_2, bottom_2 = second.x_min, second.y_min, second.x_max, second.y_max
    width = (right if right < right_2 else right_2) - (left if left > left_2 else left_2)
    height = (bottom if bottom < bottom_2 else bottom_2) - (top if top > top_2 else top_2)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    union = (right - left) * (bottom - top) + (right_2 - left_2) * (bottom_2 - top_2) - shared
    return shared / union if union > 0 else 0.0


REGION = Box
