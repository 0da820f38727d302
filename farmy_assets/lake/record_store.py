"""The records bucket: typed records in, typed records out."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from pydantic import ValidationError

from farmy_assets.catalog.records import Record
from farmy_assets.errors import LakeError, ObjectMissingError
from farmy_assets.lake.objects import Bucket, in_chunks, in_threads

Kind = TypeVar("Kind", bound=Record)
_OBJECTS_AT_ONCE = 32

_log = logging.getLogger(__name__)
_reported: set[tuple[str, type[Record]]] = set()


@dataclass(frozen=True)
class RecordStore:
    """What cannot be rebuilt, besides images: manifests, assignments, votes, decisions."""

    bucket: Bucket

    def write_once(self, key: str, record: Record) -> bool:
        """Write a record that must not be there yet; False when one already is."""
        return self.bucket.put_once(key, record.to_json())

    def replace(self, key: str, record: Record) -> None:
        """Write a record, over an older one if there is one."""
        self.bucket.put(key, record.to_json())

    def find(self, key: str, kind: type[Kind]) -> Kind | None:
        """The record under a key, or None when there is none.

        Raises:
            LakeError: What lies there is not such a record.
        """
        content = self.bucket.find(key)
        return None if content is None else self._parsed(key, content, kind)

    def find_with_etag(self, key: str, kind: type[Kind]) -> tuple[Kind | None, str | None]:
        """The record under a key and its version, for compare-and-swap; None, None without one."""
        try:
            content, etag = self.bucket.get_with_etag(key)
        except ObjectMissingError:
            return None, None
        return self._parsed(key, content, kind), etag

    def read(self, key: str, kind: type[Kind]) -> Kind:
        """The record under a key.

        Raises:
            ObjectMissingError: There is none.
            LakeError: What lies there is not such a record.
        """
        return self._parsed(key, self.bucket.get(key), kind)

    def ours(self, key: str, kind: type[Kind]) -> Kind | None:
        """The record under a listed key; None, and a warning, when it is no such record.

        Somebody else's object among the records must not keep everybody from reading the others.
        """
        content = self.bucket.find(key)  # it may have gone since it was listed
        try:
            return None if content is None else self._parsed(key, content, kind)
        except LakeError:
            self._pass_over(key, kind)
            return None

    def read_all(self, prefix: str, kind: type[Kind], *, after: str = "") -> list[Kind]:
        """All records under a prefix, in the order of their keys.

        What lies among them and is no such record is passed over, and reported as a warning.
        """
        found = in_threads(lambda key: self.ours(key, kind), self.bucket.keys(prefix, after=after))
        return [record for record in found if record is not None]

    def each(self, prefix: str, kind: type[Kind]) -> Iterator[Kind]:
        """The same as `read_all`, with only a few records in memory at a time."""
        for some in in_chunks(self.bucket.keys(prefix), _OBJECTS_AT_ONCE):
            for record in in_threads(lambda key: self.ours(key, kind), some):
                if record is not None:
                    yield record

    def append_lines(self, key: str, records: list[Kind]) -> bool:
        """Write records as one immutable object of JSON lines."""
        lines = b"".join(record.model_dump_json().encode() + b"\n" for record in records)
        return self.bucket.put_once(key, lines, media_type="application/x-ndjson")

    def read_lines(self, prefix: str, kind: type[Kind]) -> Iterator[Kind]:
        """All records in all objects of JSON lines under a prefix."""
        return self.lines(self.bucket.keys(prefix), kind)

    def lines(self, found: Iterable[str], kind: type[Kind]) -> Iterator[Kind]:
        """All records in objects of JSON lines, a few objects in memory at a time.

        A line that is no such record is passed over, and its object reported as a warning.
        """
        for some in in_chunks(found, _OBJECTS_AT_ONCE):
            for key, content in in_threads(lambda key: (key, self.bucket.find(key)), some):
                yield from self.parsed_lines(key, content or b"", kind)

    def parsed_lines(self, key: str, content: bytes, kind: type[Kind]) -> Iterator[Kind]:
        """The records in the bytes of an object of JSON lines."""
        for line in content.splitlines():
            try:
                yield self._parsed(key, line, kind)
            except LakeError:
                self._pass_over(key, kind)

    def _pass_over(self, key: str, kind: type[Record]) -> None:
        """Log a foreign object once a process, because sensors list every few seconds."""
        place = f"s3://{self.bucket.name}/{key}"
        if (place, kind) not in _reported:
            _reported.add((place, kind))
            _log.warning(
                "%s is not a %s of ours and is passed over; look who wrote it, then delete it",
                place,
                kind.__name__,
            )

    def _parsed(self, key: str, content: bytes, kind: type[Kind]) -> Kind:
        try:
            return kind.model_validate_json(content)
        except ValidationError as error:
            msg = f"s3://{self.bucket.name}/{key} is not a {kind.__name__}: {error}"
            raise LakeError(msg) from error
