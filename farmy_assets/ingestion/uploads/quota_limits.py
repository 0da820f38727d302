"""How many uploads a contributor may have open, and begin in a day: settings with safe defaults."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, ValidationError

from farmy_assets.catalog.records import Record
from farmy_assets.errors import InvalidInputError

VARIABLES = {
    "open_uploads": "FARMY_UPLOAD_QUOTA_OPEN",
    "open_bytes": "FARMY_UPLOAD_QUOTA_OPEN_BYTES",
    "uploads_today": "FARMY_UPLOAD_QUOTA_A_DAY",
    "bytes_today": "FARMY_UPLOAD_QUOTA_BYTES_A_DAY",
}


class UploadCounts(Record):
    """Uploads of one contributor: how many there are, or may be.

    Attributes:
        open_uploads: Uploads that leave was given for and that are not done.
        open_bytes: What these have together.
        uploads_today: Uploads that leave was given for since midnight, UTC.
        bytes_today: What these have together.
    """

    open_uploads: Annotated[int, Field(ge=0)] = 0
    open_bytes: Annotated[int, Field(ge=0)] = 0
    uploads_today: Annotated[int, Field(ge=0)] = 0
    bytes_today: Annotated[int, Field(ge=0)] = 0


USUAL_LIMITS = UploadCounts(
    open_uploads=100, open_bytes=2_000_000_000, uploads_today=5_000, bytes_today=20_000_000_000
)
MOST_OPEN = 1000  # an item of DynamoDB has 400 kB


def limits_from(environment: Mapping[str, str]) -> UploadCounts:
    """The limits that a process environment gives, and the usual ones for the rest.

    Raises:
        InvalidInputError: One is not a number that makes sense.
    """
    given = {field: environment.get(name) for field, name in VARIABLES.items()}
    try:
        limits = UploadCounts.model_validate(
            {**USUAL_LIMITS.model_dump(), **{field: text for field, text in given.items() if text}}
        )
    except ValidationError as error:
        wrong = ", ".join(VARIABLES[str(e["loc"][0])] for e in error.errors())
        msg = f"not a number of 0 or more: {wrong}"
        raise InvalidInputError(msg) from error
    if limits.open_uploads > MOST_OPEN:
        msg = f"{VARIABLES['open_uploads']} is {limits.open_uploads}; {MOST_OPEN} is the most"
        raise InvalidInputError(msg)
    return limits
