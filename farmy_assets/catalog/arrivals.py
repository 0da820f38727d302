"""The arrival of a file: it becomes an image with metadata, or is refused with a reason."""

import hashlib
from datetime import datetime
from enum import StrEnum

from pydantic import ValidationError

from farmy_assets.catalog.claims import NOTHING_CLAIMED, SuppliedMetadata
from farmy_assets.catalog.exif import read_capture_facts
from farmy_assets.catalog.file_names import SIDE_CAR
from farmy_assets.catalog.metadata import (
    MAX_SIZE_BYTES,
    ImageMetadata,
    Source,
    WebOrigin,
    image_id_for,
)
from farmy_assets.catalog.privacy import contributor_token
from farmy_assets.catalog.records import Record
from farmy_assets.catalog.signatures import (
    claims_to_be_an_image,
    is_apple_double,
    media_type_of,
)
from farmy_assets.errors import InvalidInputError


class RefusalReason(StrEnum):
    """Why a file did not enter the lake at all."""

    EMPTY_FILE = "empty_file"
    NOT_AN_IMAGE = "not_an_image"
    TOO_LARGE = "too_large"
    NOT_A_REGULAR_FILE = "not_a_regular_file"
    UNREADABLE = "unreadable"
    MISSING_FILE = "missing_file"
    OUTSIDE_THE_FOLDER = "outside_the_folder"
    BAD_METADATA = "bad_metadata"
    OTHER_BYTES_IN_THE_LAKE = "other_bytes_in_the_lake"
    NOT_IN_THE_LAKE = "not_in_the_lake"


class Refusal(Record):
    """A file that stayed outside, and why."""

    name: str
    reason: RefusalReason
    detail: str = ""


class DeliveryMetadata(Record):
    """The metadata that the sender supplies for all files of one delivery."""

    source: Source
    campaign: str
    crop: str | None = None
    field: str | None = None
    licence: str | None = None
    contributor: str | None = None
    device: str | None = None
    web: WebOrigin | None = None


def receive(
    name: str,
    content: bytes,
    *,
    origin: DeliveryMetadata,
    arrived_at: datetime,
    claims: SuppliedMetadata = NOTHING_CLAIMED,
) -> ImageMetadata | Refusal:
    """The metadata under which a file enters the lake, or the reason why it does not.

    Only what cannot be a photograph is refused here: a broken photograph enters, so that the
    cleansing stage can report what is wrong with it. Metadata of this file take precedence over
    those of the delivery, and both over EXIF.

    Raises:
        InvalidInputError: The sender's metadata of the delivery do not fit the schema.
    """
    if not content:
        return Refusal(name=name, reason=RefusalReason.EMPTY_FILE)
    if len(content) > MAX_SIZE_BYTES:
        return Refusal(name=name, reason=RefusalReason.TOO_LARGE, detail=f"{len(content)} bytes")
    if not claims_to_be_an_image(name, content):
        detail = "neither its name nor its first bytes say so"
        if is_apple_double(name, content):
            detail = "AppleDouble: what macOS keeps beside a file of this name without ._"
        elif name.lower().endswith(SIDE_CAR):
            detail = "a side-car of no photograph: none here has its name"
        return Refusal(name=name, reason=RefusalReason.NOT_AN_IMAGE, detail=detail)
    sha256 = hashlib.sha256(content).hexdigest()
    facts = read_capture_facts(content)
    supplied = origin.model_copy(
        update={
            name: value
            for name, value in claims.model_dump(include=set(DeliveryMetadata.model_fields)).items()
            if value is not None
        }
    )
    if supplied.contributor is not None:
        contributor_token(supplied.contributor)
    try:
        return ImageMetadata(
            image_id=image_id_for(sha256, supplied.source, supplied.campaign, name),
            sha256=sha256,
            size_bytes=len(content),
            media_type=media_type_of(content),
            original_name=name,
            arrived_at=arrived_at,
            captured_at=claims.captured_at or facts.captured_at,
            position=claims.position or facts.position,
            **{**supplied.model_dump(), "device": supplied.device or facts.device},
        )
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        msg = f"the metadata of this delivery is not valid: {problems}"
        raise InvalidInputError(msg) from error
