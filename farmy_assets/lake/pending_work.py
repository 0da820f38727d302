"""What a campaign's tasks do not follow yet: one small record a campaign, read at every look.

It says up to which version of the rules the tasks of people who left were moved, which batches,
though done, have images that still are to be given out, and what is to be looked at on which day.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from pydantic import Field

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.catalog.records import Record
from farmy_assets.lake import keys
from farmy_assets.lake.record_store import RecordStore


class PendingWork(Record):
    """Of one campaign; without a record, the first version is followed and no batch waits.

    Attributes:
        campaign: The campaign.
        followed_version: Up to which version of the rules tasks were moved.
        to_place: Batches with images that are to be given out.
        later: Batches with tasks for a later day, or with images that nobody could be given: on
            which day (UTC) they are to be placed again.
        unplaced: Batches of which tasks were moved or added that may not be in their inboxes.
        looked_on: The day on which overdue tasks were last looked for; None before the first.
        is_held_back: Whether tasks were left to people because they are at work on them.
    """

    campaign: str
    followed_version: int = 1
    to_place: tuple[str, ...] = ()
    later: dict[str, date] = Field(default_factory=dict)
    unplaced: tuple[str, ...] = ()
    looked_on: date | None = None
    is_held_back: bool = False

    def is_behind(self, campaign: Campaign) -> bool:
        """Whether tasks may lie with people whom the present rules no longer name."""
        return self.followed_version < campaign.version

    def needs_a_look(self, campaign: Campaign, today: date) -> bool:
        """Whether tasks have to be looked at that may be overdue, held back or not placed."""
        is_daily = self.is_held_back or campaign.lease_days is not None
        is_due = is_daily and (self.looked_on is None or self.looked_on < today)
        return is_due or bool(self.unplaced)

    def due(self, today: date) -> tuple[str, ...]:
        """The batches that are to be placed by this day."""
        by_now = (batch_id for batch_id, day in self.later.items() if day <= today)
        return tuple(sorted({*self.to_place, *by_now}))


@dataclass(frozen=True)
class PendingWorkRepository:
    """The records of all campaigns, changed by compare-and-swap."""

    records: RecordStore

    def of(self, campaign: str) -> PendingWork:
        """What is left to do for a campaign's tasks."""
        found = self.records.find(keys.pending_work(campaign), PendingWork)
        return found or PendingWork(campaign=campaign)

    def follow(self, campaign: Campaign) -> None:
        """Note that all open tasks are with people of this version."""
        self._change(
            campaign.name,
            lambda work: {"followed_version": max(work.followed_version, campaign.version)},
        )

    def look_at_all(self, campaign: str) -> None:
        """Note that what waits for a later day may be given out by now: people have changed."""
        self._change(campaign, lambda work: {"later": dict.fromkeys(work.later, date.min)})

    def looked(self, campaign: str, today: date, *, is_held_back: bool) -> None:
        """Note that overdue tasks were looked for, and whether some were left to people."""
        self._change(campaign, lambda _: {"looked_on": today, "is_held_back": is_held_back})

    def moving(self, campaign: str, batch_ids: Iterable[str]) -> None:
        """Note batches of which tasks are about to be moved or added."""
        new = set(batch_ids)
        if new:
            self._change(campaign, lambda work: {"unplaced": tuple(sorted({*work.unplaced, *new}))})

    def moved(self, campaign: str, batch_ids: Iterable[str]) -> None:
        """Note that all tasks of these batches are in their inboxes."""
        done = set(batch_ids)
        if done:
            self._change(
                campaign,
                lambda work: {"unplaced": tuple(b for b in work.unplaced if b not in done)},
            )

    def place_on(self, campaign: str, batch_id: str, day: date | None) -> None:
        """Note on which day a batch is to be placed again; None for never."""
        if self.of(campaign).later.get(batch_id) == day:
            return

        def changed(work: PendingWork) -> dict[str, object]:
            others = {b: other for b, other in work.later.items() if b != batch_id}
            return {"later": dict(sorted((others | ({batch_id: day} if day else {})).items()))}

        self._change(campaign, changed)

    def fall_back(self, campaign: Campaign) -> None:
        """Note that tasks may lie with people whom this version no longer names."""
        self._change(
            campaign.name,
            lambda work: {"followed_version": min(work.followed_version, campaign.version - 1)},
        )

    def place(self, campaign: str, batch_ids: Iterable[str]) -> None:
        """Note batches with images that are still to be given out."""
        new = set(batch_ids)
        if new:
            self._change(campaign, lambda work: {"to_place": tuple(sorted({*work.to_place, *new}))})

    def placed(self, campaign: str, batch_id: str) -> None:
        """Note that a batch has given out all that it should."""
        if batch_id in self.of(campaign).to_place:
            self._change(
                campaign,
                lambda work: {"to_place": tuple(b for b in work.to_place if b != batch_id)},
            )

    def _change(self, campaign: str, changes: Callable[[PendingWork], dict[str, object]]) -> None:
        key = keys.pending_work(campaign)
        while True:
            found, etag = self.records.find_with_etag(key, PendingWork)
            before = found or PendingWork(campaign=campaign)
            after = before.model_copy(update=changes(before))
            if after == found or self.records.bucket.put_if(key, after.to_json(), etag=etag):
                return
