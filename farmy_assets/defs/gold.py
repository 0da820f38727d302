"""Gold: how right people are, by answers that are known; and who is paused because of it."""

from datetime import UTC, datetime

import dagster as dg

from farmy_assets.annotation.gold_scores import ClassNames
from farmy_assets.annotation.gold_summary import (
    ScoreRow,
    rows_by_class,
    rows_by_person,
    rows_by_version,
)
from farmy_assets.defs.consensus import annotations
from farmy_assets.defs.failures import RETRY_ONCE, as_dagster_failure
from farmy_assets.defs.metadata import Materialized, place, record_table, rows
from farmy_assets.defs.partitions import campaigns
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.gold_scores import score_gold

_FIGURES = ("answers", "accuracy_percent", "low_percent", "high_percent", "f1_percent")
_COUNTS = ("objects", "hits", "missed", "other_class", "extras")


@dg.asset(
    group_name="annotation", kinds={"json"}, partitions_def=campaigns, code_version="1",
    deps=[annotations], retry_policy=RETRY_ONCE,
)  # fmt: skip
def gold_scores(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> Materialized:
    """How right annotators are on images whose answer is known, by person, class and guideline.

    Scores what is new since the last run. Whom the campaign's rule pauses gets nothing more; what
    is open moves to others in the same run. Running it again gives the same records.
    """
    with as_dagster_failure():
        campaign = lake.campaigns.named(context.partition_key)
        found = score_gold(lake, campaign, now=datetime.now(UTC))
        names = ClassNames(lake.campaigns.versions(campaign.name))
    people = found.scores.people
    by_person = rows_by_person(people)
    paused = [
        {"person": who, "since": change.at.isoformat(timespec="seconds"), "by": change.by,
         "told": ", ".join(change.told), "reason": change.reason}
        for who, change in found.pauses.items()
    ]  # fmt: skip
    spared = [{"person": who, "reason": why} for who, why in found.spared.items()]
    return dg.MaterializeResult(
        metadata={
            **rows(sum(row.answers for row in by_person)),
            **place(f"s3://{lake.records.bucket.name}/{keys.gold_scores(campaign.name)}"),
            "new_answers": found.new_answers,
            "by_person": _table(by_person, "person", *_FIGURES, "skipped"),
            "by_class": _table(
                rows_by_class(people, names), "person", "class", *_FIGURES, *_COUNTS
            ),
            "by_guideline": _table(
                rows_by_version(people), "campaign_version", "person", *_FIGURES
            ),
            "people_paused": len(paused),
            "paused": record_table(paused, ("person", "since", "by", "told", "reason")),
            "not_paused_as_nobody_else_is_left": record_table(spared, ("person", "reason")),
        }
    )


def _table(found: list[ScoreRow], *columns: str) -> dg.TableMetadataValue:
    shown = [
        {name: "" if value is None else value for name, value in row.shown(*columns).items()}
        for row in found
    ]
    table: dg.TableMetadataValue = record_table(shown, columns)
    return table
