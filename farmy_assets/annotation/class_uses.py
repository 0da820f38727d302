"""How much the present votes of a campaign use each class."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from farmy_assets.annotation.campaign import LabelClass
from farmy_assets.annotation.votes import Vote, current_votes
from farmy_assets.catalog.wording import counted


class ClassUse(NamedTuple):
    """What hangs on one class: regions, in votes, on images."""

    regions: int
    votes: int
    images: int

    @property
    def sentence(self) -> str:
        """The same in words."""
        return (
            f"{counted(self.regions, 'region')} in {counted(self.votes, 'vote')} "
            f"on {counted(self.images, 'image')}"
        )


class ClassUses(NamedTuple):
    """Uses by the name that votes hold."""

    regions: Counter[str]
    votes: Counter[str]
    images: Counter[str]

    def of(self, item: LabelClass) -> ClassUse:
        """The use of a class under all the names that it had."""
        names = (item.name, *item.former_names)
        return ClassUse(*(sum(counter[name] for name in names) for counter in self))


def class_uses(votes: Iterable[Vote]) -> ClassUses:
    """Count over all votes of a campaign; those that were withdrawn or replaced do not count.

    A vote that names one class by two of its names counts twice.
    """
    regions: Counter[str] = Counter()
    used: Counter[str] = Counter()
    on: set[tuple[str, str]] = set()
    for vote in current_votes(votes):
        labels = Counter(region.label for region in vote.regions)
        regions += labels
        used.update(labels.keys())
        on |= {(vote.image_id, label) for label in labels}
    return ClassUses(regions, used, Counter(label for _, label in on))


def total_uses(parts: Iterable[ClassUses]) -> ClassUses:
    """The sum over parts that have no image in common."""
    total = ClassUses(Counter(), Counter(), Counter())
    for part in parts:
        for counter, counts in zip(total, part, strict=True):
            counter.update(counts)
    return total
