"""Tasks into their inboxes: what is assigned to somebody lies in that person's project, once."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.inboxes import Inbox
from farmy_assets.cleansing.cleansed_set import CleansedSet
from farmy_assets.defs.inboxes import open_inbox
from farmy_assets.defs.shown_predictions import predictions_to_show, show_predictions
from farmy_assets.label_studio import Studio
from farmy_assets.label_studio.new_tasks import NewTask, annotation_task
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.task_order import places_of_images


class Placed(NamedTuple):
    """Where tasks lie, how many were not there before, and what is missing after all."""

    projects: dict[Inbox, int]
    tasks: int
    added: int
    missing: list[str]


def place_tasks(
    lake: Lake,
    studio: Studio,
    campaign: Campaign,
    assignments: Iterable[Assignment],
    images: CleansedSet,
    *,
    today: date,
) -> Placed:
    """Make sure that assignments of a batch are in their inboxes; adds only what is missing.

    Left out are tasks for a later day, images that the cleansed set holds no more, and people who
    left: what they answered is there, and nothing else is asked of them.

    Args:
        lake: Whose copies the tasks show.
        studio: Where the inboxes are.
        campaign: Its present rules.
        assignments: Of the annotation phase.
        images: The batch's cleansed set.
        today: The day (UTC).
    """
    kept = {image.image_id: image for image in images.kept}
    people = {person.name for person in campaign.annotators}
    tasks: dict[Inbox, list[NewTask]] = {}
    places = places_of_images(lake, campaign, images)  # none: by image id
    predictions = predictions_to_show(lake, campaign, images, places)
    for assignment in sorted(
        assignments, key=lambda a: (a.person, places.get(a.image_id, 0), a.image_id)
    ):
        image = kept.get(assignment.image_id)
        is_due = assignment.from_day is None or assignment.from_day <= today
        if image and assignment.person in people and is_due:
            task = annotation_task(
                assignment,
                image_uri=f"s3://{lake.cleansed.name}/{keys.cleansed_image(image.image_id)}",
                width_px=image.width_px,
                height_px=image.height_px,
                prediction=predictions.get(image.image_id),
            )
            tasks.setdefault(assignment.inbox, []).append(task)
    lake.mark_cleansed_bucket()
    projects = {inbox: open_inbox(studio, campaign, inbox) for inbox in tasks}
    added = sum(studio.add_tasks(projects[inbox], new) for inbox, new in tasks.items())
    show_predictions(lake, studio, campaign, images.batch_id, tasks, projects)
    there = {inbox: studio.task_ids(project_id) for inbox, project_id in projects.items()}
    missing = [
        f"{task.task_key} of {inbox.person}"
        for inbox, new in tasks.items()
        for task in new
        if task.task_key not in there[inbox]
    ]
    return Placed(projects, sum(map(len, tasks.values())), added, missing)


def next_day(assignments: Iterable[Assignment], today: date) -> date | None:
    """The first later day on which one of these comes into its inbox; None when none does."""
    later = (a.from_day for a in assignments if a.from_day and a.from_day > today)
    return min(later, default=None)
