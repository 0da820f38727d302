"""The catalog made to agree with S3, in both directions."""

from dataclasses import dataclass
from datetime import datetime

from farmy_assets.catalog.batches import Batch
from farmy_assets.catalog.entry import SEQUENCER_DIGITS, CatalogEntry, EntryState
from farmy_assets.catalog.records import Record
from farmy_assets.lake import keys
from farmy_assets.lake.catalog_table import CatalogTable
from farmy_assets.lake.event_intake import read_metadata
from farmy_assets.lake.objects import Bucket, in_threads
from farmy_assets.lake.sealing import BatchBook

NO_SEQUENCER = "0" * SEQUENCER_DIGITS  # any event that still comes is newer


class Drift(Record):
    """What had come apart, and was put right."""

    images: int
    entries: int
    entries_added: int
    entries_marked_deleted: int
    batches_restored: int

    @property
    def is_none(self) -> bool:
        """Whether the catalog agreed with S3 already."""
        return not (self.entries_added or self.entries_marked_deleted or self.batches_restored)


@dataclass(frozen=True)
class Reconciler:
    """Compares the raw zone and the batch manifests with the catalog, and heals the catalog."""

    raw: Bucket
    catalog: CatalogTable
    batches: BatchBook

    def restore_batch(self, batch: Batch) -> int:
        """Rebuild the entries that a batch's images lack; returns how many there were."""
        entries = self.catalog.entries(batch.image_ids)
        lost = [i for i in batch.image_ids if i not in entries or not entries[i].metadata]

        def restore(image_id: str) -> None:
            known = entries.get(image_id)
            self._restore(image_id, known, batch.batch_id, now=batch.sealed_at)

        in_threads(restore, lost)
        return len(lost)

    def _restore(
        self, image_id: str, known: CatalogEntry | None, batch_id: str | None, *, now: datetime
    ) -> None:
        present = self.raw.size_bytes(keys.raw_image(image_id)) is not None
        entry = CatalogEntry(
            image_id=image_id,
            state=EntryState.PRESENT if present else EntryState.DELETED,
            sequencer=known.sequencer if known else NO_SEQUENCER,
            metadata=read_metadata(self.raw, image_id),
            batch_id=batch_id,
        )
        self.catalog.put_rebuilt(entry, now=now)

    def reconcile(self, *, now: datetime) -> Drift:
        """Add what the catalog lacks, mark what S3 no longer holds, restore lost batches.

        Safe beside a running platform: an entry is only ever added or marked under the same
        conditions as by an event.
        """
        listed = (keys.image_id_of_raw_key(key) for key in self.raw.keys(keys.RAW_IMAGES))
        images = {image_id for image_id in listed if image_id}
        entries = {entry.image_id: entry for entry in self.catalog.scan()}
        batch_of = {i: batch.batch_id for batch in self.batches.all() for i in batch.image_ids}
        present = {i for i, e in entries.items() if e.state is EntryState.PRESENT}

        # An image of a batch has its entry even when it was deleted since: nothing just vanishes.
        forgotten = batch_of.keys() - entries.keys()
        missing = sorted((images - present) | forgotten)
        in_threads(lambda i: self._restore(i, entries.get(i), batch_of.get(i), now=now), missing)
        gone = sorted(present - images)
        gone = [i for i in gone if self.raw.size_bytes(keys.raw_image(i)) is None]
        for image_id in gone:
            old = entries[image_id]
            self.catalog.apply(
                old.model_copy(update={"state": EntryState.DELETED, "metadata": None}), now=now
            )
        lost = [i for i in sorted(present & images) if batch_of.get(i) != entries[i].batch_id]
        for image_id in lost:
            if image_id in batch_of:
                self.catalog.mark_sealed([image_id], batch_of[image_id])
        return Drift(
            images=len(images),
            entries=len(entries),
            entries_added=len(missing),
            entries_marked_deleted=len(gone),
            batches_restored=sum(i in batch_of for i in lost),
        )
