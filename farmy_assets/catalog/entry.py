"""The catalog's entry for one image, and how S3 events change it.

S3 delivers events at least once and in any order. Events for one key carry a `sequencer`: an event
is applied only when its sequencer is the larger one (see `sequencers.py`).
Source: Amazon S3 User Guide, "Event message structure".
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import unquote_plus

from pydantic import AwareDatetime, field_validator

from farmy_assets.catalog.metadata import ImageMetadata
from farmy_assets.catalog.privacy import shareable
from farmy_assets.catalog.records import Record
from farmy_assets.catalog.sequencers import comparable_sequencer
from farmy_assets.errors import InvalidInputError

CREATED, REMOVED = "ObjectCreated:", "ObjectRemoved:"
VERSION_REMOVED = "ObjectRemoved:Delete"  # of a bucket that keeps versions, where one is named
RECORD_ERRORS = (KeyError, TypeError, AttributeError, ValueError, RecursionError)


class EntryState(StrEnum):
    """Whether the image's object is in the raw zone."""

    PRESENT = "present"
    DELETED = "deleted"


class CatalogEntry(Record):
    """The catalog's record of one image; it can always be rebuilt from the raw zone.

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
    """One change of one object, from an S3 event.

    `of_version` says that one version alone was removed for good: the object may still be there,
    because it has others, or because what was removed was the mark of its deletion.
    """

    bucket: str
    key: str
    sequencer: str
    removed: bool
    of_version: bool = False


@dataclass(frozen=True)
class ObjectEvents:
    """The events of one queue message.

    Attributes:
        changes: The objects that came or went.
        other_names: Name of each event of another kind, which does not concern the catalog.
        malformed: What is wrong with each record that is no event of S3.
    """

    changes: tuple[ObjectEvent, ...] = ()
    other_names: tuple[str, ...] = ()
    malformed: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[ObjectEvent]:
        """The changes."""
        return iter(self.changes)


def object_events(message_body: str) -> ObjectEvents:
    """The events in the body of one queue message; a record that is none spoils no other.

    S3's own test event has no records.

    Raises:
        InvalidInputError: The body as a whole is not an S3 event.
    """
    try:
        document: dict[str, Any] = json.loads(message_body)
        if document.get("Event") == "s3:TestEvent":
            return ObjectEvents()
        records: list[Any] = document["Records"]
        if not isinstance(records, list):
            msg = "Records is no list"
            raise TypeError(msg)
    except RECORD_ERRORS as error:
        msg = f"not an S3 event: {type(error).__name__}: {error}"
        raise InvalidInputError(msg) from error
    changes: list[ObjectEvent] = []
    other_names: list[str] = []
    malformed: list[str] = []
    for number, record in enumerate(records, start=1):
        try:
            name = _event_name(record)
            if name.startswith((CREATED, REMOVED)):
                changes.append(_object_event(record, name))
            else:
                other_names.append(name)
        except (InvalidInputError, *RECORD_ERRORS) as error:
            what = f"{type(error).__name__}: {error}"
            malformed.append(f"record {number} of {len(records)} ({what})")
    return ObjectEvents(tuple(changes), tuple(other_names), tuple(malformed))


def _event_name(record: Mapping[str, Any]) -> str:
    name = record["eventName"]
    if not isinstance(name, str):
        msg = f"eventName is {type(name).__name__}"
        raise TypeError(msg)
    return name.removeprefix("s3:")  # as some servers with S3's interface write it


def _object_event(record: Mapping[str, Any], name: str) -> ObjectEvent:
    body = record["s3"]
    return ObjectEvent(
        bucket=body["bucket"]["name"],
        key=unquote_plus(body["object"]["key"]),
        sequencer=comparable_sequencer(str(body["object"]["sequencer"])),
        removed=name.startswith(REMOVED),
        of_version=name == VERSION_REMOVED and bool(body["object"].get("versionId")),
    )
