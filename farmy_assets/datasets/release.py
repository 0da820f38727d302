"""What keeps a version from being released: facts that no later step could put right.

An image without regions is no problem: it shows a model what is not there.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from enum import StrEnum

from farmy_assets.annotation.region import Region
from farmy_assets.catalog.records import Record
from farmy_assets.catalog.wording import counted
from farmy_assets.datasets.splits import SPLITS, group_key
from farmy_assets.datasets.versions import DatasetVersion, ReleasedImage, content_digest
from farmy_assets.errors import NotReleasableError

REPEATED_LIKENESS = 0.95
SENTENCES_IN_AN_ERROR = 3


class ProblemKind(StrEnum):
    """What is wrong, for counting and for telling the checks apart."""

    ALTERED = "altered"
    REPEATED_IMAGE = "repeated_image"
    REPEATED_CLASS = "repeated_class"
    UNKNOWN_CLASS = "unknown_class"
    FAULTY_REGION = "faulty_region"
    REPEATED_REGION = "repeated_region"
    GROUP_IN_TWO_SPLITS = "group_in_two_splits"
    PICTURE_IN_TWO_SPLITS = "picture_in_two_splits"


class Problem(Record):
    """One thing that is wrong, with the images it is about and a sentence for a person."""

    kind: ProblemKind
    image_ids: tuple[str, ...]
    sentence: str


def problems_of(version: DatasetVersion) -> tuple[Problem, ...]:
    """All that is wrong with a version, in a fixed order; nothing when it may be released."""
    return (
        *_altered(version),
        *_repeated_classes(version),
        *_repeated_images(version),
        *_split_apart(version, ProblemKind.GROUP_IN_TWO_SPLITS, lambda i: group_key(i.group)),
        *_split_apart(version, ProblemKind.PICTURE_IN_TWO_SPLITS, lambda i: i.sha256),
        *_wrong_regions(version),
    )


def ensure_releasable(version: DatasetVersion) -> None:
    """Let a version pass that has no problems.

    Raises:
        NotReleasableError: It has some; the text tells the first of them.
    """
    problems = problems_of(version)
    if problems:
        sentences = " ".join(problem.sentence for problem in problems[:SENTENCES_IN_AN_ERROR])
        count = counted(len(problems), "problem")
        msg = f"{version.campaign} {version.version_id} has {count}: {sentences}"
        raise NotReleasableError(msg)


def _altered(version: DatasetVersion) -> Iterator[Problem]:
    digest = content_digest(version)
    if version.created_from != digest or not version.version_id.endswith(f"-{digest[:8]}"):
        sentence = (
            f"Version {version.version_id} does not hold what its digest was made of: "
            "it was changed after it was frozen."
        )
        yield Problem(kind=ProblemKind.ALTERED, image_ids=(), sentence=sentence)


def _repeated_classes(version: DatasetVersion) -> Iterator[Problem]:
    for what, count in (
        ("id", Counter(str(each.id) for each in version.classes)),
        ("name", Counter(each.name for each in version.classes)),
    ):
        for value, times in sorted(count.items()):
            if times > 1:
                sentence = f"{times} classes have the {what} {value!r}; it must be one class's own."
                yield Problem(kind=ProblemKind.REPEATED_CLASS, image_ids=(), sentence=sentence)


def _repeated_images(version: DatasetVersion) -> Iterator[Problem]:
    count = Counter(image.image_id for image in version.images)
    for image_id, times in sorted(count.items()):
        if times > 1:
            sentence = f"Image {image_id} is in the version {times} times."
            yield Problem(kind=ProblemKind.REPEATED_IMAGE, image_ids=(image_id,), sentence=sentence)


def _split_apart(
    version: DatasetVersion, kind: ProblemKind, key: Callable[[ReleasedImage], str]
) -> Iterator[Problem]:
    """Images with one key, in several splits: a model would be judged on what it has learnt."""
    together: dict[str, list[ReleasedImage]] = defaultdict(list)
    for image in version.images:
        together[key(image)].append(image)
    for value, images in sorted(together.items()):
        first = {image.split: image for image in reversed(images)}
        if len(first) > 1:
            of_group = kind == ProblemKind.GROUP_IN_TWO_SPLITS
            what = "group" if of_group else "picture with SHA-256"
            remedy = "freeze it anew" if of_group else "give its images one group"
            places = " and ".join(
                f"in {split} (image {first[split].image_id})" for split in SPLITS if split in first
            )
            yield Problem(
                kind=kind,
                image_ids=tuple(sorted({image.image_id for image in images})),
                sentence=f"The {what} {value!r} is {places}; {remedy}.",
            )


def _wrong_regions(version: DatasetVersion) -> Iterator[Problem]:
    known = {each.name for each in version.classes}
    for image in version.images:
        for region in image.regions:
            for kind, fault in _faults(region, image, known):
                sentence = f"Image {image.image_id}: the {region.description} {fault}."
                yield Problem(kind=kind, image_ids=(image.image_id,), sentence=sentence)
        for one, other in _repeated(image.regions):
            sentence = (
                f"Image {image.image_id}: the {one.description} and the {other.description} "
                "are around the same object."
            )
            yield Problem(
                kind=ProblemKind.REPEATED_REGION, image_ids=(image.image_id,), sentence=sentence
            )


def _faults(
    region: Region, image: ReleasedImage, known: set[str]
) -> Iterator[tuple[ProblemKind, str]]:
    if region.label not in known:
        yield ProblemKind.UNKNOWN_CLASS, "has a class that the campaign does not know"
    for fault in region.faults(image.width_px, image.height_px):
        yield ProblemKind.FAULTY_REGION, fault


def _repeated(regions: tuple[Region, ...]) -> Iterator[tuple[Region, Region]]:
    """Pairs of one kind and class at the same place.

    Regions go from left to right, and the search for a partner ends where one would begin beyond
    the first: hundreds of regions on one image are no trouble. Keypoints have no width: they
    are alike up to a pixel apart.
    """
    alike: dict[tuple[str, str], list[Region]] = defaultdict(list)
    for region in sorted(regions, key=lambda region: region.bounds_px):
        alike[region.kind, region.label].append(region)
    for _, rivals in sorted(alike.items()):
        for place, one in enumerate(rivals, start=1):
            for other in rivals[place:]:
                if other.bounds_px[0] > one.bounds_px[2] + 1:
                    break
                if one.likeness(other) > REPEATED_LIKENESS:
                    yield one, other
