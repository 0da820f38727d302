"""Which new images show what another image shows already, and which copy is kept.

The first kept image is never given up: annotations may hang on it. Among new images the best copy
is kept first, and only what is near to a kept image is dropped. A chain (A near B, B near C, A not
near C) therefore loses B alone, never C for the sake of an image that was itself dropped.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from farmy_assets.catalog.metadata import Sha256
from farmy_assets.catalog.records import Record
from farmy_assets.cleansing.fingerprints import HASH_BITS
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import Hash64, ImageQuality, SidePx
from farmy_assets.cleansing.verdicts import Reason

_ROWS_AT_ONCE = 128  # times 10,000 kept images, two hashes: about 20 MB


class DuplicateKind(StrEnum):
    """How far two images are the same; the words are those of `Reason`."""

    EXACT = Reason.EXACT_DUPLICATE.value
    NEAR = Reason.NEAR_DUPLICATE.value


class Fingerprint(Record):
    """What duplicates are found by, and what tells the better copy."""

    image_id: str
    sha256: Sha256
    pixel_hash: Sha256
    phash: Hash64
    dhash: Hash64
    width_px: SidePx
    height_px: SidePx
    sharpness: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class DuplicateOf(Record):
    """A new image that is dropped for the sake of another one, which is kept."""

    image_id: str
    of_image_id: str
    kind: DuplicateKind
    distance_bits: Annotated[int, Field(ge=0, le=HASH_BITS)]
    """The larger of the two hash distances; 0 for exact duplicates."""


def fingerprint_of(quality: ImageQuality) -> Fingerprint | None:
    """The fingerprint in a verdict; None when the image could not be decoded."""
    if quality.pixel_hash is None:
        return None
    fields = quality.model_dump(include=set(Fingerprint.model_fields))
    return Fingerprint.model_validate(fields)


def find_duplicates(
    new: Sequence[Fingerprint], kept: Sequence[Fingerprint], *, policy: CleansingPolicy
) -> dict[str, DuplicateOf]:
    """The new images to drop, by image id; the same answer for any order of the arguments.

    Args:
        new: The images to decide on.
        kept: Images that earlier decisions kept; those that are also in `new` are left out, so
            that a repeated run does not find an image to be a copy of itself.
        policy: Gives the distance up to which images count as the same.
    """
    new_ids = {image.image_id for image in new}
    earlier = sorted((k for k in kept if k.image_id not in new_ids), key=lambda k: k.image_id)
    best_first = sorted(new, key=_best_first)
    exact = _exact_duplicates(best_first, earlier)
    candidates = [image for image in best_first if image.image_id not in exact]
    limit = policy.near_duplicate_max_distance_bits
    near = _near_to_earlier(candidates, earlier, limit)
    near |= _near_to_better([c for c in candidates if c.image_id not in near], limit)
    found = dict(near)
    for image_id, of_image_id in exact.items():
        # The copy that stood for the group may itself be near to a kept image: then all are.
        dropped = near.get(of_image_id)
        found[image_id] = (
            dropped.model_copy(update={"image_id": image_id})
            if dropped
            else _duplicate(image_id, of_image_id, DuplicateKind.EXACT)
        )
    return {image_id: found[image_id] for image_id in sorted(found)}


def _best_first(image: Fingerprint) -> tuple[int, float, str]:
    return -image.width_px * image.height_px, -image.sharpness, image.image_id


def _duplicate(
    image_id: str, of_image_id: str, kind: DuplicateKind, distance_bits: int = 0
) -> DuplicateOf:
    return DuplicateOf(
        image_id=image_id, of_image_id=of_image_id, kind=kind, distance_bits=distance_bits
    )


def _exact_duplicates(
    best_first: Sequence[Fingerprint], earlier: Sequence[Fingerprint]
) -> dict[str, str]:
    """Image id to the id of the image with the same bytes or pixels that stands for both."""
    standing: dict[str, str] = {}
    for image in earlier:
        standing.setdefault(image.sha256, image.image_id)
        standing.setdefault(image.pixel_hash, image.image_id)
    same: dict[str, str] = {}
    for image in best_first:
        of_image_id = standing.get(image.sha256) or standing.get(image.pixel_hash)
        if of_image_id is not None:
            same[image.image_id] = of_image_id
        standing.setdefault(image.sha256, of_image_id or image.image_id)
        standing.setdefault(image.pixel_hash, of_image_id or image.image_id)
    return same


def _near_to_earlier(
    candidates: Sequence[Fingerprint], earlier: Sequence[Fingerprint], limit: int
) -> dict[str, DuplicateOf]:
    """Each candidate that is near to an earlier image, with the nearest of them."""
    near: dict[str, DuplicateOf] = {}
    if not earlier:
        return near
    hashes, kept_hashes = _hashes(candidates), _hashes(earlier)
    for start in range(0, len(candidates), _ROWS_AT_ONCE):
        distances = _distances_bits(hashes[:, start : start + _ROWS_AT_ONCE, None], kept_hashes)
        nearest = distances.argmin(axis=1)  # the first of equals: the smallest image id
        for offset, column in enumerate(nearest):
            bits = int(distances[offset, column])
            if bits <= limit:
                image_id = candidates[start + offset].image_id
                near[image_id] = _duplicate(
                    image_id, earlier[column].image_id, DuplicateKind.NEAR, bits
                )
    return near


def _near_to_better(best_first: Sequence[Fingerprint], limit: int) -> dict[str, DuplicateOf]:
    """Each image that is near to a better one which is itself kept."""
    near: dict[str, DuplicateOf] = {}
    hashes = _hashes(best_first)
    open_to_question = np.ones(len(best_first), dtype=np.bool_)
    for index, image in enumerate(best_first):
        if not open_to_question[index]:
            continue
        distances = _distances_bits(hashes[:, index, None], hashes[:, index + 1 :])
        worse = index + 1 + np.flatnonzero((distances <= limit) & open_to_question[index + 1 :])
        open_to_question[worse] = False
        for other in worse:
            image_id, bits = best_first[other].image_id, int(distances[other - index - 1])
            near[image_id] = _duplicate(image_id, image.image_id, DuplicateKind.NEAR, bits)
    return near


def _hashes(images: Sequence[Fingerprint]) -> NDArray[np.uint64]:
    """Both hashes of all images, shape (2, images)."""
    return np.array(
        [[int(i.phash, 16) for i in images], [int(i.dhash, 16) for i in images]], dtype=np.uint64
    )


def _distances_bits(hashes: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """The larger of the pHash and the dHash distance; the first axis tells the two hashes."""
    phash_bits = np.bitwise_count(hashes[0] ^ others[0])
    dhash_bits = np.bitwise_count(hashes[1] ^ others[1])
    larger: NDArray[np.uint8] = np.maximum(phash_bits, dhash_bits)
    return larger
