"""What a campaign's tasks do not follow yet: one small record a campaign, read at every look.

It says up to which version of the rules the tasks of people who left were moved, and which batches,
though done, have images that still are to be given out.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.catalog.records import Record
from farmy_assets.lake import keys
from farmy_assets.lake.record_store import RecordStore


class PendingWork(Record):
    """Of one campaign; without a record, the first version is followed and no batch waits."""

    campaign: str
    followed_version: int = 1
    to_place: tuple[str, ...] = ()

    def is_behind(self, campaign: Campaign) -> bool:
        """Whether tasks may lie with people whom the present rules no longer name."""
        return self.followed_version < campaign.version


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
