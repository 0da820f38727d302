"""Metadata that a sender supplies for one file: in a side-car file, or in a row of a list."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field, ValidationError, field_validator, model_validator

from farmy_assets.catalog.metadata import (
    CampaignName,
    Position,
    ShortText,
    time_of_a_photograph,
)
from farmy_assets.catalog.privacy import ContributorToken
from farmy_assets.catalog.records import Record
from farmy_assets.errors import InvalidInputError

Degrees = Annotated[float, Field(allow_inf_nan=False)]


class SuppliedMetadata(Record):
    """Metadata of one file; they take precedence over those of all files, and over EXIF.

    Attributes:
        campaign: The campaign it belongs to.
        crop: The crop it shows.
        field: The field or plot it shows.
        licence: Its licence, such as CC-BY-4.0.
        contributor: Token of the contributor; not a name.
        device: The camera.
        captured_at: When it was taken, in ISO 8601; UTC where no zone is given.
        latitude_deg: Where it was taken, WGS 84, south is negative.
        longitude_deg: Where it was taken, WGS 84, west is negative.
    """

    campaign: CampaignName | None = None
    crop: ShortText | None = None
    field: ShortText | None = None
    licence: ShortText | None = None
    contributor: ContributorToken | None = None
    device: ShortText | None = None
    captured_at: datetime | None = None
    latitude_deg: Annotated[Degrees, Field(ge=-90, le=90)] | None = None
    longitude_deg: Annotated[Degrees, Field(ge=-180, le=180)] | None = None

    @field_validator("campaign", "crop", "field", "licence", "contributor", "device", mode="before")
    @classmethod
    def _numbers_become_text(cls, value: object) -> object:
        """A side-car may have `"field": 7`; a list has it as text."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return str(value) if is_number else value

    @field_validator("latitude_deg", "longitude_deg", mode="before")
    @classmethod
    def _refuse_booleans(cls, value: object) -> object:
        """Python takes true for 1."""
        if isinstance(value, bool):
            msg = "a number is needed"
            raise ValueError(msg)  # noqa: TRY004 - pydantic collects these alone
        return value

    @field_validator("captured_at", mode="before")
    @classmethod
    def _parse_iso_time(cls, value: object) -> datetime:
        """Only ISO 8601: any number could be taken for seconds since 1970, 20260514 as well."""
        try:
            time = datetime.fromisoformat(value.strip() if isinstance(value, str) else "")
        except ValueError as error:
            msg = "a time in ISO 8601 is needed, such as 2026-05-14T08:12:33+02:00"
            raise ValueError(msg) from error
        return time_of_a_photograph(time if time.tzinfo else time.replace(tzinfo=UTC))

    @model_validator(mode="after")
    def _check_position(self) -> "SuppliedMetadata":
        if (self.latitude_deg is None) != (self.longitude_deg is None):
            msg = "latitude_deg and longitude_deg belong together"
            raise ValueError(msg)
        return self

    @property
    def position(self) -> Position | None:
        """The position, if it is supplied."""
        if self.latitude_deg is None or self.longitude_deg is None:
            return None
        return Position(latitude_deg=self.latitude_deg, longitude_deg=self.longitude_deg)


NOTHING_CLAIMED = SuppliedMetadata()
CLAIM_NAMES = tuple(SuppliedMetadata.model_fields)


def check_claim_names(names: Mapping[str, object] | tuple[str, ...]) -> None:
    """Check that these are names of metadata that can be supplied.

    Raises:
        InvalidInputError: Some are not; the text lists the known ones.
    """
    unknown = sorted(set(names) - set(CLAIM_NAMES))
    if unknown:
        msg = f"unknown: {', '.join(unknown)[:200]}; known are {', '.join(CLAIM_NAMES)}"
        raise InvalidInputError(msg)


def parse_claims(supplied: Mapping[str, object]) -> SuppliedMetadata:
    """Check supplied metadata and convert them; an empty text counts as absent.

    Raises:
        InvalidInputError: A name is unknown, or a value is not valid; the message names it.
    """
    check_claim_names(supplied)
    given = {
        name: value
        for name, value in supplied.items()
        if not (isinstance(value, str) and not value.strip())
    }
    try:
        return SuppliedMetadata.model_validate(given)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        )
        raise InvalidInputError(problems.removeprefix(": ")) from error
