"""Athena's values, as its manual and Trino's tell them, written down by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from farmy_assets.errors import InvalidInputError
from farmy_assets.query.dialect import to_duckdb
from farmy_assets.query.sandbox import run_in_duckdb
from farmy_assets.query.sql_allowlist import checked
from farmy_assets.query.tables import TABLES
from farmy_assets_tests.arrivals import NOON

IMAGES = pa.Table.from_pylist(
    [
        {"image_id": "a", "crop": "tomato", "size_bytes": 7, "dt": "2026-05-14"},
        {"image_id": "b", "crop": "maize", "size_bytes": 2, "dt": "2026-05-14"},
        {"image_id": "c", "crop": None, "size_bytes": None, "dt": "2026-05-15"},
    ],
    schema=TABLES["images"].schema,
)
CHECKS = pa.Table.from_pylist(
    [{"image_id": "a", "reasons": ["dark", "blurry"]}, {"image_id": "b", "reasons": []}],
    schema=TABLES["image_checks"].schema,
)


def answer(sql: str) -> list[tuple[Any, ...]]:
    told = run_in_duckdb(to_duckdb(checked(sql)), {"images": IMAGES, "image_checks": CHECKS})
    return [tuple(row.values()) for row in told.to_pylist()]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1/2 AS a, 7/2 AS b, -7/2 AS c, -7 % 3 AS d", [(0, 3, -3, -1)]),
        ("SELECT (7/2)/2 AS a, 10/(3/2) AS b, 7/2*2.0e0 AS c", [(1, 10, 6.0)]),
        ("SELECT 1e0/2 AS a, 1e0/0 AS b", [(0.5, float("inf"))]),
        ("SELECT sum(size_bytes)/count(*) AS a FROM images", [(3,)]),
        ("SELECT avg(size_bytes) AS a FROM images", [(4.5,)]),
        ("SELECT cast(2.5e0 AS bigint) AS a, cast(3.5e0 AS bigint) AS b", [(3, 4)]),
        ("SELECT crop FROM images ORDER BY crop", [("maize",), ("tomato",), (None,)]),
        ("SELECT crop FROM images ORDER BY crop DESC", [("tomato",), ("maize",), (None,)]),
        ("SELECT crop FROM images ORDER BY crop NULLS FIRST LIMIT 1", [(None,)]),
        ("SELECT concat('a', crop) AS a FROM images WHERE image_id = 'c'", [(None,)]),
        ("SELECT greatest(1, NULL) AS a, coalesce(NULL, 2) AS b", [(None, 2)]),
        ("SELECT count(*) AS a, count(crop) AS b FROM images", [(3, 2)]),
        ("SELECT cardinality(reasons) AS a, reasons[1] AS b FROM image_checks WHERE image_id = 'a'",
         [(2, "dark")]),
        ("SELECT reason FROM image_checks CROSS JOIN UNNEST(reasons) AS t(reason) ORDER BY reason",
         [("blurry",), ("dark",)]),
        ("SELECT i.image_id FROM images i LEFT JOIN image_checks c ON c.image_id = i.image_id "
         "WHERE contains(c.reasons, 'dark')", [("a",)]),
        ("SELECT strpos('abc', 'c') AS a, substr('abc', 2) AS b, split('a,b', ',')[2] AS c",
         [(3, "bc", "b")]),
        ("SELECT date_format(timestamp '2026-05-14 12:00:00', '%Y-%m') AS a", [("2026-05",)]),
        ("SELECT date_diff('day', date '2026-05-14', date '2026-05-17') AS a", [(3,)]),
        ("SELECT max_by(image_id, size_bytes) AS a, count_if(size_bytes > 2) AS b FROM images",
         [("a", 1)]),
        ("SELECT image_id, row_number() OVER (ORDER BY size_bytes DESC) AS n FROM images "
         "ORDER BY n", [("a", 1), ("b", 2), ("c", 3)]),
        ("SELECT DT, Count(*) AS n FROM Images GROUP BY 1 HAVING count(*) > 1",
         [("2026-05-14", 2)]),
        ("SELECT transform(ARRAY[5, 3], x -> x / 2) AS a, filter(ARRAY[4, 7], x -> x / 2 = 3) AS b",
         [([2, 1], [7])]),
        ("SELECT 1.0/3 AS a, 2.00/3 AS b, CAST(7 AS decimal(5,3))/2 AS c, 100.0*1/3 AS d",
         [(Decimal("0.3"), Decimal("0.67"), Decimal("3.500"), Decimal("33.3"))]),
        ("SELECT try(1/0) AS a, try(cast('x' AS bigint)) AS b, try_cast('7' AS bigint) AS c",
         [(None, None, 7)]),
        ("SELECT date_diff('hour', timestamp '2026-05-14 01:50:00', timestamp '2026-05-14 03:10:00'"
         ") AS a, date_diff('day', timestamp '2026-05-14 23:00:00', timestamp '2026-05-15"
         " 01:00:00')"
         " AS b, date_diff('year', date '2025-12-31', date '2026-01-01') AS c", [(1, 0, 0)]),
        ("SELECT date_add('day', 1, date '2026-01-31') AS a, date_trunc('month', date '2026-05-14')"
         " AS b, date '2026-05-14' - interval '1' day AS c",
         [(date(2026, 2, 1), date(2026, 5, 1), date(2026, 5, 13))]),
        ("SELECT day_of_week(date '2026-05-17') AS a, extract(dow FROM date '2026-05-17') AS b,"
         " last_day_of_month(date '2026-02-10') AS c, year_of_week(date '2027-01-01') AS d",
         [(7, 7, date(2026, 2, 28), 2026)]),
        ("SELECT date_parse('2026-05-14 08', '%Y-%m-%d %H') AS a", 
         [(NOON.replace(hour=8, tzinfo=None),)]),
        ("SELECT split_part('a/b', '/', 2) AS a, split_part('a/b', '/', 5) AS b", [("b", None)]),
        ("SELECT regexp_extract('abc', 'z') AS a, regexp_extract('a12', '(\\d)(\\d)', 2) AS b",
         [(None, "2")]),
        ("SELECT substr('abc', 0) AS a, substr('abc', -5) AS b, substr('abc', -2, 1) AS c",
         [("", "", "b")]),
        ("SELECT 'a_b' LIKE 'a\\_b' AS a, 'a_b' LIKE 'a$_b' ESCAPE '$' AS b,"
         " 'axb' LIKE 'a$_b' ESCAPE '$' AS c", [(False, True, False)]),
        ("SELECT slice(ARRAY[1, 2, 3, 4], 2, 2) AS a, array_sort(ARRAY[3, NULL, 1]) AS b,"
         " array_position(ARRAY['a'], 'z') AS c, reverse(ARRAY[1, 2]) AS d, reverse('ab') AS e",
         [([2, 3], [1, 3, None], 0, [2, 1], "ba")]),
        ("SELECT array_max(ARRAY[1, NULL]) AS a, array_min(ARRAY[2, 1]) AS b,"
         " element_at(ARRAY[1], 5) AS c", [(None, 1, None)]),
        ("SELECT any_match(reasons, r -> r = 'dark') AS a, all_match(reasons, r -> r = 'dark') AS b"
         ", none_match(reasons, r -> r = 'dark') AS c FROM image_checks WHERE image_id = 'a'",
         [(True, False, False)]),
        ("SELECT image_id, reason, n FROM image_checks LEFT JOIN UNNEST(reasons) WITH ORDINALITY"
         " AS t(reason, n) ON true ORDER BY image_id, n",
         [("a", "dark", 1), ("a", "blurry", 2), ("b", None, None)]),
        ("SELECT map(ARRAY['x'], ARRAY[7])['x'] AS a, cardinality(map(ARRAY['x'], ARRAY[7])) AS b,"
         " element_at(map_agg(image_id, crop), 'b') AS c FROM images", [(7, 1, "maize")]),
        ("SELECT format('%s of %d, %.2f', 3, 4, 0.5e0) AS a", [("3 of 4, 0.50",)]),
        ("SELECT json_extract_scalar('{\"a\": {\"b\": 3}}', '$.a.b') AS a,"
         " json_extract_scalar('{\"a\": {}}', '$.a') AS b, json_extract_scalar('x', '$.a') AS c",
         [("3", None, None)]),
        ("SELECT count_if(crop IS NULL)/2 AS a, approx_distinct(crop, 0.02) AS b FROM images",
         [(0, 2)]),
        ("SELECT listagg(crop, '+') WITHIN GROUP (ORDER BY crop) AS a FROM images",
         [("maize+tomato",)]),
        ("SELECT image_id, rank() OVER w AS n FROM images WINDOW w AS (ORDER BY dt) ORDER BY 1",
         [("a", 1), ("b", 1), ("c", 3)]),
        ("SELECT image_id FROM images ORDER BY 1 OFFSET 1 FETCH FIRST 1 ROW ONLY", [("b",)]),
        ("SELECT n, s FROM (VALUES (1, 'a'), (2, 'b')) AS t(n, s) ORDER BY n DESC",
         [(2, "b"), (1, "a")]),
        ("SELECT dt, count(*) AS n, grouping(dt) AS g FROM images GROUP BY ROLLUP (dt) ORDER BY dt",
         [("2026-05-14", 2, 0), ("2026-05-15", 1, 0), (None, 3, 1)]),
    ],
)  # fmt: skip
def test_a_laptop_answers_as_athena_would(sql: str, expected: list[tuple[Any, ...]]) -> None:
    assert answer(sql) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1/0",
        "SELECT 1 % 0",
        "SELECT 1.5/0",
        "SELECT size_bytes / (size_bytes - 7) FROM images",
    ],
)
def test_dividing_whole_numbers_by_zero_is_an_error(sql: str) -> None:
    with pytest.raises(InvalidInputError, match="Division by zero"):
        answer(sql)


def test_a_sum_of_whole_numbers_is_a_whole_number_of_64_bits() -> None:
    told = run_in_duckdb(
        to_duckdb(checked("SELECT sum(size_bytes) AS s FROM images")), {"images": IMAGES}
    )
    assert told.schema.field("s").type == pa.int64()


def test_a_column_that_is_not_there_is_named_and_so_are_those_that_are() -> None:
    with pytest.raises(InvalidInputError, match=r"colour.*images has image_id, campaign"):
        answer("SELECT colour FROM images")


def test_a_column_of_two_tables_has_to_say_of_which() -> None:
    with pytest.raises(
        InvalidInputError, match=r"write image_checks\.image_id or images\.image_id"
    ):
        answer("SELECT image_id FROM images, image_checks")


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT crop AS c FROM images WHERE c = 'maize'", "'c' could not be resolved"),
        ("SELECT crop AS c, count(*) FROM images GROUP BY c", "'c' could not be resolved"),
        ("SELECT 1 FROM images WHERE arrived_at >= '2026-05-01'", "AS timestamp"),
        ("SELECT 1 FROM images WHERE size_bytes IN ('7')", "AS bigint"),
        ("SELECT 1 FROM images WHERE dt BETWEEN date '2026-05-01' AND current_date", "AS date"),
        ("SELECT strpos('abab', 'b', 2)", "of Athena only"),
        ("SELECT split('a,b', ',', 1)", "two arguments"),
        ("SELECT DISTINCT ON (crop) crop FROM images", "DISTINCT ON"),
        ("SELECT crop FROM images GROUP BY ALL", "GROUP BY ALL"),
        ("SELECT * EXCLUDE (crop) FROM images", "EXCLUDE"),
        ("SELECT 1 FROM images a ASOF JOIN images b ON a.dt >= b.dt", "ASOF JOIN"),
        ("SELECT crop FROM images FETCH FIRST 1 ROW WITH TIES", "WITH TIES"),
    ],
)
def test_what_athena_would_refuse_or_duckdb_cannot_is_refused_here(sql: str, told: str) -> None:
    with pytest.raises(InvalidInputError, match=told):
        answer(sql)
