"""Sensors: they look at the records for what is not yet done, and ask for it.

The truth is in the records, never in a cursor: a cursor only saves looking at what is long done.
What fails is asked for again, after a pause that grows.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import dagster as dg
from dagster import AddDynamicPartitionsRequest
from pydantic import Field, ValidationError

from farmy_assets.catalog.batches import SealingPolicy
from farmy_assets.catalog.records import Record
from farmy_assets.catalog.wording import counted
from farmy_assets.defs import days
from farmy_assets.defs.inboxes import give_inboxes, inbox_states
from farmy_assets.defs.jobs import (
    batch_job,
    placement_job,
    release_job,
    released_assets,
    rulings_job,
    votes_job,
)
from farmy_assets.defs.partitions import batches, campaigns
from farmy_assets.defs.requests import EarlierRun, may_request_run
from farmy_assets.errors import LakeUnavailableError, StudioUnavailableError
from farmy_assets.label_studio import Studio
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.progress import BatchProgress, CampaignProgress, NextStep, Progress

SECONDS = 5  # the daemon itself looks no more often
MAX_REQUESTS = 50
JOBS = {
    NextStep.CLEANSING: batch_job,
    NextStep.PLACEMENT: placement_job,
    NextStep.VOTES: votes_job,
    NextStep.RELEASE: release_job,
}
RUNS_LOOKED_AT = 20


def _ask(
    context: dg.SensorEvaluationContext,
    job: str,
    partition: str,
    *,
    now: datetime,
    assets: Sequence[str] = (),
) -> dg.RunRequest | None:
    """A request for a run of the job, unless one is under way or a pause after failures is on.

    The key names the newest run: asked for twice, it is still one run. `assets` names those of the
    job that are to be made; without any, all of them.
    """
    records = context.instance.get_run_records(
        dg.RunsFilter(tags={"dagster/partition": partition}), limit=RUNS_LOOKED_AT
    )
    runs = [record.dagster_run for record in records]
    earlier = [
        EarlierRun(
            is_over=run.is_finished,
            succeeded=run.is_success,
            ended_at=datetime.fromtimestamp(record.end_time, UTC) if record.end_time else None,
        )
        for run, record in zip(runs, records, strict=True)
        if run.job_name == job or not run.is_finished
    ]
    if not may_request_run(earlier, now=now):
        return None
    newest = runs[0].run_id if runs else "first"
    return dg.RunRequest(
        run_key=f"{job}:{partition}:{newest}", job_name=job, partition_key=partition,
        asset_selection=[dg.AssetKey(name) for name in assets] or None,
    )  # fmt: skip


@dg.sensor(
    jobs=[batch_job, placement_job],
    minimum_interval_seconds=SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Seals waiting images into batches and asks for every batch's next step.",
)
def new_images_sensor(
    context: dg.SensorEvaluationContext,
    lake: dg.ResourceParam[Lake],
    sealing: dg.ResourceParam[SealingPolicy],
) -> dg.SensorResult | dg.SkipReason:
    """Images that are new in the catalog become batches; unfinished batches get runs."""
    now = datetime.now(UTC)
    try:
        known = _known(context, lake)
        lake.batches.seal_waiting(policy=sealing, now=now, known_up_to=known.up_to)
        open_batches = Progress.of(lake).of_batches(after=known.up_to, besides=known.undone)
    except LakeUnavailableError as error:
        return dg.SkipReason(str(error))
    asked = [
        _ask(context, JOBS[batch.next_step].name, batch.batch_id, now=now)
        for batch in open_batches
        if batch.next_step
    ]
    requests = [request for request in asked if request][:MAX_REQUESTS]
    return dg.SensorResult(
        run_requests=requests,
        dynamic_partitions_requests=_new_partitions(
            context.instance, batches, [batch.batch_id for batch in open_batches]
        ),
        cursor=_cursor(open_batches, known),
        skip_reason=None if requests else _batches_summary(open_batches),
    )


@dg.sensor(
    jobs=[votes_job, rulings_job, placement_job, release_job],
    minimum_interval_seconds=SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Notices new answers in Label Studio, and campaigns that are complete.",
)
def annotation_completion_sensor(
    context: dg.SensorEvaluationContext,
    lake: dg.ResourceParam[Lake],
    studio: dg.ResourceParam[Studio],
) -> dg.SensorResult | dg.SkipReason:
    """New or changed answers are stored and evaluated; a settled campaign is released.

    A batch whose flagged photographs people ruled on is cleansed anew; one of which images were
    chosen again, or that has tasks for this day, is placed again. Each time it reads, of each
    campaign, its rules, the summary of its evaluation and a few small records, and lists its
    rulings; nothing grows with the images.
    """
    now = datetime.now(UTC)
    try:
        known = _known(context, lake)
        open_batches = Progress.of(lake).of_batches(after=known.up_to, besides=known.undone)
        found = _campaigns(lake, studio, open_batches, known.followed)
    except (LakeUnavailableError, StudioUnavailableError) as error:
        return dg.SkipReason(str(error))
    asked = [
        _ask(
            context,
            JOBS[campaign.next_step].name,
            campaign.name,
            now=now,
            assets=released_assets(campaign.exports)
            if campaign.next_step is NextStep.RELEASE
            else (),
        )
        for campaign in found
        if campaign.next_step
    ]
    asked += [
        _ask(context, rulings_job.name, batch_id, now=now)
        for campaign in found
        for batch_id in campaign.to_redo
    ]
    asked += [
        _ask(context, placement_job.name, batch_id, now=now)
        for campaign in found
        for batch_id in campaign.to_place
        if batch_id not in campaign.to_redo
    ]
    requests = [request for request in asked if request][:MAX_REQUESTS]
    return dg.SensorResult(
        run_requests=requests,
        dynamic_partitions_requests=_new_partitions(
            context.instance, campaigns, [campaign.name for campaign in found]
        ),
        cursor=_cursor(open_batches, known, found),
        skip_reason=None if requests else _campaigns_summary(found),
    )


def _campaigns(
    lake: Lake,
    studio: Studio,
    open_batches: Sequence[BatchProgress],
    followed: Mapping[str, str],
) -> list[CampaignProgress]:
    states = inbox_states(studio)
    undone = Counter(batch.campaign for batch in open_batches if not batch.is_done)
    current = [lake.campaigns.current(name) for name in lake.campaigns.names()]
    give_inboxes(studio, filter(None, current))
    return [
        Progress.of(lake).of_campaign(
            campaign,
            states.get(campaign.name, {}),
            undone[campaign.name],
            followed=followed.get(campaign.name, ""),
            today=days.today(),
        )
        for campaign in current
        if campaign
    ]


class SensorCursor(Record):
    """What a cursor remembers: batches up to a number are done, but for these.

    So a look costs as much as there is to do, also behind a batch that waits for ever. Of each
    campaign it knows the rulings that all cleansed sets were seen to follow.
    """

    up_to: int = 0
    undone: tuple[int, ...] = ()
    followed: dict[str, str] = Field(default_factory=dict)


def _known(context: dg.SensorEvaluationContext, lake: Lake) -> SensorCursor:
    """What has not to be looked at any more; nothing is known of another lake."""
    try:
        known = SensorCursor.model_validate_json(context.cursor or "{}")
    except ValidationError:
        return SensorCursor()
    return known if lake.batches.is_sealed(known.up_to) else SensorCursor()


def _cursor(
    open_batches: Sequence[BatchProgress],
    before: SensorCursor,
    looked_at: Sequence[CampaignProgress] = (),
) -> str:
    numbers = [before.up_to, *(batch.number for batch in open_batches)]
    undone = tuple(batch.number for batch in open_batches if not batch.is_done)
    followed = {campaign.name: campaign.rulings for campaign in looked_at if not campaign.to_redo}
    return SensorCursor(up_to=max(numbers), undone=undone, followed=followed).model_dump_json()


def _new_partitions(
    instance: dg.DagsterInstance, definition: dg.DynamicPartitionsDefinition, keys: Sequence[str]
) -> list[AddDynamicPartitionsRequest]:
    name = str(definition.name)
    new = [key for key in keys if not instance.has_dynamic_partition(name, key)]
    return [definition.build_add_request(new)] if new else []


def _batches_summary(open_batches: Sequence[BatchProgress]) -> str:
    undone = [batch for batch in open_batches if not batch.is_done]
    if not undone:
        return "no image waits, and every batch is with its annotators"
    waiting = sorted({batch.campaign for batch in undone if not batch.next_step})
    if waiting:
        return f"cleansed batches wait for a campaign file: {', '.join(waiting)}"
    return f"{counted(len(undone), 'batch', 'batches')} under way"


def _campaigns_summary(found: Sequence[CampaignProgress]) -> str:
    if not found:
        return "no campaign has been applied yet: farmy campaign apply FILE"
    return "; ".join(campaign.summary_line() for campaign in found)
