"""What is not yet done, and what comes next: asked of the records, never of a memory."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Self

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.inboxes import Phase, phase_of
from farmy_assets.catalog.batches import Batch
from farmy_assets.catalog.records import Record
from farmy_assets.catalog.wording import counted
from farmy_assets.cleansing.cleansed_set import ExclusionStatus
from farmy_assets.lake import keys
from farmy_assets.lake.batches import BatchRepository
from farmy_assets.lake.campaigns import CampaignRepository
from farmy_assets.lake.cleansed_sets import CleansedSetRepository
from farmy_assets.lake.datasets import DatasetRepository
from farmy_assets.lake.evaluations import EvaluationRepository, EvaluationSummary
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_threads
from farmy_assets.lake.pending_work import PendingWorkRepository
from farmy_assets.lake.record_store import RecordStore
from farmy_assets.lake.released import ReleasedRepository, ReleasedVersion
from farmy_assets.lake.triage import TriageRepository
from farmy_assets.lake.votes import InboxState


class NextStep(StrEnum):
    """What has to be run for a batch or a campaign."""

    CLEANSING = "cleansing"  # a batch, from its raw images on
    PLACEMENT = "placement"  # a cleansed batch, into the annotators' inboxes
    VOTES = "votes"  # a campaign: its inboxes, its rules or rulings changed
    RELEASE = "release"  # a campaign: everything is settled and not yet released


class BatchProgress(Record):
    """How far a batch is; cleansed without a next step means that it waits for a campaign."""

    batch_id: str
    number: int
    campaign: str
    is_done: bool
    next_step: NextStep | None


class Flagged(Record):
    """What people's rulings leave to do for the cleansed sets of a campaign."""

    to_redo: tuple[str, ...]
    """Batches whose set was made before people ruled as they do now."""
    held: int
    """Images that wait for a person's word."""


class FlaggedRecord(Record):
    """What was last found out of a campaign's cleansed sets, and the records it follows from."""

    seen: str
    flagged: Flagged


class CampaignProgress(Record):
    """How far a campaign is."""

    name: str
    next_step: NextStep | None
    statuses: dict[str, int]
    tasks: int
    """How many tasks annotators have, answered or not."""
    answers: int
    open_batches: int
    to_redo: tuple[str, ...]
    to_place: tuple[str, ...]
    """Batches that are done, but have images that are to be given out, or tasks for this day."""
    exports: tuple[str, ...]
    """The formats in which its versions have to be there."""
    rulings: str
    """The rulings of now (`TriageRepository.digest`); if nothing is to redo, all sets follow."""

    def summary_line(self) -> str:
        """One line for people."""
        counts = ", ".join(f"{count:,} {name}" for name, count in sorted(self.statuses.items()))
        if not counts and self.tasks:
            answers = counted(self.answers, "answer") if self.answers else "no answer yet"
            counts = f"{counted(self.tasks, 'task')} given out, {answers}"
        undone = counted(self.open_batches, "batch", "batches")
        more = f", {undone} under way" if self.open_batches else ""
        redo = f", {len(self.to_redo):,} to be cleansed anew" if self.to_redo else ""
        return f"{self.name}: {counts or 'no image was given out yet'}{more}{redo}"


