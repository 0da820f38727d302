"""Which troubles there are and which messages were sent: one small record, by compare-and-swap."""

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import AwareDatetime, Field

from farmy_assets.catalog.records import Record
from farmy_assets.errors import LakeError
from farmy_assets.lake import keys
from farmy_assets.lake.record_store import RecordStore


class Trouble(Record):
    """Something that somebody should hear of; the same key is the same trouble."""

    key: str
    title: str
    text: str


class KnownTrouble(Record):
    """A trouble, since when it is known, and when each channel took the last message on it.

    `ended_at` is set when it has passed, until every channel that had a message on it has had one
    on its end as well.
    """

    trouble: Trouble
    opened_at: AwareDatetime
    sent: dict[str, AwareDatetime] = Field(default_factory=dict)
    ended_at: AwareDatetime | None = None


class AlertState(Record):
    """All troubles that are known, by their keys."""

    troubles: dict[str, KnownTrouble] = Field(default_factory=dict)

    def open_troubles(self) -> list[KnownTrouble]:
        """Those that have not passed, the oldest first."""
        there = [known for known in self.troubles.values() if known.ended_at is None]
        return sorted(there, key=lambda known: (known.opened_at, known.trouble.key))


@dataclass(frozen=True)
class AlertRepository:
    """Reads and changes what is known of troubles."""

    records: RecordStore

    def state(self) -> AlertState:
        """What is known; nothing before the first trouble."""
        return self._read()[0]

    def change(self, change: Callable[[AlertState], AlertState]) -> AlertState:
        """Change what is known, over nobody else's change; returns the state as it then is."""
        while True:
            before, etag = self._read()
            after = change(before)
            content = after.to_json()
            if after == before or self.records.bucket.put_if(keys.ALERTS, content, etag=etag):
                return after

    def _read(self) -> tuple[AlertState, str | None]:
        """The state with its ETag; what is not of our making counts as none, and is replaced."""
        try:
            found, etag = self.records.find_with_etag(keys.ALERTS, AlertState)
        except LakeError:
            return AlertState(), self.records.bucket.etag(keys.ALERTS)
        return found or AlertState(), etag
