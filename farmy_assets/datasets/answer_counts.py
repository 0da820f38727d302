"""What was answered about the images and regions of a version, counted."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from farmy_assets.annotation.question_answers import Pairs, in_plain_words
from farmy_assets.datasets.versions import DatasetVersion

ValueCounts = Mapping[str, Mapping[str, int]]
"""Question to value to how often it was given; both sorted."""


def choices_by_value(version: DatasetVersion) -> ValueCounts:
    """Images by what was answered about them as a whole."""
    return _by_value(image.choices for image in version.images)


def attributes_by_value(version: DatasetVersion) -> ValueCounts:
    """Regions by what was answered about them."""
    return _by_value(region.attributes for image in version.images for region in image.regions)


def _by_value(answered: Iterable[Pairs]) -> ValueCounts:
    """Each of several values counts; numbers and texts count as people read them."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for name, value in (pair for answers in answered for pair in answers):
        for each in value if isinstance(value, tuple) else (value,):
            counts[name][in_plain_words(each)] += 1
    return {name: dict(sorted(counts[name].items())) for name in sorted(counts)}
