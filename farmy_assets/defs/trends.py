"""Pure decisions for the checks that warn: numbers of now compared with earlier ones.

Each returns a sentence, or nothing where all is as usual or too little is known.
"""

from collections.abc import Collection, Sequence
from statistics import median
from typing import NamedTuple

SHARES_NEEDED = 3
LEAST_IMAGES = 50


class Answered(NamedTuple):
    """Images of a campaign that are judged, and those of them that were ever in conflict."""

    images: int
    in_conflict: int

    @property
    def rate(self) -> float:
        """The share in conflict, from 0 to 1; 0 where nothing is judged."""
        return self.in_conflict / self.images if self.images else 0.0


def kept_share_fell(now: float, earlier: Sequence[float], *, by: float = 0.2) -> str:
    """Whether cleansing kept much less of a batch than it usually keeps.

    Args:
        now: The share that was kept of this batch, from 0 to 1.
        earlier: The same of earlier batches of its campaign; fewer than three say nothing.
        by: How far below their median is too far.
    """
    if len(earlier) < SHARES_NEEDED:
        return ""
    usual = median(earlier)
    if now >= usual - by:
        return ""
    return f"{now:.0%} of the batch is kept, and usually {usual:.0%}"


def conflict_rate_rose(now: Answered, before: Answered, *, by: float = 0.1) -> str:
    """Whether the images judged since then are in conflict much more often than those before.

    Args:
        now: All that is judged by now.
        before: What was judged at an earlier time; either is too little under 50 images.
        by: By how much the rate may be higher, from 0 to 1.
    """
    new = Answered(now.images - before.images, now.in_conflict - before.in_conflict)
    if min(new.images, before.images) < LEAST_IMAGES or new.rate <= before.rate + by:
        return ""
    return (
        f"{new.rate:.0%} of the {new.images} images judged since then are in conflict, "
        f"and {before.rate:.0%} of the {before.images} before"
    )


def classes_vanished(now: Collection[str], before: Collection[str]) -> str:
    """Which classes the version before had, and this one has not."""
    gone = sorted(set(before) - set(now))
    return f"no longer in the version: {', '.join(gone)}" if gone else ""
