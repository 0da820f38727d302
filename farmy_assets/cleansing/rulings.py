"""Rulings: what people said where a check had flagged an image, or had found it to be a copy.

A ruling is never changed. Who thinks better of it makes a later one, and the latest word stands.
A ruling is about the photograph, not about a threshold: it also stands when the policy changes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pydantic import AwareDatetime

from farmy_assets.catalog.records import Record
from farmy_assets.cleansing.verdicts import CheckName


class Question(StrEnum):
    """What was asked about an image."""

    USABLE = "usable"  # can an annotator work with it?
    DISTINCT = "distinct"  # does it show something that no other image shows?


class Answer(StrEnum):
    """What a person said."""

    YES = "yes"
    NO = "no"
    WITHDRAWN = "withdrawn"  # takes the own earlier word back: the question is open again


class TriageDecision(Record):
    """One word of one person on one question about one image.

    `ruling_id` is made from the other fields by whoever makes the ruling, so that the same word
    copied out twice is one ruling. `reasons` are the failed checks that the person was asked about.
    """

    ruling_id: str
    image_id: str
    question: Question
    word: Answer
    reasons: tuple[CheckName, ...]
    by: str
    at: AwareDatetime
    why: str = ""

    @property
    def overrules(self) -> bool:
        """Whether the checks were wrong in the eyes of this person."""
        return self.word is Answer.YES


@dataclass(frozen=True)
class CurrentDecisions:
    """The word that stands on each image, by question."""

    usable: dict[str, TriageDecision]
    distinct: dict[str, TriageDecision]

    def keeps(self, image_id: str) -> bool:
        """Whether a person said that an annotator can work with the image."""
        return image_id in self.usable and self.usable[image_id].overrules

    def discards(self, image_id: str) -> bool:
        """Whether a person said that nobody can work with the image."""
        return image_id in self.usable and not self.usable[image_id].overrules

    @property
    def no_duplicates(self) -> frozenset[str]:
        """Images of which a person said that they are no copies."""
        return frozenset(i for i, ruling in self.distinct.items() if ruling.overrules)

    @property
    def copies_after_all(self) -> frozenset[str]:
        """Images of which a person said that they are copies, whatever was said before."""
        return frozenset(i for i, ruling in self.distinct.items() if not ruling.overrules)

    def behind(self, image_ids: Iterable[str]) -> tuple[str, ...]:
        """The ids of the rulings that stand on these images: a manifest names what it follows."""
        images = set(image_ids)
        return tuple(
            sorted(
                ruling.ruling_id
                for rulings in (self.usable, self.distinct)
                for image_id, ruling in rulings.items()
                if image_id in images
            )
        )


NO_RULINGS = CurrentDecisions({}, {})


def current_decisions(rulings: Iterable[TriageDecision]) -> CurrentDecisions:
    """The latest word on each image and question that was not withdrawn; any order will do.

    Withdrawing one's own word brings back what somebody else said before.
    """
    in_order = sorted(rulings, key=_age)
    latest = {(r.question, r.image_id, r.by): r for r in in_order}
    found: dict[Question, dict[str, TriageDecision]] = {question: {} for question in Question}
    for ruling in sorted(latest.values(), key=_age):
        if ruling.word is not Answer.WITHDRAWN:
            found[ruling.question][ruling.image_id] = ruling
    return CurrentDecisions(usable=found[Question.USABLE], distinct=found[Question.DISTINCT])


def _age(ruling: TriageDecision) -> tuple[object, ...]:
    """At the same instant a withdrawal comes after a word, and a no after a yes."""
    return ruling.at, ruling.word is Answer.WITHDRAWN, ruling.word is Answer.NO, ruling.ruling_id
