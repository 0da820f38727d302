"""How right people are: their answers to gold tasks, compared with the known answers.

Regions are matched one to one with those of the known answer, whatever their classes. Of each class

hits         objects that were drawn with their class
missed       objects that were not drawn
other_class  objects that were drawn with another class
mistaken     regions of this class that were drawn on an object of another one
extras       regions of this class that were drawn where there is nothing

An image without an object has one object of the class "nothing", which is hit when nothing is
drawn. A skip is an answer that finds nothing: the answer is known, so the image can be labelled,
and whoever skipped what is hard would otherwise never be found out.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pydantic import AwareDatetime, Field

from farmy_assets.annotation.campaign import AgreementPolicy, Campaign
from farmy_assets.annotation.gold import KnownAnswer
from farmy_assets.annotation.gold_rules import GoldPause
from farmy_assets.annotation.matching import match_regions
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.catalog.records import Record

NOTHING = 0
"""The class id, in scores alone, of what is right on an image without an object."""
_NAME_OF_NOTHING = "nothing"
_UNKNOWN = -1
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
        return _sum(score.counts for score in self.classes)


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
        return _sum(self.classes.values())

    @property
    def accuracy(self) -> Accuracy:
        """Over all classes."""
        return Accuracy.of(self.counts, self.answers)


@dataclass(frozen=True)
class ClassNames:
    """Which class a name means, under all versions of a campaign; the oldest first."""

    versions: Sequence[Campaign]

    def id_of(self, label: str) -> int:
        """The id of the class that has, or once had, this name."""
        return self._ids.get(label, _UNKNOWN)

    def name_of(self, class_id: int) -> str:
        """The newest name of a class."""
        return self._names.get(class_id, f"class {class_id}")

    def present(self, regions: Iterable[Region]) -> list[Region]:
        """Regions under the present names of their classes."""
        return [
            region.model_copy(update={"label": self.name_of(found)})
            if (found := self.id_of(region.label)) != _UNKNOWN
            else region
            for region in regions
        ]

    @cached_property
    def _ids(self) -> Mapping[str, int]:
        return {item.name: item.id for version in self.versions for item in version.classes}

    @cached_property
    def _names(self) -> Mapping[int, str]:
        found = {item.id: item.name for version in self.versions for item in version.classes}
        return {NOTHING: _NAME_OF_NOTHING} | found


def scored(
    vote: Vote, *, known: KnownAnswer, seen_in: int, policy: AgreementPolicy, classes: ClassNames
) -> GoldAnswer:
    """An answer, compared with the known one.

    Args:
        vote: The person's latest vote on the gold task.
        known: The known answer.
        seen_in: The number of the log's object that the vote was copied out with.
        policy: When two regions are the same object.
        classes: The campaign's classes.
    """
    truth = classes.present(known.gold.regions)
    drawn = classes.present(vote.regions if vote.outcome is Outcome.SUBMITTED else ())
    counts = _counted(truth, drawn, policy, classes, is_skip=vote.outcome is Outcome.SKIPPED)
    is_answer = vote.outcome is not Outcome.WITHDRAWN
    return GoldAnswer(
        image_id=vote.image_id,
        person=vote.inbox_person,
        vote_id=vote.vote_id,
        outcome=vote.outcome,
        submitted_at=vote.submitted_at,
        campaign_version=vote.campaign_version,
        known_since=known.number,
        seen_in=seen_in,
        classes=tuple(
            ClassScore(class_id=i, label=classes.name_of(i), counts=counts[i])
            for i in sorted(counts)
        )
        if is_answer
        else (),
    )


def _counted(
    truth: Sequence[Region],
    drawn: Sequence[Region],
    policy: AgreementPolicy,
    classes: ClassNames,
    *,
    is_skip: bool,
) -> dict[int, ClassCounts]:
    found: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    if not truth:
        found[NOTHING]["objects"] = 1
        found[NOTHING]["missed" if drawn or is_skip else "hits"] = 1
    pairs = dict(match_regions(truth, drawn, policy=policy))
    for number, region in enumerate(truth):
        of_class = found[classes.id_of(region.label)]
        of_class["objects"] += 1
        if number not in pairs:
            of_class["missed"] += 1
        elif drawn[pairs[number]].label == region.label:
            of_class["hits"] += 1
        else:
            of_class["other_class"] += 1
            found[classes.id_of(drawn[pairs[number]].label)]["mistaken"] += 1
    matched = set(pairs.values())
    for number, region in enumerate(drawn):
        if number not in matched:
            found[classes.id_of(region.label)]["extras"] += 1
    return {i: ClassCounts(answers=1, **counts) for i, counts in found.items()}


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


def surely_below(
    answers: Iterable[GoldAnswer], rule: GoldPause, *, after_number: int = 0
) -> Accuracy | None:
    """A person's accuracy, if the rule says that it is surely too low; else None.

    Args:
        answers: All gold answers of the person.
        rule: The campaign's.
        after_number: Answers that were copied out up to this number of the log do not count: they
            were known when the last pause was ended.
    """
    counting = sorted(
        (a for a in answers if a.seen_in > after_number and a.outcome is not Outcome.WITHDRAWN),
        key=lambda a: (a.submitted_at, a.vote_id),
    )[-rule.of_last :]
    found = Accuracy.of(_sum(answer.counts for answer in counting), len(counting))
    is_sure = len(counting) >= rule.after and found.high is not None and found.high < rule.below
    return found if is_sure else None


def reason_of(accuracy: Accuracy, rule: GoldPause) -> str:
    """Why a person is paused, in words that can be shown to the person: no image is named."""
    return (
        f"{accuracy.value or 0:.0%} of what is known about the newest {accuracy.answers} test "
        f"images was right (at most {accuracy.high or 0:.0%}, with 95 % confidence), and the "
        f"campaign asks for {rule.below:.0%}"
    )


def _sum(counts: Iterable[ClassCounts]) -> ClassCounts:
    return sum(counts, ClassCounts())
