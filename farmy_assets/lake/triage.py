"""Triage questions and decisions: which flagged images people were asked about, and the answers.

Questions and decisions are only ever added; a question that somebody who left had not answered
is taken back, kept as such, and put to another person.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.sharing_counters import Earlier, SharingCounters, counted
from farmy_assets.annotation.triage import TriageQuestion
from farmy_assets.catalog.records import Record
from farmy_assets.cleansing.overturns import OverturnRate, overturn_rates
from farmy_assets.cleansing.rulings import CurrentDecisions, TriageDecision, current_decisions
from farmy_assets.lake import keys
from farmy_assets.lake.record_store import RecordStore
from farmy_assets.lake.shared_pages import SharedPages, in_flight
from farmy_assets.lake.votes import CopiedInboxes

Share = Callable[[Earlier], Sequence[TriageQuestion]]


class BatchQuestions(Record):
    """The flagged images of one batch, each with the person who is asked about it."""

    batch_id: str
    campaign: str
    questions: tuple[TriageQuestion, ...]
    taken_back: tuple[TriageQuestion, ...] = ()
    """What people who left had not answered; others are asked now."""

    @property
    def assignments(self) -> tuple[Assignment, ...]:
        """Who is asked about which image."""
        return tuple(question.assignment for question in self.questions)


class OverturnReport(Record):
    """How often people overruled each check in one campaign."""

    campaign: str
    rates: tuple[OverturnRate, ...]


@dataclass(frozen=True)
class TriageRepository:
    """Reads and writes the triage questions and decisions of each campaign."""

    records: RecordStore

    def pages(self, campaign: str) -> list[BatchQuestions]:
        """What each batch asked, in the order of the batches."""
        return self.records.read_all(keys.triage_questions(campaign), BatchQuestions)

    def questions(self, campaign: str) -> tuple[TriageQuestion, ...]:
        """Everything that is with somebody, answered or not, batch by batch."""
        return tuple(asked for page in self.pages(campaign) for asked in page.questions)

    def move(
        self, page: BatchQuestions, former: Sequence[TriageQuestion], new: Sequence[TriageQuestion]
    ) -> bool:
        """Take questions of a batch back, and ask others; False when the page has changed.

        Args:
            page: As it was read.
            former: Questions on it.
            new: The same questions to other people.
        """
        key, shared = (
            keys.triage_questions(page.campaign, page.batch_id),
            self.shared(page.campaign),
        )
        gone = {question.assignment for question in former}
        changes = {
            "questions": (*(q for q in page.questions if q.assignment not in gone), *new),
            "taken_back": (*page.taken_back, *former),
        }
        changed = page.model_copy(update=changes)
        while True:
            counters, version = shared.begin()
            found, etag = self.records.find_with_etag(key, BatchQuestions)
            if found != page:
                return False
            counters = counters.changed(page.assignments, changed.assignments)
            if shared.change(version, counters, in_flight(key, etag, changed)):
                return True

    def add_questions(
        self, campaign: str, batch_id: str, *, share: Share
    ) -> tuple[TriageQuestion, ...]:
        """Share out what a batch has not asked yet; returns all that it has asked.

        Of two who do this for one campaign at once, the second sees what the first one asked. Reads
        the counters and the batch's own page.

        Args:
            campaign: The campaign's name.
            batch_id: The batch.
            share: Called with what was given out before; returns what is new.
        """
        key, shared = keys.triage_questions(campaign, batch_id), self.shared(campaign)
        while True:
            counters, version = shared.begin()
            before, etag = self.records.find_with_etag(key, BatchQuestions)
            asked = before.questions if before else ()
            in_batch = before.assignments if before else ()
            new = share(Earlier(counters, frozenset(a.image_id for a in in_batch)))
            if not new:
                return asked
            page = BatchQuestions(
                batch_id=batch_id,
                campaign=campaign,
                questions=(*asked, *new),
                taken_back=before.taken_back if before else (),
            )
            counters = counters.changed(in_batch, page.assignments)
            if shared.change(version, counters, in_flight(key, etag, page)):
                return page.questions

    def shared(self, campaign: str) -> SharedPages:
        """The campaign's pages with their counters."""

        def count() -> SharingCounters:
            pages = self.records.each(keys.triage_questions(campaign), BatchQuestions)
            return counted(page.assignments for page in pages)

        return SharedPages(self.records, keys.sharing(campaign, Phase.TRIAGE), count)

    def rulings(self, campaign: str) -> tuple[TriageDecision, ...]:
        """Every ruling ever made, each once, however often it was copied."""
        by_id = {
            r.ruling_id: r for r in self.records.read_lines(keys.rulings(campaign), TriageDecision)
        }
        return tuple(by_id[ruling_id] for ruling_id in sorted(by_id))

    def current_decisions(self, campaign: str) -> CurrentDecisions:
        """The word that stands on each image."""
        return current_decisions(self.rulings(campaign))

    def digest(self, campaign: str) -> str:
        """Differs whenever a ruling was added; empty while there is none. Costs one listing."""
        found = sorted(self.records.bucket.keys(keys.rulings(campaign)))
        return hashlib.sha256("\n".join(found).encode()).hexdigest()[:16] if found else ""

    def add_rulings(self, campaign: str, rulings: Sequence[TriageDecision]) -> None:
        """Add rulings for good; adding the same ones again changes nothing."""
        if rulings:
            ordered = sorted(rulings, key=lambda ruling: ruling.ruling_id)
            digest = hashlib.sha256("".join(r.ruling_id for r in ordered).encode()).hexdigest()
            self.records.append_lines(keys.rulings(campaign, digest[:32]), ordered)

    def copied(self, campaign: str) -> CopiedInboxes:
        """The state of the triage inboxes when answers were last copied."""
        found = self.records.find(keys.copied_triage(campaign), CopiedInboxes)
        return found or CopiedInboxes(campaign=campaign, inboxes={})

    def write_copied(self, copied: CopiedInboxes) -> None:
        """Record that all answers up to this state of the inboxes are copied."""
        self.records.replace(keys.copied_triage(copied.campaign), copied)

    def report_overturns(self, campaign: str) -> OverturnReport:
        """Work out how often people overruled each check, and keep it."""
        flagged: Mapping[str, Sequence[str]] = {
            q.assignment.image_id: q.reasons for q in self.questions(campaign)
        }
        rates = overturn_rates(flagged, self.current_decisions(campaign))
        report = OverturnReport(campaign=campaign, rates=rates)
        self.records.replace(keys.overturn_rates(campaign), report)
        return report
