"""The code location as Dagster loads it."""

import subprocess
import sys

import dagster as dg
import pytest

from farmy_assets.definitions import defs
from farmy_assets.defs import jobs, warning_checks
from farmy_assets.defs.metadata import record_table
from farmy_assets.query.tables import TABLES

GRAPH = defs.resolve_asset_graph()

LOADED = """
from farmy_assets.definitions import defs
print(len(list(defs.get_repository_def().get_all_jobs())))
"""


def test_the_code_location_loads_without_a_variable_and_without_a_warning() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOADED],
        env={}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 1


@pytest.mark.parametrize("key", sorted(GRAPH.get_all_asset_keys()), ids=lambda k: k.path[-1])
def test_every_asset_has_an_owner_a_kind_a_group_and_a_description(key: dg.AssetKey) -> None:
    asset = GRAPH.get(key)
    assert asset.owners
    assert asset.owners[0].startswith("team:")
    assert asset.kinds
    assert asset.group_name != "default"
    assert asset.description


def test_freshness_is_promised_where_a_schedule_keeps_the_promise() -> None:
    promised = {
        key.to_user_string()
        for key in GRAPH.get_all_asset_keys()
        if GRAPH.get(key).freshness_policy
    }
    assert promised == {"reconciled_catalog", *(f"{name}_table" for name in TABLES)}


def test_the_raw_zone_is_external_and_lies_between_scrapers_and_batches() -> None:
    zone = GRAPH.get(dg.AssetKey("raw_zone"))
    assert not zone.is_materializable
    assert zone.parent_keys == {dg.AssetKey("scraped_images")}
    children = {key.to_user_string() for key in zone.child_keys}
    assert children == {"raw_images", "reconciled_catalog"}


def test_checks_that_warn_run_with_their_assets_and_block_nothing() -> None:
    names = {"kept_share_is_as_usual", "conflict_rate_is_as_usual", "no_class_vanished"}
    for check in (
        warning_checks.kept_share_is_as_usual,
        warning_checks.conflict_rate_is_as_usual,
        warning_checks.no_class_vanished,
    ):
        (spec,) = check.check_specs
        assert not spec.blocking
        names.discard(spec.name)
    assert not names
    nodes = {
        node.name
        for job in (jobs.batch_job, jobs.votes_job, jobs.release_job)
        for node in defs.resolve_job_def(job.name).nodes
    }
    assert {
        "cleansed_set_kept_share_is_as_usual",
        "annotation_conflicts_conflict_rate_is_as_usual",
        "dataset_version_no_class_vanished",
    } <= nodes


def test_no_job_repeats_how_long_a_run_may_take() -> None:
    for job in defs.get_repository_def().get_all_jobs():
        assert "dagster/max_runtime" not in job.tags


def test_a_column_of_a_table_of_records_has_the_type_of_its_values() -> None:
    records = [
        {"name": "a", "boxes": 1, "share": 1, "ok": True, "mixed": 1},
        {"name": "b", "boxes": 2, "share": 0.5, "ok": False, "mixed": "x"},
    ]
    table = record_table(records, ("name", "boxes", "share", "ok", "mixed"))
    types = {column.name: column.type for column in table.schema.columns}
    assert types == {
        "name": "string", "boxes": "int", "share": "float", "ok": "bool", "mixed": "string",
    }  # fmt: skip
    assert {c.type for c in record_table([], ("name",)).schema.columns} == {"string"}
