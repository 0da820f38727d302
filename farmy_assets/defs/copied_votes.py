"""Votes out of Label Studio: what is new in an inbox, whoever it belongs to or once belonged to."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from farmy_assets.annotation.believed import Differences, as_recorded
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.inboxes import Inbox
from farmy_assets.annotation.membership import Membership
from farmy_assets.annotation.votes import Vote, votes_from_tasks
from farmy_assets.defs.inboxes import existing_inboxes
from farmy_assets.label_studio import Studio
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.asked import asked_images

OVERLAP = timedelta(seconds=30)  # looked at again, for votes committed out of order


def copy_new_votes(
    lake: Lake,
    studio: Studio,
    campaign: Campaign,
    *,
    members: Membership,
    inboxes: Sequence[Inbox],
    known: Sequence[Vote],
    differences: Differences,
) -> list[Vote]:
    """Copy the new votes of these inboxes to the records, and return them.

    Args:
        lake: Where votes are kept.
        studio: Where they are given.
        campaign: Its present rules.
        members: Tells who answered under which address.
        inboxes: Where to look, those of people who left included.
        known: All votes copied out before.
        differences: Takes what was found not to be as recorded.
    """
    asked = asked_images(lake, campaign.name)
    new: list[Vote] = []
    answered: list[int] = []
    for inbox, project_id in existing_inboxes(studio, inboxes):
        found = votes_from_tasks(
            as_recorded(
                studio.changed_tasks(project_id, since=_since(inbox, known)),
                asked.get(inbox.key, {}),
                differences=differences,
            ),
            inbox=inbox,
            campaign=campaign,
            known=known,
            own_addresses=members.addresses_of(inbox.person),
        )
        new += found
        if found:
            answered.append(project_id)
    lake.votes.add(campaign.name, new)
    for project_id in answered:
        studio.stop_opening_instructions(project_id)
    return new


def _since(inbox: Inbox, known: Iterable[Vote]) -> datetime | None:
    """From when on an inbox is read: a little before its latest vote; None for all of it."""
    newest = max((v.submitted_at for v in known if v.is_in(inbox)), default=None)
    return newest - OVERLAP if newest else None
