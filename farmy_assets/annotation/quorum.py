"""Quorum: the objects that enough people drew, each as one region with the votes behind it."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from farmy_assets.annotation.aggregation.annotator_skills import class_shares
from farmy_assets.annotation.aggregation.ballots import winner
from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.annotation.fusing import middle
from farmy_assets.annotation.judging_rules import JudgingRules
from farmy_assets.annotation.matching import RegionGroup, drawn_alike
from farmy_assets.annotation.region import Region

FEWEST_FOR_A_QUORUM = 3
"""Of two people no quorum settles anything: each is as likely to be right as the other."""

_ROUNDING = 1e-9


class AgreedRegion(NamedTuple):
    """An object that a quorum drew.

    Attributes:
        region: What those who drew it say together, in the class that most of them gave.
        people: Who drew it, whatever their class.
        score: The share of all who answered that drew it in this class, 0 to 1.
    """

    region: Region
    people: tuple[str, ...]
    score: float


class Opinion(NamedTuple):
    """What a quorum makes of one object.

    Attributes:
        group: The region of each person who drew it.
        label: The class that the votes speak for most; None when two share the first place.
        support: How many of the votes speak for this class, weighed as the campaign says.
        is_there: Whether the object is settled: it is there, in this class.
        is_absent: Whether it is settled that nothing is there.
    """

    group: RegionGroup
    label: str | None
    support: float
    is_there: bool
    is_absent: bool

    @property
    def is_settled(self) -> bool:
        """Whether nobody has to decide."""
        return self.is_there or self.is_absent


def needed_for(people: int, quorum: int | None) -> int:
    """How many of so many people have to have drawn an object; without a quorum, half of them."""
    return min(quorum, people) if quorum else (people + 1) // 2


def agreed_regions(
    groups: Iterable[RegionGroup], *, people: int, quorum: int | None = None
) -> tuple[AgreedRegion, ...]:
    """The objects that enough people drew, from top to bottom.

    An object of which no class has most votes is left out: there the people disagree. Without a
    quorum it stays where half of all people gave such a class: of two people either may be right,
    one of the two classes is taken, always the same, and its score tells.

    Args:
        groups: The objects, from `group_regions`.
        people: How many people answered.
        quorum: How many people are enough; half of them when it is not given, which of two people
            is more often right than to leave out what only one of them saw.
    """
    needed = needed_for(people, quorum)
    found = []
    for group in groups:
        most, first = _most_given([region.label for region in group.values()])
        is_open = len(first) > 1 and (quorum is not None or 2 * most < people)
        if len(group) < needed or is_open:
            continue
        region = middle(group)
        if region.label != (label := _one_of(first, region)):
            region = region.model_copy(update={"label": label})
        found.append(AgreedRegion(region, tuple(sorted(group)), most / people))
    return tuple(found)


def _most_given(labels: Sequence[str]) -> tuple[int, list[str]]:
    """How often the most frequent classes were given, and which these are."""
    if labels.count(labels[0]) == len(labels):
        return len(labels), [labels[0]]
    votes = Counter(labels)
    most = max(votes.values())
    return most, [label for label, count in votes.items() if count == most]


def _one_of(labels: Sequence[str], region: Region) -> str:
    """One of some classes, by chance as it were: neither the first by name nor anybody's always."""
    if len(labels) == 1:
        return labels[0]

    def chance(label: str) -> bytes:
        return hashlib.sha256(f"{region.bounds_px} {label}".encode()).digest()

    return min(labels, key=chance)


def opinions(
    groups: Sequence[RegionGroup], *, people: int, rules: JudgingRules
) -> tuple[Opinion, ...]:
    """What the campaign's quorum makes of each object of an image; nothing without a quorum.

    An object is there when a quorum drew it, alike, in one class; it is not there when a quorum,
    and more people than drew it, drew nothing. Where both sides have a quorum, more people count.

    Args:
        groups: The objects, from `group_regions`.
        people: How many people answered readably.
        rules: The quorum, and how votes on classes count.
    """
    policy = rules.consensus
    if policy is None or people < policy.quorum:
        return ()
    found = []
    for group in groups:
        drew, others = len(group), people - len(group)
        shares = class_shares(
            {person: region.label for person, region in group.items()}, policy.classes, rules.skills
        )
        label = winner(shares)
        support = shares[label] * drew if label else 0.0
        is_there = (
            (drew > others or others < policy.quorum)
            and support >= policy.quorum - _ROUNDING
            and _alike(group, rules) >= policy.quorum
        )
        is_absent = others >= policy.quorum and others > drew
        found.append(Opinion(group, label, support, is_there, is_absent))
    return tuple(found)


def settled_groups(
    groups: Sequence[RegionGroup], *, people: int, policy: AgreementPolicy
) -> tuple[RegionGroup, ...]:
    """The objects that a quorum of three or more people settled in the class of most of them."""
    if not isinstance(policy, JudgingRules) or people < FEWEST_FOR_A_QUORUM:
        return ()
    given = opinions(groups, people=people, rules=policy)
    return tuple(o.group for o in given if o.is_there and middle(o.group).label == o.label)


def fused_region(opinion: Opinion) -> Region:
    """The region that those who drew the object say together, in its class."""
    region = middle(opinion.group)
    label = opinion.label or region.label
    return region if region.label == label else region.model_copy(update={"label": label})


def nearest_region(opinion: Opinion) -> Region:
    """The drawn region that is most like the fused one, in the object's class."""
    fused = fused_region(opinion)
    drawn = sorted(opinion.group.values(), key=lambda region: region.place)
    nearest = max(drawn, key=lambda region: region.likeness(fused))
    changes = {"label": fused.label, "attributes": fused.attributes}
    return nearest.model_copy(update=changes)


def _alike(group: RegionGroup, rules: JudgingRules) -> int:
    """How many people drew an object as all of them together say it is."""
    fused = middle(group)
    return sum(drawn_alike(region, fused, policy=rules) for region in group.values())
