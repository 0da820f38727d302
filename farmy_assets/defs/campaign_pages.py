"""The page of each campaign, remade by itself: some minutes after something new was evaluated.

A sensor compares the records with what the page was made of. An automation condition was tried: one
that waits for a time of day forgets what comes between the request and the run.
"""

import base64
from datetime import UTC, datetime

import dagster as dg

from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.annotation.figure_rows import annotator_days, campaign_progress
from farmy_assets.catalog.wording import counted
from farmy_assets.defs.consensus import consensus
from farmy_assets.defs.failures import RETRY_ONCE, as_dagster_failure
from farmy_assets.defs.metadata import Materialized, place, record_table, rows
from farmy_assets.defs.partitions import campaigns
from farmy_assets.defs.requests import EarlierRun, may_request_run
from farmy_assets.errors import LakeUnavailableError
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.campaign_pages.charts import as_picture
from farmy_assets.workflow.campaign_pages.making import is_due, publish_page
from farmy_assets.workflow.campaign_pages.overview import throughput

SHOWN = 30
SECONDS = 60
RUNS_LOOKED_AT = 20


@dg.asset(
    group_name="annotation", kinds={"html", "csv"}, partitions_def=campaigns, code_version="1",
    deps=[consensus], retry_policy=RETRY_ONCE,
)  # fmt: skip
def campaign_page(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> Materialized:
    """A page about the campaign, a scorecard for each annotator, and the numbers as CSV.

    Reads what changed since it was last made; every figure follows from the records.
    """
    now = datetime.now(UTC)
    with as_dagster_failure():
        campaign = lake.campaigns.named(context.partition_key)
        page = publish_page(lake, campaign, now=now)
    figures, made = page.figures, page.made
    chart = as_picture(throughput(figures, today=now.date()))
    address = f"data:image/svg+xml;base64,{base64.b64encode(chart).decode()}"
    return dg.MaterializeResult(
        metadata={
            **rows(made.images),
            **place(f"s3://{lake.records.bucket.name}/{keys.campaign_page(campaign.name)}"),
            "settled_percent": round(100 * made.settled_share, 2),
            "images_settled": figures.counts.releasable_images,
            "images_in_conflict": figures.counts.count_of(ConsensusStatus.IN_CONFLICT),
            "images_ever_in_conflict": figures.counts.disputed,
            "open_tasks": figures.open_tasks,
            "oldest_open_task_days": max(figures.oldest_open(today=now.date()).values(), default=0),
            "answers_a_day": round(figures.pace(today=now.date()), 2),
            "hours_of_work": round(figures.hours, 2),
            **({} if made.days_left is None else {"days_left": made.days_left}),
            "throughput": dg.MetadataValue.md(f"![answers by day]({address})"),
            "progress": record_table(
                list(campaign_progress(figures))[-SHOWN:],
                ("day", "answers", "decisions", "images_settled"),
            ),
            "annotator_days": record_table(
                list(annotator_days(figures))[-SHOWN:],
                ("day", "phase", "person", "answers", "lead_time_s"),
            ),
        }
    )


campaign_page_job = dg.define_asset_job(
    "campaign_page_job",
    selection=dg.AssetSelection.assets("campaign_page"),
    description="The page of a campaign, remade.",
)


@dg.sensor(
    job=campaign_page_job,
    minimum_interval_seconds=SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Remakes the pages of campaigns: some minutes after the last time where something "
    "is new, and each morning where something is open.",
)
def campaign_pages_sensor(
    context: dg.SensorEvaluationContext, lake: dg.ResourceParam[Lake]
) -> dg.SensorResult | dg.SkipReason:
    """Reads, of each campaign, its rules, the record of its page, and two versions of records."""
    now = datetime.now(UTC)
    try:
        names = lake.campaigns.names()
        due = [name for name in names if _is_due(lake, name, now)]
    except LakeUnavailableError as error:
        return dg.SkipReason(str(error))
    there = [name for name in due if context.instance.has_dynamic_partition("campaigns", name)]
    requests = [_request(context.instance, name, now) for name in there]
    return dg.SensorResult(
        run_requests=[request for request in requests if request],
        skip_reason=None
        if any(requests)
        else f"the pages of {counted(len(names), 'campaign')} hold",
    )


def _is_due(lake: Lake, name: str, now: datetime) -> bool:
    campaign = lake.campaigns.current(name)
    if campaign is None:
        return False
    made_of = lake.campaign_pages.made_of(name, campaign.version)
    return is_due(lake.campaign_pages.made(name), made_of, now=now)


def _request(instance: dg.DagsterInstance, name: str, now: datetime) -> dg.RunRequest | None:
    """A request, unless a run is under way or a pause after failures is on.

    The key names the newest run: asked for twice, it is still one run.
    """
    records = instance.get_run_records(
        dg.RunsFilter(job_name=campaign_page_job.name, tags={"dagster/partition": name}),
        limit=RUNS_LOOKED_AT,
    )
    earlier = [
        EarlierRun(
            is_over=record.dagster_run.is_finished,
            succeeded=record.dagster_run.is_success,
            ended_at=datetime.fromtimestamp(record.end_time, UTC) if record.end_time else None,
        )
        for record in records
    ]
    if not may_request_run(earlier, now=now):
        return None
    newest = records[0].dagster_run.run_id if records else "first"
    return dg.RunRequest(run_key=f"{campaign_page_job.name}:{name}:{newest}", partition_key=name)
