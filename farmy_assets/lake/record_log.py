"""A numbered log of records of one kind: added behind the others, and read by number."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import ValidationError

from farmy_assets.catalog.records import Record
from farmy_assets.lake.numbered_log import NumberedLog
from farmy_assets.lake.objects import in_threads
from farmy_assets.lake.record_store import RecordStore

Kind = TypeVar("Kind", bound=Record)


@dataclass(frozen=True)
class RecordLog(Generic[Kind]):
    """Records that are numbered from 1; the number is the lock.

    Attributes:
        records: Where they are.
        key_of: Makes the key of a number; keys sort as their numbers do.
        kind: What they are.
    """

    records: RecordStore
    key_of: Callable[[int], str]
    kind: type[Kind]

    @property
    def _log(self) -> NumberedLog:
        return NumberedLog(self.records.bucket, self.key_of)

    def numbers_after(self, number: int) -> list[int]:
        """The numbers behind this one that are taken; costs one listing of what is new."""
        return self._log.after(number)

    def all(self) -> dict[int, Kind]:
        """Every record by its number; somebody else's object is passed over."""
        return self._read(self.numbers_after(0))

    def add(self, decide: Callable[[dict[int, Kind]], Kind | None]) -> Kind | None:
        """Add the record that follows from all that are there; decided again if another is quicker.

        Args:
            decide: Called with every record by its number; None where nothing is to be added.

        Returns:
            What was added; None when nothing was.
        """
        numbers = self.numbers_after(0)
        known, last = self._read(numbers), max([0, *numbers])
        added: Kind | None = None

        def learn(content: bytes) -> None:
            nonlocal last
            last += 1
            try:
                known[last] = self.kind.model_validate_json(content)
            except ValidationError:  # somebody else's object; it is reported where it is read
                return

        def content() -> bytes | None:
            nonlocal added
            added = decide(known)
            return added.to_json() if added else None

        self._log.append(after=last, content=content, learn=learn)
        return added

    def _read(self, numbers: Sequence[int]) -> dict[int, Kind]:
        found = in_threads(lambda n: self.records.ours(self.key_of(n), self.kind), numbers)
        return {n: record for n, record in zip(numbers, found, strict=True) if record}
