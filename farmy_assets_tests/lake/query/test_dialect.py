"""Athena's values, as its manual and Trino's tell them, written down by hand."""

from typing import Any

import pyarrow as pa
import pytest

from farmy_assets.errors import InvalidInputError
from farmy_assets.lake.query.dialect import to_duckdb
from farmy_assets.lake.query.engine import run_in_duckdb
from farmy_assets.lake.query.guard import checked
from farmy_assets.lake.query.tables import TABLES

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
    ],
)  # fmt: skip
def test_a_laptop_answers_as_athena_would(sql: str, expected: list[tuple[Any, ...]]) -> None:
    assert answer(sql) == expected


@pytest.mark.parametrize(
    "sql", ["SELECT 1/0", "SELECT 1 % 0", "SELECT size_bytes / (size_bytes - 7) FROM images"]
)
def test_dividing_whole_numbers_by_zero_is_an_error(sql: str) -> None:
    with pytest.raises(InvalidInputError, match="Division by zero"):
        answer(sql)


def test_a_sum_of_whole_numbers_is_a_whole_number_of_64_bits() -> None:
    told = run_in_duckdb(
        to_duckdb(checked("SELECT sum(size_bytes) AS s FROM images")), {"images": IMAGES}
    )
    assert told.schema.field("s").type == pa.int64()


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidInputError, match="colour"):
        answer("SELECT colour FROM images")
