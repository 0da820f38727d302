"""Votes out of Label Studio: what is new in an inbox, whoever it belongs to or once belonged to."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.inboxes import Inbox
from farmy_assets.annotation.membership import Membership
from farmy_assets.annotation.votes import Vote, votes_from_task
from farmy_assets.defs.inboxes import existing_inboxes
from farmy_assets.lake.lake import Lake
from farmy_assets.studio import Studio

OVERLAP = timedelta(seconds=30)  # looked at again, for votes committed out of order


def copy_new_votes(
    lake: Lake,
    studio: Studio,
    campaign: Campaign,
    *,
    members: Membership,
    inboxes: Sequence[Inbox],
    known: Sequence[Vote],
) -> list[Vote]:
    """Copy what is new in these inboxes into the ledger; returns the new votes.

    Args:
        lake: Where votes are kept.
        studio: Where they are given.
        campaign: Its present rules.
        members: Tells who answered under which address.
        inboxes: Where to look, those of people who left included.
        known: All votes copied out before.
    """
    new = [
        vote
        for inbox, project_id in existing_inboxes(studio, inboxes)
        for vote in _new_votes(studio, campaign, inbox, project_id, known=known, members=members)
    ]
    lake.ledger.add_votes(campaign.name, new)
    return new


def _new_votes(
    studio: Studio,
    campaign: Campaign,
    inbox: Inbox,
    project_id: int,
    *,
    known: Iterable[Vote],
    members: Membership,
) -> list[Vote]:
    by_task: dict[str, list[Vote]] = defaultdict(list)
    for vote in known:
        if (vote.phase, vote.inbox_person) == (inbox.phase, inbox.person):
            by_task[vote.task_key].append(vote)
    newest = max((v.submitted_at for votes in by_task.values() for v in votes), default=None)
    since = newest - OVERLAP if newest else None
    return [
        vote
        for task in studio.changed_tasks(project_id, since=since)
        for vote in votes_from_task(
            task,
            inbox=inbox,
            campaign=campaign,
            known=by_task[task.task_key],
            own_addresses=members.addresses_of(inbox.person),
        )
    ]
