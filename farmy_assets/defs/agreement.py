"""Agreement: how far the people of a campaign say the same, brought up to date every hour."""

from collections.abc import Iterator

import dagster as dg

from farmy_assets.annotation.agreement.campaign_agreement import CampaignAgreement
from farmy_assets.defs.agreement_plot import agreement_plot
from farmy_assets.defs.consensus import consensus
from farmy_assets.defs.failures import RETRY_ONCE, as_dagster_failure
from farmy_assets.defs.metadata import Materialized, count_table, place, record_table, rows
from farmy_assets.defs.partitions import campaigns
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.agreement import update_agreement

_SHOWN = 20
_PAIR_COLUMNS = ("people", "images", "f1", "kappa")


@dg.asset(
    group_name="annotation", kinds={"python"}, partitions_def=campaigns, code_version="1",
    deps=[consensus], retry_policy=RETRY_ONCE,
)  # fmt: skip
def agreement(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> Materialized:
    """How far the people of a campaign agree: in all, by class, by pair, by version of its file.

    Reads the pages of the evaluation that changed; the figures follow from sums over all of them.
    What is undefined has no value. Running it again gives the same figures.
    """
    with as_dagster_failure():
        campaign = lake.campaigns.named(context.partition_key)
        found = update_agreement(lake, campaign)
    alpha = found.regions.alpha
    figures = {
        "alpha": alpha.value, "alpha_low": alpha.low, "alpha_high": alpha.high,
        "image_mean_alpha": found.regions.image_mean.value,
        "fleiss_kappa": found.regions.fleiss.value,
    }  # fmt: skip
    return dg.MaterializeResult(
        metadata={
            **rows(found.images),
            **place(f"s3://{lake.records.bucket.name}/{keys.agreement_figures(campaign.name)}"),
            **{name: value for name, value in figures.items() if value is not None},
            "agreement_by_class": agreement_plot(found),
            "pairs": record_table(_pairs(found), _PAIR_COLUMNS),
            "conflicts_by_state": count_table(found.conflicts, of="state", counted="conflicts"),
            "settled_by": count_table(found.settled, of="how", counted="conflicts"),
            "hardest_images": record_table(
                [image.model_dump() for image in found.hardest], ("image_id", "alpha")
            ),
        }
    )


def _pairs(found: CampaignAgreement) -> list[dict[str, object]]:
    """The pairs that agree least, of those with images in common."""
    ordered = sorted(found.regions.pairs, key=lambda pair: (pair.f1 or 0.0, pair.people))
    return [
        {
            "people": " and ".join(pair.people), "images": pair.images,
            "f1": "undefined" if pair.f1 is None else round(pair.f1, 4),
            "kappa": "undefined" if pair.kappa.value is None else round(pair.kappa.value, 4),
        }
        for pair in ordered[:_SHOWN]
    ]  # fmt: skip


agreement_job = dg.define_asset_job(
    "agreement_job",
    selection=dg.AssetSelection.assets("agreement"),
    description="How far the people of a campaign agree.",
)


@dg.schedule(
    job=agreement_job, cron_schedule="10 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every hour, for campaigns whose evaluation is another one than an hour ago.",
)  # fmt: skip
def agreement_schedule(
    context: dg.ScheduleEvaluationContext, lake: dg.ResourceParam[Lake]
) -> Iterator[dg.RunRequest]:
    """Ask for the campaigns of which something is new: each state of an evaluation once."""
    known = set(context.instance.get_dynamic_partitions(campaigns.name or ""))
    for name in lake.campaigns.names():
        etag = lake.records.bucket.etag(keys.evaluation_summary(name))
        if etag and name in known:
            yield dg.RunRequest(run_key=f"{name} {etag}", partition_key=name)