@dataclass(frozen=True)
class Progress:
    """The view of the records that the sensors decide on."""

    records: RecordStore
    batches: BatchRepository
    cleansed_sets: CleansedSetRepository
    campaigns: CampaignRepository
    evaluations: EvaluationRepository
    triage: TriageRepository
    datasets: DatasetRepository
    pending: PendingWorkRepository
    released: ReleasedRepository

    @classmethod
    def of(cls, lake: Lake) -> Self:
        """Over a lake's records."""
        return cls(
            records=lake.records, batches=lake.batches, cleansed_sets=lake.cleansed_sets,
            campaigns=lake.campaigns, evaluations=lake.evaluations, triage=lake.triage,
            datasets=lake.datasets, pending=lake.pending, released=lake.released,
        )  # fmt: skip

    def of_batches(self, *, after: int = 0, besides: Sequence[int] = ()) -> list[BatchProgress]:
        """All batches behind a number, and those before it that are named, in order."""
        known = set(self.campaigns.names())
        earlier = in_threads(self.batches.numbered, sorted(n for n in besides if n <= after))
        batches = [*earlier, *self.batches.all(after=after)]
        return in_threads(lambda batch: self._of_batch(batch, known), batches)

    def _of_batch(self, batch: Batch, campaigns: set[str]) -> BatchProgress:
        bucket = self.records.bucket
        done = bucket.size_bytes(keys.placements(batch.campaign, batch.batch_id)) is not None
        step: NextStep | None = None
        if not done:
            if not self.cleansed_sets.exists(batch.campaign, batch.batch_id):
                step = NextStep.CLEANSING
            elif batch.campaign in campaigns:
                step = NextStep.PLACEMENT
        return BatchProgress(
            batch_id=batch.batch_id,
            number=batch.number,
            campaign=batch.campaign,
            is_done=done,
            next_step=step,
        )

    def of_campaign(
        self,
        campaign: Campaign,
        inboxes: Mapping[str, InboxState],
        open_batches: int,
        *,
        followed: str = "",
        today: date = date.min,
    ) -> CampaignProgress:
        """How far a campaign is.

        Args:
            campaign: Its present rules.
            inboxes: Its inboxes as Label Studio shows them now.
            open_batches: How many of its batches are not in the inboxes yet.
            followed: Rulings that every cleansed set is known to follow; saves looking at them.
            today: The day (UTC), for what waits for one; the first of all days for none of it.
        """
        state, rulings = self.evaluations.summary(campaign.name), self.triage.digest(campaign.name)
        pending = self.pending.of(campaign.name)
        to_redo = self.flagged(campaign.name).to_redo if rulings not in {"", followed} else ()
        step: NextStep | None = None
        if (
            pending.is_behind(campaign)
            or pending.needs_a_look(campaign, today)
            or self._has_news(campaign, state, inboxes)
            or (state and not state.conflicts_handed_over)
            or (state and not to_redo and state.rulings != rulings)
            or (state is None and self.evaluations.has_former(campaign.name))
        ):
            step = NextStep.VOTES
        elif (
            state
            and not (open_batches or to_redo or pending.to_place or pending.later)
            and state.is_settled
            and not self.is_released(state)
            and not self.flagged(campaign.name).held
        ):
            step = NextStep.RELEASE
        drawing = [seen for key, seen in inboxes.items() if phase_of(key) is Phase.ANNOTATION]
        return CampaignProgress(
            name=campaign.name,
            next_step=step,
            statuses=state.statuses() if state else {},
            tasks=sum(seen.tasks for seen in drawing),
            answers=sum(seen.answers for seen in drawing),
            open_batches=open_batches,
            to_redo=to_redo,
            to_place=pending.due(today),
            exports=campaign.exports,
            rulings=rulings,
        )

    def _has_news(
        self,
        campaign: Campaign,
        state: EvaluationSummary | None,
        inboxes: Mapping[str, InboxState],
    ) -> bool:
        """Tasks that nobody has answered yet are no news, as long as nothing was judged before."""
        ruled = {key: seen for key, seen in inboxes.items() if phase_of(key) is Phase.TRIAGE}
        drawn = {key: seen for key, seen in inboxes.items() if key not in ruled}
        is_begun = state is not None or any(inbox.answers for inbox in drawn.values())
        if drawn and is_begun and not (state and state.is_of(campaign, drawn)):
            return True
        if not ruled:
            return False
        copied = self.triage.copied(campaign.name).inboxes
        is_begun = bool(copied) or any(inbox.answers for inbox in ruled.values())
        return is_begun and copied != ruled

    def flagged(self, campaign: str) -> Flagged:
        """What people's rulings leave to do for the cleansed sets of the campaign.

        They are read again only when one of them, or a ruling, is new: the answer is kept.
        """
        seen = self._seen(campaign)
        kept = self.records.find(keys.flagged(campaign), FlaggedRecord)
        if kept and kept.seen == seen:
            return kept.flagged
        flagged = self._flagged(campaign)
        self.records.replace(keys.flagged(campaign), FlaggedRecord(seen=seen, flagged=flagged))
        return flagged

    def _seen(self, campaign: str) -> str:
        """Differs whenever a cleansed set or a ruling does; costs two listings."""
        listed = sorted(self.cleansed_sets.etags(campaign).items())
        sets = "\n".join(f"{batch_id} {etag}" for batch_id, etag in listed)
        return hashlib.sha256(f"{self.triage.digest(campaign)}\n{sets}".encode()).hexdigest()

    def _flagged(self, campaign: str) -> Flagged:
        decisions = self.triage.current_decisions(campaign)
        sets = self.cleansed_sets.all(campaign)
        return Flagged(
            to_redo=tuple(found.batch_id for found in sets if not found.follows(decisions)),
            held=sum(e.status is ExclusionStatus.HELD for found in sets for e in found.excluded),
        )

    def is_released(self, state: EvaluationSummary) -> bool:
        """Whether the newest version holds just what is settled, in every format."""
        newest = self.released.newest(state.campaign)
        campaign = self.campaigns.current(state.campaign)
        if newest is None or campaign is None or not holds(newest, state):
            return False
        return all(self.datasets.has_export(newest, name) for name in campaign.exports)


def holds(version: ReleasedVersion, state: EvaluationSummary) -> bool:
    """Whether a version was made of exactly what a campaign's evaluation has settled."""
    made_of = (version.campaign_version, version.content)
    return made_of == (state.campaign_version, state.counts.releasable)
