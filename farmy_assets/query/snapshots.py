"""Snapshots: each table as Parquet files, of which a manifest says which ones count.

Files are named by their content and written first; the manifest is switched last, by
compare-and-swap. A reader therefore sees the table before or after, never between. A second
snapshot reads only records that are new or have changed; files with rows of a changed record are
written anew without them, and many small files of one day become one.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import Field

from farmy_assets.catalog.records import Record
from farmy_assets.errors import LakeUnavailableError
from farmy_assets.lake import keys
from farmy_assets.lake.object_facts import ListedObject
from farmy_assets.lake.objects import in_threads
from farmy_assets.lake.record_store import RecordStore
from farmy_assets.query.table_sources import TableSource
from farmy_assets.query.tables import Table

GRACE = timedelta(days=2)
_SOURCES_AT_ONCE = 64
_MANY_FILES = 8
_TRIES = 5


class SnapshotFile(Record):
    """One data file: rows of one day, and the records that they were read from."""

    key: str
    dt: str
    rows: int
    size_bytes: int
    sources: tuple[str, ...]


class SnapshotManifest(Record):
    """What a table consists of: its files, and each record read with the ETag it had."""

    table: str
    columns: str = ""
    sources: dict[str, str] = Field(default_factory=dict)
    files: tuple[SnapshotFile, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows the table has."""
        return sum(file.rows for file in self.files)

    @property
    def generation(self) -> str:
        """A name for just these files."""
        return hashlib.sha256("".join(f.key for f in self.files).encode()).hexdigest()[:16]

    def generation_of(self, table: Table) -> str:
        """The same for these files read with the table's present columns."""
        return f"{self.generation}-{table.digest}"


class Taken(NamedTuple):
    """The table's manifest after a snapshot, and how many records had to be read for it."""

    manifest: SnapshotManifest
    records_read: int


@dataclass(frozen=True)
class SnapshotRepository:
    """The snapshots in the records bucket."""

    records: RecordStore

    def manifest(self, table: str) -> SnapshotManifest:
        """What the table consists of just now; nothing before its first snapshot."""
        found = self.records.find(keys.snapshot_manifest(table), SnapshotManifest)
        return found or SnapshotManifest(table=table)

    def take(self, table_source: TableSource, *, full: bool = False) -> Taken:
        """Bring a table up to date; `full` reads every record again.

        Raises:
            LakeUnavailableError: Others changed the manifest each time that it was tried.
        """
        key = keys.snapshot_manifest(table_source.table.name)
        for _ in range(_TRIES):
            found, etag = self.records.find_with_etag(key, SnapshotManifest)
            before = found or SnapshotManifest(table=table_source.table.name)
            taken = self._next(table_source, before, full=full)
            content = taken.manifest.to_json()
            if taken.manifest == found or self.records.bucket.put_if(key, content, etag=etag):
                return taken
        name = table_source.table.name
        msg = f"another snapshot of {name} was quicker {_TRIES} times; try again later"
        raise LakeUnavailableError(msg)

    def sweep(self, table: Table, *, today: date) -> int:
        """Delete files that no reader can still be at; returns how many.

        Kept are the manifest, what it names, the list that Glue points to, and all that is younger
        than the days of grace: a query may have read the manifest before it was switched.
        """
        before = (today - GRACE).isoformat()
        listed = [
            item.key
            for item in self.records.bucket.listing(keys.snapshot(table.name))
            if item.modified_on < before
        ]
        manifest = self.manifest(table.name)  # after the listing: what came meanwhile is younger
        links = keys.snapshot_links(table.name, manifest.generation_of(table))
        kept = {file.key for file in manifest.files} | {keys.snapshot_manifest(table.name)}
        gone = [key for key in listed if key not in kept and not key.startswith(links)]
        in_threads(self.records.bucket.delete, gone)
        return len(gone)

    def _next(self, table_source: TableSource, before: SnapshotManifest, *, full: bool) -> Taken:
        afresh = full or before.columns != table_source.table.digest
        known = {} if afresh else before.sources
        present = {source.key: source for source in table_source.sources()}
        changed = [s for s in present.values() if known.get(s.key) != s.etag]
        stale = {
            key for key, etag in known.items() if key not in present or etag != present[key].etag
        }
        old = () if afresh else before.files
        kept = [file for file in old if stale.isdisjoint(file.sources)]
        files = [
            written
            for file in old
            if file not in kept
            for written in self._rewritten(table_source, [file], leaving_out=stale)
        ]
        for start in range(0, len(changed), _SOURCES_AT_ONCE):
            files += self._read(table_source, changed[start : start + _SOURCES_AT_ONCE])
        files = self._compacted(table_source, [*kept, *files])
        manifest = SnapshotManifest(
            table=table_source.table.name,
            columns=table_source.table.digest,
            sources={key: present[key].etag for key in sorted(present)},
            files=tuple(sorted(files, key=lambda file: (file.dt, file.key))),
        )
        return Taken(manifest, len(changed))

    def _read(
        self, table_source: TableSource, sources: Sequence[ListedObject]
    ) -> list[SnapshotFile]:
        rows = in_threads(lambda source: list(table_source.rows(source)), sources)
        flat = [row for some in rows for row in some]
        return self._write(
            table_source, pa.Table.from_pylist(flat, schema=table_source.table.schema)
        )

    def _rewritten(
        self,
        table_source: TableSource,
        files: Sequence[SnapshotFile],
        *,
        leaving_out: Collection[str] = (),
    ) -> list[SnapshotFile]:
        contents = in_threads(lambda file: self.records.bucket.get(file.key), files)
        rows = pa.concat_tables([pq.read_table(BytesIO(content)) for content in contents])
        gone = pc.is_in(rows["source"], value_set=pa.array(sorted(leaving_out), pa.string()))
        return self._write(
            table_source, rows.filter(pc.invert(gone)).cast(table_source.table.schema)
        )

    def _compacted(
        self, table_source: TableSource, files: Sequence[SnapshotFile]
    ) -> list[SnapshotFile]:
        """The files, of which one for each day that had too many."""
        crowded = {dt for dt, count in Counter(f.dt for f in files).items() if count > _MANY_FILES}
        merged = [
            written
            for dt in sorted(crowded)
            for written in self._rewritten(table_source, [f for f in files if f.dt == dt])
        ]
        return [*(f for f in files if f.dt not in crowded), *merged]

    def _write(self, table_source: TableSource, rows: pa.Table) -> list[SnapshotFile]:
        return [self._written(table_source, dt, part) for dt, part in _by_day(rows)]

    def _written(self, table_source: TableSource, dt: str, rows: pa.Table) -> SnapshotFile:
        buffer = BytesIO()
        pq.write_table(rows, buffer, compression="zstd")
        content = buffer.getvalue()
        digest = hashlib.sha256(content).hexdigest()[:32]
        key = keys.snapshot_file(table_source.table.name, dt, digest)
        self.records.bucket.put(key, content, media_type="application/vnd.apache.parquet")
        return SnapshotFile(
            key=key, dt=dt, rows=len(rows), size_bytes=len(content),
            sources=tuple(sorted(pc.unique(rows["source"]).to_pylist())),
        )  # fmt: skip


def _by_day(rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    for dt in sorted(pc.unique(rows["dt"]).to_pylist()):
        yield dt, rows.filter(pc.equal(rows["dt"], dt))
