"""How right the platform was, held against the truth: planted defects, boxes, and what copies tell.

Values in, values out; `demo_report.py` fetches them.
"""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from PIL import Image

from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions.box import Box
from farmy_assets.catalog.exif import read_capture_facts
from farmy_assets.cleansing.checks import (
    blurry,
    bright,
    dark,
    exact_duplicate,
    near_duplicate,
    too_small,
    truncated,
    unreadable,
)
from farmy_assets.cleansing.cleansed_set import Exclusion
from farmy_assets.simulation.behaviour import Score, score_all
from farmy_assets.simulation.defects import Defect
from farmy_assets.simulation.demo_material import PlantedFile

EXPECTED: Mapping[Defect, frozenset[str]] = {
    Defect.BLURRED: frozenset({blurry.CHECK.name}),
    Defect.DARK: frozenset({dark.CHECK.name}),
    Defect.OVEREXPOSED: frozenset({bright.CHECK.name}),
    Defect.TRUNCATED: frozenset({truncated.CHECK.name, unreadable.CHECK.name}),
    Defect.NOT_AN_IMAGE: frozenset({unreadable.CHECK.name}),
    Defect.EXACT_DUPLICATE: frozenset({exact_duplicate.CHECK.name}),
    Defect.NEAR_DUPLICATE: frozenset({near_duplicate.CHECK.name}),
    Defect.TOO_SMALL: frozenset({too_small.CHECK.name}),
}
TELLING = ("exif", "xmp", "photoshop", "comment")


@dataclass(frozen=True)
class DefectFinding:
    """One kind of planted defect: how many there were, and the files that came out wrong.

    Attributes:
        defect: The kind.
        planted: How many files have it.
        missed: Names of those that were kept.
        otherwise: Names of those that were excluded, but for another reason, with that reason.
    """

    defect: Defect
    planted: int
    missed: tuple[str, ...]
    otherwise: tuple[str, ...]

    @property
    def found(self) -> int:
        """How many were excluded for the right reason."""
        return self.planted - len(self.missed) - len(self.otherwise)


@dataclass(frozen=True)
class SoundFiles:
    """The files without a defect: how many, and those excluded all the same, with the reason."""

    count: int
    false_alarms: tuple[str, ...]


def defects_found(
    planted: Mapping[str, PlantedFile], exclusions: Mapping[str, Exclusion]
) -> tuple[DefectFinding, ...]:
    """For each kind of defect what became of its files.

    A copy counts as found when it or its original was excluded: which of two equal photographs
    is kept is nobody's loss.

    Args:
        planted: Image id to truth, of images that were examined.
        exclusions: Image id to exclusion; every other image was kept.
    """
    found = []
    for defect in Defect:
        missed, otherwise, count = [], [], 0
        for image_id, file in sorted(planted.items()):
            if file.item.defect is not defect:
                continue
            count += 1
            pair = [exclusions.get(image_id), exclusions.get(file.original_id or "")]
            reasons = {reason for exclusion in pair if exclusion for reason in exclusion.reasons}
            if not reasons:
                missed.append(file.item.file_name)
            elif not reasons & EXPECTED[defect]:
                otherwise.append(f"{file.item.file_name} ({_listed(reasons)})")
        if count:
            found.append(DefectFinding(defect, count, tuple(missed), tuple(otherwise)))
    return tuple(found)


def sound_files(
    planted: Mapping[str, PlantedFile], exclusions: Mapping[str, Exclusion]
) -> SoundFiles:
    """What became of the files without a defect.

    An original whose copy was kept in its place is no false alarm.
    """
    stood_in_for = {
        file.original_id
        for image_id, file in planted.items()
        if file.original_id and image_id not in exclusions
    }
    sound = {i: file for i, file in planted.items() if file.item.defect is None}
    alarms = [
        f"{file.item.file_name} ({_listed(exclusions[image_id].reasons)})"
        for image_id, file in sorted(sound.items())
        if image_id in exclusions and image_id not in stood_in_for
    ]
    return SoundFiles(len(sound), tuple(alarms))


@dataclass(frozen=True)
class Drawn:
    """What somebody drew, or what was agreed on, for one image, beside the truth."""

    image_id: str
    regions: tuple[Region, ...]
    truth: tuple[Box, ...]


@dataclass(frozen=True)
class Gain:
    """How right single annotators are, and how right the data set is.

    Attributes:
        alone: All answers, each for itself.
        final: The data set's boxes.
        alone_on_shared: Answers on images that several people were given.
        final_on_shared: The data set's boxes on those images.
        shared: How many such images there are.
    """

    alone: Score
    final: Score
    alone_on_shared: Score
    final_on_shared: Score
    shared: int


def gain(answers: Iterable[Drawn], final: Iterable[Drawn]) -> Gain:
    """How much overlap and adjudication bring, against the truth."""
    given, kept = list(answers), list(final)
    released = {drawn.image_id for drawn in kept}
    given = [drawn for drawn in given if drawn.image_id in released]
    often = {
        image_id for image_id in released if sum(drawn.image_id == image_id for drawn in given) > 1
    }
    return Gain(
        alone=_score(given),
        final=_score(kept),
        alone_on_shared=_score([d for d in given if d.image_id in often]),
        final_on_shared=_score([d for d in kept if d.image_id in often]),
        shared=len(often),
    )


def _score(drawn: Iterable[Drawn]) -> Score:
    return score_all((each.regions, each.truth) for each in drawn)


def embedded_metadata(content: bytes) -> tuple[str, ...]:
    """What a copy still tells of its origin beside the picture; nothing when it is clean."""
    with Image.open(io.BytesIO(content)) as image:
        left = [name for name in TELLING if image.info.get(name)]
    if read_capture_facts(content).position:
        left.append("position")
    return tuple(left)


def _listed(reasons: Iterable[str]) -> str:
    return ", ".join(sorted(reasons))
