"""Assignments: who was asked what, and whether the tasks are in Label Studio.

Assignments are only ever added; those of people who left are marked as taken back and kept.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from pydantic import ValidationError

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.sharing_counters import Earlier, SharingCounters, counted
from farmy_assets.catalog.records import Record
from farmy_assets.lake import keys
from farmy_assets.lake.numbered_log import NumberedLog
from farmy_assets.lake.objects import in_threads
from farmy_assets.lake.record_store import RecordStore
from farmy_assets.lake.shared_pages import SharedPages, in_flight

Share = Callable[[Earlier], Sequence[Assignment]]
Book = Callable[[SharingCounters, Sequence[Assignment]], Sequence[Assignment]]


class BatchAssignments(Record):
    """The assignments of one batch to annotators."""

    batch_id: str
    campaign: str
    campaign_version: int
    assignments: tuple[Assignment, ...]
    taken_back: tuple[Assignment, ...] = ()
    """What people who left had not answered; it was assigned to others, if there were any."""

    def moved(self, former: Sequence[Assignment], new: Sequence[Assignment]) -> "BatchAssignments":
        """The same batch with some assignments taken back, and others in their place."""
        gone = set(former)
        staying = (a for a in self.assignments if a not in gone)
        return self.model_copy(
            update={
                "assignments": (*staying, *new),
                "taken_back": (*self.taken_back, *(a for a in self.assignments if a in gone)),
            }
        )


class Placement(Record):
    """All tasks of a batch are in Label Studio; the project ids are only for people to read."""

    batch_id: str
    campaign: str
    tasks: int
    projects: dict[str, int]


class AdjudicationAssignments(Record):
    """Conflicts of a campaign that were assigned to the adjudicator, all or those of one run."""

    campaign: str
    assignments: tuple[Assignment, ...] = ()


@dataclass(frozen=True)
class AssignmentRepository:
    """Reads and writes assignments, to annotators and to the adjudicator, and placements."""

    records: RecordStore

    def of_batch(self, campaign: str, batch_id: str) -> BatchAssignments | None:
        """The assignments of this batch; None while there are none."""
        return self.records.find(keys.assignments(campaign, batch_id), BatchAssignments)

    def pages(self, campaign: str) -> list[BatchAssignments]:
        """The assignments of each batch, in the order of the batches."""
        return self.records.read_all(keys.assignments(campaign), BatchAssignments)

    def all(self, campaign: str) -> tuple[Assignment, ...]:
        """All assignments to annotators that were not taken back, batch by batch."""
        return tuple(given for page in self.pages(campaign) for given in page.assignments)

    def move(
        self,
        page: BatchAssignments,
        former: Sequence[Assignment],
        new: Sequence[Assignment],
        *,
        book: Book,
    ) -> BatchAssignments | None:
        """Replace some assignments of a batch; None when the record changed since it was read.

        Args:
            page: The batch's assignments as they were read.
            former: Those of them that are taken back.
            new: What takes their place, or is added.
            book: Called with the counters without the former ones, and the new ones; returns these
                with their days. May be called more than once.

        Returns:
            The batch's assignments as they are now.
        """
        key, shared = keys.assignments(page.campaign, page.batch_id), self.shared(page.campaign)
        left = page.moved(former, ())
        while True:
            counters, version = shared.begin()
            found, etag = self.records.find_with_etag(key, BatchAssignments)
            if found != page:
                return None
            counters = counters.changed(page.assignments, left.assignments)
            changed = page.moved(former, book(counters, new))
            counters = counters.changed(left.assignments, changed.assignments)
            if shared.change(version, counters, in_flight(key, etag, changed)):
                return changed

    def add(self, campaign: Campaign, batch_id: str, *, share: Share) -> BatchAssignments:
        """Assign what is not assigned yet of a batch; returns all assignments of the batch.

        When two processes do this for one campaign at once, the second computes again with the
        first one's result (compare-and-swap). Reads the counters and the batch's own page.

        Args:
            campaign: The campaign at its present version.
            batch_id: The batch.
            share: Called with what was given out before; returns the new assignments. May be
                called more than once.
        """
        key, shared = keys.assignments(campaign.name, batch_id), self.shared(campaign.name)
        while True:
            counters, version = shared.begin()
            before, etag = self.records.find_with_etag(key, BatchAssignments)
            in_batch = before.assignments if before else ()
            new = share(Earlier(counters, frozenset(a.image_id for a in in_batch)))
            if before and not new:
                return before
            page = BatchAssignments(
                batch_id=batch_id,
                campaign=campaign.name,
                campaign_version=campaign.version,
                assignments=(*in_batch, *new),
                taken_back=before.taken_back if before else (),
            )
            counters = counters.changed(in_batch, page.assignments)
            if shared.change(version, counters, in_flight(key, etag, page)):
                return page

    def shared(self, campaign: str) -> SharedPages:
        """The campaign's pages with their counters."""

        def count() -> SharingCounters:
            pages = self.records.each(keys.assignments(campaign), BatchAssignments)
            return counted(page.assignments for page in pages)

        return SharedPages(self.records, keys.sharing(campaign, Phase.ANNOTATION), count)

    def placement(self, campaign: str, batch_id: str) -> Placement | None:
        """Which projects have a batch's tasks; None while not all tasks are in Label Studio."""
        return self.records.find(keys.placements(campaign, batch_id), Placement)

    def write_placement(self, placement: Placement) -> None:
        """Record that all tasks of a batch are in Label Studio."""
        self.records.replace(keys.placements(placement.campaign, placement.batch_id), placement)

    def adjudication(self, campaign: str) -> AdjudicationAssignments:
        """What was assigned to the adjudicator so far, of each task key the last; reads it all."""
        found = self.former_adjudication(campaign)[0]
        pages = [*([found] if found else []), *self.adjudicated(campaign, after=0).values()]
        keyed = {a.task_key: a for page in pages for a in page.assignments}
        return AdjudicationAssignments(
            campaign=campaign, assignments=tuple(keyed[task_key] for task_key in sorted(keyed))
        )

    def former_adjudication(self, campaign: str) -> tuple[AdjudicationAssignments | None, str]:
        """The one record that older versions kept, with its ETag; None and nothing without it."""
        key = keys.adjudication(campaign)
        found, etag = self.records.find_with_etag(key, AdjudicationAssignments)
        return found, etag or ""

    def adjudication_log(self, campaign: str) -> NumberedLog:
        """The numbered records that assignments to the adjudicator are added to."""
        return NumberedLog(self.records.bucket, partial(keys.adjudication_log, campaign))

    def adjudicated(self, campaign: str, *, after: int) -> dict[int, AdjudicationAssignments]:
        """What was assigned to the adjudicator behind a number, by the numbers of the records."""
        numbers = self.adjudication_log(campaign).after(after)
        found = in_threads(
            lambda n: self.records.ours(
                keys.adjudication_log(campaign, n), AdjudicationAssignments
            ),
            numbers,
        )
        nothing = AdjudicationAssignments(campaign=campaign)
        return {n: page or nothing for n, page in zip(numbers, found, strict=True)}

    def add_adjudication(
        self, campaign: str, assignments: Iterable[Assignment], *, after: int = 0
    ) -> None:
        """Add assignments to the adjudicator; those that stand behind `after` are not added again.

        Args:
            campaign: Their campaign.
            assignments: What is new; of each task key, the last that was added counts.
            after: Up to which number of the log the caller knows what was assigned.
        """
        left = {a.task_key: a for a in assignments}

        def learn(content: bytes) -> None:
            try:
                page = AdjudicationAssignments.model_validate_json(content)
            except ValidationError:  # somebody else's object; it is reported where it is read
                return
            for given in page.assignments:
                if left.get(given.task_key) == given:
                    del left[given.task_key]

        def content() -> bytes | None:
            new = tuple(left[task_key] for task_key in sorted(left))
            page = AdjudicationAssignments(campaign=campaign, assignments=new)
            return page.to_json() if new else None

        self.adjudication_log(campaign).append(after=after, content=content, learn=learn)
