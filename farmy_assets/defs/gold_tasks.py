"""Gold in the inboxes of people who are asked no more: what they have not answered is taken out."""

from collections import defaultdict

from farmy_assets.annotation.believed import Differences
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.gold import unanswered_gold
from farmy_assets.annotation.inboxes import Inbox
from farmy_assets.annotation.membership import Membership
from farmy_assets.defs.copied_votes import copy_new_votes
from farmy_assets.defs.inboxes import existing_inboxes
from farmy_assets.label_studio import Studio
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.gold_tasks import answered_tasks


def take_back_gold(lake: Lake, studio: Studio, campaign: Campaign, members: Membership) -> None:
    """Take the open gold of people who left or are paused out of their inboxes, and note it.

    It goes to nobody else: others get gold with tasks of their own. The record is written last, so
    that a killed run is repeated.

    Args:
        lake: Where the records are.
        studio: Where the inboxes are.
        campaign: Its present rules, with the pauses of now.
        members: Tells who answered under which address.
    """
    given = lake.gold.given(campaign.name)
    people = {person.name for person in campaign.active_annotators}
    if not any(assignment.person not in people for assignment in given.given):
        return
    answered = answered_tasks(lake.votes.all(campaign.name))
    former = unanswered_gold(given, people=people, answered=answered)
    task_keys: dict[Inbox, list[str]] = defaultdict(list)
    for assignment in former:
        task_keys[assignment.inbox].append(assignment.task_key)
    for inbox, project_id in existing_inboxes(studio, list(task_keys)):
        studio.remove_unanswered(project_id, task_keys[inbox])
    if former:
        # Whoever answered up to the deletion has a task left, and its answer is read now.
        copy_new_votes(
            lake, studio, campaign,
            members=members, inboxes=list(task_keys), differences=Differences(),
        )  # fmt: skip
        answered = answered_tasks(lake.votes.all(campaign.name))
        former = unanswered_gold(given, people=people, answered=answered)
        lake.gold.take_back(campaign.name, former)
