"""Filters of images: each finds what its name says, they combine, bad values are refused."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.catalog.phases import ImagePhase
from farmy_assets.errors import InvalidInputError
from farmy_assets.query.dialect import to_duckdb
from farmy_assets.query.image_phases import CONSENSUS_PHASES, SEARCHABLE_PHASES
from farmy_assets.query.sandbox import run_in_duckdb
from farmy_assets.query.search_filters import FILTERS, images_sql
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
        {"image_id": "sharp", "batch_id": "b1", "blurry": 4.0, "dark": 0.9, "status": "fit"},
        {"image_id": "blurred", "batch_id": "b1", "blurry": 1.0, "dark": 0.5,
         "status": "rejected"},
    ],
    "duplicates": [{"image_id": "blurred", "duplicate_of": "sharp"}],
    "assignments": [{"image_id": "sharp", "person": "anna"}],
    "votes": [{"image_id": "sharp", "person": "anna"}],
    "regions": [{"image_id": "sharp", "person": "anna", "label": "weed"}],
    "conflicts": [{"image_id": "sharp", "kind": "missed"}],
    "dataset_versions": [],
}  # fmt: skip


IN_BATCH = [
    "asked",
    "bad",
    "conflict",
    "copy",
    "done",
    "gone",
    "held",
    "old",
    "sealed",
    "shown",
    "skipped",
    "unasked",
]
STATUS_OF = {
    "asked": "waiting",
    "conflict": "in_conflict",
    "done": "agreed",
    "gone": "single",
    "old": "adjudicated",
    "shown": "single",
    "skipped": "excluded",
}
IN_ALL_PHASES: Mapping[str, list[dict[str, Any]]] = {
    "images": [
        {"image_id": "new"},
        {"image_id": "taken", "state": "deleted"},
        *({"image_id": name, "batch_id": "b1", "campaign": "weeds",
           "state": "deleted" if name == "gone" else "present"} for name in IN_BATCH),
    ],
    "image_checks": [
        {"image_id": name, "batch_id": "b1",
         "status": {"bad": "rejected", "held": "held"}.get(name, "fit")}
        for name in IN_BATCH if name != "sealed"
    ],
    "duplicates": [
        {"image_id": "copy", "duplicate_of": "shown", "campaign": "weeds"},
        # In two batches of the campaign: one of them has left it out as a copy of itself.
        {"image_id": "done", "duplicate_of": "done", "campaign": "weeds"},
    ],
    "assignments": [
        {"image_id": name, "person": "anna", "campaign": "weeds"} for name in STATUS_OF
    ],
    "consensus": [
        {"image_id": name, "status": status, "campaign": "weeds"}
        for name, status in STATUS_OF.items()
    ],
    "dataset_versions": [
        {"image_id": "old", "campaign": "weeds", "number": 1},
        {"image_id": "shown", "campaign": "weeds", "number": 1},
        *({"image_id": name, "campaign": "weeds", "number": 2} for name in ("gone", "shown")),
        {"image_id": "conflict", "campaign": "weeds", "number": 2},
    ],
}  # fmt: skip


IN_TWO_CAMPAIGNS: Mapping[str, list[dict[str, Any]]] = {
    "images": [
        {"image_id": "both", "campaign": "weeds", "batch_id": "b1", "state": "present"},
        {"image_id": "new", "campaign": "weeds", "state": "present"},
    ],
    "memberships": [
        {"image_id": "both", "campaign": "weeds", "batch_id": "b1", "kind": "own"},
        {"image_id": "both", "campaign": "pests", "batch_id": "b2", "kind": "included"},
    ],
    "image_checks": [
        {"image_id": "both", "batch_id": "b1", "status": "fit", "blurry": 4.0},
        {"image_id": "both", "batch_id": "b2", "status": "held", "blurry": 3.0},
    ],
    "consensus": [{"image_id": "both", "campaign": "weeds", "status": "agreed"}],
    "votes": [{"image_id": "both", "campaign": "weeds", "person": "anna"}],
    "conflicts": [{"image_id": "both", "campaign": "pests", "kind": "missed"}],
    "dataset_versions": [
        {"image_id": "both", "campaign": "weeds", "number": 1},
        {"image_id": "other", "campaign": "pests", "number": 3},
    ],
}


def found(**wanted: str) -> set[str]:
    return found_in(ROWS, **wanted)


def found_in(rows: Mapping[str, list[dict[str, Any]]], **wanted: str) -> set[str]:
    return set(answer_of(rows, **wanted)["image_id"].to_pylist())


def answer_of(rows: Mapping[str, list[dict[str, Any]]], **wanted: str) -> pa.Table:
    query = checked(images_sql(wanted, limit=100))
    tables = {
        name: pa.Table.from_pylist(rows.get(name, []), schema=TABLES[name].schema)
        for name in tables_of(query)
    }
    return run_in_duckdb(to_duckdb(query), tables)


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
    ],
)  # fmt: skip
def test_a_filter_finds_the_images_that_match(wanted: dict[str, str], images: set[str]) -> None:
    assert found(**wanted) == images


@pytest.mark.parametrize(
    ("phase", "images"),
    [
        ("waiting", {"new"}), ("sealed", {"sealed"}), ("deleted", {"taken"}), ("rejected", {"bad"}),
        ("held", {"held"}), ("triage", {"held"}), ("duplicate", {"copy"}),
        ("cleansed", {"unasked"}), ("annotation", {"asked"}), ("adjudication", {"conflict"}),
        ("settled", {"done", "old"}), ("unlabellable", {"skipped"}),
        ("released", {"gone", "shown"}),
    ],
)  # fmt: skip
def test_every_image_is_found_under_its_phase(phase: str, images: set[str]) -> None:
    assert found_in(IN_ALL_PHASES, phase=phase) == images


def test_every_image_of_the_tables_is_in_exactly_one_phase() -> None:
    in_phases = [i for phase in SEARCHABLE_PHASES for i in found_in(IN_ALL_PHASES, phase=phase)]
    assert sorted(in_phases) == sorted(found_in(IN_ALL_PHASES))


@pytest.mark.parametrize(
    ("wanted", "images"),
    [
        ({}, [("both", "weeds", "b1", 4.0), ("both", "pests", "b2", 3.0),
              ("new", "weeds", None, None)]),
        ({"campaign": "pests"}, [("both", "pests", "b2", 3.0)]),
        ({"batch_id": "b1"}, [("both", "weeds", "b1", 4.0)]),
        ({"phase": "released"}, [("both", "weeds", "b1", 4.0)]),
        ({"phase": "held"}, [("both", "pests", "b2", 3.0)]),
        ({"phase": "waiting"}, [("new", "weeds", None, None)]),
        ({"annotator": "anna"}, [("both", "weeds", "b1", 4.0)]),
        ({"conflict": "any"}, [("both", "pests", "b2", 3.0)]),
        ({"conflict": "none"}, [("both", "weeds", "b1", 4.0), ("new", "weeds", None, None)]),
        ({"check": "blurry<3.5"}, [("both", "pests", "b2", 3.0)]),
    ],
    ids=str,
)  # fmt: skip
def test_an_image_is_found_in_each_campaign_by_what_is_known_of_it_there(
    wanted: dict[str, str], images: list[tuple[str, str, str | None, float | None]]
) -> None:
    rows = answer_of(IN_TWO_CAMPAIGNS, **wanted).to_pylist()
    shown = [(r["image_id"], r["campaign"], r["batch_id"], r["blurry"]) for r in rows]
    assert shown == images


def test_a_search_offers_all_phases_but_those_that_no_table_shows() -> None:
    assert set(ImagePhase) - set(SEARCHABLE_PHASES) == {
        ImagePhase.UNCATALOGUED, ImagePhase.DISCARDED,
    }  # fmt: skip
    with pytest.raises(InvalidInputError, match="no table that shows discarded"):
        images_sql({"phase": "discarded"}, limit=10)


def test_each_consensus_status_has_a_phase() -> None:
    assert CONSENSUS_PHASES.keys() == set(ConsensusStatus)


@pytest.mark.parametrize(
    "wanted",
    [
        {"check": "blurry"}, {"check": "status<2"}, {"check": "blurry<2; DROP"},
        {"captured_since": "yesterday"}, {"within": "1,2,3"}, {"within": "11,49,12,48"},
        {"within": "nan,0,1,1"}, {"phase": "lost"}, {"colour": "red"},
    ],
)  # fmt: skip
def test_a_bad_value_is_refused(wanted: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError):
        images_sql(wanted, limit=10)


@given(name=st.sampled_from(sorted(FILTERS)), value=st.text())
def test_no_value_adds_sql_of_its_own(name: str, value: str) -> None:
    try:
        query = checked(images_sql({name: value}, limit=10))
    except InvalidInputError:
        return
    assert len(tables_of(query)) <= 4
    (limit,) = [node for node in query.find_all(exp.Limit) if node.parent is query]
    assert limit.expression.name == "10"  # the SQL after the value is still there
