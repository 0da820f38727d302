"""Checked SQL on a laptop: DuckDB over the snapshots' files.

The files are fetched from the lake once; they never change.
"""

import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from farmy_assets.lake.objects import in_threads
from farmy_assets.query.sandbox import Limits, ask_guarded
from farmy_assets.query.snapshots import SnapshotFile, SnapshotRepository
from farmy_assets.query.translation import translate


@dataclass(frozen=True)
class LocalEngine:
    """The snapshots, queried on this machine; `cache` keeps the files that were fetched."""

    snapshots: SnapshotRepository
    cache: Path
    limits: Limits = field(default_factory=Limits)

    def query(self, sql: str) -> pa.Table:
        """The result of a query in Athena's dialect.

        Raises:
            InvalidInputError: The query is not allowed, is wrong, or takes too much.
        """
        asked = translate(sql)
        return ask_guarded(
            asked.for_duckdb(), {name: self._files(name) for name in asked.tables}, self.limits
        )

    def _files(self, table: str) -> list[Path]:
        return in_threads(self._local, self.snapshots.manifest(table).files)

    def _local(self, file: SnapshotFile) -> Path:
        path = self.cache / self.snapshots.records.bucket.name / file.key
        if not path.is_file() or path.stat().st_size != file.size_bytes:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
            part.write_bytes(self.snapshots.records.bucket.get(file.key))
            part.replace(path)
        return path
