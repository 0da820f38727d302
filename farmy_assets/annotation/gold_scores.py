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

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from farmy_assets.annotation.campaign import AgreementPolicy, Campaign
from farmy_assets.annotation.gold import KnownAnswer
from farmy_assets.annotation.gold_counts import (
    Accuracy,
    ClassCounts,
    ClassScore,
    GoldAnswer,
    all_classes,
)
from farmy_assets.annotation.gold_rules import GoldPause
from farmy_assets.annotation.matching import match_regions
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.votes import Outcome, Vote

NOTHING = 0
"""The class id, in scores alone, of what is right on an image without an object."""
_NAME_OF_NOTHING = "nothing"
_UNKNOWN = -1


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
        ids = {item.name: item.id for version in self.versions for item in version.classes}
        newest = self.versions[-1].classes if self.versions else ()
        return ids | {former: item.id for item in newest for former in item.former_names}

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
    found = Accuracy.of(all_classes(answer.counts for answer in counting), len(counting))
    is_sure = len(counting) >= rule.after and found.high is not None and found.high < rule.below
    return found if is_sure else None


def reason_of(accuracy: Accuracy, rule: GoldPause) -> str:
    """Why a person is paused, in words that can be shown to the person: no image is named."""
    return (
        f"{accuracy.value or 0:.0%} of what is known about the newest {accuracy.answers} test "
        f"images was right (at most {accuracy.high or 0:.0%}, with 95 % confidence), and the "
        f"campaign asks for {rule.below:.0%}"
    )
