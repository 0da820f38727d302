"""Quorum: the objects that enough people drew, each as one region with the votes behind it."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from farmy_assets.annotation.fusing import middle
from farmy_assets.annotation.matching import RegionGroup
from farmy_assets.annotation.region import Region


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


def needed_for(people: int, quorum: int | None) -> int:
    """How many of so many people have to have drawn an object; without a quorum, more than half."""
    return min(quorum, people) if quorum else people // 2 + 1


def agreed_regions(
    groups: Iterable[RegionGroup], *, people: int, quorum: int | None = None
) -> tuple[AgreedRegion, ...]:
    """The objects that enough people drew, from top to bottom.

    An object of which no class has most votes is left out: there the people disagree.

    Args:
        groups: The objects, from `group_regions`.
        people: How many people answered.
        quorum: How many people are enough; more than half of them when it is not given.
    """
    needed = needed_for(people, quorum)
    found = (_agreed(group, people) for group in groups if len(group) >= needed)
    return tuple(region for region in found if region)


def _agreed(group: RegionGroup, people: int) -> AgreedRegion | None:
    votes = Counter(region.label for region in group.values()).most_common(2)
    if len(votes) > 1 and votes[0][1] == votes[1][1]:
        return None
    return AgreedRegion(middle(group), tuple(sorted(group)), votes[0][1] / people)
