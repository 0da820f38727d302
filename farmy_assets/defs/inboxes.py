"""Between campaigns and Label Studio: which inbox is which project, and how it looks."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.inboxes import (
    EVERY_INBOX,
    Inbox,
    Phase,
    inboxes_of,
    instructions,
    owner_of,
    phase_of,
    triage_inboxes_of,
)
from farmy_assets.label_studio import Studio
from farmy_assets.label_studio.label_configs import label_config
from farmy_assets.lake.votes import InboxState


def inbox_states(
    studio: Studio, *, campaign: str = "", phases: Collection[Phase] = tuple(Phase)
) -> dict[str, dict[str, InboxState]]:
    """Campaign to inbox key to how the inbox looks now; of one campaign, or of all."""
    prefix = f"{EVERY_INBOX}{campaign}/" if campaign else EVERY_INBOX
    states: dict[str, dict[str, InboxState]] = defaultdict(dict)
    found = studio.find_inboxes(prefix)
    projects = {key: found[key] for key in found if phase_of(key) in phases}
    progress = studio.progress(projects.values())
    for key, project_id in projects.items():
        if project_id in progress:  # else it was deleted in this very moment
            seen, counts = studio.activity(project_id), progress[project_id]
            states[key.removeprefix(EVERY_INBOX).partition("/")[0]][key] = InboxState(
                changed_at=seen.changed_at,
                tasks=seen.tasks,
                annotations=seen.annotations,
                finished=counts.finished,
                answers=counts.answers,
            )
    return dict(states)


def open_inbox(studio: Studio, campaign: Campaign, inbox: Inbox) -> int:
    """The inbox's project in Label Studio, made or brought up to date with the campaign's rules."""
    return studio.ensure_inbox(
        inbox,
        owner=owner_of(inbox, campaign),
        label_config=label_config(campaign, inbox.phase),
        instructions=instructions(campaign, inbox.phase),
    )


def give_inboxes(studio: Studio, campaigns: Iterable[Campaign]) -> int:
    """Make every inbox that is there belong to its person, by the address in the campaign.

    An address that was corrected in a campaign's file, and an inbox from before there was a gate,
    need no new batch for it. An inbox of somebody who has left stays as it is.
    """
    owners = {
        inbox.key: owner
        for campaign in campaigns
        for inbox in (*inboxes_of(campaign), *triage_inboxes_of(campaign))
        if (owner := owner_of(inbox, campaign))
    }
    return studio.give_inboxes(owners)


def existing_inboxes(studio: Studio, inboxes: Collection[Inbox]) -> list[tuple[Inbox, int]]:
    """Those of a campaign's inboxes that are in Label Studio, with their project ids."""
    if not inboxes:
        return []
    (campaign,) = {inbox.campaign for inbox in inboxes}
    projects = studio.find_inboxes(f"{EVERY_INBOX}{campaign}/")
    return [(i, projects[i.key]) for i in inboxes if i.key in projects]
