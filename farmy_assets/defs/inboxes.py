"""Between campaigns and Label Studio: which inbox is which project, and how it looks."""

from collections import defaultdict

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.inboxes import Inbox, inboxes_of, instructions, label_config
from farmy_assets.lake.ledger import InboxState
from farmy_assets.studio import Studio

EVERY_INBOX = "farmy:"


def inbox_states(studio: Studio, *, campaign: str = "") -> dict[str, dict[str, InboxState]]:
    """Campaign to inbox key to how the inbox looks now; of one campaign, or of all."""
    prefix = f"{EVERY_INBOX}{campaign}/" if campaign else EVERY_INBOX
    states: dict[str, dict[str, InboxState]] = defaultdict(dict)
    projects = studio.find_inboxes(prefix)
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
        label_config=label_config(campaign, inbox.phase),
        instructions=instructions(campaign, inbox.phase),
    )


def existing_inboxes(studio: Studio, campaign: Campaign) -> list[tuple[Inbox, int]]:
    """The campaign's inboxes that are in Label Studio, with their project ids."""
    projects = studio.find_inboxes(f"{EVERY_INBOX}{campaign.name}/")
    return [(i, projects[i.key]) for i in inboxes_of(campaign) if i.key in projects]
