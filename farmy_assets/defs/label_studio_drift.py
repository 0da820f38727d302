"""The comparison of Label Studio with the records: every night, and after an outage."""

from datetime import UTC, datetime

import dagster as dg

from farmy_assets.defs.annotation import annotation_projects
from farmy_assets.defs.failures import RETRY_ONCE, as_dagster_failure
from farmy_assets.defs.inbox_repair import InboxRepair, totals
from farmy_assets.defs.metadata import Materialized, all_rows, record_table
from farmy_assets.errors import StudioError, StudioUnavailableError
from farmy_assets.label_studio import Studio
from farmy_assets.lake.lake import Lake

OUTAGE_SECONDS = 15
_SHOWN = ("campaign", "inboxes", "tasks", "found", "healed", "left")


@dg.asset(
    group_name="annotation", kinds={"labelstudio"}, code_version="1",
    deps=[dg.AssetDep(annotation_projects, partition_mapping=dg.AllPartitionMapping())],
    retry_policy=RETRY_ONCE,
)  # fmt: skip
def reconciled_inboxes(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    studio: dg.ResourceParam[Studio],
) -> Materialized:
    """Label Studio's inboxes compared with the records, both ways, and put right.

    Tasks that are missing are put back, second ones without an answer removed; data, titles, label
    configs, settings and owners are put right. What a person has to decide is counted, with
    examples. Running it again finds nothing left to heal.
    """
    with as_dagster_failure():
        studio.check()
        repair = InboxRepair(lake, studio)
        current = (lake.campaigns.current(name) for name in lake.campaigns.names())
        drifts = [repair.reconcile(campaign) for campaign in current if campaign]
    for drift in drifts:
        for kind, some in drift.examples.items():
            context.log.info("%s: %s, such as %s", drift.campaign, kind, ", ".join(some))
    rows = [
        {
            "campaign": drift.campaign, "inboxes": drift.inboxes, "tasks": drift.tasks,
            "found": sum(drift.found.values()), "healed": sum(drift.healed.values()),
            "left": drift.left,
        }
        for drift in drifts
    ]  # fmt: skip
    examples = [
        {"campaign": drift.campaign, "kind": kind, "what": what}
        for drift in drifts
        for kind, some in drift.examples.items()
        for what in some
    ]
    refused = [text for drift in drifts for text in drift.refused]
    return dg.MaterializeResult(
        metadata={
            **all_rows(sum(drift.tasks for drift in drifts)),
            **totals(drifts),
            "left_for_people": sum(drift.left for drift in drifts),
            "by_campaign": record_table(rows, _SHOWN),
            "examples": record_table(examples, ("campaign", "kind", "what")),
            **({"refused": "; ".join(refused)} if refused else {}),
        }
    )


reconcile_inboxes_job = dg.define_asset_job(
    "reconcile_inboxes_job",
    selection=dg.AssetSelection.assets("reconciled_inboxes"),
    description="Label Studio, compared with the records and put right.",
)
nightly_inbox_reconcile = dg.ScheduleDefinition(
    name="nightly_inbox_reconcile",
    job=reconcile_inboxes_job,
    cron_schedule="30 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night at half past three UTC.",
)


@dg.sensor(
    job=reconcile_inboxes_job,
    minimum_interval_seconds=OUTAGE_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Has Label Studio compared with the records once it is back after an outage.",
)
def outage_sensor(
    context: dg.SensorEvaluationContext, studio: dg.ResourceParam[Studio]
) -> dg.SensorResult:
    """Remembers since when Label Studio is away; three small requests a look."""
    away_since = context.cursor or ""
    try:
        studio.check()
    except StudioUnavailableError as error:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return dg.SensorResult(skip_reason=str(error), cursor=away_since or now)
    except StudioError as error:
        return dg.SensorResult(skip_reason=str(error), cursor=away_since)
    if not away_since:
        return dg.SensorResult(skip_reason="Label Studio is there", cursor="")
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=f"back:{away_since}")], cursor="")
