"""The catalog made to agree with S3, in both directions.

`both_sides.py` reads both and compares them; here is what follows.

Besides, what the catalog cannot show: incoming bytes whose event was lost, and images of which S3
has more versions than deletions explain, so that something was written over.
"""

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from farmy_assets.catalog.batches import Batch
from farmy_assets.catalog.corrections import corrected
from farmy_assets.catalog.entry import CatalogEntry, EntryState
from farmy_assets.catalog.records import Record
from farmy_assets.catalog.sequencers import BEFORE_ALL_EVENTS
from farmy_assets.errors import LakeError
from farmy_assets.ingestion.ingest_queue import IngestQueue
from farmy_assets.lake import keys
from farmy_assets.lake.batches import BatchRepository
from farmy_assets.lake.catalog_table import CatalogTable
from farmy_assets.lake.corrections import Corrections
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import Bucket, in_threads
from farmy_assets.lake.raw_zone import RawZone
from farmy_assets.workflow.both_sides import (
    BothSides,
    differences,
    listed_images,
    noted_images,
    sealed_images,
)

logger = logging.getLogger(__name__)

HEALED_TOGETHER = 1000
LATE = timedelta(minutes=20)  # five deliveries of an event, and a little more
NAMED = 20  # of images that were written over


class Drift(Record):
    """What had come apart, and was put right.

    Attributes:
        images: How many images S3 has.
        entries: How many entries the catalog had.
        entries_added: Entries that were missing or marked as deleted.
        entries_marked_deleted: Entries of images that S3 has no more.
        batches_restored: Entries that had lost their batch.
        metadata_found: Entries that had no metadata.
        entries_rewritten: Entries that were written anew because all were to be.
        corrections_found: Entries that lacked corrections.
        events_sent_again: Incoming bytes whose event was lost.
        incoming_left: Such bytes for which no queue is set, so that nothing could be done.
        images_written_over: Images of which S3 has more versions than deletions explain. Nothing is
            done about them: a person has to say which version is right.
        written_over: The first of them.
    """

    images: int
    entries: int
    entries_added: int
    entries_marked_deleted: int
    batches_restored: int
    metadata_found: int = 0
    entries_rewritten: int = 0
    corrections_found: int = 0
    events_sent_again: int = 0
    incoming_left: int = 0
    images_written_over: int = 0
    written_over: tuple[str, ...] = ()

    @property
    def repairs(self) -> str:
        """What was put right, as one line for a person who starts the platform."""
        return (
            f"catalog: {self.images} images in the raw zone, {self.entries_added} entries rebuilt, "
            f"{self.entries_marked_deleted} marked as deleted"
        )

    @property
    def is_none(self) -> bool:
        """Whether the catalog agreed with S3 already, and no upload was stuck."""
        return not (
            self.entries_added
            or self.entries_marked_deleted
            or self.batches_restored
            or self.metadata_found
            or self.corrections_found
            or self.events_sent_again
            or self.incoming_left
        )


class RestoredBatch(NamedTuple):
    """The entries of a batch's images by id, and how many of them had to be rebuilt."""

    entries: dict[str, CatalogEntry]
    rebuilt: int


