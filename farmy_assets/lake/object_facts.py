"""What is known of an object: from a listing, from its metadata, from reading it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class ListedObject(NamedTuple):
    """An object in a listing: the ETag changes with its bytes; the day is in UTC."""

    key: str
    etag: str
    modified_on: str


@dataclass(frozen=True)
class ObjectFacts:
    """Metadata of an S3 object: size, sha256 in hex if it was stored with one, user metadata."""

    size_bytes: int
    sha256: str | None
    about: Mapping[str, str]

    def differs_from(self, sha256: str, size_bytes: int) -> bool:
        """Whether the stored sha256 differs; a multipart object has none."""
        return self.sha256 not in {None, sha256} or self.size_bytes != size_bytes


class ObjectVersion(NamedTuple):
    """One version of an object, or the marker of its deletion."""

    key: str
    is_latest: bool
    is_marker: bool


@dataclass(frozen=True)
class ReadObject:
    """What was read of an object: exactly this version had these bytes.

    Attributes:
        size_bytes: How many there are.
        sha256: Their digest in hex.
        etag: The version's ETag.
        version_id: The version's id; None where the bucket keeps none.
        content: The bytes; None where there are more than were to be kept in memory.
    """

    size_bytes: int
    sha256: str
    etag: str
    version_id: str | None
    content: bytes | None
