"""Predictions, the way back: what annotators made of those that their tasks showed."""

from collections import Counter

import dagster as dg

from farmy_assets.defs.consensus import annotations
from farmy_assets.defs.failures import RETRY_ONCE, as_dagster_failure
from farmy_assets.defs.metadata import Materialized, place, record_table, rows
from farmy_assets.defs.partitions import campaigns
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.prediction_figures import ClassUse, by_class
from farmy_assets.workflow.prediction_use import count_prediction_use


@dg.asset(
    group_name="annotation", kinds={"json"}, partitions_def=campaigns, code_version="1",
    deps=[annotations], retry_policy=RETRY_ONCE,
)  # fmt: skip
def prediction_use(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> Materialized:
    """What people made of predictions: accepted, edited, relabelled, deleted, added; by class.

    Reads the votes that are new. Only the first answer to a task counts; running it again counts
    nothing twice.
    """
    with as_dagster_failure():
        campaign = lake.campaigns.named(context.partition_key)
        counted = count_prediction_use(lake, campaign)
    figures = by_class(counted)
    totals = Counter[str]()
    for each in figures:
        totals.update(each.counts)
    return dg.MaterializeResult(
        metadata={
            **rows(totals.total()),
            **place(
                f"s3://{lake.records.bucket.name}/{keys.prediction_use_summary(campaign.name)}"
            ),
            "model_shown": campaign.shown_model.model if campaign.shown_model else "none",
            "votes_up_to": counted.votes_up_to,
            "by_class": record_table([each.row() for each in figures], ClassUse.COLUMNS),
        }
    )
