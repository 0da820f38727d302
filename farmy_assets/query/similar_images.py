"""Kept images that look like a given photograph, however either of them is turned."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from farmy_assets.cleansing.compared_images import fingerprint_of
from farmy_assets.cleansing.fingerprints import HASH_BITS, PerceptualHash, hash_numbers
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import ImageQuality
from farmy_assets.errors import InvalidInputError
from farmy_assets.execution.work import RawImage, work_guarded
from farmy_assets.execution.work_order import WorkOrder, guarded_pool
from farmy_assets.lake.duplicate_index import DuplicateIndexRepository


class SimilarImage(NamedTuple):
    """An image that looks alike; the distance is the larger one of both hashes', in bits."""

    image_id: str
    distance_bits: int


@dataclass(frozen=True)
class SimilarImages:
    """The search; its index, the one that keeps duplicates out, stays in memory once read."""

    index: DuplicateIndexRepository
    _read: dict[str, pa.Table] = field(default_factory=dict)

    def of(self, content: bytes, *, limit: int, max_distance_bits: int) -> list[SimilarImage]:
        """The kept images nearest to a photograph, the nearest first.

        Args:
            content: The photograph's bytes; they are decoded in a guarded process.
            limit: The largest number of images.
            max_distance_bits: 0 (the same look) to 64.

        Raises:
            InvalidInputError: It cannot be decoded, or the numbers make no sense.
        """
        if limit < 1 or not 0 <= max_distance_bits <= HASH_BITS:
            msg = f"ask for at least one image, and for 0 to {HASH_BITS} bits"
            raise InvalidInputError(msg)
        return nearest(_hashes(content), self._kept(), limit, max_distance_bits)

    def _kept(self) -> pa.Table:
        version, read = self.index.everything()
        if version not in self._read:
            self._read.clear()
            self._read[version] = read()
        return self._read[version]


def nearest(
    asked: Sequence[PerceptualHash], kept: pa.Table, limit: int, max_distance_bits: int
) -> list[SimilarImage]:
    """The rows of the index nearest to a picture, in the orientation that is nearest.

    Args:
        asked: The picture's hashes in each orientation that counts.
        kept: The index: `image_id`, `phashes` and `dhashes` as 64-bit numbers.
        limit: How many at most.
        max_distance_bits: 0 to 64.
    """
    if not kept.num_rows:
        return []
    phashes, dhashes = (kept[name].to_numpy() for name in ("phashes", "dhashes"))
    best = np.full(kept.num_rows, HASH_BITS, dtype=np.uint8)
    looks = hash_numbers(value for pair in asked for value in pair).reshape(-1, 2)
    for phash, dhash in looks:
        farther = np.maximum(np.bitwise_count(phashes ^ phash), np.bitwise_count(dhashes ^ dhash))
        np.minimum(best, farther, out=best)
    near = np.flatnonzero(best <= max_distance_bits)
    first = near[np.argsort(best[near], kind="stable")][:limit]
    ids = kept["image_id"].take(pa.array(first)).to_pylist()
    return [SimilarImage(i, int(best[place])) for i, place in zip(ids, first, strict=True)]


def _hashes(content: bytes) -> tuple[PerceptualHash, ...]:
    order = WorkOrder(policy=CleansingPolicy())
    (worked,) = work_guarded([RawImage("asked", None, None, content)], order, guarded_pool(order))
    quality = ImageQuality.model_validate_json(worked.quality)
    found = fingerprint_of(quality)
    if found is None:
        reasons = ", ".join(quality.reasons)
        msg = f"this photograph cannot be compared: {reasons} {quality.detail}".strip()
        raise InvalidInputError(msg)
    return found.perceptual_hashes
