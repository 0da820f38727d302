"""The catalog's entry for one image, and how S3 events change it.

S3 delivers events at least once and in any order. Events for one key carry a `sequencer`, a
hexadecimal number that grows: an event is applied only when its sequencer is the larger one.
Source: Amazon S3 User Guide, "Event message structure".
"""

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Any
from urllib.parse import unquote_plus

from pydantic import AwareDatetime, field_validator

from farmy_assets.catalog.metadata import ImageMetadata
from farmy_assets.catalog.privacy import shareable
from farmy_assets.catalog.records import Record
from farmy_assets.errors import InvalidInputError

SEQUENCER_DIGITS = 32
NO_SEQUENCER = "0" * SEQUENCER_DIGITS  # any event that still comes is newer


class EntryState(StrEnum):
    """Whether the image's object is in the raw zone."""

    PRESENT = "present"
    DELETED = "deleted"


class CatalogEntry(Record):
    """What the catalog knows of one image; it can always be rebuilt from the raw zone.

    Its metadata is what may be known outside the raw zone: an exact position given here is
    coarsened. So many corrections are in it as `corrections` says.
    """

    image_id: str
    state: EntryState
    sequencer: str
    metadata: ImageMetadata | None
    batch_id: str | None = None
    corrections: int = 0

    @field_validator("metadata")
    @classmethod
    def _only_what_is_shared(cls, metadata: ImageMetadata | None) -> ImageMetadata | None:
        return shareable(metadata) if metadata else None

    @property
    def arrived_at(self) -> AwareDatetime | None:
        """When the image reached the lake; None when only its deletion was ever seen."""
        return self.metadata.arrived_at if self.metadata else None


class ObjectEvent(Record):
    """One change of one object, as S3 told it."""

    bucket: str
    key: str
    sequencer: str
    removed: bool


def padded_sequencer(sequencer: str) -> str:
    """The sequencer, left-padded, so that string order is number order."""
    return sequencer.upper().rjust(SEQUENCER_DIGITS, "0")


def object_events(message_body: str) -> Iterator[ObjectEvent]:
    """The object changes in the body of one queue message.

    S3's own test event has no records and yields nothing.

    Raises:
        InvalidInputError: The body is not an S3 event.
    """
    try:
        document: dict[str, Any] = json.loads(message_body)
        if document.get("Event") == "s3:TestEvent":
            return
        for record in document["Records"]:
            name = str(record["eventName"])
            if not name.startswith(("ObjectCreated:", "ObjectRemoved:")):
                continue
            body = record["s3"]
            yield ObjectEvent(
                bucket=body["bucket"]["name"],
                key=unquote_plus(body["object"]["key"]),
                sequencer=padded_sequencer(str(body["object"]["sequencer"])),
                removed=name.startswith("ObjectRemoved:"),
            )
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        msg = f"not an S3 event: {type(error).__name__}: {error}"
        raise InvalidInputError(msg) from error
