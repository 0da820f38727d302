"""The fingerprints of all images that were ever kept, so that nothing is kept twice.

One small index names one segment a batch. It is changed only by compare-and-swap: of two batches
cleansed at once, the one that comes second finds the index changed and decides again.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import Field

from farmy_assets.catalog.records import Record
from farmy_assets.cleansing.duplicates import DuplicateOf, Fingerprint
from farmy_assets.lake import keys
from farmy_assets.lake.objects import in_threads
from farmy_assets.lake.record_store import RecordStore

Finder = Callable[[Sequence[Fingerprint], Sequence[Fingerprint]], dict[str, DuplicateOf]]


class Segment(Record):
    """The fingerprints of the images that one batch kept."""

    batch_id: str
    fingerprints: tuple[Fingerprint, ...]


class DuplicateIndex(Record):
    """Which segment holds each batch's fingerprints."""

    segments: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True)
class DuplicateIndexBook:
    """The index, and the one way to add to it."""

    records: RecordStore

    def claim(
        self, batch_id: str, new: Sequence[Fingerprint], *, find: Finder
    ) -> dict[str, DuplicateOf]:
        """Decide which of a batch's images are duplicates, and claim the others for the batch.

        Args:
            batch_id: Its own earlier claim, if there is one, is replaced.
            new: The batch's fit images.
            find: Called with the new and all fingerprints kept by other batches.

        Returns:
            Image id to what it duplicates; every other image of `new` is now claimed.
        """
        while True:
            found, etag = self.records.find_with_etag(keys.DUPLICATE_INDEX, DuplicateIndex)
            index = found or DuplicateIndex()
            others = [key for name, key in sorted(index.segments.items()) if name != batch_id]
            segments = in_threads(lambda key: self.records.read(key, Segment), others)
            kept = [fingerprint for segment in segments for fingerprint in segment.fingerprints]
            duplicates = find(new, kept)
            own = tuple(
                sorted((f for f in new if f.image_id not in duplicates), key=lambda f: f.image_id)
            )
            segment = Segment(batch_id=batch_id, fingerprints=own)
            digest = hashlib.sha256(segment.to_json()).hexdigest()[:16]
            key = keys.fingerprints(batch_id, digest)
            self.records.write_once(key, segment)
            changed = DuplicateIndex(
                segments=dict(sorted({**index.segments, batch_id: key}.items()))
            )
            if changed == index or self.records.bucket.put_if(
                keys.DUPLICATE_INDEX, changed.to_json(), etag=etag
            ):
                return duplicates
