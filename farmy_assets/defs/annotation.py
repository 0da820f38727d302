"""Annotation, the way out: a batch's images are shared out and put into the annotators' inboxes."""

from collections import Counter
from collections.abc import Sequence
from functools import partial

import dagster as dg

from farmy_assets.annotation.assignments import Assignment, share_out
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.pauses import with_active_people
from farmy_assets.annotation.sharing_counters import Earlier
from farmy_assets.catalog.wording import counted
from farmy_assets.cleansing.cleansed_set import CleansedSet
from farmy_assets.defs.claims import Events, concluded
from farmy_assets.defs.cleansing import cleansed_set
from farmy_assets.defs.failures import RETRY_ONCE, as_dagster_failure
from farmy_assets.defs.metadata import (
    Materialized,
    count_table,
    place,
    rows,
    sheet,
    without_campaign,
)
from farmy_assets.defs.partitions import batches
from farmy_assets.defs.placing import Placed, place_tasks
from farmy_assets.defs.triage import triage_tasks
from farmy_assets.label_studio import Studio
from farmy_assets.lake import keys
from farmy_assets.lake.assignments import BatchAssignments, Placement
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.gold_tasks import give_gold, with_gold_images
from farmy_assets.workflow.selection import choose, images_to_ask


@dg.asset(
    group_name="annotation", kinds={"json", "sql"}, partitions_def=batches, code_version="1",
    deps=[cleansed_set, triage_tasks], retry_policy=RETRY_ONCE,
)  # fmt: skip
def chosen_images(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> Materialized:
    """Which images of a batch its campaign's query chose, and which query that was.

    A campaign without `image_query` takes all that were kept. What was chosen once stays chosen.
    """
    with as_dagster_failure():
        batch = lake.batches.read(context.partition_key)
        images = lake.cleansed_sets.read(batch.campaign, batch.batch_id)
        campaign = lake.campaigns.current(images.campaign)
        if campaign is None:
            return without_campaign(images.campaign)
        choice = choose(lake, campaign, images)
    if choice is None:
        note = "the campaign has no image_query: all kept images are taken"
        return dg.MaterializeResult(metadata={**rows(len(images.kept)), "note": note})
    key = keys.choice(campaign.name, images.batch_id)
    return dg.MaterializeResult(
        metadata={
            **rows(len(choice.chosen)),
            **sheet(lake.cleansed, [keys.cleansed_image(i) for i in choice.chosen]),
            **place(f"s3://{lake.records.bucket.name}/{key}"),
            "campaign": campaign.name,
            "campaign_version": choice.campaign_version,
            "query": dg.MetadataValue.md(f"```sql\n{choice.query}\n```"),
            "query_sha256": choice.query_sha256,
            "asked_of": dg.MetadataValue.json(choice.generations),
            "left_out": len(choice.left_out),
        }
    )


@dg.asset(
    group_name="annotation", kinds={"json"}, partitions_def=batches, code_version="1",
    deps=[chosen_images], retry_policy=RETRY_ONCE,
)  # fmt: skip
def annotation_tasks(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]
) -> Materialized:
    """Who gets which image of a batch: fair, and partly double-blind.

    Running it again keeps what was given out and shares out only what is new. Without a campaign
    file of that name nothing is shared out; the sensor comes back once there is one.
    """
    with as_dagster_failure():
        batch = lake.batches.read(context.partition_key)
        images = lake.cleansed_sets.read(batch.campaign, batch.batch_id)
        campaign = lake.campaigns.current(images.campaign)
        if campaign is None:
            return without_campaign(images.campaign)
        asked = images_to_ask(lake, campaign, images)
        paused = lake.pauses.paused(campaign.name)
        campaign = with_active_people(campaign, paused)
        page = lake.assignments.add(
            campaign, images.batch_id, share=partial(_shared, asked, campaign, images.batch_id)
        )
        gold = give_gold(lake, campaign, page)
        newest = lake.campaigns.named(campaign.name)
        if newest.version != campaign.version or lake.pauses.paused(campaign.name) != paused:
            # Whoever left or was paused meanwhile may just have been given tasks: they are moved
            # once more.
            lake.pending.fall_back(newest)
    by_person = Counter(assignment.person for assignment in page.assignments)
    given = Counter(assignment.image_id for assignment in page.assignments)
    key = keys.assignments(campaign.name, images.batch_id)
    return dg.MaterializeResult(
        metadata={
            **rows(len(page.assignments)),
            **sheet(lake.cleansed, [keys.cleansed_image(image_id) for image_id in given]),
            **place(f"s3://{lake.records.bucket.name}/{key}"),
            "campaign": campaign.name,
            "campaign_version": campaign.version,
            "images": len(given),
            "images_given_twice": sum(count > 1 for count in given.values()),
            "by_annotator": count_table(by_person, of="annotator", counted="tasks"),
            "gold_by_annotator": count_table(
                Counter(a.person for a in gold), of="annotator", counted="tasks"
            ),
        }
    )


