"""Checked SQL on a laptop: DuckDB over the snapshots' files, shut off from all else.

The engine is handed tables, never paths: it may open no file, load no extension and change no
setting, whatever the SQL says. The files are fetched from the lake once; they never change.
"""

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from farmy_assets.errors import InvalidInputError
from farmy_assets.lake.objects import in_threads
from farmy_assets.lake.query.dialect import to_duckdb
from farmy_assets.lake.query.guard import checked, tables_of
from farmy_assets.lake.query.snapshots import SnapshotBook, SnapshotFile
from farmy_assets.lake.query.tables import TABLES

_SHUT_OFF: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "temp_directory": "",
}
_ROWS_AT_ONCE = 50_000


@dataclass(frozen=True)
class Limits:
    """How much one query may take."""

    seconds: float = 60
    memory_mb: int = 512
    rows: int = 1_000_000


def run_in_duckdb(
    sql: str, tables: Mapping[str, pa.Table | ds.Dataset], *, limits: Limits | None = None
) -> pa.Table:
    """The answer of DuckDB, which knows nothing but these tables.

    Args:
        sql: DuckDB's SQL, one statement.
        tables: Name to rows.
        limits: Time, memory and length of the answer.

    Raises:
        InvalidInputError: The query fails, takes too much, or its answer is too long.
    """
    limits = limits or Limits()
    config = {**_SHUT_OFF, "memory_limit": f"{limits.memory_mb}MB"}
    with duckdb.connect(":memory:", config=config) as connection:
        for name, rows in tables.items():
            connection.register(name, rows)
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET lock_configuration = true")
        timer = threading.Timer(limits.seconds, connection.interrupt)
        timer.start()
        try:
            (statement,) = connection.extract_statements(sql)
            if statement.type != duckdb.StatementType.SELECT:
                raise InvalidInputError("only a SELECT can be asked here; the lake is read-only")
            return _fetched(connection.execute(statement).to_arrow_reader(_ROWS_AT_ONCE), limits)
        except duckdb.InterruptException as error:
            msg = f"the query took longer than {limits.seconds:g} s and was stopped; ask for less"
            raise InvalidInputError(msg) from error
        except duckdb.OutOfMemoryException as error:
            msg = f"the query needs more than {limits.memory_mb} MB; ask for less"
            raise InvalidInputError(msg) from error
        except (duckdb.Error, pa.ArrowException) as error:
            raise InvalidInputError(f"the query fails: {error}") from error
        finally:
            timer.cancel()


def _fetched(reader: pa.RecordBatchReader, limits: Limits) -> pa.Table:
    batches, rows = [], 0
    for batch in reader:
        batches.append(batch)
        rows += len(batch)
        if rows > limits.rows:
            msg = f"the answer has more than {limits.rows:,} rows; add a LIMIT or a WHERE"
            raise InvalidInputError(msg)
    return pa.Table.from_batches(batches, schema=reader.schema)


@dataclass(frozen=True)
class LocalEngine:
    """The snapshots, queried on this machine; `cache` keeps the files that were fetched."""

    book: SnapshotBook
    cache: Path
    limits: Limits = Limits()

    def query(self, sql: str) -> pa.Table:
        """The answer to a query in Athena's words.

        Raises:
            InvalidInputError: The query is not allowed, is wrong, or takes too much.
        """
        query = checked(sql)
        told = to_duckdb(query)
        tables = {name: self._dataset(name) for name in tables_of(query)}
        return run_in_duckdb(told, tables, limits=self.limits)

    def _dataset(self, table: str) -> ds.Dataset:
        files = self.book.manifest(table).files
        paths = in_threads(self._local, files)
        schema = TABLES[table].schema
        if not paths:
            return ds.dataset(schema.empty_table())
        return ds.dataset([str(path) for path in paths], schema=schema, format="parquet")

    def _local(self, file: SnapshotFile) -> Path:
        path = self.cache / self.book.records.bucket.name / file.key
        if not path.is_file() or path.stat().st_size != file.size_bytes:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
            part.write_bytes(self.book.records.bucket.get(file.key))
            part.replace(path)
        return path
