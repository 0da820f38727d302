"""Conflicts: where the votes on one image do not say the same.

A region that somebody did not draw is `missed` when at least half of the voters drew it and `extra`
when fewer did; it is also `extra` when it lies over an object that more voters drew and its author
drew already (a repeated region). Which regions mean the same object, `matching.py` says, and what
counts as another answer to a question `differing_answers.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import combinations

from pydantic import AliasChoices, Field

from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.annotation.differing_answers import (
    Difference,
    differing_attributes,
    differing_choices,
)
from farmy_assets.annotation.matching import RegionGroup, drawn_alike, group_regions, mean_the_same
from farmy_assets.annotation.question_answers import AnswerValue, in_words, is_empty
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions import STORED_AS, AnyRegion
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.catalog.records import Record
from farmy_assets.catalog.wording import listed


class ConflictKind(StrEnum):
    """How votes on one image differ."""

    OTHER_CLASS = "other_class"
    MISSED = "missed"
    EXTRA = "extra"
    LOOSE = "loose"
    ATTRIBUTE = "attribute"
    IMAGE_CHOICE = "image_choice"
    SKIPPED = "skipped"
    INVALID = "invalid"

    @classmethod
    def _missing_(cls, value: object) -> "ConflictKind | None":
        return cls.LOOSE if value == "loose_box" else None  # as it was stored before


class Conflict(Record):
    """One difference; `regions` holds one entry for each of `people`, None where nothing was drawn.

    `likeness` is the lowest among the regions drawn, for other_class and loose. `question` is what
    was answered differently, and `answers` what each of `people` said, None for no answer: for
    attribute and image_choice. `problems` is for invalid votes, whose regions are not compared, and
    for skipped ones: why.
    """

    image_id: str
    kind: ConflictKind
    people: tuple[str, ...]
    regions: tuple[AnyRegion | None, ...] = Field(validation_alias=STORED_AS)
    likeness: float | None = Field(default=None, validation_alias=AliasChoices("likeness", "iou"))
    problems: tuple[str, ...] = ()
    question: str = Field(default="", exclude_if=is_empty)
    answers: tuple[AnswerValue | None, ...] = Field(default=(), exclude_if=is_empty)

    @property
    def sentence(self) -> str:
        """The conflict in words, with the people's names."""
        return self.describe({})

    def describe(self, names: Mapping[str, str]) -> str:
        """The conflict in words, with people's names replaced by those in `names` (blind work)."""
        sides = [(names.get(p, p), r) for p, r in zip(self.people, self.regions, strict=True)]
        drew = [(name, region) for name, region in sides if region is not None]
        others = listed([name for name, region in sides if region is None])
        if self.kind is ConflictKind.SKIPPED:
            return ": ".join([f"{others} skipped this image", *self.problems])
        if self.kind is ConflictKind.INVALID:
            return f"{others} sent something that cannot be read: {'; '.join(self.problems)}"
        if self.question:
            return self._differently_answered([name for name, _ in sides])
        return self._differently_drawn(drew, others)

    def _differently_drawn(self, drew: Sequence[tuple[str, Region]], others: str) -> str:
        who = listed([name for name, _ in drew])
        what = f"{_class(drew[0][1])} {_at(drew[0][1])}"
        if self.kind is ConflictKind.OTHER_CLASS:
            first, *rest = drew
            return ", ".join(
                [
                    f"{first[0]} saw {what}",
                    *(f"{who} saw {_class(region)}" for who, region in rest),
                ]
            )
        if self.kind is ConflictKind.LOOSE:
            measured = f"{drew[0][1].measure} {self.likeness or 0:.2f}"
            return f"{who} drew {what} differently ({measured})"
        if self.kind is ConflictKind.EXTRA and not others:
            return f"{who} drew {what} twice"
        return f"{who} saw {what}, {others} did not"

    def _differently_answered(self, people: Sequence[str]) -> str:
        region = next(filter(None, self.regions), None)
        what = f" of {_class(region)} {_at(region)}" if region else ""
        given = zip(people, self.answers, strict=True)
        said = "; ".join(
            f"{name} did not answer" if value is None else f"{name} answered {in_words(value)}"
            for name, value in given
        )
        return f"{self.question}{what}: {said}"


