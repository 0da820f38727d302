"""Corrections of a photograph's metadata: records of their own, beside those of its arrival.

The metadata of the first arrival never change. The current metadata are computed from them and all
corrections in their order, so that it comes out the same whenever it is worked out again.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, ValidationError, field_validator, model_validator

from farmy_assets.catalog.metadata import (
    ImageId,
    ImageMetadata,
    Position,
    ShortText,
    time_of_a_photograph,
)
from farmy_assets.catalog.privacy import ContributorToken
from farmy_assets.catalog.records import Record
from farmy_assets.errors import InvalidInputError


class CorrectedValues(Record):
    """The new values of a correction; None leaves the current value."""

    captured_at: AwareDatetime | None = None
    device: ShortText | None = None
    position: Position | None = None
    crop: ShortText | None = None
    field: ShortText | None = None
    licence: ShortText | None = None
    contributor: ContributorToken | None = None

    @field_validator("captured_at")
    @classmethod
    def _when_there_were_photographs(cls, time: AwareDatetime | None) -> AwareDatetime | None:
        return None if time is None else time_of_a_photograph(time)


CORRECTABLE = tuple(CorrectedValues.model_fields)


class AuthorKind(StrEnum):
    """Who corrects: the contributor who sent the photograph, or who runs the platform."""

    CONTRIBUTOR = "contributor"
    OPERATOR = "operator"


class Correction(Record):
    """One correction of one image.

    Attributes:
        image_id: The image.
        number: Its place among the image's corrections, from 1.
        author: Who made it: a contributor's token, or what an operator calls himself.
        author_kind: Which of the two the author is.
        at: When it was made.
        values: The new values.
        removed: Names of values that are taken away without another in their place.
        reason: Why it was made.
    """

    image_id: ImageId
    number: Annotated[int, Field(ge=1)]
    author: ShortText
    author_kind: AuthorKind
    at: AwareDatetime
    values: CorrectedValues = CorrectedValues()
    removed: tuple[str, ...] = ()
    reason: ShortText | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Correction":
        if unknown := set(self.removed) - set(CORRECTABLE):
            msg = f"cannot be removed: {', '.join(sorted(unknown))}"
            raise ValueError(msg)
        if both := set(self.removed) & self.values.model_dump(exclude_none=True).keys():
            msg = f"removed and given a value at once: {', '.join(sorted(both))}"
            raise ValueError(msg)
        return self


def corrected(first: ImageMetadata, corrections: Iterable[Correction]) -> ImageMetadata:
    """The current metadata: those of the first arrival with all corrections applied in order."""
    changes: dict[str, object] = {}
    for correction in sorted(corrections, key=lambda one: one.number):
        changes |= dict.fromkeys(correction.removed)
        changes |= _stated(correction.values)
    return first.model_copy(update=changes)


def changes_needed(
    current: ImageMetadata, values: CorrectedValues, removed: Iterable[str]
) -> tuple[CorrectedValues, tuple[str, ...]]:
    """The part of a correction that changes a value: repeating a current value needs no record."""
    changed = {n: v for n, v in _stated(values).items() if v != getattr(current, n)}
    gone = tuple(n for n in dict.fromkeys(removed) if getattr(current, n, None) is not None)
    return CorrectedValues.model_validate(changed), gone


def corrected_values(values: Mapping[str, Any]) -> CorrectedValues:
    """Check and convert the values of a correction.

    Raises:
        InvalidInputError: A value is not valid; the message names it.
    """
    try:
        return CorrectedValues.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InvalidInputError(problems) from error


def _stated(values: CorrectedValues) -> dict[str, object]:
    return {n: getattr(values, n) for n in CORRECTABLE if getattr(values, n) is not None}
