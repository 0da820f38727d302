"""The catalog made to agree with S3, in both directions.

A million images are compared in little memory: of each side only ids are held, as columns, and the
comparison is one statement of DuckDB. What lies in DynamoDB in no order needs no sorting that way.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import duckdb
import pyarrow as pa

from farmy_assets.catalog.batches import Batch
from farmy_assets.catalog.entry import SEQUENCER_DIGITS, CatalogEntry, EntryState
from farmy_assets.catalog.records import Record
from farmy_assets.errors import LakeError
from farmy_assets.lake import keys
from farmy_assets.lake.catalog_table import CatalogTable
from farmy_assets.lake.objects import Bucket, in_threads
from farmy_assets.lake.raw_zone import RawZone
from farmy_assets.lake.sealing import BatchBook

NO_SEQUENCER = "0" * SEQUENCER_DIGITS  # any event that still comes is newer
HEALED_TOGETHER = 1000
READ_TOGETHER = 10_000
SEGMENTS = 4  # of the catalog, read side by side
HEX = "0123456789abcdef"
LISTING = pa.schema([("image_id", pa.string())])
SEALED = pa.schema([("image_id", pa.string()), ("batch", pa.int32())])
NOTED = pa.schema(
    [
        ("image_id", pa.string()),
        ("present", pa.bool_()),
        ("told", pa.bool_()),
        ("noted_batch", pa.int32()),
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
            WHEN listed AND NOT told THEN 'describe'
            WHEN present AND listed IS NULL THEN 'mark_deleted'
            WHEN batch IS DISTINCT FROM noted_batch AND batch IS NOT NULL THEN 'seal'
        END AS action,
        image_id,
        batch
    FROM noted
    FULL JOIN (SELECT image_id, true AS listed FROM listing) USING (image_id)
    FULL JOIN (SELECT image_id, min(batch) AS batch FROM sealed GROUP BY ALL) USING (image_id)
    WHERE action IS NOT NULL
    ORDER BY action, batch, image_id
"""


class Drift(Record):
    """What had come apart, and was put right."""

    images: int
    entries: int
    entries_added: int
    entries_marked_deleted: int
    batches_restored: int
    metadata_found: int = 0
    entries_rewritten: int = 0

    @property
    def is_none(self) -> bool:
        """Whether the catalog agreed with S3 already."""
        return not (
            self.entries_added
            or self.entries_marked_deleted
            or self.batches_restored
            or self.metadata_found
        )


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
        self._restore(dict.fromkeys(lost, batch.batch_id), now=batch.sealed_at)
        return len(lost)

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
        listing = self._listed()
        sealed, batch_ids = self._sealed()
        noted = self._noted(batch_ids)
        counts: Counter[str] = Counter()
        with duckdb.connect() as engine:
            engine.register("listing", listing)
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
                    counts[action] += self._heal(action, batch_of, now=now)
        return Drift(
            images=listing.num_rows,
            entries=noted.num_rows,
            entries_added=counts["restore"],
            entries_marked_deleted=counts["mark_deleted"],
            batches_restored=counts["seal"],
            metadata_found=counts["describe"],
            entries_rewritten=counts["rewrite"],
        )

    def _listed(self) -> pa.Table:
        """The ids of all images in S3; several listings at a time, by the ids' first digit."""

        def part(digit: str) -> pa.Table:
            found = self.raw.keys(f"{keys.RAW_IMAGES}{digit}")
            return pa.table({"image_id": [keys.image_id_of_raw_key(key) for key in found]}, LISTING)

        return pa.concat_tables(in_threads(part, HEX)).drop_null()

    def _sealed(self) -> tuple[pa.Table, list[str]]:
        """Each image of a batch with its batch's place in the list of batch ids."""

        def part(numbered: tuple[int, Batch]) -> tuple[pa.Table, str]:
            place, batch = numbered
            columns = {"image_id": batch.image_ids, "batch": [place] * len(batch.image_ids)}
            return pa.table(columns, SEALED), batch.batch_id

        batches = in_threads(self.batches.ours, self.batches.numbers())
        parts = in_threads(part, enumerate(batch for batch in batches if batch))
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
                    "told": [card.has_metadata for card in some],
                    "noted_batch": [places.get(card.batch_id or "") for card in some],
                }
                tables.append(pa.table(columns, NOTED))
            return pa.concat_tables(tables)

        return pa.concat_tables(in_threads(part, range(SEGMENTS)))

    def _heal(self, action: str, batch_of: Mapping[str, str | None], *, now: datetime) -> int:
        """Do what the comparison asked for; returns how many entries changed."""
        if action == "mark_deleted":
            return self._mark_deleted(sorted(batch_of), now=now)
        if action == "seal":
            for batch_id in filter(None, set(batch_of.values())):
                self.catalog.mark_sealed(
                    (i for i, b in batch_of.items() if b == batch_id), batch_id
                )
            return len(batch_of)
        return self._restore(batch_of, now=now, only_described=action == "describe")

    def _restore(
        self, batch_of: Mapping[str, str | None], *, now: datetime, only_described: bool = False
    ) -> int:
        known = self.catalog.entries(list(batch_of))
        zone = RawZone(self.raw)

        def rebuilt(image_id: str) -> CatalogEntry:
            present, metadata = zone.find(image_id)
            return CatalogEntry(
                image_id=image_id,
                state=EntryState.PRESENT if present else EntryState.DELETED,
                sequencer=known[image_id].sequencer if image_id in known else NO_SEQUENCER,
                metadata=metadata,
                batch_id=batch_of[image_id],
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