def find_conflicts(
    votes: Iterable[Vote], policy: AgreementPolicy, *, groups: Sequence[RegionGroup] | None = None
) -> tuple[Conflict, ...]:
    """Every difference between the votes of different people on one image.

    Skipped votes and votes with problems are conflicts by themselves, and are not compared with
    the others; so a single vote can be in conflict too.

    Args:
        votes: At most one of each person.
        policy: When two regions are the same object, and when they are drawn alike.
        groups: The objects of the readable votes, where they are known already.

    Raises:
        ValueError: A voter appears twice, or the votes are of several images.
    """
    given = list(votes)
    by_voter = {vote.voter: vote for vote in given}
    images = {vote.image_id for vote in given}
    if len(by_voter) != len(given) or len(images) > 1:
        msg = "conflicts are looked for in votes of different people on one image"
        raise ValueError(msg)
    if not given:
        return ()
    image_id = images.pop()
    found: list[Conflict] = []
    for voter in sorted(by_voter):
        vote = by_voter[voter]
        if not vote.is_clean:
            skipped = vote.outcome is not Outcome.SUBMITTED
            found.append(
                Conflict(
                    image_id=image_id,
                    kind=ConflictKind.SKIPPED if skipped else ConflictKind.INVALID,
                    people=(voter,),
                    regions=(None,),
                    problems=vote.problems or ((vote.skip_reason,) if vote.skip_reason else ()),
                )
            )
    clean = {voter: vote for voter, vote in sorted(by_voter.items()) if vote.is_clean}
    if groups is None:
        groups = group_regions({v: vote.regions for v, vote in clean.items()}, policy=policy)
    for group in groups:
        found += _group_conflicts(image_id, group, groups, voters=tuple(clean), policy=policy)
        found += [
            _answered_otherwise(image_id, ConflictKind.ATTRIBUTE, difference, group)
            for difference in differing_attributes(group, policy.number_tolerance)
        ]
    choices = {voter: vote.choices for voter, vote in clean.items()}
    found += [
        _answered_otherwise(image_id, ConflictKind.IMAGE_CHOICE, difference, {})
        for difference in differing_choices(choices)
    ]
    return tuple(found)


def _answered_otherwise(
    image_id: str, kind: ConflictKind, difference: Difference, group: RegionGroup
) -> Conflict:
    return Conflict(
        image_id=image_id,
        kind=kind,
        people=difference.people,
        regions=tuple(group.get(person) for person in difference.people),
        question=difference.question,
        answers=difference.answers,
    )


def _group_conflicts(
    image_id: str,
    group: RegionGroup,
    groups: Sequence[RegionGroup],
    *,
    voters: tuple[str, ...],
    policy: AgreementPolicy,
) -> list[Conflict]:
    pairs = list(combinations(group.values(), 2))
    lowest = min((a.likeness(b) for a, b in pairs), default=None)
    kinds: list[tuple[ConflictKind, float | None]] = []
    if len({region.label for region in group.values()}) > 1:
        kinds.append((ConflictKind.OTHER_CLASS, lowest))
    elif not all(drawn_alike(a, b, policy=policy) for a, b in pairs):
        kinds.append((ConflictKind.LOOSE, lowest))
    people = voters
    if len(group) < len(voters):
        double = _is_double(group, groups, policy)
        few = 2 * len(group) < len(voters)
        kinds.append((ConflictKind.EXTRA if double or few else ConflictKind.MISSED, None))
        people = tuple(group) if double else voters
    return [
        Conflict(
            image_id=image_id,
            kind=kind,
            people=people,
            regions=tuple(group.get(voter) for voter in people),
            likeness=value,
        )
        for kind, value in kinds
    ]


def _is_double(group: RegionGroup, groups: Sequence[RegionGroup], policy: AgreementPolicy) -> bool:
    """Whether the group's authors all drew the same object once more, together with others."""
    return any(
        len(other) > len(group)
        and group.keys() <= other.keys()
        and any(mean_the_same(a, b, policy=policy) for a in group.values() for b in other.values())
        for other in groups
    )


def _class(region: Region) -> str:
    """The class's name, marked as one: which article a name takes is not to be guessed."""
    return f'"{region.label}"'


def _at(region: Region) -> str:
    x, y = region.centre_px
    return f"at ({x:.0f}, {y:.0f})"
