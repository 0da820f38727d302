"""Adding up the figures of images and pages."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from farmy_assets.annotation.page_figures import (
    EXAMPLES,
    EXAMPLES_A_PAGE,
    WORST,
    WORST_A_PAGE,
    ClassDisputes,
    DayAnswers,
    Days,
    PageFigures,
    PairFigures,
    PersonClass,
    WorstImage,
    worst_of,
)


def total(pages: Iterable[PageFigures]) -> PageFigures:
    """What is counted over all of some pages."""
    tally = FiguresTally()
    for page in pages:
        tally.add(page)
    return tally.figures(worst=WORST, examples=EXAMPLES)


@dataclass
class _Answers:
    answers: int = 0
    skipped: int = 0
    changed: int = 0
    lead_s: list[float] = field(default_factory=list)


@dataclass
class FiguresTally:
    """Figures that are being counted."""

    answers: dict[tuple[str, str, str], _Answers] = field(
        default_factory=lambda: defaultdict(_Answers)
    )
    open_tasks: Counter[tuple[str, str]] = field(default_factory=Counter)
    holding: Counter[tuple[str, str]] = field(default_factory=Counter)
    in_conflict_since: Counter[str] = field(default_factory=Counter)
    settled_on: Counter[str] = field(default_factory=Counter)
    answered_twice: int = 0
    disputed_twice: int = 0
    people: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    settled: Counter[str] = field(default_factory=Counter)
    conflicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    common: Counter[str] = field(default_factory=Counter)
    differing: Counter[str] = field(default_factory=Counter)
    worst: list[WorstImage] = field(default_factory=list)
    examples: dict[str, list[WorstImage]] = field(default_factory=lambda: defaultdict(list))

    def add(self, page: PageFigures) -> None:
        """Add all that was counted over a page."""
        self._add_answers(page)
        for counts, of_page in ((self.open_tasks, page.open_tasks), (self.holding, page.holding)):
            for person, by_day in of_page.items():
                for day, count in by_day.items():
                    counts[person, day] += count
        self.in_conflict_since.update(page.in_conflict_since)
        self.settled_on.update(page.settled_on)
        self.answered_twice += page.answered_twice
        self.disputed_twice += page.disputed_twice
        self._add_classes(page)
        for pair, both in page.pairs.items():
            self.common[pair] += both.images
            self.differing[pair] += both.differing
        self.worst += page.worst
        for person, images in page.examples.items():
            self.examples[person] += images

    def _add_answers(self, page: PageFigures) -> None:
        for phase, people in page.answers.items():
            for person, days in people.items():
                for day, found in days.items():
                    counted = self.answers[phase, person, day]
                    counted.answers += found.answers
                    counted.skipped += found.skipped
                    counted.changed += found.changed
                    counted.lead_s += found.lead_s

    def _add_classes(self, page: PageFigures) -> None:
        for person, by_class in page.people.items():
            for label, figures in by_class.items():
                for name, count in figures:
                    self.people[person, label, name] += count
        for label, disputes in page.classes.items():
            self.settled[label] += disputes.settled
            for kind, count in disputes.conflicts.items():
                self.conflicts[label, kind] += count

    def figures(self, *, worst: int = WORST_A_PAGE, examples: int = EXAMPLES_A_PAGE) -> PageFigures:
        """The record of it; the same counts make the same bytes.

        Args:
            worst: How many of the images with most conflicts are kept.
            examples: How many images with errors are kept of each person.
        """
        answers: dict[str, dict[str, dict[str, DayAnswers]]] = {}
        for (phase, person, day), found in sorted(self.answers.items()):
            answers.setdefault(phase, {}).setdefault(person, {})[day] = DayAnswers(
                answers=found.answers, skipped=found.skipped, changed=found.changed,
                lead_s=tuple(sorted(found.lead_s)),
            )  # fmt: skip
        people: dict[str, dict[str, dict[str, int]]] = {}
        for (person, label, name), count in sorted(self.people.items()):
            people.setdefault(person, {}).setdefault(label, {})[name] = count
        classes = {
            label: ClassDisputes(
                settled=self.settled[label],
                conflicts={k: n for (of, k), n in sorted(self.conflicts.items()) if of == label},
            )
            for label in sorted({*self.settled, *(label for label, _ in self.conflicts)})
        }
        return PageFigures(
            answers=answers,
            open_tasks=_by_person(self.open_tasks),
            holding=_by_person(self.holding),
            in_conflict_since=dict(sorted(self.in_conflict_since.items())),
            settled_on=dict(sorted(self.settled_on.items())),
            answered_twice=self.answered_twice,
            disputed_twice=self.disputed_twice,
            people={
                person: {label: PersonClass(**counts) for label, counts in by_class.items()}
                for person, by_class in people.items()
            },
            classes=classes,
            pairs={
                pair: PairFigures(images=self.common[pair], differing=self.differing[pair])
                for pair in sorted(self.common)
            },
            worst=worst_of(self.worst, worst),
            examples={
                person: worst_of(images, examples)
                for person, images in sorted(self.examples.items())
            },
        )


def _by_person(counts: Counter[tuple[str, str]]) -> dict[str, Days]:
    found: dict[str, Days] = {}
    for (person, day), count in sorted(counts.items()):
        found.setdefault(person, {})[day] = count
    return found
