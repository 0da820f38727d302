"""What a sender says of one file: in a side-car file beside it, or in a row of a list."""

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
    """What is said of one file; it wins over what is said of all files, and over EXIF.

    Attributes:
        campaign: The campaign it belongs to.
        crop: The crop it shows.
        field: The field or plot it shows.
        licence: Its licence, such as CC-BY-4.0.
        contributor: Token of the contributor; not a name.
        device: The camera.
        captured_at: When it was taken, in ISO 8601; UTC where no zone is told.
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
    def _figures_are_text(cls, told: object) -> object:
        """A side-car may say `"field": 7`; a list could only say it as text."""
        is_figure = isinstance(told, int | float) and not isinstance(told, bool)
        return str(told) if is_figure else told

    @field_validator("latitude_deg", "longitude_deg", mode="before")
    @classmethod
    def _yes_is_no_angle(cls, told: object) -> object:
        """Python takes true for 1."""
        if isinstance(told, bool):
            msg = "a number is needed"
            raise ValueError(msg)  # noqa: TRY004 - pydantic collects these alone
        return told

    @field_validator("captured_at", mode="before")
    @classmethod
    def _by_the_calendar(cls, told: object) -> datetime:
        """Only ISO 8601: any number could be taken for seconds since 1970, 20260514 as well."""
        try:
            time = datetime.fromisoformat(told.strip() if isinstance(told, str) else "")
        except ValueError as error:
            msg = "a time in ISO 8601 is needed, such as 2026-05-14T08:12:33+02:00"
            raise ValueError(msg) from error
        return time_of_a_photograph(time if time.tzinfo else time.replace(tzinfo=UTC))

    @model_validator(mode="after")
    def _a_whole_position(self) -> "SuppliedMetadata":
        if (self.latitude_deg is None) != (self.longitude_deg is None):
            msg = "latitude_deg and longitude_deg belong together"
            raise ValueError(msg)
        return self

    @property
    def position(self) -> Position | None:
        """The place that is claimed."""
        if self.latitude_deg is None or self.longitude_deg is None:
            return None
        return Position(latitude_deg=self.latitude_deg, longitude_deg=self.longitude_deg)


NOTHING_CLAIMED = SuppliedMetadata()
CLAIM_NAMES = tuple(SuppliedMetadata.model_fields)


def check_claim_names(names: Mapping[str, object] | tuple[str, ...]) -> None:
    """Make sure that all of these are names of claims.

    Raises:
        InvalidInputError: Some are not; the text lists the known ones.
    """
    unknown = sorted(set(names) - set(CLAIM_NAMES))
    if unknown:
        msg = f"unknown: {', '.join(unknown)[:200]}; known are {', '.join(CLAIM_NAMES)}"
        raise InvalidInputError(msg)


def parse_claims(told: Mapping[str, object]) -> SuppliedMetadata:
    """Claims as they were written down; an empty text claims nothing.

    Raises:
        InvalidInputError: A name is unknown, or a value does not fit; the text says which.
    """
    check_claim_names(told)
    given = {
        name: value
        for name, value in told.items()
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
