"""Batches: waiting images become numbered, immutable manifests.

Batch n + 1 is written with If-None-Match by whoever has seen batch n and has made sure that batch
n's images no longer wait. Two sealers at once therefore cannot seal an image twice: one of them
finds its number taken and stops. A sealer killed after the manifest and before the catalog is
made good by the next one. A batch by which a campaign includes images changes no catalog entry.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from farmy_assets.catalog.batches import (
    Batch,
    SealedImage,
    SealingPolicy,
    WaitingImage,
    including,
    seal,
)
from farmy_assets.lake import keys
from farmy_assets.lake.catalog_table import CatalogTable
from farmy_assets.lake.record_store import RecordStore


@dataclass(frozen=True)
class BatchRepository:
    """All sealed batches, and the sealing of new ones."""

    records: RecordStore
    catalog: CatalogTable

    def numbers(self, *, after: int = 0) -> list[int]:
        """The numbers of all batches behind `after`."""
        start = keys.batch(after) if after else ""
        found = self.records.bucket.keys(keys.BATCHES, after=start)
        return keys.numbers(found, keys.batch)

    def is_sealed(self, number: int) -> bool:
        """Whether there is a batch with this number."""
        return self.records.bucket.size_bytes(keys.batch(number)) is not None

    def read(self, batch_id: str) -> Batch:
        """The batch with this id.

        Raises:
            ObjectMissingError: It was never sealed.
        """
        return self.records.read(keys.batch_of_id(batch_id), Batch)

    def numbered(self, number: int) -> Batch:
        """The batch with this number.

        Raises:
            ObjectMissingError: It was never sealed.
        """
        return self.records.read(keys.batch(number), Batch)

    def ours(self, number: int) -> Batch | None:
        """The batch with this listed number; None when what lies there is no batch of ours."""
        return self.records.ours(keys.batch(number), Batch)

    def all(self, *, after: int = 0) -> list[Batch]:
        """All batches behind a number, in order."""
        start = keys.batch(after) if after else ""
        return self.records.read_all(keys.BATCHES, Batch, after=start)

    def seal_waiting(
        self, *, policy: SealingPolicy, now: datetime, known_up_to: int = 0
    ) -> list[Batch]:
        """Seal what is due; returns the new batches.

        `known_up_to` is a batch number seen earlier: it only saves listing what lies before it.
        """
        waiting = self.catalog.waiting()
        if not waiting:
            return []
        taken = self.numbers(after=max(known_up_to - 1, 0))
        newest = self._newest(taken)
        sealed = self.make_good(newest, waiting)
        waiting = [image for image in waiting if image.image_id not in sealed]
        free = (newest[0].number if newest else 0) + 1
        while free in taken:  # by an object that is no batch of ours
            free += 1
        written = []
        for batch in seal(waiting, policy=policy, next_number=free, now=now):
            if not self.records.write_once(keys.batch(batch.number), batch):
                break  # another sealer was quicker; what is left waits for the next look
            self.catalog.mark_sealed(batch.image_ids, batch.batch_id)
            written.append(batch)
        return written

    def seal_including(
        self, images: Sequence[SealedImage], *, campaign: str, number: int, now: datetime
    ) -> Batch | None:
        """Seal a batch by which a campaign includes images.

        Args:
            images: At least one; the caller has seen that none of them is in a batch of the
                campaign below this number, and has made good what a killed sealer left.
            campaign: The campaign that includes them.
            number: The number behind the largest one in use that the caller has seen.
            now: When it is sealed.

        Returns:
            The batch; None when somebody else took the number: the caller has to look again.
        """
        batch = including(images, campaign=campaign, number=number, now=now)
        return batch if self.records.write_once(keys.batch(number), batch) else None

    def make_good(
        self, newest: Iterable[Batch], waiting: Sequence[WaitingImage] | None = None
    ) -> set[str]:
        """Mark the images that a killed sealer left waiting, though they are in a batch.

        Args:
            newest: Batches, the newest first, as far as the newest one of images' own.
            waiting: The images that wait; they are looked up when that is not known.

        Returns:
            The images of that batch: they wait no more.
        """
        batch = next((batch for batch in newest if not batch.is_inclusion), None)
        if batch is None:
            return set()
        sealed = set(batch.image_ids)
        waiting = self.catalog.waiting() if waiting is None else waiting
        left_over = [image.image_id for image in waiting if image.image_id in sealed]
        self.catalog.mark_sealed(left_over, batch.batch_id)
        return sealed

    def _newest(self, taken: Sequence[int]) -> list[Batch]:
        """The newest batch, and those before it as far as the newest one of images' own."""
        found: list[Batch] = []
        for number in reversed(taken):
            if batch := self.ours(number):
                found.append(batch)
                if not batch.is_inclusion:
                    break
        return found
