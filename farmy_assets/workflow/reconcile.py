"""The catalog made to agree with S3, in both directions.

A million images are compared in little memory: of each side only ids are held, as columns, and the
comparison is one statement of DuckDB. What lies in DynamoDB in no order needs no sorting that way.

Besides, what the catalog cannot show: incoming bytes whose event was lost, and images of which S3
has more versions than deletions explain, so that something was written over.
"""

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple, Self

import duckdb
import pyarrow as pa

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

logger = logging.getLogger(__name__)

HEALED_TOGETHER = 1000
READ_TOGETHER = 10_000
SEGMENTS = 4  # of the catalog, read side by side
HEX = "0123456789abcdef"
LISTING = pa.schema([("image_id", pa.string())])
LATE = timedelta(minutes=20)  # five deliveries of an event, and a little more
NAMED = 20  # of images that were written over
CORRECTED = pa.schema([("image_id", pa.string()), ("corrections", pa.int32())])
SEALED = pa.schema([("image_id", pa.string()), ("batch", pa.int32())])
NOTED = pa.schema(
    [
        ("image_id", pa.string()),
        ("present", pa.bool_()),
        ("described", pa.bool_()),
        ("noted_batch", pa.int32()),
        ("noted_corrections", pa.int32()),
    ]
)

# Every image on either side, and what is to be done about it. An image of a batch has its entry
# even when it was deleted since: nothing just vanishes.
COMPARISON = """
    SELECT
        CASE
            WHEN listed AND NOT coalesce(present, false) THEN 'restore'
            WHEN batch IS NOT NULL AND present IS NULL THEN 'restore'
            WHEN $all THEN 'rewrite'
            WHEN listed AND NOT described THEN 'describe'
            WHEN listed AND corrections > coalesce(noted_corrections, 0) THEN 'correct'
            WHEN present AND listed IS NULL THEN 'mark_deleted'
            WHEN batch IS DISTINCT FROM noted_batch AND batch IS NOT NULL THEN 'seal'
        END AS action,
        image_id,
        batch
    FROM noted
    FULL JOIN (SELECT image_id, true AS listed FROM listing) USING (image_id)
    LEFT JOIN corrected USING (image_id)
    FULL JOIN (SELECT image_id, min(batch) AS batch FROM sealed GROUP BY ALL) USING (image_id)
    WHERE action IS NOT NULL
    ORDER BY action, batch, image_id
"""


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
        listing, written_over = self._listed()
        corrections = Corrections(self.raw).counts()
        sealed, batch_ids = self._sealed()
        noted = self._noted(batch_ids)
        counts: Counter[str] = Counter()
        with duckdb.connect() as engine:
            engine.register("listing", listing)
            columns = {"image_id": list(corrections), "corrections": list(corrections.values())}
            engine.register("corrected", pa.table(columns, CORRECTED))
            engine.register("sealed", sealed)
            engine.register("noted", noted)
            engine.execute(COMPARISON, {"all": rebuild})
            while rows := engine.fetchmany(HEALED_TOGETHER):
                for action in {row[0] for row in rows}:
                    batch_of = {
                        image_id: None if batch is None else batch_ids[batch]
                        for wanted, image_id, batch in rows
                        if wanted == action
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

    def _listed(self) -> tuple[pa.Table, list[str]]:
        """The ids of all images in S3, and of those that were written over.

        Several listings at a time, by the ids' first digit. An image that was taken out and came
        back has a deletion between its versions.
        """

        def part(digit: str) -> tuple[pa.Table, list[str]]:
            present: list[str | None] = []
            unexplained: Counter[str] = Counter()
            for version in self.raw.versions(f"{keys.RAW_IMAGES}{digit}"):
                if version.is_marker:
                    unexplained[version.key] -= 1
                elif version.is_latest:
                    present.append(keys.image_id_of_raw_key(version.key))
                else:
                    unexplained[version.key] += 1
            over = [
                keys.image_id_of_raw_key(key) for key, count in unexplained.items() if count > 0
            ]
            return pa.table({"image_id": present}, LISTING), sorted(filter(None, over))

        parts = in_threads(part, HEX)
        listing = pa.concat_tables([table for table, _ in parts]).drop_null()
        written_over = [image_id for _, over in parts for image_id in over]
        if written_over:
            logger.warning("%d images were written over, such as %s",
                           len(written_over), written_over[0])  # fmt: skip
        return listing, written_over

    def _sealed(self) -> tuple[pa.Table, list[str]]:
        """Each image that is in a batch of its own, with that batch's place in the list of ids."""

        def part(numbered: tuple[int, Batch]) -> tuple[pa.Table, str]:
            place, batch = numbered
            columns = {"image_id": batch.image_ids, "batch": [place] * len(batch.image_ids)}
            return pa.table(columns, SEALED), batch.batch_id

        batches = in_threads(self.batches.ours, self.batches.numbers())
        own = [batch for batch in batches if batch and not batch.is_inclusion]
        parts = in_threads(part, enumerate(own))
        tables = [SEALED.empty_table(), *(table for table, _ in parts)]
        return pa.concat_tables(tables), [batch_id for _, batch_id in parts]

    def _noted(self, batch_ids: Sequence[str]) -> pa.Table:
        """What the catalog has noted of each image, several parts of it at a time."""
        places = {batch_id: place for place, batch_id in enumerate(batch_ids)}

        def part(segment: int) -> pa.Table:
            cards = self.catalog.index_cards(segment=segment, of=SEGMENTS)
            tables = [NOTED.empty_table()]
            while some := list(islice(cards, READ_TOGETHER)):
                columns = {
                    "image_id": [card.image_id for card in some],
                    "present": [card.state is EntryState.PRESENT for card in some],
                    "described": [card.has_metadata for card in some],
                    "noted_batch": [places.get(card.batch_id or "") for card in some],
                    "noted_corrections": [card.corrections for card in some],
                }
                tables.append(pa.table(columns, NOTED))
            return pa.concat_tables(tables)

        return pa.concat_tables(in_threads(part, range(SEGMENTS)))

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
