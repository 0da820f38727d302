"""The ledger of annotation: who was asked what, what came back, and what was made of it.

Votes are only ever added to, and so are assignments, but that those of people who left are taken
back and kept as such. Judgements follow from them and are written anew.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import AwareDatetime

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ImageConsensus
from farmy_assets.annotation.votes import Vote
from farmy_assets.catalog.records import Record
from farmy_assets.lake import keys
from farmy_assets.lake.record_store import RecordStore

Share = Callable[[Sequence[Assignment]], Sequence[Assignment]]


class BatchAssignments(Record):
    """What one batch gave its annotators to do."""

    batch_id: str
    campaign: str
    campaign_version: int
    assignments: tuple[Assignment, ...]
    taken_back: tuple[Assignment, ...] = ()
    """What people who left had not answered; others have it now, if there were any."""

    def moved(self, former: Sequence[Assignment], new: Sequence[Assignment]) -> "BatchAssignments":
        """The page with some assignments taken back, and others given in their place."""
        gone = set(former)
        staying = (a for a in self.assignments if a not in gone)
        return self.model_copy(
            update={
                "assignments": (*staying, *new),
                "taken_back": (*self.taken_back, *(a for a in self.assignments if a in gone)),
            }
        )


class Placement(Record):
    """A batch's tasks lie in Label Studio; the project ids are for people, not for the record."""

    batch_id: str
    campaign: str
    tasks: int
    projects: dict[str, int]


class InboxState(Record):
    """How an inbox looked when its votes were last copied out.

    A killed Label Studio can hold an answer without having counted it: `answers` tells even then.
    """

    changed_at: AwareDatetime | None
    tasks: int
    annotations: int
    finished: int
    answers: int


class CopiedInboxes(Record):
    """How a campaign's inboxes looked just before their votes were last copied out."""

    campaign: str
    inboxes: dict[str, InboxState]


class CampaignState(Record):
    """Where a campaign stood after its last evaluation."""

    campaign: str
    campaign_version: int
    inboxes: dict[str, InboxState]
    judgements: tuple[ImageConsensus, ...]
    rulings: str = ""
    """The rulings that the judged images follow (`TriageRepository.digest`)."""
    conflicts_handed_over: bool = True
    """Whether the adjudicator has every conflict that he or she may decide."""

    def is_of(self, campaign: Campaign, inboxes: Mapping[str, InboxState]) -> bool:
        """Whether this evaluation saw these rules and these inboxes: nothing is new."""
        return self.campaign_version == campaign.version and self.inboxes == dict(inboxes)

    @property
    def is_settled(self) -> bool:
        """Whether every image is settled, and at least one of them can be released."""
        return all(j.status.is_settled for j in self.judgements) and any(
            j.status.is_releasable for j in self.judgements
        )

    def standings(self) -> dict[str, int]:
        """How many images have each standing."""
        return dict(Counter(judgement.status.value for judgement in self.judgements))


class AdjudicationLedger(Record):
    """Every conflict that was ever put to the adjudicator."""

    campaign: str
    assignments: tuple[Assignment, ...] = ()


