"""DuckDB restricted to the tables that it is given, in a child process with limits.

The engine may open no file, load no extension and change no setting, whatever the SQL is. Its
own limits on time and memory do not hold everywhere: a text that one expression makes too long is
outside of both. So it runs in a guarded child, which the system ends when it takes too much.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from farmy_assets.errors import InvalidInputError
from farmy_assets.execution.guard import Failure, GuardedPool, Message
from farmy_assets.query.function_macros import definitions
from farmy_assets.query.tables import TABLES

_SHUT_OFF: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "temp_directory": "",
}
_ROWS_AT_ONCE = 50_000
_CHILDS_OWN_MB = 1_500  # the interpreter, threads, and the answer twice
_CHILDS_OWN_SECONDS = 5.0  # the engine's own way to stop comes first


@dataclass(frozen=True)
class Limits:
    """How much one query may take."""

    seconds: float = 60
    memory_mb: int = 512
    rows: int = 1_000_000


def ask_guarded(sql: str, files: Mapping[str, list[Path]], limits: Limits) -> pa.Table:
    """The answer of DuckDB in a child process.

    Args:
        sql: DuckDB's SQL, one statement.
        files: Table of the lake to its Parquet files.
        limits: Time, memory and length of the answer.

    Raises:
        InvalidInputError: The query fails, takes too much, or its answer is too long.
    """
    paths_of = {name: [str(path) for path in paths] for name, paths in files.items()}
    (answer,) = _pool(limits).work([Message({"sql": sql, "files": paths_of})])
    if isinstance(answer, Failure):
        raise InvalidInputError(f"the query {answer.detail} and was stopped; ask for less")
    if answer.content is None:
        raise InvalidInputError(answer.header["refused"])
    return pa.ipc.open_stream(answer.content).read_all()


@lru_cache(maxsize=2)
def _pool(limits: Limits) -> GuardedPool:
    """Children that stay for the next query: a start takes a second, an answer milliseconds."""
    return GuardedPool(
        f"{__name__}:worker", json.dumps(asdict(limits)),
        seconds=limits.seconds + _CHILDS_OWN_SECONDS, memory_mb=limits.memory_mb + _CHILDS_OWN_MB,
    )  # fmt: skip


def worker(settings: str) -> Callable[[Message], Message]:
    """What the child does with each query."""
    limits = Limits(**json.loads(settings))

    def answer(message: Message) -> Message:
        tables = {name: _dataset(name, files) for name, files in message.header["files"].items()}
        try:
            found = run_in_duckdb(message.header["sql"], tables, limits=limits)
        except InvalidInputError as error:
            return Message({"refused": str(error)})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, found.schema) as stream:
            stream.write_table(found)
        return Message({}, sink.getvalue())

    return answer


def _dataset(table: str, files: list[str]) -> ds.Dataset:
    schema = TABLES[table].schema
    if not files:
        return ds.dataset(schema.empty_table())
    return ds.dataset(files, schema=schema, format="parquet")


def run_in_duckdb(
    sql: str, tables: Mapping[str, pa.Table | ds.Dataset], *, limits: Limits | None = None
) -> pa.Table:
    """The answer of DuckDB in this process, with access to these tables only.

    Args:
        sql: DuckDB's SQL, one statement.
        tables: Name to rows.
        limits: Time, memory and length of the answer, as far as the engine keeps to them.

    Raises:
        InvalidInputError: The query fails, takes too much, or its answer is too long.
    """
    limits = limits or Limits()
    config = {**_SHUT_OFF, "memory_limit": f"{limits.memory_mb}MB"}
    with duckdb.connect(":memory:", config=config) as connection:
        for name, rows in tables.items():
            connection.register(name, rows)
        for definition in definitions():
            connection.execute(definition)
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
        except (duckdb.OutOfMemoryException, MemoryError) as error:
            msg = f"the query needs more than {limits.memory_mb} MB; ask for less"
            raise InvalidInputError(msg) from error
        except (duckdb.Error, pa.ArrowException) as error:
            raise InvalidInputError(f"the query fails: {_first_line(error)}") from error
        finally:
            timer.cancel()


def _first_line(error: Exception) -> str:
    """DuckDB's message without its SQL, which is not the SQL that the person wrote."""
    return str(error).partition("\nLINE ")[0].partition("\n\tCandidate")[0].strip()


def _fetched(reader: pa.RecordBatchReader, limits: Limits) -> pa.Table:
    batches, rows = [], 0
    for batch in reader:
        batches.append(batch)
        rows += len(batch)
        if rows > limits.rows:
            msg = f"the answer has more than {limits.rows:,} rows; add a LIMIT or a WHERE"
            raise InvalidInputError(msg)
    return pa.Table.from_batches(batches, schema=reader.schema)
