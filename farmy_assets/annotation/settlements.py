"""What each object turned out to be when somebody decided, and who had it wrong."""

from collections.abc import Iterable, Sequence

from pydantic import AliasChoices, Field

from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.annotation.conflicts import ConflictKind
from farmy_assets.annotation.fusing import middle
from farmy_assets.annotation.matching import RegionGroup, group_regions, match_regions
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions import AnyRegion
from farmy_assets.annotation.votes import Vote
from farmy_assets.catalog.records import Record


class Settlement(Record):
    """What one object turned out to be when the adjudicator decided: the error, and who made it.

    missed: the people did not draw a true object; extra: they drew an object that is none, or
    drew it twice; other_class: they gave it another class than `region.label`.
    """

    kind: ConflictKind
    people: tuple[str, ...]
    region: AnyRegion = Field(validation_alias=AliasChoices("region", "box"))


def settlements(
    answers: Sequence[Vote], truth: Sequence[Region], policy: AgreementPolicy
) -> tuple[Settlement, ...]:
    """Each annotator's errors in the light of what is true; unreadable answers are left out."""
    voters = {vote.voter: vote.regions for vote in answers if vote.is_clean}
    groups = group_regions(voters, policy=policy)
    found: list[Settlement] = []
    decided = _decided(groups, truth, policy)
    for group, answer in zip(groups, decided, strict=True):
        if answer is None:
            found.append(_settlement(ConflictKind.EXTRA, group, middle(group)))
            continue
        region = truth[answer]
        wrong = [voter for voter, drawn in group.items() if drawn.label != region.label]
        found.append(_settlement(ConflictKind.MISSED, voters.keys() - group.keys(), region))
        found.append(_settlement(ConflictKind.OTHER_CLASS, wrong, region))
    found += [
        _settlement(ConflictKind.MISSED, voters, region)
        for number, region in enumerate(truth)
        if number not in decided
    ]
    return tuple(settlement for settlement in found if settlement.people)


def _decided(
    groups: Sequence[RegionGroup], truth: Sequence[Region], policy: AgreementPolicy
) -> list[int | None]:
    """For each group the number of the true region it shows; of doubles, the one that more drew."""
    decided: list[int | None] = [None] * len(groups)
    for size in sorted({len(group) for group in groups}, reverse=True):
        same_size = [number for number, group in enumerate(groups) if len(group) == size]
        free = [number for number in range(len(truth)) if number not in decided]
        middles = [middle(groups[number]) for number in same_size]
        for i, j in match_regions(middles, [truth[number] for number in free], policy=policy):
            decided[same_size[i]] = free[j]
    return decided


def _settlement(kind: ConflictKind, people: Iterable[str], region: Region) -> Settlement:
    return Settlement(kind=kind, people=tuple(sorted(people)), region=region)
