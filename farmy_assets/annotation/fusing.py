"""Several people's regions of one object become one region, with what they answered about it."""

from collections.abc import Iterable

from farmy_assets.annotation.matching import RegionGroup
from farmy_assets.annotation.question_answers import merged
from farmy_assets.annotation.region import Region

REPEATED_LIKENESS = 0.95


def middle(group: RegionGroup) -> Region:
    """The group's regions as one, of the class that most of them have.

    Its attributes are those of the regions of that class: by majority, numbers by their median.
    """
    regions = list(group.values())
    labels = sorted(region.label for region in regions)
    label = max(labels, key=labels.count)
    fused = type(regions[0]).fused(regions, label=label)
    if not any(region.attributes for region in regions):
        return fused
    attributes = merged([region.attributes for region in regions if region.label == label])
    return fused.model_copy(update={"attributes": attributes})


def without_doubles(regions: Iterable[Region]) -> tuple[Region, ...]:
    """The regions in reading order, without those that repeat another: same class, same place."""
    kept: list[Region] = []
    for region in sorted(regions, key=lambda region: region.place):
        if not any(repeats(region, other) for other in kept):
            kept.append(region)
    return tuple(kept)


def repeats(first: Region, second: Region) -> bool:
    """Whether two regions of one kind and class are at the same place."""
    same = (first.kind, first.label) == (second.kind, second.label)
    return same and first.likeness(second) >= REPEATED_LIKENESS
