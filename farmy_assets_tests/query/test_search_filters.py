"""Questions about images: each finds what it says, they combine, and nonsense is told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from farmy_assets.errors import InvalidInputError
from farmy_assets.query.dialect import to_duckdb
from farmy_assets.query.sandbox import run_in_duckdb
from farmy_assets.query.search_filters import QUESTIONS, images_sql
from farmy_assets.query.sql_allowlist import checked, tables_of
from farmy_assets.query.tables import TABLES
from farmy_assets_tests.arrivals import NOON

MOMENT = NOON.replace(tzinfo=None)
ROWS: Mapping[str, list[dict[str, Any]]] = {
    "images": [
        {"image_id": "sharp", "batch_id": "b1", "latitude_deg": 48.1, "longitude_deg": 11.5,
         "captured_at": MOMENT, "arrived_at": MOMENT, "crop": "maize"},
        {"image_id": "blurred", "batch_id": "b1", "latitude_deg": -17.0, "longitude_deg": 179.5,
         "captured_at": datetime.fromisoformat("2026-06-01T00:00"), "arrived_at": MOMENT},
        {"image_id": "new", "arrived_at": MOMENT},
    ],
    "image_checks": [
        {"image_id": "sharp", "blurry": 4.0, "dark": 0.9, "status": "fit"},
        {"image_id": "blurred", "blurry": 1.0, "dark": 0.5, "status": "rejected"},
    ],
    "duplicates": [{"image_id": "blurred", "duplicate_of": "sharp"}],
    "assignments": [{"image_id": "sharp", "person": "anna"}],
    "votes": [{"image_id": "sharp", "person": "anna"}],
    "regions": [{"image_id": "sharp", "person": "anna", "label": "weed"}],
    "conflicts": [{"image_id": "sharp", "kind": "missed"}],
    "dataset_versions": [],
}  # fmt: skip


def found(**wanted: str) -> set[str]:
    query = checked(images_sql(wanted, limit=100))
    tables = {
        name: pa.Table.from_pylist(ROWS[name], schema=TABLES[name].schema)
        for name in tables_of(query)
    }
    return set(run_in_duckdb(to_duckdb(query), tables)["image_id"].to_pylist())


@pytest.mark.parametrize(
    ("wanted", "images"),
    [
        ({}, {"sharp", "blurred", "new"}),
        ({"crop": "maize"}, {"sharp"}),
        ({"kept_for": "blurred"}, {"sharp"}),
        ({"check": "blurry<2"}, {"blurred"}),
        ({"check": "blurry >= 1.0, dark>0.6"}, {"sharp"}),
        ({"captured_since": "2026-05-15"}, {"blurred"}),
        ({"captured_until": "2026-05-14"}, {"sharp"}),
        ({"arrived_since": "2026-05-14", "arrived_until": "2026-05-14"},
         {"sharp", "blurred", "new"}),
        ({"within": "11.0,48.0,12.0,48.5"}, {"sharp"}),
        ({"within": "179,-20,-179,-10"}, {"blurred"}),
        ({"annotator": "anna"}, {"sharp"}),
        ({"annotator": "ben"}, set()),
        ({"label": "weed", "conflict": "missed"}, {"sharp"}),
        ({"conflict": "any"}, {"sharp"}),
        ({"conflict": "none"}, {"blurred", "new"}),
        ({"duplicate_of": "sharp"}, {"blurred"}),
        ({"phase": "waiting"}, {"new"}),
        ({"phase": "rejected"}, {"blurred"}),
        ({"phase": "duplicate"}, {"blurred"}),
        ({"phase": "annotation"}, {"sharp"}),
        ({"phase": "released"}, set()),
        ({"phase": "triage"}, set()),
        ({"phase": "cleansed"}, set()),
    ],
)  # fmt: skip
def test_a_question_finds_what_it_says(wanted: dict[str, str], images: set[str]) -> None:
    assert found(**wanted) == images


@pytest.mark.parametrize(
    "wanted",
    [
        {"check": "blurry"}, {"check": "status<2"}, {"check": "blurry<2; DROP"},
        {"captured_since": "yesterday"}, {"within": "1,2,3"}, {"within": "11,49,12,48"},
        {"within": "nan,0,1,1"}, {"phase": "lost"}, {"colour": "red"},
    ],
)  # fmt: skip
def test_nonsense_is_told(wanted: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError):
        images_sql(wanted, limit=10)


@given(name=st.sampled_from(sorted(QUESTIONS)), value=st.text())
def test_no_value_becomes_sql_of_its_own(name: str, value: str) -> None:
    try:
        query = checked(images_sql({name: value}, limit=10))
    except InvalidInputError:
        return
    assert len(tables_of(query)) <= 3
    (limit,) = [node for node in query.find_all(exp.Limit) if node.parent is query]
    assert limit.expression.name == "10"  # what stands behind the value still stands there