@dataclass(frozen=True)
class Ledger:
    """The ledger's pages in the records bucket."""

    records: RecordStore

    def assignments_of_batch(self, campaign: str, batch_id: str) -> BatchAssignments | None:
        """What this batch gave out; None while it has given nothing."""
        return self.records.find(keys.assignments(campaign, batch_id), BatchAssignments)

    def pages(self, campaign: str) -> list[BatchAssignments]:
        """What each batch gave out, in the order of the batches."""
        return self.records.read_all(keys.assignments(campaign), BatchAssignments)

    def assignments(self, campaign: str) -> tuple[Assignment, ...]:
        """Everything that is with an annotator, batch by batch."""
        return tuple(given for page in self.pages(campaign) for given in page.assignments)

    def move(
        self, page: BatchAssignments, former: Sequence[Assignment], new: Sequence[Assignment]
    ) -> bool:
        """Take assignments of a batch back, and give others; False when the page has changed.

        Args:
            page: As it was read.
            former: Assignments on it.
            new: What takes their place.
        """
        key = keys.assignments(page.campaign, page.batch_id)
        found, etag = self.records.find_with_etag(key, BatchAssignments)
        changed = page.moved(former, new)
        return found == page and self.records.bucket.put_if(key, changed.to_json(), etag=etag)

    def add_assignments(
        self, campaign: Campaign, batch_id: str, *, share: Share
    ) -> BatchAssignments:
        """Share out what a batch has not given out yet; returns all that it has given.

        Of two who do this for one batch at once, the second sees the first one's page.

        Args:
            campaign: The campaign at its present version.
            batch_id: The batch.
            share: Called with everything that the campaign ever gave; returns what is new.
        """
        key = keys.assignments(campaign.name, batch_id)
        while True:
            before, etag = self.records.find_with_etag(key, BatchAssignments)
            new = share(self.assignments(campaign.name))
            if before and not new:
                return before
            page = BatchAssignments(
                batch_id=batch_id,
                campaign=campaign.name,
                campaign_version=campaign.version,
                assignments=(*(before.assignments if before else ()), *new),
                taken_back=before.taken_back if before else (),
            )
            if self.records.bucket.put_if(key, page.to_json(), etag=etag):
                return page

    def placement(self, campaign: str, batch_id: str) -> Placement | None:
        """Where a batch's tasks lie; None while they are not all in Label Studio."""
        return self.records.find(keys.placements(campaign, batch_id), Placement)

    def write_placement(self, placement: Placement) -> None:
        """Note that a batch's tasks are all in Label Studio."""
        self.records.replace(keys.placements(placement.campaign, placement.batch_id), placement)

    def votes(self, campaign: str) -> tuple[Vote, ...]:
        """Every vote ever copied out, each once, however often it was copied."""
        lines = self.records.read_lines(keys.votes(campaign), Vote)
        by_id = {vote.vote_id: vote for vote in lines}
        return tuple(by_id[vote_id] for vote_id in sorted(by_id))

    def add_votes(self, campaign: str, votes: Sequence[Vote]) -> None:
        """Add votes for good; adding the same ones again changes nothing."""
        if votes:
            ordered = sorted(votes, key=lambda vote: vote.vote_id)
            digest = hashlib.sha256("".join(v.vote_id for v in ordered).encode()).hexdigest()
            self.records.append_lines(keys.votes(campaign, digest[:32]), ordered)

    def copied(self, campaign: str) -> CopiedInboxes:
        """How the inboxes looked when votes were last copied out."""
        found = self.records.find(keys.copied_inboxes(campaign), CopiedInboxes)
        return found or CopiedInboxes(campaign=campaign, inboxes={})

    def write_copied(self, copied: CopiedInboxes) -> None:
        """Note that all votes up to this look of the inboxes are in the ledger."""
        self.records.replace(keys.copied_inboxes(copied.campaign), copied)

    def state(self, campaign: str) -> CampaignState | None:
        """The campaign's last evaluation; None before the first."""
        return self.records.find(keys.campaign_state(campaign), CampaignState)

    def write_state(self, state: CampaignState) -> None:
        """Keep the campaign's evaluation."""
        self.records.replace(keys.campaign_state(state.campaign), state)

    def adjudication(self, campaign: str) -> AdjudicationLedger:
        """What was put to the adjudicator so far."""
        found = self.records.find(keys.adjudication(campaign), AdjudicationLedger)
        return found or AdjudicationLedger(campaign=campaign)

    def add_adjudication(self, campaign: str, assignments: Iterable[Assignment]) -> None:
        """Note what is put to the adjudicator; what is noted already is not noted again."""
        key, new = keys.adjudication(campaign), tuple(assignments)
        while True:
            found, etag = self.records.find_with_etag(key, AdjudicationLedger)
            keyed = {a.task_key: a for a in (*(found.assignments if found else ()), *new)}
            page = AdjudicationLedger(
                campaign=campaign, assignments=tuple(keyed[task_key] for task_key in sorted(keyed))
            )
            if page == found or self.records.bucket.put_if(key, page.to_json(), etag=etag):
                return