def _shared(
    asked: Sequence[str], campaign: Campaign, batch_id: str, earlier: Earlier
) -> tuple[Assignment, ...]:
    return share_out(asked, campaign=campaign, batch_id=batch_id, earlier=earlier)


@dg.asset(
    group_name="annotation", kinds={"labelstudio"}, partitions_def=batches, code_version="1",
    deps=[annotation_tasks], retry_policy=RETRY_ONCE,
    check_specs=[
        dg.AssetCheckSpec(
            "every_task_is_in_its_inbox_once", asset="annotation_projects", blocking=True,
            description="Label Studio holds each assignment of the batch exactly once.",
        )
    ],
)  # fmt: skip
def annotation_projects(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    studio: dg.ResourceParam[Studio],
) -> Events:
    """A batch's tasks in Label Studio: one inbox project for each annotator.

    Looks before it writes, so running it again adds only what is missing. While Label Studio is
    down the run fails, and the sensor asks for it again until it is back.
    """
    check = "every_task_is_in_its_inbox_once"
    with as_dagster_failure():
        batch = lake.batches.read(context.partition_key)
        images = lake.cleansed_sets.read(batch.campaign, batch.batch_id)
        campaign = lake.campaigns.current(images.campaign)
        page = lake.assignments.of_batch(images.campaign, images.batch_id)
        placed = None
        if campaign and page:
            studio.check()
            page, placed = _placed(lake, studio, campaign, page, images)
            _note(lake, campaign, page, images, placed)
    if campaign is None or page is None or placed is None:
        nothing = Materialized(metadata={**rows(0), "note": "nothing was given out yet"})
        yield from concluded(nothing, check, broken=[], what="")
        return
    links = [f"- [{i.person}]({studio.task_url(p)})" for i, p in placed.projects.items()]
    result = Materialized(
        metadata={
            **rows(len(page.assignments)),
            **sheet(lake.cleansed, [keys.cleansed_image(i.image_id) for i in images.kept]),
            "campaign": campaign.name,
            "tasks_added": placed.added,
            "inboxes": dg.MetadataValue.md("\n".join(links)),
        }
    )
    missing = placed.missing
    yield from concluded(
        result, check, broken=missing, metadata={"missing": len(missing)},
        what=f"{counted(len(missing), 'task')} of {placed.tasks} not in Label Studio",
    )  # fmt: skip


def _placed(
    lake: Lake, studio: Studio, campaign: Campaign, page: BatchAssignments, images: CleansedSet
) -> tuple[BatchAssignments, Placed]:
    """Place a batch's tasks, again when its page was changed meanwhile (tasks were moved)."""
    while True:
        gold = lake.gold.given(campaign.name).of_batch(page.batch_id)
        everything = with_gold_images(lake, images, gold)
        placed = place_tasks(lake, studio, campaign, (*page.assignments, *gold), everything)
        now = lake.assignments.of_batch(campaign.name, page.batch_id)
        if now is None or now == page:
            return page, placed
        page = now


def _note(
    lake: Lake, campaign: Campaign, page: BatchAssignments, images: CleansedSet, placed: Placed
) -> None:
    """Note that a batch's tasks lie in Label Studio, and whether it has given out all it should."""
    if placed.missing:
        return
    projects = {inbox.person: project_id for inbox, project_id in placed.projects.items()}
    placement = Placement(
        batch_id=images.batch_id, campaign=campaign.name, tasks=placed.tasks, projects=projects
    )
    lake.assignments.write_placement(placement)
    given = {assignment.image_id for assignment in page.assignments}
    if given >= set(images_to_ask(lake, campaign, images)):
        lake.pending.placed(campaign.name, images.batch_id)
