"""Snapshots: the records as tables that people query, brought up to date by a schedule."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from farmy_assets.defs.failures import RETRY_ONCE, as_dagster_failure
from farmy_assets.defs.metadata import Materialized, all_rows, place
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.object_facts import ListedObject
from farmy_assets.query.layer import QueryLayer
from farmy_assets.query.snapshots import SnapshotRepository
from farmy_assets.query.table_sources import TableSource, table_sources
from farmy_assets.query.tables import TABLES, Table

FINISHED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]
RUNS_AT_ONCE = 500
# The schedule says every quarter of an hour: two of them may fail, and an hour is too long.
BY_THE_SCHEDULE = dg.FreshnessPolicy.time_window(
    fail_window=timedelta(hours=1), warn_window=timedelta(minutes=45)
)


def _described(table: Table) -> dict[str, Any]:
    """The table's columns, for Dagster's catalog."""
    columns = [dg.TableColumn(c.name, c.sql_type, c.meaning) for c in table.columns]
    return {"dagster/column_schema": dg.TableSchema(columns=columns)}


def _lineage(table: Table) -> dict[str, Any]:
    """From which assets each column comes; they are records, so the column keeps its name."""
    deps = {
        column.name: [dg.TableColumnDep(dg.AssetKey(name), column.name) for name in table.made_from]
        for column in table.own_columns
        if table.made_from
    }
    return {"dagster/column_lineage": dg.TableColumnLineage(deps)}


def _run_feed(instance: dg.DagsterInstance) -> TableSource:
    """Finished runs: each is a record of its own, which changes no more."""
    records: dict[str, dg.RunRecord] = {}

    def sources() -> Iterator[ListedObject]:
        cursor: str | None = None
        while found := instance.get_run_records(
            dg.RunsFilter(statuses=FINISHED), limit=RUNS_AT_ONCE, cursor=cursor
        ):
            for record in found:
                run = record.dagster_run
                records[run.run_id] = record
                ended = datetime.fromtimestamp(record.end_time or 0, UTC)
                yield ListedObject(run.run_id, run.status.value, ended.date().isoformat())
            cursor = found[-1].dagster_run.run_id

    def read(source: ListedObject) -> Iterator[dict[str, Any]]:
        record = records[source.key]
        run = record.dagster_run
        yield {
            "run_id": run.run_id,
            "job": run.job_name,
            "partition": run.tags.get("dagster/partition"),
            "status": run.status.value,
            "started_at": _moment(record.start_time),
            "ended_at": _moment(record.end_time),
        }

    return TableSource(TABLES["runs"], sources, read)


def _moment(timestamp: float | None) -> datetime | None:
    return datetime.fromtimestamp(timestamp, UTC).replace(tzinfo=None) if timestamp else None


class SnapshotConfig(dg.Config):
    """How much a snapshot reads: `full` is every record again, and old files are swept out."""

    full: bool = False


def _snapshot(table: Table) -> dg.AssetsDefinition:
    @dg.asset(
        name=f"{table.name}_table", group_name="query", kinds={"parquet"}, code_version="1",
        deps=list(table.made_from), retry_policy=RETRY_ONCE, metadata=_described(table),
        freshness_policy=BY_THE_SCHEDULE,
        description=f"For queries: {table.meaning}.",
    )  # fmt: skip
    def snapshot(
        context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake], config: SnapshotConfig
    ) -> Materialized:
        with as_dagster_failure():
            table_source = (
                _run_feed(context.instance)
                if table.name == "runs"
                else table_sources(lake)[table.name]
            )
            taken = QueryLayer(lake).refresh(table_source, full=config.full)
            swept = 0
            if config.full:
                today = datetime.now(UTC).date()
                swept = SnapshotRepository(lake.records).sweep(table, today=today)
        bucket = lake.records.bucket.name
        return dg.MaterializeResult(
            metadata={
                **all_rows(taken.manifest.rows),
                **place(f"s3://{bucket}/{keys.snapshot_manifest(table.name)}"),
                **_lineage(table),
                "files": len(taken.manifest.files),
                "records_read": taken.records_read,
                "old_files_deleted": swept,
            }
        )

    return snapshot


snapshots = [_snapshot(table) for table in TABLES.values()]
snapshots_job = dg.define_asset_job(
    "snapshots_job",
    selection=dg.AssetSelection.assets(*(f"{name}_table" for name in TABLES)),
    description="The tables that people query, brought up to date.",
)
snapshots_schedule = dg.ScheduleDefinition(
    name="snapshots_schedule",
    job=snapshots_job,
    cron_schedule="*/15 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every quarter of an hour; reads only records that are new or have changed.",
)
full_snapshots_schedule = dg.ScheduleDefinition(
    name="full_snapshots_schedule",
    job=snapshots_job,
    cron_schedule="30 4 * * *",
    run_config={"ops": {f"{name}_table": {"config": {"full": True}} for name in TABLES}},
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night: every record again, also of images that were deleted since they were "
    "sealed; and files that no table consists of any more are deleted.",
)
