"""Predictions in the annotators' tasks: those of the model that the campaign shows, each once."""

from collections.abc import Mapping, Sequence
from typing import Any

from farmy_assets.annotation.campaign import Campaign, ShownModel
from farmy_assets.annotation.inboxes import Inbox
from farmy_assets.cleansing.cleansed_set import CleansedSet
from farmy_assets.label_studio import Studio
from farmy_assets.label_studio.new_tasks import NewTask
from farmy_assets.label_studio.predictions import prediction_of
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.known_predictions import known_predictions


def predictions_to_show(
    lake: Lake, campaign: Campaign, images: CleansedSet, places: Mapping[str, int]
) -> dict[str, dict[str, Any]]:
    """Image id to the prediction that its tasks show; empty when the campaign shows none.

    Args:
        lake: Where the predictions are.
        campaign: Its present rules.
        images: A batch's cleansed set.
        places: Image id to its place in the campaign's order; empty without one.
    """
    shown = campaign.shown_model
    if shown is None:
        return {}
    sizes = {image.image_id: (image.width_px, image.height_px) for image in images.kept}
    found = known_predictions(lake, campaign, images.batch_id, shown.model)
    return {
        image_id: prediction_of(
            each,
            model=shown.version,
            least_score=shown.least_score,
            width_px=sizes[image_id][0],
            height_px=sizes[image_id][1],
            place=places[image_id] / len(places) if image_id in places else None,
        )
        for image_id, each in found.items()
        if image_id in sizes and not each.problem
    }


def follow_shown_model(lake: Lake, campaign: Campaign) -> None:
    """Have the batches of a campaign placed again when it shows other predictions than before.

    Reads the campaign's versions and, only then, its pages of assignments.

    Args:
        lake: Where the batches are noted.
        campaign: Its present rules, before they are noted as followed.
    """
    followed = lake.pending.of(campaign.name).followed_version
    versions = {rules.version: rules for rules in lake.campaigns.versions(campaign.name)}
    before = versions.get(followed)
    if (before.shown_model if before else None) == campaign.shown_model:
        return
    placed = [
        page.batch_id
        for page in lake.assignments.pages(campaign.name)
        if lake.assignments.placement(campaign.name, page.batch_id)
    ]
    lake.pending.place(campaign.name, placed)


def show_predictions(
    lake: Lake,
    studio: Studio,
    campaign: Campaign,
    batch_id: str,
    tasks: Mapping[Inbox, Sequence[NewTask]],
    projects: Mapping[Inbox, int],
) -> None:
    """Make the tasks of a batch that are in their inboxes show what the campaign says.

    Tasks that were noted to show it already are not looked at again. What tasks show is noted
    after they show it.

    Args:
        lake: Where it is noted.
        studio: Where the inboxes are.
        campaign: Its present rules.
        batch_id: The batch.
        tasks: The tasks of each inbox, with the predictions that they are to show.
        projects: The project of each inbox.
    """
    before = lake.predictions.shown(campaign.name, batch_id).shown
    shown = campaign.shown_model
    changes: dict[str, dict[str, ShownModel | None]] = {}
    for inbox, new in tasks.items():
        noted = before.get(inbox.person, {})
        if shown is None:
            if noted:
                open_keys = studio.hide_predictions(projects[inbox], list(noted))
                changes[inbox.person] = dict.fromkeys(open_keys)
            continue
        wanted = {
            task.task_key: task.predictions[0]
            for task in new
            if task.predictions and noted.get(task.task_key) != shown
        }
        if wanted:
            there = studio.show_predictions(projects[inbox], wanted, model=shown.version)
            changes[inbox.person] = dict.fromkeys(there, shown)
            studio.order_open_tasks(projects[inbox], by_score=campaign.order is not None)
    if any(changes.values()):
        lake.predictions.note_shown(campaign.name, batch_id, changes)
