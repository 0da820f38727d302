"""Pages of what was given out, and the counters over them: changed together, or not at all.

One record holds the counters of a campaign's phase, and the page that was last changed. Whoever
changes a page first replaces this record by compare-and-swap, with the new counters and the whole
new page in it, and then writes the page. Killed between the two, the next one who comes writes the
page first. So counters and pages agree for everybody who gives something out, and of two who do so
at once, one finds the record changed and decides again.
"""

from collections.abc import Callable
from dataclasses import dataclass

from farmy_assets.annotation.sharing_counters import SharingCounters
from farmy_assets.catalog.records import Record
from farmy_assets.lake.record_store import RecordStore


class PageInFlight(Record):
    """A page that is to be written, where the version with this ETag stood before."""

    key: str
    replaces: str | None
    content: str


def in_flight(key: str, replaces: str | None, page: Record) -> PageInFlight:
    """A new page for a key.

    Args:
        key: Where it goes.
        replaces: The ETag of what stands there; None where nothing does.
        page: What is to stand there.
    """
    return PageInFlight(key=key, replaces=replaces, content=page.to_json().decode())


class SharingState(Record):
    """The counters of one campaign and phase, with the change that they come from."""

    counters: SharingCounters
    in_flight: PageInFlight | None = None
    """Stays here after it was written: whoever comes next sees that another version is there."""


@dataclass(frozen=True)
class SharedPages:
    """The pages of one campaign and phase.

    Attributes:
        records: Where they are.
        key: The key of the counters.
        count: Counts the pages anew; called where there are no counters yet.
    """

    records: RecordStore
    key: str
    count: Callable[[], SharingCounters]

    def begin(self) -> tuple[SharingCounters, str]:
        """The counters, and their version for `change`; every page of theirs is written then."""
        state, version = self._begin()
        return state.counters, version

    def change(self, version: str, counters: SharingCounters, page: PageInFlight) -> bool:
        """Replace a page and the counters; False, and nothing is done, when others were quicker.

        Args:
            version: Of the counters, as `begin` returned it before the page was read.
            counters: The new ones.
            page: The new page.
        """
        state = SharingState(counters=counters, in_flight=page)
        if not self.records.bucket.put_if(self.key, state.to_json(), etag=version):
            return False
        self._land(page)
        return True

    def rebuild(self) -> bool:
        """Count all pages anew.

        Returns:
            Whether the counters were wrong, or something was given out and they were not there.
        """
        is_new = self.records.bucket.size_bytes(self.key) is None
        while True:
            state, version = self._begin()
            counted = state.model_copy(update={"counters": self.count()})
            if is_new or counted == state:
                return is_new and bool(counted.counters.images)
            if self.records.bucket.put_if(self.key, counted.to_json(), etag=version):
                return True

    def _begin(self) -> tuple[SharingState, str]:
        while True:
            state, version = self.records.find_with_etag(self.key, SharingState)
            if state is None or version is None:
                self.records.write_once(self.key, SharingState(counters=self.count()))
                continue
            if state.in_flight:
                self._land(state.in_flight)
            return state, version

    def _land(self, page: PageInFlight) -> None:
        """Write a page, unless it is written: its predecessor is then no longer there.

        A refused write alone does not tell that: S3 also refuses one of two writes at once.
        """
        bucket = self.records.bucket
        while bucket.etag(page.key) == page.replaces:
            if bucket.put_if(page.key, page.content.encode(), etag=page.replaces):
                return
