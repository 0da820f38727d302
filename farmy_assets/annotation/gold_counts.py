"""Counts of right and wrong in gold answers, sums of them, and the shares that follow.

What each count means, `gold_scores.py` says. Counts of several answers are added up, so that sums
are kept and never counted again.
"""

import math
from collections import defaultdict
from collections.abc import Iterable

from pydantic import AwareDatetime, Field

from farmy_assets.annotation.votes import Outcome
from farmy_assets.catalog.records import Record

_Z = 1.959963984540054
"""The normal distribution's quantile for 95 %, two-sided."""


class ClassCounts(Record):
    """What is counted of one class; sums of it are of the same form.

    Attributes:
        answers: Answers in which the class was there or drawn.
        objects: Objects of the class in the known answers: hits, missed and other_class together.
    """

    answers: int = 0
    objects: int = 0
    hits: int = 0
    missed: int = 0
    other_class: int = 0
    mistaken: int = 0
    extras: int = 0

    def __add__(self, other: "ClassCounts") -> "ClassCounts":
        """Both together."""
        mine, others = self.model_dump(), other.model_dump()
        return ClassCounts(**{name: mine[name] + others[name] for name in mine})

    @property
    def trials(self) -> int:
        """How often somebody could be right or wrong: every object, and every extra."""
        return self.objects + self.extras

    @property
    def f1(self) -> float | None:
        """2 hits / (objects + regions drawn); None when there is neither."""
        both = self.objects + self.hits + self.mistaken + self.extras
        return 2 * self.hits / both if both else None


class Accuracy(Record):
    """The share of trials that are hits, with its 95 % interval; None where nothing is known.

    The interval is Wilson's score interval (E. B. Wilson, "Probable inference, the law of
    succession, and statistical inference", JASA 22, 1927) with as many trials as there are
    answers: the objects of one image are not independent of each other, and to count each would
    make the interval too narrow.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    answers: int = 0

    @classmethod
    def of(cls, counts: ClassCounts, answers: int) -> "Accuracy":
        """That of counts which come from so many answers."""
        if not answers or not counts.trials:
            return cls(answers=answers)
        share = counts.hits / counts.trials
        low, high = wilson_interval(share, answers)
        return cls(value=share, low=low, high=high, answers=answers)


def wilson_interval(share: float, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share that was seen in so many trials; both ends from 0 to 1.

    Args:
        share: From 0 to 1.
        trials: At least one.
    """
    z2 = _Z * _Z
    middle = share + z2 / (2 * trials)
    half = _Z * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))
    return max((middle - half) / (1 + z2 / trials), 0.0), min(
        (middle + half) / (1 + z2 / trials), 1.0
    )


class ClassScore(Record):
    """What is counted of one class in one answer; its name is that of the rules it was read by."""

    class_id: int
    label: str
    counts: ClassCounts


class GoldAnswer(Record):
    """A person's latest answer to a gold task, compared with the known answer.

    Attributes:
        image_id: The image.
        person: Who answered.
        vote_id: The answer.
        outcome: Submitted, skipped, or withdrawn; a withdrawn one is none, and has no scores.
        submitted_at: When.
        campaign_version: The version of the guideline that it was given under.
        known_since: The number of the change that the known answer came with.
        seen_in: The number, in the log of votes, that it was copied out with.
        classes: What is counted of each class, by class id.
    """

    image_id: str
    person: str
    vote_id: str
    outcome: Outcome
    submitted_at: AwareDatetime
    campaign_version: int
    known_since: int
    seen_in: int
    classes: tuple[ClassScore, ...] = ()

    @property
    def counts(self) -> ClassCounts:
        """What is counted of all classes; `answers` is of classes, not of answers."""
        return all_classes(score.counts for score in self.classes)


class GoldSums(Record):
    """What is counted over all answers of a person under one version of the campaign.

    Attributes:
        answers: Gold answers, skips included.
        skipped: How many of them are skips.
        classes: By class id, as text.
    """

    answers: int = 0
    skipped: int = 0
    classes: dict[str, ClassCounts] = Field(default_factory=dict)

    def __add__(self, other: "GoldSums") -> "GoldSums":
        """Both together."""
        keys = sorted(self.classes.keys() | other.classes.keys(), key=int)
        nothing = ClassCounts()
        return GoldSums(
            answers=self.answers + other.answers,
            skipped=self.skipped + other.skipped,
            classes={k: self.classes.get(k, nothing) + other.classes.get(k, nothing) for k in keys},
        )

    @property
    def counts(self) -> ClassCounts:
        """What is counted of all classes."""
        return all_classes(self.classes.values())

    @property
    def accuracy(self) -> Accuracy:
        """Over all classes."""
        return Accuracy.of(self.counts, self.answers)


def sums_of(answers: Iterable[GoldAnswer]) -> dict[str, GoldSums]:
    """Campaign version, as text, to what is counted over these answers of one person."""
    found: dict[int, GoldSums] = defaultdict(GoldSums)
    for answer in answers:
        if answer.outcome is not Outcome.WITHDRAWN:
            found[answer.campaign_version] += GoldSums(
                answers=1,
                skipped=int(answer.outcome is Outcome.SKIPPED),
                classes={str(score.class_id): score.counts for score in answer.classes},
            )
    return {str(version): found[version] for version in sorted(found)}


def all_classes(counts: Iterable[ClassCounts]) -> ClassCounts:
    """What is counted of all these together; `answers` is then of classes, not of answers."""
    return sum(counts, ClassCounts())
