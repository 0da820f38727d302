"""The tables as assets: made together, described, and of the runs that made the rest."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from farmy_assets.catalog.batches import SealingPolicy
from farmy_assets.definitions import defs
from farmy_assets.defs.snapshots import full_snapshots_schedule, snapshots
from farmy_assets.ingestion.event_intake import EventIntake
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.query.layer import QueryLayer
from farmy_assets.query.tables import TABLES
from farmy_assets_tests.arrivals import NOON, jpeg, s3_event
from farmy_assets_tests.defs.conftest import bring


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_all_tables_are_made_and_tell_of_earlier_runs(
    lake: Lake, instance: dg.DagsterInstance, resources: Mapping[str, object]
) -> None:
    named = {"lake": resources["lake"]}
    first = dg.materialize(snapshots, instance=instance, resources=named)
    assert first.success
    assert dg.materialize(snapshots, instance=instance, resources=named).success
    told = QueryLayer(lake).query("SELECT run_id, status FROM runs")
    assert told.to_dict("list") == {"run_id": [first.run_id], "status": ["SUCCESS"]}


def test_each_table_has_its_columns_with_their_meaning_and_their_origin(
    lake: Lake, instance: dg.DagsterInstance, resources: Mapping[str, object]
) -> None:
    graph = defs.resolve_asset_graph()
    for table in TABLES.values():
        schema = graph.get(dg.AssetKey(f"{table.name}_table")).metadata["dagster/column_schema"]
        told = {column.name: column.description for column in schema.columns}
        assert told == {column.name: column.meaning for column in table.columns}
    made = dg.materialize(snapshots, instance=instance, resources={"lake": resources["lake"]})
    (votes,) = made.asset_materializations_for_node("votes_table")
    lineage = votes.metadata["dagster/column_lineage"].value
    assert isinstance(lineage, dg.TableColumnLineage)
    assert lineage.deps_by_column["outcome"][0].asset_key == dg.AssetKey("annotations")
    assert lake.settings.records_bucket in str(votes.metadata["dagster/uri"].value)


def test_the_nightly_snapshot_knows_of_images_that_were_deleted_since_they_were_sealed(
    lake: Lake, instance: dg.DagsterInstance, resources: Mapping[str, object]
) -> None:
    ids = bring(lake, {"a.jpg": jpeg(10)})
    policy = SealingPolicy(quiet=timedelta(0))
    assert lake.batches.seal_waiting(policy=policy, now=NOON + timedelta(hours=1))
    context = dg.build_schedule_context(instance=instance)
    (request,) = full_snapshots_schedule.evaluate_tick(context).run_requests or []
    job = defs.resolve_job_def("snapshots_job")

    def run(config: Mapping[str, object] | None) -> str:
        done = job.execute_in_process(
            instance=instance, resources=dict(resources), run_config=config
        )
        assert done.success
        return str(QueryLayer(lake).query("SELECT state FROM images")["state"].item())

    assert run(None) == "present"
    event = s3_event(keys.raw_image(ids["a.jpg"]), "FF", removed=True)
    EventIntake(lake.raw, lake.catalog).take(event, now=NOON)
    assert run(None) == "present"
    assert run(request.run_config) == "deleted"
