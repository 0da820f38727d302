"""Which new images show what another image shows already, and which copy is kept.

An image that an earlier decision kept is never given up: annotations may hang on it. Among new
images the best copy is kept first, and only what is near to a kept image is dropped. A chain (A
near B, B near C, A not near C) therefore loses B alone, never C for the sake of an image that was
itself dropped.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Annotated

import numpy as np
from pydantic import Field

from farmy_assets.catalog.records import Record
from farmy_assets.cleansing.changed_copies import CopyChange
from farmy_assets.cleansing.checks import exact_duplicate, near_duplicate
from farmy_assets.cleansing.compared_images import Fingerprint, KnownImages, best_first, prefixes
from farmy_assets.cleansing.fingerprints import HASH_BITS
from farmy_assets.cleansing.hamming import ONE_CORE, Cores
from farmy_assets.cleansing.near_copies import (
    Near,
    changed_from_known,
    near_to_known,
    neighbours_of,
)
from farmy_assets.cleansing.patterns import ORIENTATIONS
from farmy_assets.cleansing.policy import CleansingPolicy


class DuplicateKind(StrEnum):
    """How far two images are the same; the words are the names of checks."""

    EXACT = exact_duplicate.CHECK.name
    NEAR = near_duplicate.CHECK.name


class DuplicateOf(Record):
    """A new image that is dropped for the sake of another one, which is kept."""

    image_id: str
    of_image_id: str
    kind: DuplicateKind
    distance_bits: Annotated[int, Field(ge=0, le=HASH_BITS)] = 0
    """The larger of the two hash distances; 0 for exact duplicates.

    Of cut and framed copies that of the parts that both show.
    """
    orientation: Annotated[int, Field(ge=0, lt=ORIENTATIONS)] = 0
    """How the image has to be turned to look like the other one; 0 is not at all."""
    change: CopyChange = CopyChange.NONE


def find_duplicates(
    new: Sequence[Fingerprint],
    known: KnownImages,
    *,
    policy: CleansingPolicy,
    distinct: Collection[str] = (),
    policies: Mapping[str, CleansingPolicy] | None = None,
    cores: Cores = ONE_CORE,
) -> dict[str, DuplicateOf]:
    """The new images to drop, by image id; the same answer for any order of the arguments.

    Args:
        new: The images to decide on.
        known: Images that earlier decisions kept. One that is also in `new` is dropped as a copy
            of itself, whatever people said: another batch gives it out already.
        policy: Gives the distance up to which images count as the same.
        distinct: Images of which people said that they are no duplicates: they are kept, and
            others may be duplicates of them.
        policies: The policy of each new image that has another one, by image id. That of the image
            which would be dropped counts.
        cores: For long searches.
    """
    ruled = set(distinct)
    ordered = sorted(new, key=lambda image: (image.image_id not in ruled, *best_first(image)))
    exact = _exact(ordered, known, ruled)
    candidates = [image for image in ordered if image.image_id not in exact]
    twins = _twins(candidates, ruled)
    candidates = [image for image in candidates if image.image_id not in twins]
    limits = defaultdict(
        lambda: policy.near_duplicate_max_distance_bits,
        {i: own.near_duplicate_max_distance_bits for i, own in (policies or {}).items()},
    )
    near = near_to_known(
        [c for c in candidates if c.image_id not in ruled], known, limits, cores=cores
    )
    left = [c for c in candidates if c.image_id not in near]
    # A limit of 0 asks for equal pictures alone: what was cut or framed is none.
    near |= changed_from_known(
        [c for c in left if c.image_id not in ruled and limits[c.image_id]], known
    )
    left = [c for c in left if c.image_id not in near]
    near |= _near_to_better(left, limits, ruled, cores)
    found = {image_id: _dropped(image_id, nearest) for image_id, nearest in near.items()}
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


def _exact(
    best_first: Sequence[Fingerprint], known: KnownImages, ruled: Collection[str]
) -> dict[str, str]:
    """Image id to the id of the image with the same bytes or pixels that stands for both."""
    contents, pixels_of = prefixes(best_first)
    kept_by_mark: dict[str, str] = {}
    alike: set[str] = set()
    for column, ours in (("contents", contents), ("pixels", pixels_of)):
        theirs = getattr(known, column)
        for place in np.flatnonzero(np.isin(theirs, ours)):
            image_id = str(known.image_ids[place])
            kept_by_mark.setdefault(f"{column}{theirs[place]}", image_id)
            alike.add(image_id)
    same: dict[str, str] = {}
    for image, content, pixels in zip(best_first, contents, pixels_of, strict=True):
        marks = f"contents{content}", f"pixels{pixels}"
        of_image_id = kept_by_mark.get(marks[0]) or kept_by_mark.get(marks[1])
        if image.image_id in alike:
            of_image_id = image.image_id
        elif image.image_id in ruled:
            of_image_id = None
        if of_image_id is not None:
            same[image.image_id] = of_image_id
        for mark in marks:
            kept_by_mark.setdefault(mark, of_image_id or image.image_id)
    return same


def _twins(best_first: Sequence[Fingerprint], ruled: Collection[str]) -> dict[str, str]:
    """Images that look just like a better one: of a thousand blank ones one is left."""
    kept_by_mark: dict[tuple[str, str], str] = {}
    found = {}
    for image in best_first:
        of_image_id = kept_by_mark.setdefault((image.phash, image.dhash), image.image_id)
        if of_image_id != image.image_id and image.image_id not in ruled:
            found[image.image_id] = of_image_id
    return found


def _near_to_better(
    images: Sequence[Fingerprint], limits: Mapping[str, int], ruled: Collection[str], cores: Cores
) -> dict[str, Near]:
    """Each image that is near to a better one which is itself kept.

    Args:
        images: The best first, but for borders: what one adds to a picture is no resolution.
        limits: The distance up to which an image counts as the same as a better one.
        ruled: What is kept whatever it is near to.
        cores: For long searches.
    """
    neighbours = neighbours_of(images, limits, cores=cores)
    framed = {
        number
        for number, others in neighbours.items()
        if any(near.change is CopyChange.FRAMED for near in others.values())
    }
    places = range(len(images))
    ordered = sorted(places, key=lambda n: (images[n].image_id not in ruled, n in framed, n))
    rank = {number: place for place, number in enumerate(ordered)}
    dropped: dict[str, Near] = {}
    for number in ordered:
        if images[number].image_id in dropped:
            continue
        for other in sorted(neighbours.get(number, {})):
            other_id, near = images[other].image_id, neighbours[other][number]
            if near.change is not CopyChange.NONE and not limits[other_id]:
                continue  # a limit of 0 asks for equal pictures alone
            if rank[other] > rank[number] and other_id not in dropped and other_id not in ruled:
                dropped[other_id] = near
    return dropped


def _dropped(image_id: str, near: Near) -> DuplicateOf:
    return DuplicateOf(
        image_id=image_id,
        of_image_id=near.of_image_id,
        kind=DuplicateKind.NEAR,
        distance_bits=near.distance_bits,
        orientation=near.orientation,
        change=near.change,
    )
