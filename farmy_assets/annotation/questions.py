"""What a campaign asks besides regions: of a whole image, or of each region.

A question's name is that of its control in Label Studio, and the key of its answers in votes and
data sets. The form in a campaign's file is in `campaign_file.py`.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from farmy_assets.catalog.records import Record

CHOICE, NUMBER, TEXT = "choice", "number", "text"

LONGEST_TEXT = 2_000
"""Characters of a text that people write themselves."""

RESERVED_NAMES = (
    "image", "usable", "reasons", "cannot_label", "decision", "differences", "versions",
    "attributes", "choices", "reason", "place",
)  # fmt: skip
"""Names that the platform gives to other things on its pages; kinds of regions are more of them."""

QuestionName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
OfferedValue = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)
]
Limit = Annotated[float, Field(allow_inf_nan=False)]


class ImageChoice(Record):
    """A question about a whole image, answered by one of some values, or by several of them."""

    name: QuestionName
    values: Annotated[tuple[OfferedValue, ...], Field(min_length=1, max_length=100)]
    several: bool = False
    required: bool = False

    @field_validator("values")
    @classmethod
    def _can_be_shown(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return checked_values(values)


class RegionAttribute(Record):
    """A question about each region.

    Attributes:
        kind: How it is answered: by what is offered in `values`, by a number, or by a text.
        several: Whether more than one of the values may be chosen.
        min: The least number.
        max: The greatest number.
        classes: The classes that it is asked of; empty for all.
    """

    name: QuestionName
    kind: Literal["choice", "number", "text"] = "choice"
    values: Annotated[tuple[OfferedValue, ...], Field(max_length=100)] = ()
    several: bool = False
    min: Limit | None = None
    max: Limit | None = None
    classes: Annotated[tuple[str, ...], Field(max_length=200)] = ()
    required: bool = False

    @field_validator("values")
    @classmethod
    def _can_be_shown(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return checked_values(values)

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "RegionAttribute":
        problem = self._misfit()
        if problem:
            raise ValueError(problem)
        return self

    def _misfit(self) -> str | None:
        if self.kind == CHOICE and not self.values:
            return "a choice needs values; for a number or a text write its kind"
        if self.kind != CHOICE and (self.values or self.several):
            return f"a {self.kind} has no values to choose from"
        if self.kind != NUMBER and (self.min is not None or self.max is not None):
            return f"a {self.kind} has neither min nor max"
        if self.min is not None and self.max is not None and self.min > self.max:
            return f"min {self.min:g} must not be over max {self.max:g}"
        return None

    def is_asked_of(self, label: str) -> bool:
        """Whether it is asked of regions of this class."""
        return not self.classes or label in self.classes


Question = ImageChoice | RegionAttribute


def kind_of(question: Question) -> str:
    """How a question is answered: `choice`, `number` or `text`."""
    return question.kind if isinstance(question, RegionAttribute) else CHOICE


def checked_values(values: tuple[str, ...]) -> tuple[str, ...]:
    """The values as they are, when people can be shown them and tell them apart.

    Raises:
        ValueError: They cannot; the text says which one.
    """
    seen: set[str] = set()
    for value in values:
        if not value.isprintable() or value.startswith("$"):
            msg = (
                f"{value[:40]!r} must not hold control characters, nor start with $ (a variable "
                "to Label Studio)"
            )
            raise ValueError(msg)
        if value.casefold() in seen:
            msg = f"the value {value[:40]!r} is offered twice"
            raise ValueError(msg)
        seen.add(value.casefold())
    return values
