"""Which images are near to others: what shows the same, or more or less of it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from farmy_assets.cleansing.changed_copies import (
    ChangedCopy,
    CopyChange,
    changed_copies,
    inverse,
    likeliest,
    narrowly_framed,
)
from farmy_assets.cleansing.compared_images import Fingerprint, KnownImages, looks_of
from farmy_assets.cleansing.hamming import ONE_CORE, Cores, pairs_between, pairs_of_some
from farmy_assets.cleansing.patterns import ORIENTATIONS
from farmy_assets.cleansing.small_pictures import asked_pictures, kept_patterns, stored_patterns


class Near(NamedTuple):
    """The one that is likest comes first: what shows the same before what was cut or framed."""

    is_changed: bool
    distance_bits: int
    of_image_id: str
    orientation: int
    change: CopyChange = CopyChange.NONE


def near_to_known(
    candidates: Sequence[Fingerprint],
    known: KnownImages,
    limits: Mapping[str, int],
    *,
    cores: Cores = ONE_CORE,
) -> dict[str, Near]:
    """Each candidate that is near to a known image, with the nearest of them."""
    if not known.phashes.size or not candidates:
        return {}
    own = np.repeat([limits[image.image_id] for image in candidates], ORIENTATIONS)
    looks = looks_of(candidates)
    phashes, dhashes = looks.reshape(-1, 2).T
    asked, answered, phash_bits = pairs_between(
        phashes, known.phashes, max_distance_bits=int(own.max()), cores=cores
    )
    dhash_bits = np.bitwise_count(dhashes[asked] ^ known.dhashes[answered])
    distances = np.maximum(phash_bits, dhash_bits)
    nearest: dict[int, Near] = {}
    for place in np.flatnonzero(distances <= own[asked]):
        number, orientation = divmod(int(asked[place]), ORIENTATIONS)
        image_id = str(known.image_ids[answered[place]])
        found = Near(False, int(distances[place]), image_id, orientation)
        nearest[number] = min(nearest.get(number, found), found)
    return {candidates[number].image_id: near for number, near in nearest.items()}


def changed_from_known(candidates: Sequence[Fingerprint], known: KnownImages) -> dict[str, Near]:
    """Each candidate that a known image shows more or less of, with the likest of them."""
    if not candidates or not any(known.patterns):
        return {}
    stored = stored_patterns(known.patterns)
    asked = asked_pictures([image.small for image in candidates])
    likest: dict[int, Near] = {}
    for (number, place), ways in changed_copies(asked, stored).items():
        found = _changed(likeliest(ways, {}), str(known.image_ids[place]))
        likest[number] = min(likest.get(number, found), found)
    return {candidates[number].image_id: near for number, near in likest.items()}


def neighbours_of(
    images: Sequence[Fingerprint], limits: Mapping[str, int], *, cores: Cores = ONE_CORE
) -> dict[int, dict[int, Near]]:
    """For each image those near to it, each with what the image is as a copy of that one."""
    neighbours: dict[int, dict[int, Near]] = defaultdict(dict)
    for better, others in _worse_neighbours(images, limits, cores).items():
        for other, (distance, orientation) in others.items():
            copy = ChangedCopy(CopyChange.NONE, distance, orientation)
            _join(neighbours, images, other, better, copy)
    small = [image.small for image in images]
    stored = stored_patterns(kept_patterns(small))
    changed = changed_copies(asked_pictures(small), stored, are_the_same=True)
    for number, other in changed:
        ways, ways_back = changed[number, other], changed.get((other, number), {})
        near = neighbours.get(number, {}).get(other)
        found = narrowly_framed(ways, ways_back) if near else likeliest(ways, ways_back)
        if found is not None:
            _join(neighbours, images, number, other, found)
    return neighbours


def _join(
    neighbours: dict[int, dict[int, Near]],
    images: Sequence[Fingerprint],
    number: int,
    other: int,
    copy: ChangedCopy,
) -> None:
    neighbours[number][other] = _changed(copy, images[other].image_id)
    neighbours[other][number] = _changed(inverse(copy), images[number].image_id)


def _changed(copy: ChangedCopy, of_image_id: str) -> Near:
    is_changed = copy.change is not CopyChange.NONE
    return Near(is_changed, copy.distance_bits, of_image_id, copy.orientation, copy.change)


def _worse_neighbours(
    best_first: Sequence[Fingerprint], limits: Mapping[str, int], cores: Cores
) -> dict[int, dict[int, tuple[int, int]]]:
    """For each image the worse ones near to it: their distance and orientation."""
    if not best_first:
        return {}
    own = np.repeat([limits[image.image_id] for image in best_first], ORIENTATIONS)
    looks = looks_of(best_first)
    phashes, dhashes = looks.reshape(-1, 2).T
    turned = np.arange(len(phashes)) % ORIENTATIONS > 0
    first, second, phash_bits = pairs_of_some(
        phashes, ~turned, max_distance_bits=int(own.max()), cores=cores
    )
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
