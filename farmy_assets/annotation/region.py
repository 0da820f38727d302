"""What every kind of region has: each kind is a subclass, in a module of `annotation/regions/`."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Self

from pydantic import Field

from farmy_assets.annotation.question_answers import Answers, is_empty, order_of
from farmy_assets.catalog.records import Record

Pixel = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""A coordinate in the image shown: absolute pixels, origin top left."""

Point = tuple[float, float]
"""x and y, in pixels."""

Bounds = tuple[float, float, float, float]
"""x_min, y_min, x_max, y_max, in pixels."""


class Region(Record):
    """What a person drew around, or on, one object, with the object's class.

    Attributes:
        kind: The name of the kind: of its module, in campaign files and in stored records.
        plural: The word for several regions of the kind.
        measure: What people call the likeness of two regions: "IoU".
        attributes: What was answered about it, by the name of the question.
        reach_px: How far the bounds of two may be apart, and the regions still be alike.
    """

    kind: ClassVar[str]
    plural: ClassVar[str]
    measure: ClassVar[str] = "IoU"
    reach_px: ClassVar[float] = 0.0

    label: str
    attributes: Answers = Field(default=(), exclude_if=is_empty)

    @abstractmethod
    def likeness(self, other: Self) -> float:
        """How far two regions cover the same: 0 (apart) to 1 (the same); labels are ignored."""

    @abstractmethod
    def is_within_tolerance(self, other: Self) -> bool:
        """Whether they differ by no more than a steady hand does, whatever their likeness is."""

    @classmethod
    @abstractmethod
    def fused(cls, regions: Sequence[Self], *, label: str) -> Self:
        """One region in place of the regions that several people drew of one object.

        Args:
            regions: At least one, in any order, which does not matter.
            label: The class of the result.
        """

    @abstractmethod
    def faults(self, width_px: int, height_px: int) -> Iterator[str]:
        """Why it cannot be released in an image of this size; each ends "The region ..."."""

    @property
    @abstractmethod
    def bounds_px(self) -> Bounds:
        """The smallest upright rectangle around it."""

    @property
    @abstractmethod
    def outline_px(self) -> tuple[Point, ...]:
        """The corners, at least three, of a closed line that shows people where it is."""

    @property
    def centre_px(self) -> Point:
        """The middle of its bounds."""
        x_min, y_min, x_max, y_max = self.bounds_px
        return (x_min + x_max) / 2, (y_min + y_max) / 2

    @property
    def place(self) -> tuple[object, ...]:
        """A total order: from top to bottom, then left to right.

        A kind that is not determined by its bounds has to add what else determines it.
        """
        x_min, y_min, x_max, y_max = self.bounds_px
        return y_min, x_min, y_max, x_max, self.label, self.kind, order_of(self.attributes)

    @property
    def description(self) -> str:
        """Its kind, class and place, for a message."""
        x_min, y_min, x_max, y_max = self.bounds_px
        corners = f"({x_min:g}, {y_min:g}) to ({x_max:g}, {y_max:g})"
        return f"{self.kind} {self.label!r} from {corners} px"
