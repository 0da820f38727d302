"""The nightly comparison of the catalog with S3; what it heals, it reports."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from farmy_assets.defs.failures import RETRY_ONCE, as_dagster_failure
from farmy_assets.defs.ingestion import raw_zone
from farmy_assets.defs.metadata import Materialized, all_rows, place
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.reconcile import Reconciler


@dg.asset(
    group_name="catalog", kinds={"dynamodb", "s3"}, code_version="1",
    deps=[raw_zone], retry_policy=RETRY_ONCE,
    freshness_policy=dg.FreshnessPolicy.cron(
        deadline_cron="0 5 * * *", lower_bound_delta=timedelta(hours=4)  # it begins at three
    ),
)  # fmt: skip
def reconciled_catalog(lake: dg.ResourceParam[Lake]) -> Materialized:
    """The catalog compared with the raw zone and the batches, both ways, and healed.

    Events can be lost; S3 cannot. The numbers say what had come apart: more than a few mean that
    the way from S3 to the catalog is broken. Running it again finds nothing left to heal.
    """
    with as_dagster_failure():
        drift = Reconciler.of(lake).reconcile(now=datetime.now(UTC))
    return dg.MaterializeResult(
        metadata={
            **all_rows(drift.images),
            **place(f"dynamodb://{lake.catalog.name}"),
            **drift.model_dump(mode="json"),
        }
    )


reconcile_job = dg.define_asset_job(
    "reconcile_job",
    selection=dg.AssetSelection.assets("reconciled_catalog"),
    description="The catalog, compared with S3 and repaired.",
)
nightly_reconcile = dg.ScheduleDefinition(
    name="nightly_reconcile",
    job=reconcile_job,
    cron_schedule="0 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night at three o'clock UTC.",
)
