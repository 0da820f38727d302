"""The region of several that is most like the others: where fusing them would make no sense."""

from collections.abc import Sequence
from typing import TypeVar

from farmy_assets.annotation.region import Region

AKind = TypeVar("AKind", bound=Region)


def nearest_to_all(regions: Sequence[AKind]) -> AKind:
    """The region with the largest sum of likenesses to the others; of equals the first by place.

    Args:
        regions: At least one, all of one kind, in any order, which does not matter.
    """
    ordered = sorted(regions, key=lambda region: region.place)
    sums = [sum(one.likeness(other) for other in ordered) for one in ordered]
    return ordered[sums.index(max(sums))]
