"""The figures of a whole campaign: what its page, its scorecards, its tables and alerts show.

Everything follows from the figures of its pages, of its batches and of its versions, without a
clock; how old something is, is computed when it is shown.
"""

from collections import Counter
from datetime import date, timedelta

from pydantic import Field

from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.annotation.evaluation import PageCounts
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.page_figures import (
    ClassDisputes,
    Days,
    PairFigures,
    PersonClass,
    WorstImage,
)
from farmy_assets.catalog.records import Record

PACE_DAYS = 7
_HOUR_S = 3600


class PersonDay(Record):
    """One person's work of one phase on one day.

    Attributes:
        lead_time_s: Seconds of work, each answer's at most `WorkingTimes.longest_s`.
        cut_off: Answers of which more was measured than counts.
        untimed: Answers of which Label Studio told no time.
    """

    phase: str
    person: str
    day: str
    answers: int
    skipped: int
    changed: int
    lead_time_s: float
    cut_off: int
    untimed: int


class WorkingTimes(Record):
    """The times of one phase's answers.

    Attributes:
        median_s: The median; 0 without any.
        longest_s: With how much an answer counts at most.
        measured_s: The sum as it was measured.
        counted_s: The sum of what counts.
    """

    median_s: float = 0.0
    longest_s: float = 0.0
    measured_s: float = 0.0
    counted_s: float = 0.0


class PersonFigures(Record):
    """What one person has to do, and how far what he or she drew agrees with what was settled.

    `open_tasks` are by the day on which their batches were sealed, `holding` by the day of the last
    answer of the others. `median_s` is of the annotation phase; None without a time.
    """

    open_tasks: Days = Field(default_factory=dict)
    holding: Days = Field(default_factory=dict)
    classes: dict[str, PersonClass] = Field(default_factory=dict)
    median_s: float | None = None
    examples: tuple[WorstImage, ...] = ()


class BatchFigures(Record):
    """What became of the images of a batch: how many were kept, and how many were not, by why."""

    kept: int = 0
    excluded: dict[str, int] = Field(default_factory=dict)


class VersionFigures(Record):
    """One data set version; the day is the one on which its manifest was written."""

    version_id: str
    day: str
    images: int
    regions: int


class CampaignFigures(Record):
    """All figures of one campaign; the module's docstring says what they follow from."""

    campaign: str
    campaign_version: int
    counts: PageCounts
    days: tuple[PersonDay, ...] = ()
    times: dict[str, WorkingTimes] = Field(default_factory=dict)
    people: dict[str, PersonFigures] = Field(default_factory=dict)
    in_conflict_since: Days = Field(default_factory=dict)
    settled_on: Days = Field(default_factory=dict)
    answered_twice: int = 0
    disputed_twice: int = 0
    classes: dict[str, ClassDisputes] = Field(default_factory=dict)
    pairs: dict[str, PairFigures] = Field(default_factory=dict)
    worst: tuple[WorstImage, ...] = ()
    batches: BatchFigures = BatchFigures()
    versions: tuple[VersionFigures, ...] = ()

    def phases(self) -> dict[str, int]:
        """Images by phase, in the order of their way; every one is there, also without images."""
        counts, excluded = self.counts, self.batches.excluded
        settled = counts.releasable_images
        return {
            "held": excluded.get("held", 0),
            "rejected": excluded.get("rejected", 0),
            "discarded": excluded.get("discarded", 0),
            "duplicate": excluded.get("duplicate", 0),
            "cleansed": max(self.batches.kept - counts.judged, 0),
            "annotation": counts.count_of(ConsensusStatus.WAITING),
            "adjudication": counts.count_of(ConsensusStatus.IN_CONFLICT),
            "unlabellable": counts.count_of(ConsensusStatus.EXCLUDED),
            "settled": settled,
        }

    @property
    def settled_share(self) -> float:
        """Which share of the images that were given out is settled, 0 to 1."""
        done = sum(self.counts.count_of(s) for s in ConsensusStatus if s.is_settled)
        return done / self.counts.judged if self.counts.judged else 0.0

    @property
    def open_tasks(self) -> int:
        """How many tasks of annotators have no answer."""
        return sum(sum(person.open_tasks.values()) for person in self.people.values())

    @property
    def hours(self) -> float:
        """Hours of work of all phases, as far as they count."""
        return sum(times.counted_s for times in self.times.values()) / _HOUR_S

    def answers_by_day(self, *, phase: Phase, person: str | None = None) -> Days:
        """Answers of a phase by day, of one person or of all."""
        found: Counter[str] = Counter()
        for row in self.days:
            if row.phase == phase.value and person in {None, row.person}:
                found[row.day] += row.answers
        return dict(sorted(found.items()))

    def pace(self, *, today: date, person: str | None = None) -> float:
        """Answers a day of annotators over the last seven whole days, or since the first of these.

        Today is not over and does not count, unless the first answer is of today.
        """
        by_day = self.answers_by_day(phase=Phase.ANNOTATION, person=person)
        began = min((date.fromisoformat(day) for day in by_day), default=today)
        if began >= today:
            return float(sum(by_day.values()))
        first = max(today - timedelta(days=PACE_DAYS), began)
        answers = sum(
            n for day, n in by_day.items() if first.isoformat() <= day < today.isoformat()
        )
        return answers / (today - first).days

    def days_left(self, *, today: date) -> float | None:
        """Days until the annotators are done at this pace; None while nobody answers."""
        if not self.open_tasks:
            return 0.0
        pace = self.pace(today=today)
        return self.open_tasks / pace if pace else None

    def oldest_open(self, *, today: date) -> dict[str, int]:
        """Person to the age of the oldest open task in days; who has none is left out."""
        return {
            name: age_in_days(min(person.open_tasks), today=today)
            for name, person in sorted(self.people.items())
            if person.open_tasks
        }


def age_in_days(day: str, *, today: date) -> int:
    """How many days ago a day was; 0 also for one of tomorrow, as another clock may have it."""
    return max((today - date.fromisoformat(day)).days, 0)
