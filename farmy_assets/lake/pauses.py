"""Pauses: who is asked nothing more for the time being, said by a rule or a person."""

from dataclasses import dataclass
from functools import partial

from farmy_assets.annotation.pauses import PauseChange, current_changes, paused_people
from farmy_assets.lake import keys
from farmy_assets.lake.record_log import RecordLog
from farmy_assets.lake.record_store import RecordStore


@dataclass(frozen=True)
class PauseRepository:
    """Reads and adds pauses, and their ends."""

    records: RecordStore

    def log(self, campaign: str) -> RecordLog[PauseChange]:
        """All pauses and their ends, in order."""
        return RecordLog(self.records, partial(keys.pauses, campaign), PauseChange)

    def current(self, campaign: str) -> dict[str, PauseChange]:
        """Of everybody who was ever paused the newest change, by name."""
        return current_changes(self.log(campaign).all())

    def paused(self, campaign: str) -> frozenset[str]:
        """Who is paused now; one listing where nobody ever was."""
        return paused_people(self.current(campaign))

    def add(self, change: PauseChange) -> PauseChange | None:
        """Pause somebody, or end the pause; None when that is so already."""

        def decide(changes: dict[int, PauseChange]) -> PauseChange | None:
            present = current_changes(changes).get(change.person)
            is_paused = bool(present and present.is_paused)
            return None if change.is_paused == is_paused else change

        return self.log(change.campaign).add(decide)

    def numbers_after(self, campaign: str, number: int) -> list[int]:
        """The numbers of changes behind this one."""
        return self.log(campaign).numbers_after(number)
