"""Hostile and wrong SQL: refused by reading it, and, were it ever let through, by the engine."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farmy_assets.errors import InvalidInputError
from farmy_assets.query.dialect import to_duckdb
from farmy_assets.query.sandbox import Limits, ask_guarded, run_in_duckdb
from farmy_assets.query.sql_allowlist import checked, tables_of
from farmy_assets.query.tables import TABLES

HOSTILE = [
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_parquet('s3://raw/x')",
    "SELECT * FROM read_csv_auto('/etc/passwd')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM '/etc/passwd'",
    'SELECT * FROM "/etc/passwd"',
    'SELECT * FROM "s3://raw/images/x.parquet"',
    "SELECT (SELECT content FROM read_text('/etc/passwd'))",
    "WITH a AS (SELECT * FROM read_text('/etc/passwd')) SELECT * FROM a",
    "SELECT * FROM images WHERE image_id IN (SELECT content FROM read_blob('/etc/passwd'))",
    "SELECT * FROM images, LATERAL (SELECT * FROM read_text('/etc/passwd'))",
    "SELECT * FROM images /* */ JOIN read_text('/etc/passwd') t ON true",
    "SELECT 1 UNION ALL SELECT content FROM read_text('/etc/passwd')",
    "SELECT getenv('HOME')", 'SELECT "getenv"(\'HOME\')',
    "SELECT current_setting('home_directory')",
    "SELECT date_add('day) || getenv(', 1, arrived_at) FROM images",
    "SELECT date_diff('day'', getenv(''x', arrived_at, arrived_at) FROM images",
    "SELECT date_trunc('day'', getenv(''x', arrived_at) FROM images",
    "SELECT EXTRACT(\"year FROM x), getenv('HOME'), (1\" FROM arrived_at) FROM images",
    "SELECT query('SELECT 1')", "SELECT * FROM query_table('images')",
    "SELECT * FROM duckdb_settings()", "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM pragma_database_list()", "SELECT * FROM arrow_scan(1, 2, 3)",
    "SELECT * FROM pandas_scan(1)", "SELECT * FROM sqlite_master",
    "SELECT * FROM information_schema.tables", "SELECT * FROM pg_catalog.pg_class",
    "SELECT * FROM system.main.images", "SELECT * FROM other.images", "SELECT * FROM duckdb_tables",
    "SELECT * FROM connection", "SELECT * FROM HOSTILE",
    "WITH a AS (SELECT * FROM duckdb_tables), duckdb_tables AS (SELECT 1) SELECT * FROM a",
    "WITH a AS (WITH pg_class AS (SELECT 1) SELECT 1) SELECT * FROM pg_class",
    "WITH pg_class AS (SELECT * FROM pg_class) SELECT * FROM pg_class",
    'WITH "/etc/passwd" AS (SELECT 1) SELECT * FROM "/etc/passwd"',
    "WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a) SELECT * FROM a",
    "COPY images TO '/tmp/x'", "COPY (SELECT 1) TO 's3://raw/x'", "ATTACH '/tmp/x.db'",
    "INSTALL httpfs", "LOAD httpfs", "PRAGMA database_list", "SET memory_limit = '9GB'",
    "RESET ALL", "CALL pragma_version()", "EXPLAIN SELECT 1", "DESCRIBE images", "SHOW TABLES",
    "SUMMARIZE images", "USE other", "CHECKPOINT", "EXPORT DATABASE '/tmp/x'",
    "INSERT INTO images SELECT * FROM images", "UPDATE images SET crop = 'x'", "DELETE FROM images",
    "DROP TABLE images", "CREATE TABLE x AS SELECT 1", "CREATE VIEW x AS SELECT 1",
    "ALTER TABLE images ADD COLUMN x int", "TRUNCATE TABLE images",
    "MERGE INTO images USING x ON true",
    "UNLOAD (SELECT 1) TO 's3://raw/x'", "MSCK REPAIR TABLE images", "EXECUTE x",
    "PREPARE x FROM SELECT 1",
    "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE images",
    "SELECT 1 -- ;\n; COPY images TO '/tmp/x'",
    "WITH x AS (INSERT INTO images VALUES (1)) SELECT 1", "SELECT * INTO x FROM images",
    "SELECT COLUMNS('.*') FROM images", "SELECT * FROM images PIVOT (count(*) FOR crop IN ('a'))",
    "SELECT * FROM images TABLESAMPLE BERNOULLI (10)", "SELECT * FROM images FOR UPDATE",
    "SELECT * FROM images FOR SYSTEM_TIME AS OF '2024-01-01'", "SELECT ?", "SELECT $1",
    "SELECT @x",
    "SELECT repeat('a', 1000000000)", "SELECT sequence(1, 1000000000)", "VALUES 1", "", "  ", "--",
    "SELECT", "'", "SELECT 1\x00", "SELECT " + "(" * 500 + "1" + ")" * 500,
    "SELECT 1" + " " * 30_000,
]  # fmt: skip


@pytest.mark.parametrize("sql", HOSTILE)
def test_what_is_no_single_question_to_the_lake_is_refused(sql: str) -> None:
    with pytest.raises(InvalidInputError):
        to_duckdb(checked(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_parquet('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM hidden",
        "SELECT getenv('HOME')",
        "COPY (SELECT 1) TO '/nowhere/x'",
        "ATTACH '/nowhere/x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
    ],
)
def test_the_engine_alone_would_refuse_it_as_well(sql: str) -> None:
    hidden = pd.DataFrame({"secret": [1]})
    with pytest.raises(InvalidInputError):
        run_in_duckdb(sql, {})
    assert len(hidden) == 1


def test_a_query_that_takes_too_long_is_stopped() -> None:
    rows = "range(100000) a, range(100000) b, range(1000) c"
    slow = f"SELECT count(*) FROM {rows} WHERE a.range + b.range + c.range = 7"
    with pytest.raises(InvalidInputError, match="took longer"):
        run_in_duckdb(slow, {}, limits=Limits(seconds=0.2))


def test_an_answer_that_is_too_long_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="add a LIMIT"):
        run_in_duckdb("SELECT * FROM range(1000)", {}, limits=Limits(rows=10))


def test_a_query_that_needs_too_much_memory_is_stopped() -> None:
    greedy = "SELECT list(range::varchar || repeat('x', 100)) FROM range(3000000)"
    with pytest.raises(InvalidInputError, match="more than 40 MB"):
        run_in_duckdb(greedy, {}, limits=Limits(memory_mb=40))


GROWING = "concat(x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x)"


def grown(times: int) -> str:
    """A query whose one value is 20 to the so-manyth letters long."""
    sql = "SELECT 'a' AS x FROM images"
    for _ in range(times):
        sql = f"SELECT {GROWING} AS x FROM ({sql}) AS t"
    return to_duckdb(checked(f"SELECT length(x) AS n FROM ({sql}) AS t"))


def test_one_value_that_takes_all_memory_ends_only_the_process_that_made_it(
    tmp_path: Path,
) -> None:
    files = tmp_path / "images.parquet"
    pq.write_table(pa.Table.from_pylist([{"image_id": "a"}], schema=TABLES["images"].schema), files)
    limits = Limits(seconds=10, memory_mb=64)
    with pytest.raises(
        InvalidInputError, match=r"needs more than 64 MB|was stopped|fails: .*allocat"
    ):
        ask_guarded(grown(8), {"images": [files]}, limits)
    assert ask_guarded(grown(1), {"images": [files]}, limits).to_pylist() == [{"n": 20}]


def test_what_fails_in_the_guarded_process_is_told_as_it_would_be_here() -> None:
    with pytest.raises(InvalidInputError, match="Division by zero"):
        ask_guarded(to_duckdb(checked("SELECT 1/0")), {}, Limits())


@settings(deadline=None)  # a busy machine proves nothing
@given(st.text(max_size=60))
def test_no_text_whatever_gets_another_answer_than_a_query_or_a_refusal(text: str) -> None:
    try:
        to_duckdb(checked(f"SELECT * FROM images WHERE {text}"))
    except InvalidInputError:
        return


def test_the_tables_of_a_query_are_the_lakes_and_not_those_of_its_with() -> None:
    query = checked("WITH images AS (SELECT * FROM votes) SELECT * FROM images, Conflicts")
    assert tables_of(query) == ["conflicts", "votes"]
