"""What keeps a version from being released: facts that no later step could put right.

An image without boxes is no problem: it shows a model what is not there.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from enum import StrEnum

from farmy_assets.annotation.boxes import Box, iou
from farmy_assets.catalog.records import Record
from farmy_assets.catalog.wording import counted
from farmy_assets.datasets.splits import SPLITS, group_key
from farmy_assets.datasets.versions import DatasetVersion, ReleasedImage, content_digest
from farmy_assets.errors import NotReleasableError

EDGE_TOLERANCE_PX = 0.004  # percentages turned to pixels miss by less; COCO's decimals hide it
SMALLEST_SIDE_PX = 0.1  # thinner boxes have no area left once COCO and YOLO decimals are rounded
SAME_BOX_IOU = 0.95
SENTENCES_IN_AN_ERROR = 3


class ProblemKind(StrEnum):
    """What is wrong, for counting and for telling the checks apart."""

    ALTERED = "altered"
    REPEATED_IMAGE = "repeated_image"
    REPEATED_CLASS = "repeated_class"
    UNKNOWN_CLASS = "unknown_class"
    BOX_OUTSIDE = "box_outside"
    BOX_TOO_THIN = "box_too_thin"
    REPEATED_BOX = "repeated_box"
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
        *_wrong_boxes(version),
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


def _wrong_boxes(version: DatasetVersion) -> Iterator[Problem]:
    known = {each.name for each in version.classes}
    for image in version.images:
        for box in image.boxes:
            for kind, fault in _faults(box, image, known):
                sentence = f"Image {image.image_id}: the box {_box_text(box)} {fault}."
                yield Problem(kind=kind, image_ids=(image.image_id,), sentence=sentence)
        for one, other in _same_boxes(image.boxes):
            sentence = (
                f"Image {image.image_id}: the boxes {_box_text(one)} and {_box_text(other)} "
                "are around the same object."
            )
            yield Problem(
                kind=ProblemKind.REPEATED_BOX, image_ids=(image.image_id,), sentence=sentence
            )


def _faults(box: Box, image: ReleasedImage, known: set[str]) -> Iterator[tuple[ProblemKind, str]]:
    if box.label not in known:
        yield ProblemKind.UNKNOWN_CLASS, "has a class that the campaign does not know"
    # `Box` itself sees to it that nothing lies left of or above the image.
    if (
        box.x_max > image.width_px + EDGE_TOLERANCE_PX
        or box.y_max > image.height_px + EDGE_TOLERANCE_PX
    ):
        size = f"{image.width_px} x {image.height_px} px"
        yield ProblemKind.BOX_OUTSIDE, f"reaches out of its image of {size}"
    elif min(box.x_max - box.x_min, box.y_max - box.y_min) < SMALLEST_SIDE_PX:
        yield ProblemKind.BOX_TOO_THIN, f"is thinner than {SMALLEST_SIDE_PX} px"


def _same_boxes(boxes: tuple[Box, ...]) -> Iterator[tuple[Box, Box]]:
    """Pairs of one class that cover the same place.

    Boxes go from left to right, and the search for a partner ends where one would begin too far
    to the right to cover enough of the first: hundreds of boxes on one image are no trouble.
    """
    by_class: dict[str, list[Box]] = defaultdict(list)
    for box in sorted(boxes, key=lambda b: (b.label, b.x_min, b.y_min, b.x_max, b.y_max)):
        by_class[box.label].append(box)
    for rivals in by_class.values():
        for place, one in enumerate(rivals, start=1):
            last_start = one.x_min + (1 - SAME_BOX_IOU) * (one.x_max - one.x_min)
            for other in rivals[place:]:
                if other.x_min > last_start:
                    break
                if iou(one, other) > SAME_BOX_IOU:
                    yield one, other


def _box_text(box: Box) -> str:
    corners = f"({box.x_min:g}, {box.y_min:g}) to ({box.x_max:g}, {box.y_max:g})"
    return f"{box.label!r} from {corners} px"
