"""The metadata of one photograph: what it is, where it came from, who may use it.

An image is one arrival of some bytes under one name: its id is made from the content and from the
origin, so that the same file sent again is the same image, and the same content under another name
is another image (which cleansing will then exclude as an exact duplicate, with that reason).
"""

import hashlib
import re
import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from farmy_assets.catalog.records import Record

MAX_SIZE_BYTES = 200_000_000
IMAGE_ID_PATTERN = r"^[0-9a-f]{32}-[0-9a-f]{12}$"
FIRST_YEAR, LAST_YEAR = 1800, 2199  # before the oldest photograph; what tables can hold
NAME_PATTERN = r"^[a-z0-9](?:[a-z0-9-]{0,22}[a-z0-9])?$"

ImageId = Annotated[str, StringConstraints(pattern=IMAGE_ID_PATTERN)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
CampaignName = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
ShortText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]

WebAddress = Annotated[str, StringConstraints(pattern=r"^https?://", max_length=4096)]


class Source(StrEnum):
    """How a photograph arrived."""

    MOBILE = "mobile"
    SCRAPER = "scraper"
    BULK = "bulk"


class Position(Record):
    """A place on the Earth, WGS 84, in degrees."""

    latitude_deg: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    longitude_deg: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class WebOrigin(Record):
    """Where on the web a photograph was found, and what its page states about it.

    Attributes:
        page_address: The page that shows it.
        image_address: Where its bytes came from, redirects followed.
        licence_statement: The text or link of the page from which the licence was determined.
    """

    page_address: WebAddress
    page_title: ShortText | None = None
    image_address: WebAddress
    title: ShortText | None = None
    author: ShortText | None = None
    licence_statement: ShortText | None = None
    retrieved_at: AwareDatetime


class ImageMetadata(Record):
    """The metadata of one photograph at its arrival; stored beside it and never changed."""

    schema_version: Annotated[int, Field(ge=1, le=1)] = 1
    image_id: ImageId
    sha256: Sha256
    size_bytes: Annotated[int, Field(gt=0)]
    media_type: Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-z0-9.+-]+$")]
    original_name: Annotated[str, StringConstraints(min_length=1, max_length=4096)]
    source: Source
    campaign: CampaignName
    arrived_at: AwareDatetime
    captured_at: AwareDatetime | None = None
    device: ShortText | None = None
    position: Position | None = None
    crop: ShortText | None = None
    field: ShortText | None = None
    licence: ShortText | None = None
    contributor: ShortText | None = None
    web: WebOrigin | None = None

    @model_validator(mode="after")
    def _id_belongs_to_content(self) -> "ImageMetadata":
        expected = image_id_for(self.sha256, self.source, self.campaign, self.original_name)
        if self.image_id != expected:
            msg = f"image_id {self.image_id} is not of this content and origin ({expected})"
            raise ValueError(msg)
        return self


def time_of_a_photograph(time: datetime) -> datetime:
    """The time, if a photograph can have been taken then: zones and tables know no others.

    Raises:
        ValueError: None can.
    """
    if not FIRST_YEAR <= time.year <= LAST_YEAR:
        msg = f"a year from {FIRST_YEAR} to {LAST_YEAR} is needed"
        raise ValueError(msg)
    return time


def image_id_for(sha256: str, source: str, campaign: str, original_name: str) -> str:
    """The id of one arrival: 32 hex digits of the content, 12 of the origin.

    The name is put in Unicode's composed form first, because file systems differ in it.
    """
    name = unicodedata.normalize("NFC", original_name)
    origin = hashlib.sha256("\x00".join((source, campaign, name)).encode("utf-8", "surrogatepass"))
    return f"{sha256[:32]}-{origin.hexdigest()[:12]}"


def is_image_id(text: str) -> bool:
    """Whether the text has the form of an image id."""
    return re.fullmatch(IMAGE_ID_PATTERN, text) is not None