@dataclass(frozen=True)
class Reconciler:
    """Compares the raw zone and the batch manifests with the catalog, and heals the catalog."""

    raw: Bucket
    catalog: CatalogTable
    batches: BatchRepository
    queue: IngestQueue | None = None

    @classmethod
    def of(cls, lake: Lake) -> Self:
        """For a lake; without the ingest queue where its settings tell none."""
        queue = IngestQueue.connect(lake.settings)
        return cls(lake.raw, lake.catalog, lake.batches, queue)

    def restore_batch(self, batch: Batch) -> "RestoredBatch":
        """Rebuild the entries that a batch's images lack, and return all of them.

        An entry names the batch of the image's own, also where a campaign includes the image.
        """
        entries = self.catalog.entries(batch.image_ids)
        lost = [i for i in batch.image_ids if i not in entries or not entries[i].metadata]
        if lost:
            own = (
                in_threads(self.batches.read, batch.from_batches) if batch.is_inclusion else [batch]
            )
            of_each = {image_id: each.batch_id for each in own for image_id in each.image_ids}
            batch_of: dict[str, str | None] = {i: of_each[i] for i in lost if i in of_each}
            self._restore(batch_of, Corrections(self.raw).counts(), now=batch.sealed_at)
            entries |= self.catalog.entries(lost)
        return RestoredBatch(entries, len(lost))

    def reconcile(self, *, now: datetime, rebuild: bool = False) -> Drift:
        """Add what the catalog lacks, mark what S3 no longer holds, restore lost batches.

        Safe beside a running platform: an entry is only ever added or marked under the same
        conditions as by an event.

        Args:
            now: When restored images start to wait.
            rebuild: Write every entry anew from S3, whether it is right or not.

        Raises:
            LakeUnavailableError: What was healed so far stays; run it again.
        """
        sent_again, left = self._send_lost_events(now)
        listing, written_over = listed_images(self.raw)
        corrections = Corrections(self.raw).counts()
        sealed, batch_ids = sealed_images(self.batches)
        noted = noted_images(self.catalog, batch_ids)
        counts: Counter[str] = Counter()
        sides = BothSides(listing, corrections, sealed, noted)
        for rows in differences(sides, rewrite_all=rebuild, at_once=HEALED_TOGETHER):
            for action in {row.action for row in rows}:
                batch_of = {
                    row.image_id: None if row.batch is None else batch_ids[row.batch]
                    for row in rows
                    if row.action == action
                }
                counts[action] += self._heal(action, batch_of, corrections, now=now)
        return Drift(
            images=listing.num_rows,
            entries=noted.num_rows,
            entries_added=counts["restore"],
            entries_marked_deleted=counts["mark_deleted"],
            batches_restored=counts["seal"],
            metadata_found=counts["describe"],
            entries_rewritten=counts["rewrite"],
            corrections_found=counts["correct"],
            events_sent_again=sent_again,
            incoming_left=left,
            images_written_over=len(written_over),
            written_over=tuple(written_over[:NAMED]),
        )

    def _send_lost_events(self, now: datetime) -> tuple[int, int]:
        """Send the events of late incoming bytes again; how many there were, and how many stay."""
        late = list(self.raw.keys_older_than(keys.INCOMING, now - LATE))
        if self.queue is None:
            if late:
                logger.warning("%d uploads wait to be looked at; FARMY_INGEST_QUEUE_URL is not set",
                               len(late))  # fmt: skip
            return 0, len(late)
        self.queue.send_created(self.raw.name, late)
        return len(late), 0

    def _heal(
        self, action: str, batch_of: Mapping[str, str | None], corrections: Collection[str], *,
        now: datetime,
    ) -> int:  # fmt: skip
        """Do what the comparison asked for; returns how many entries changed."""
        if action == "mark_deleted":
            return self._mark_deleted(sorted(batch_of), now=now)
        if action == "seal":
            for batch_id in filter(None, set(batch_of.values())):
                self.catalog.mark_sealed(
                    (i for i, b in batch_of.items() if b == batch_id), batch_id
                )
            return len(batch_of)
        only_described = action in {"describe", "correct"}
        return self._restore(batch_of, corrections, now=now, only_described=only_described)

    def _restore(
        self, batch_of: Mapping[str, str | None], corrected_images: Collection[str], *,
        now: datetime, only_described: bool = False,
    ) -> int:  # fmt: skip
        known = self.catalog.entries(list(batch_of))
        zone = RawZone(self.raw)
        current = Corrections(self.raw)

        def rebuilt(image_id: str) -> CatalogEntry:
            present, metadata = zone.find(image_id)
            corrections = current.of(image_id) if image_id in corrected_images else ()
            return CatalogEntry(
                image_id=image_id,
                state=EntryState.PRESENT if present else EntryState.DELETED,
                sequencer=known[image_id].sequencer if image_id in known else BEFORE_ALL_EVENTS,
                metadata=corrected(metadata, corrections) if metadata else None,
                batch_id=batch_of[image_id],
                corrections=len(corrections) if metadata else 0,
            )

        entries = in_threads(rebuilt, batch_of)
        return self._apply([e for e in entries if e.metadata or not only_described], now=now)

    def _mark_deleted(self, image_ids: Sequence[str], *, now: datetime) -> int:
        sizes = in_threads(lambda i: self.raw.size_bytes(keys.raw_image(i)), image_ids)
        gone = [i for i, size in zip(image_ids, sizes, strict=True) if size is None]
        deleted = {"state": EntryState.DELETED, "metadata": None, "batch_id": None}
        known = self.catalog.entries(gone).values()
        return self._apply([entry.model_copy(update=deleted) for entry in known], now=now)

    def _apply(self, entries: Sequence[CatalogEntry], *, now: datetime) -> int:
        outcomes = self.catalog.apply_all(entries, now=now)
        for outcome in outcomes:
            if isinstance(outcome, LakeError):
                raise outcome
        return sum(outcome is True for outcome in outcomes)
