"""Matching: which regions of several people mean the same object.

Regions of one kind are matched one to one so that the total likeness is largest, whatever their
labels: the same place with another class is one conflict of classes, not one missed and one extra
region. (Of regions that lie practically alike, the pair with equal labels is preferred.) A pair
counts as the same object when its likeness reaches `match_iou`, and as drawn alike from `tight_iou`
on. Each kind has a tolerance for small objects besides: within it, two regions are the same object
and drawn alike, whatever their likeness.

With three and more voters the matched pairs are joined, best pair first, into groups that hold at
most one region of each voter.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.annotation.region import Bounds, Region

SAME_LABEL_BONUS = 0.05
_ROUNDING = 1e-9

RegionGroup = dict[str, Region]
"""One object: the region of each voter who drew it, all of one kind."""


def match_regions(
    first: Sequence[Region], second: Sequence[Region], *, policy: AgreementPolicy
) -> tuple[tuple[int, int], ...]:
    """One-to-one pairs (index in first, index in second) of regions that mean the same object.

    Pairs that are not acceptable are taken out before the assignment, not after it: a large total
    of useless pairs would otherwise tear a good pair apart.
    """
    return tuple((i, j) for i, j, _ in _pairs(first, second, policy))


def group_regions(
    regions: Mapping[str, Sequence[Region]], *, policy: AgreementPolicy
) -> tuple[RegionGroup, ...]:
    """The objects that voters drew, from top to bottom; each region is in exactly one of them.

    The answer does not depend on the order of the voters or of their regions.
    """
    drawn = {voter: sorted(regions[voter], key=lambda r: r.place) for voter in sorted(regions)}
    links = [
        (-gain, (a, i), (b, j))
        for a, b in combinations(drawn, 2)
        for i, j, gain in _pairs(drawn[a], drawn[b], policy)
    ]
    home = {(voter, i): {voter: i} for voter in drawn for i in range(len(drawn[voter]))}
    for _, one, other in sorted(links):
        left, right = home[one], home[other]
        if left is right or left.keys() & right.keys():
            continue
        left.update(right)
        for member in right.items():
            home[member] = left
    groups = {tuple(sorted(group.items())): group for group in home.values()}
    found = [{voter: drawn[voter][i] for voter, i in sorted(g)} for g in groups]
    return tuple(sorted(found, key=lambda group: [region.place for region in group.values()]))


def mean_the_same(first: Region, second: Region, *, policy: AgreementPolicy) -> bool:
    """Whether two regions can be the same object, whatever their labels."""
    return _gain(first, second, policy) > 0


def drawn_alike(first: Region, second: Region, *, policy: AgreementPolicy) -> bool:
    """Whether two regions of one object need no second look."""
    tight = first.likeness(second) >= policy.tight_for(first.label, second.label) - _ROUNDING
    return tight or first.is_within_tolerance(second)


def _pairs(
    first: Sequence[Region], second: Sequence[Region], policy: AgreementPolicy
) -> list[tuple[int, int, float]]:
    """The matched pairs, each with what it is worth."""
    if not first or not second:
        return []
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - slow to import

    bounds = [region.bounds_px for region in second]
    gains = [
        [
            _gain(a, b, policy) if _can_be_near(here, there, a.reach_px) else 0.0
            for b, there in zip(second, bounds, strict=True)
        ]
        for a, here in ((region, region.bounds_px) for region in first)
    ]
    rows, columns = linear_sum_assignment(np.array(gains), maximize=True)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(i, j, gains[i][j]) for i, j in pairs if gains[i][j] > 0]


def _can_be_near(first: Bounds, second: Bounds, reach_px: float) -> bool:
    """Whether two regions may have something in common: most pairs have not, and that is quick."""
    return (
        first[0] - reach_px < second[2]
        and second[0] - reach_px < first[2]
        and first[1] - reach_px < second[3]
        and second[1] - reach_px < first[3]
    )


def _gain(first: Region, second: Region, policy: AgreementPolicy) -> float:
    """What pairing two regions is worth; 0 when they cannot be the same object."""
    if first.kind != second.kind:
        return 0.0
    likeness, needed = first.likeness(second), policy.match_for(first.label, second.label)
    if likeness < needed and first.is_within_tolerance(second):
        likeness = needed
    if likeness < needed - _ROUNDING:
        return 0.0
    return likeness + (SAME_LABEL_BONUS if first.label == second.label else 0.0)
