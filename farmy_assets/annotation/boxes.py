"""Boxes: upright rectangles in pixels, and how far two of them are the same."""

from typing import Annotated

from pydantic import Field, model_validator

from farmy_assets.catalog.records import Record

Pixel = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Box(Record):
    """An upright rectangle around one object: absolute pixels, origin top left, x_max > x_min."""

    label: str
    x_min: Pixel
    y_min: Pixel
    x_max: Pixel
    y_max: Pixel

    @model_validator(mode="after")
    def _has_an_area(self) -> "Box":
        if self.x_max <= self.x_min or self.y_max <= self.y_min:
            msg = "a box must be wider and higher than zero"
            raise ValueError(msg)
        return self

    @property
    def area_px(self) -> float:
        """Width times height, in square pixels."""
        return (self.x_max - self.x_min) * (self.y_max - self.y_min)

    @property
    def centre_px(self) -> tuple[float, float]:
        """The middle of the box, (x, y) in pixels."""
        return (self.x_min + self.x_max) / 2, (self.y_min + self.y_max) / 2

    @property
    def place(self) -> tuple[float, float, float, float, str]:
        """A total order for boxes: from top to bottom, then left to right."""
        return self.y_min, self.x_min, self.y_max, self.x_max, self.label


def iou(first: Box, second: Box) -> float:
    """The boxes' intersection over their union, from 0 (apart) to 1 (the same); labels ignored."""
    width = min(first.x_max, second.x_max) - max(first.x_min, second.x_min)
    height = min(first.y_max, second.y_max) - max(first.y_min, second.y_min)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    union = first.area_px + second.area_px - shared
    return shared / union if union > 0 else 0.0
