"""Which new images show what another image shows already, and which copy is kept.

An image that an earlier decision kept is never given up: annotations may hang on it. Among new
images the best copy is kept first, and only what is near to a kept image is dropped. A chain (A
near B, B near C, A not near C) therefore loses B alone, never C for the sake of an image that was
itself dropped.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime, Field

from farmy_assets.catalog.metadata import Sha256
from farmy_assets.catalog.records import Record
from farmy_assets.cleansing.checks import Check
from farmy_assets.cleansing.fingerprints import HASH_BITS, ORIENTATIONS
from farmy_assets.cleansing.hamming import Hashes, pairs_between, pairs_of_some
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import Hash64, ImageQuality, SidePx

_NEVER = datetime.max.replace(tzinfo=UTC)
_PREFIX_DIGITS = 16


class DuplicateKind(StrEnum):
    """How far two images are the same; the words are those of `Check`."""

    EXACT = Check.EXACT_DUPLICATE.value
    NEAR = Check.NEAR_DUPLICATE.value


class Fingerprint(Record):
    """What duplicates are found by, and what tells the better copy."""

    image_id: str
    sha256: Sha256
    pixel_hash: Sha256
    phash: Hash64
    dhash: Hash64
    turned: str
    width_px: SidePx
    height_px: SidePx
    sharpness: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    taken_at: AwareDatetime | None = None


class KnownImages(NamedTuple):
    """Images that earlier decisions kept, as columns; `contents` and `pixels` are 64-bit prefixes.

    Each array has the shape (images,).
    """

    image_ids: NDArray[np.str_]
    contents: Hashes
    pixels: Hashes
    phashes: Hashes
    dhashes: Hashes


class DuplicateOf(Record):
    """A new image that is dropped for the sake of another one, which is kept."""

    image_id: str
    of_image_id: str
    kind: DuplicateKind
    distance_bits: Annotated[int, Field(ge=0, le=HASH_BITS)] = 0
    """The larger of the two hash distances; 0 for exact duplicates."""
    orientation: Annotated[int, Field(ge=0, lt=ORIENTATIONS)] = 0
    """How the image has to be turned to look like the other one; 0 is not at all."""


class _Near(NamedTuple):
    distance_bits: int
    of_image_id: str
    orientation: int


def fingerprint_of(
    quality: ImageQuality, *, taken_at: datetime | None = None
) -> Fingerprint | None:
    """The fingerprint in a verdict; None when the image could not be decoded."""
    if quality.pixel_hash is None:
        return None
    own = set(Fingerprint.model_fields) - {"sharpness", "taken_at"}
    return Fingerprint.model_validate(
        {
            **{name: getattr(quality, name) for name in own},
            "sharpness": quality.value_of(Check.BLURRY) or 0.0,
            "taken_at": taken_at,
        }
    )


def known_images(kept: Sequence[Fingerprint]) -> KnownImages:
    """The columns of some images, in their order."""
    return KnownImages(
        np.array([image.image_id for image in kept], dtype=np.str_),
        _numbers(image.sha256[:_PREFIX_DIGITS] for image in kept),
        _numbers(image.pixel_hash[:_PREFIX_DIGITS] for image in kept),
        _numbers(image.phash for image in kept),
        _numbers(image.dhash for image in kept),
    )


def find_duplicates(
    new: Sequence[Fingerprint],
    known: KnownImages,
    *,
    policy: CleansingPolicy,
    distinct: Collection[str] = (),
    policies: Mapping[str, CleansingPolicy] | None = None,
) -> dict[str, DuplicateOf]:
    """The new images to drop, by image id; the same answer for any order of the arguments.

    Args:
        new: The images to decide on.
        known: Images that earlier decisions kept; none of them is also in `new`.
        policy: Gives the distance up to which images count as the same.
        distinct: Images of which people said that they are no duplicates: they are kept, and
            others may be duplicates of them.
        policies: The policy of each new image that has another one, by image id. That of the image
            which would be dropped counts.
    """
    ruled = set(distinct)
    best_first = sorted(new, key=lambda image: (image.image_id not in ruled, *_best_first(image)))
    exact = _exact(best_first, known, ruled)
    candidates = [image for image in best_first if image.image_id not in exact]
    twins = _twins(candidates, ruled)
    candidates = [image for image in candidates if image.image_id not in twins]
    limits = defaultdict(
        lambda: policy.near_duplicate_max_distance_bits,
        {i: own.near_duplicate_max_distance_bits for i, own in (policies or {}).items()},
    )
    near = _near_to_known([c for c in candidates if c.image_id not in ruled], known, limits)
    left = [c for c in candidates if c.image_id not in near]
    near |= _near_to_better(left, limits, ruled)
    found = dict(near)
    for same, kind in ((twins, DuplicateKind.NEAR), (exact, DuplicateKind.EXACT)):
        for image_id, of_image_id in same.items():
            # The copy that stood for the group may itself be near to a kept image: then all are.
            dropped = found.get(of_image_id)
            found[image_id] = (
                dropped.model_copy(update={"image_id": image_id})
                if dropped
                else DuplicateOf(image_id=image_id, of_image_id=of_image_id, kind=kind)
            )
    return {image_id: found[image_id] for image_id in sorted(found)}


def clusters(duplicates: Mapping[str, DuplicateOf]) -> dict[str, list[DuplicateOf]]:
    """The images that were dropped for the sake of each kept one, the nearest first."""
    found: dict[str, list[DuplicateOf]] = defaultdict(list)
    for duplicate in sorted(duplicates.values(), key=lambda d: (d.distance_bits, d.image_id)):
        found[duplicate.of_image_id].append(duplicate)
    return dict(sorted(found.items()))


def _best_first(image: Fingerprint) -> tuple[int, float, datetime, str]:
    """By resolution, then sharpness, then age."""
    pixels = image.width_px * image.height_px
    return -pixels, -image.sharpness, image.taken_at or _NEVER, image.image_id


def _exact(
    best_first: Sequence[Fingerprint], known: KnownImages, ruled: Collection[str]
) -> dict[str, str]:
    """Image id to the id of the image with the same bytes or pixels that stands for both."""
    own = known_images(best_first)
    standing: dict[str, str] = {}
    for column in ("contents", "pixels"):
        ours, theirs = getattr(own, column), getattr(known, column)
        for place in np.flatnonzero(np.isin(theirs, ours)):
            standing.setdefault(f"{column}{theirs[place]}", str(known.image_ids[place]))
    same: dict[str, str] = {}
    for image, content, pixels in zip(best_first, own.contents, own.pixels, strict=True):
        marks = f"contents{content}", f"pixels{pixels}"
        of_image_id = standing.get(marks[0]) or standing.get(marks[1])
        if image.image_id in ruled:
            of_image_id = None
        if of_image_id is not None:
            same[image.image_id] = of_image_id
        for mark in marks:
            standing.setdefault(mark, of_image_id or image.image_id)
    return same


def _twins(best_first: Sequence[Fingerprint], ruled: Collection[str]) -> dict[str, str]:
    """Images that look just like a better one: of a thousand blank ones one is left."""
    standing: dict[tuple[str, str], str] = {}
    found = {}
    for image in best_first:
        of_image_id = standing.setdefault((image.phash, image.dhash), image.image_id)
        if of_image_id != image.image_id and image.image_id not in ruled:
            found[image.image_id] = of_image_id
    return found


def _near_to_known(
    candidates: Sequence[Fingerprint], known: KnownImages, limits: Mapping[str, int]
) -> dict[str, DuplicateOf]:
    """Each candidate that is near to a known image, with the nearest of them."""
    if not known.phashes.size or not candidates:
        return {}
    own = np.repeat([limits[image.image_id] for image in candidates], ORIENTATIONS)
    looks = looks_of(candidates)
    phashes, dhashes = looks.reshape(-1, 2).T
    asked, answered, phash_bits = pairs_between(
        phashes, known.phashes, max_distance_bits=int(own.max())
    )
    dhash_bits = np.bitwise_count(dhashes[asked] ^ known.dhashes[answered])
    distances = np.maximum(phash_bits, dhash_bits)
    nearest: dict[int, _Near] = {}
    for place in np.flatnonzero(distances <= own[asked]):
        number, orientation = divmod(int(asked[place]), ORIENTATIONS)
        image_id = str(known.image_ids[answered[place]])
        found = _Near(int(distances[place]), image_id, orientation)
        nearest[number] = min(nearest.get(number, found), found)
    return {
        candidates[number].image_id: _dropped(candidates[number].image_id, near)
        for number, near in nearest.items()
    }


def _near_to_better(
    best_first: Sequence[Fingerprint], limits: Mapping[str, int], ruled: Collection[str]
) -> dict[str, DuplicateOf]:
    """Each image that is near to a better one which is itself kept."""
    worse = _worse_neighbours(best_first, limits)
    dropped: dict[str, DuplicateOf] = {}
    for number, image in enumerate(best_first):
        if image.image_id in dropped:
            continue
        for other, (distance, orientation) in sorted(worse.get(number, {}).items()):
            other_id = best_first[other].image_id
            if other_id not in dropped and other_id not in ruled:
                near = _Near(distance, image.image_id, orientation)
                dropped[other_id] = _dropped(other_id, near)
    return dropped


def _worse_neighbours(
    best_first: Sequence[Fingerprint], limits: Mapping[str, int]
) -> dict[int, dict[int, tuple[int, int]]]:
    """For each image the worse ones near to it: their distance and orientation."""
    if not best_first:
        return {}
    own = np.repeat([limits[image.image_id] for image in best_first], ORIENTATIONS)
    looks = looks_of(best_first)
    phashes, dhashes = looks.reshape(-1, 2).T
    turned = np.arange(len(phashes)) % ORIENTATIONS > 0
    first, second, phash_bits = pairs_of_some(phashes, ~turned, max_distance_bits=int(own.max()))
    distances = np.maximum(phash_bits, np.bitwise_count(dhashes[first] ^ dhashes[second]))
    worse: dict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
    for place in np.flatnonzero(distances <= own[second]):
        # The worse one, turned, against the better one as it is.
        better = int(first[place]) // ORIENTATIONS
        other, orientation = divmod(int(second[place]), ORIENTATIONS)
        if better < other:
            found = int(distances[place]), orientation
            worse[better][other] = min(worse[better].get(other, found), found)
    return worse


def _dropped(image_id: str, near: _Near) -> DuplicateOf:
    return DuplicateOf(
        image_id=image_id,
        of_image_id=near.of_image_id,
        kind=DuplicateKind.NEAR,
        distance_bits=near.distance_bits,
        orientation=near.orientation,
    )


def looks_of(images: Sequence[Fingerprint]) -> Hashes:
    """The pHash and dHash of each image in each orientation, shape (images, 8, 2)."""
    digits = "".join(f"{image.phash}{image.dhash}{image.turned}" for image in images)
    looks = np.frombuffer(bytes.fromhex(digits), dtype=">u8").astype(np.uint64)
    return looks.reshape(len(images), ORIENTATIONS, 2)


def _numbers(texts: Iterable[str]) -> Hashes:
    return np.array([int(text, 16) for text in texts], dtype=np.uint64)
