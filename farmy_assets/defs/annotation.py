"""Annotation, the way out: a batch's images are shared out and put into the annotators' inboxes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

import dagster as dg

from farmy_assets.annotation.assignments import Assignment, share_out
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.inboxes import Inbox
from farmy_assets.annotation.tasks import NewTask, annotation_task
from farmy_assets.cleansing.cleansed_set import CleansedSet
from farmy_assets.defs.cleansing import cleansed_set
from farmy_assets.defs.failures import BRIEFLY, told_plainly
from farmy_assets.defs.inboxes import open_inbox
from farmy_assets.defs.metadata import (
    Materialized,
    count_table,
    place,
    rows,
    sheet,
    without_campaign,
)
from farmy_assets.defs.partitions import batches
from farmy_assets.defs.resources import LakeResource, StudioResource
from farmy_assets.defs.triage import triage_tasks
from farmy_assets.lake import keys
from farmy_assets.lake.choices import choose, images_to_ask
from farmy_assets.lake.ledger import BatchAssignments, Placement
from farmy_assets.studio import Studio


@dg.asset(
    group_name="annotation", kinds={"json", "sql"}, partitions_def=batches, code_version="1",
    deps=[cleansed_set, triage_tasks], retry_policy=BRIEFLY,
)  # fmt: skip
def chosen_images(context: dg.AssetExecutionContext, lake: LakeResource) -> Materialized:
    """Which images of a batch its campaign's query chose, and which query that was.

    A campaign without `image_query` takes all that were kept. What was chosen once stays chosen.
    """
    with told_plainly():
        opened = lake.open()
        images = opened.records.read(keys.cleansed_set(context.partition_key), CleansedSet)
        campaign = opened.campaigns.current(images.campaign)
        if campaign is None:
            return without_campaign(images.campaign)
        choice = choose(opened, campaign, images)
    if choice is None:
        note = "the campaign has no image_query: all kept images are taken"
        return dg.MaterializeResult(metadata={**rows(len(images.kept)), "note": note})
    key = keys.choice(campaign.name, images.batch_id)
    return dg.MaterializeResult(
        metadata={
            **rows(len(choice.chosen)),
            **sheet(opened.cleansed, [keys.cleansed_image(i) for i in choice.chosen]),
            **place(f"s3://{opened.records.bucket.name}/{key}"),
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
    deps=[chosen_images], retry_policy=BRIEFLY,
)  # fmt: skip
def annotation_tasks(context: dg.AssetExecutionContext, lake: LakeResource) -> Materialized:
    """Who gets which image of a batch: the assignment ledger, fair and partly double-blind.

    Running it again keeps what was given out and shares out only what is new. Without a campaign
    file of that name nothing is shared out; the sensor comes back once there is one.
    """
    with told_plainly():
        opened = lake.open()
        images = opened.records.read(keys.cleansed_set(context.partition_key), CleansedSet)
        campaign = opened.campaigns.current(images.campaign)
        if campaign is None:
            return without_campaign(images.campaign)
        asked = images_to_ask(opened, campaign, images)
        page = opened.ledger.add_assignments(
            campaign, images.batch_id, share=partial(_shared, asked, campaign, images.batch_id)
        )
    by_person = Counter(assignment.person for assignment in page.assignments)
    given = Counter(assignment.image_id for assignment in page.assignments)
    key = keys.assignments(campaign.name, images.batch_id)
    return dg.MaterializeResult(
        metadata={
            **rows(len(page.assignments)),
            **sheet(opened.cleansed, [keys.cleansed_image(image_id) for image_id in given]),
            **place(f"s3://{opened.records.bucket.name}/{key}"),
            "campaign": campaign.name,
            "campaign_version": campaign.version,
            "images": len(given),
            "images_given_twice": sum(count > 1 for count in given.values()),
            "by_annotator": count_table(by_person, of="annotator", counted="tasks"),
        }
    )


def _shared(
    asked: Sequence[str], campaign: Campaign, batch_id: str, earlier: Sequence[Assignment]
) -> tuple[Assignment, ...]:
    return share_out(asked, campaign=campaign, batch_id=batch_id, earlier=earlier)


@dg.asset(
    group_name="annotation", kinds={"labelstudio"}, partitions_def=batches, code_version="1",
    deps=[annotation_tasks], retry_policy=BRIEFLY,
    check_specs=[
        dg.AssetCheckSpec(
            "every_task_is_in_its_inbox_once", asset="annotation_projects", blocking=True,
            description="Label Studio holds each assignment of the batch exactly once.",
        )
    ],
)  # fmt: skip
def annotation_projects(
    context: dg.AssetExecutionContext, lake: LakeResource, studio: StudioResource
) -> Materialized:
    """A batch's tasks in Label Studio: one inbox project for each annotator.

    Looks before it writes, so running it again adds only what is missing. While Label Studio is
    down the run fails, and the sensor asks for it again until it is back.
    """
    with told_plainly():
        opened, label_studio = lake.open(), studio.open()
        images = opened.records.read(keys.cleansed_set(context.partition_key), CleansedSet)
        campaign = opened.campaigns.current(images.campaign)
        page = opened.ledger.assignments_of_batch(images.campaign, images.batch_id)
        if campaign is None or page is None:
            note = "nothing was shared out yet"
            checked = [_in_its_inbox_once(lacking=0)]
            return dg.MaterializeResult(metadata={**rows(0), "note": note}, check_results=checked)
        label_studio.check()
        opened.mark_cleansed_bucket()
        tasks = _tasks_by_inbox(page, images, opened.cleansed.name)
        projects = {inbox: open_inbox(label_studio, campaign, inbox) for inbox in tasks}
        added = sum(label_studio.add_tasks(projects[i], new) for i, new in tasks.items())
        lacking = _lacking(label_studio, projects, tasks)
        if not lacking:
            placement = Placement(
                batch_id=images.batch_id,
                campaign=campaign.name,
                tasks=sum(len(new) for new in tasks.values()),
                projects={inbox.person: project_id for inbox, project_id in projects.items()},
            )
            opened.ledger.write_placement(placement)
    links = [f"- [{i.person}]({label_studio.task_url(p)})" for i, p in projects.items()]
    return dg.MaterializeResult(
        metadata={
            **rows(len(page.assignments)),
            **sheet(opened.cleansed, [keys.cleansed_image(i.image_id) for i in images.kept]),
            "campaign": campaign.name,
            "tasks_added": added,
            "inboxes": dg.MetadataValue.md("\n".join(links)),
        },
        check_results=[_in_its_inbox_once(lacking=lacking)],
    )


def _tasks_by_inbox(
    page: BatchAssignments, images: CleansedSet, bucket: str
) -> dict[Inbox, list[NewTask]]:
    """What belongs into which inbox; images that are no longer in the cleansed set are left out."""
    kept = {image.image_id: image for image in images.kept}
    tasks: dict[Inbox, list[NewTask]] = {}
    for assignment in sorted(page.assignments, key=lambda a: (a.person, a.image_id)):
        image = kept.get(assignment.image_id)
        if image:
            task = annotation_task(
                assignment,
                image_uri=f"s3://{bucket}/{keys.cleansed_image(image.image_id)}",
                width_px=image.width_px,
                height_px=image.height_px,
            )
            tasks.setdefault(assignment.inbox, []).append(task)
    return tasks


def _lacking(
    studio: Studio, projects: Mapping[Inbox, int], tasks: Mapping[Inbox, Sequence[NewTask]]
) -> int:
    """How many tasks Label Studio does not hold after all."""
    there = {inbox: studio.task_ids(project_id) for inbox, project_id in projects.items()}
    return sum(task.task_key not in there[inbox] for inbox, new in tasks.items() for task in new)


def _in_its_inbox_once(*, lacking: int) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=not lacking,
        check_name="every_task_is_in_its_inbox_once",
        metadata={"missing": lacking},
    )
