"""The page of each campaign, remade by itself: some minutes after something new was settled.

Automation asks for it, not a sensor of our own: it is the one asset that only looks.
"""

import base64
from datetime import UTC, datetime

import dagster as dg

from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.annotation.figure_rows import annotator_days, campaign_progress
from farmy_assets.defs.consensus import consensus
from farmy_assets.defs.failures import RETRY_ONCE, as_dagster_failure
from farmy_assets.defs.metadata import Materialized, place, record_table, rows
from farmy_assets.defs.partitions import campaigns
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.campaign_pages.making import publish_page
from farmy_assets.workflow.campaign_pages.overview import throughput

SHOWN = 30
AT_MOST_EVERY = "*/10 * * * *"
EVERY_MORNING = "15 5 * * *"

# Whatever was evaluated since the page was last asked for waits for the next of these minutes, so
# that a campaign with a vote every second has a page every ten minutes. Ages and days left change
# without any vote: so every page is remade in the morning.
_HAS_NEWS = dg.AutomationCondition.any_deps_updated().since(
    dg.AutomationCondition.newly_requested() | dg.AutomationCondition.newly_updated()
)
REMADE = (
    (dg.AutomationCondition.cron_tick_passed(AT_MOST_EVERY) & _HAS_NEWS)
    | dg.AutomationCondition.cron_tick_passed(EVERY_MORNING)
) & ~dg.AutomationCondition.in_progress()


@dg.asset(
    group_name="annotation", kinds={"html", "csv"}, partitions_def=campaigns, code_version="1",
    deps=[consensus], retry_policy=RETRY_ONCE, automation_condition=REMADE,
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
    chart = base64.b64encode(throughput(figures, today=now.date()).encode()).decode()
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
            "throughput": dg.MetadataValue.md(
                f"![answers by day](data:image/svg+xml;base64,{chart})"
            ),
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


campaign_pages_sensor = dg.AutomationConditionSensorDefinition(
    "campaign_pages_sensor",
    target=dg.AssetSelection.assets("campaign_page"),
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    description="Remakes the pages of campaigns: those with something new every ten minutes, all "
    "of them every morning.",
)
