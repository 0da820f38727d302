"""Votes out of Label Studio: what is new in an inbox, whoever it belongs to or once belonged to."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from farmy_assets.annotation.answers import AnsweredTask
from farmy_assets.annotation.believed import Differences, as_recorded
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.decisions import image_id_in
from farmy_assets.annotation.inboxes import DECIDING, Inbox, Phase
from farmy_assets.annotation.membership import Membership
from farmy_assets.annotation.reading_votes import votes_from_tasks
from farmy_assets.annotation.rejections import image_id_of_correction
from farmy_assets.annotation.votes import Vote
from farmy_assets.defs.inboxes import existing_inboxes
from farmy_assets.label_studio import Studio, results
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_chunks
from farmy_assets.lake.votes import InboxState
from farmy_assets.workflow.asked import asked_images
from farmy_assets.workflow.evaluation import bring_up_to_date
from farmy_assets.workflow.gold_tasks import asked_gold

OVERLAP = timedelta(seconds=30)  # looked at again, for votes committed out of order
_TASKS_AT_ONCE = 20_000


class _Changed(NamedTuple):
    inbox: Inbox
    project_id: int
    task: AnsweredTask


def copy_new_votes(
    lake: Lake,
    studio: Studio,
    campaign: Campaign,
    *,
    members: Membership,
    inboxes: Sequence[Inbox],
    differences: Differences,
    seen: Mapping[str, InboxState] | None = None,
) -> int:
    """Copy the new votes of these inboxes to the records; returns how many there were.

    What was recorded before of a changed task is read from the pages of the evaluation, which is
    brought up to date first: the cost grows with the tasks that changed.

    Args:
        lake: Where votes are kept.
        studio: Where they are given.
        campaign: Its present rules.
        members: Tells who answered under which address.
        inboxes: Where to look, those of people who left included.
        differences: Takes what was found not to be as recorded.
        seen: How the inboxes look now; those that did not change are then passed over.
    """
    inputs = bring_up_to_date(lake, campaign)
    copied = lake.votes.copied(campaign.name).inboxes
    looked_at = [i for i in inboxes if seen is None or not is_quiet(i.key, seen, copied)]
    count = 0
    answered: set[int] = set()
    changed = _changed(studio, existing_inboxes(studio, looked_at), copied)
    for some in in_chunks(changed, _TASKS_AT_ONCE):
        new = _new_votes(lake, campaign, some, members=members, differences=differences)
        votes = [vote for found in new.values() for vote in found]
        lake.votes.add(campaign.name, votes, after=inputs.votes_up_to)
        count += len(votes)
        answered |= {project_id for project_id, found in new.items() if found}
    for project_id in sorted(answered):
        studio.stop_opening_instructions(project_id)
    return count


def is_quiet(key: str, seen: Mapping[str, InboxState], copied: Mapping[str, InboxState]) -> bool:
    """Whether an inbox is as it was copied, and was quiet for a while by then.

    Before that, an edit committed out of order could have been missed.
    """
    before = copied.get(key)
    if before is None or seen.get(key) != before:
        return False
    latest = max((s.changed_at for s in copied.values() if s.changed_at), default=None)
    if before.changed_at is None or latest is None:
        return True
    return latest - before.changed_at >= OVERLAP


def _changed(
    studio: Studio, inboxes: Iterable[tuple[Inbox, int]], copied: Mapping[str, InboxState]
) -> Iterator[_Changed]:
    for inbox, project_id in inboxes:
        for task in studio.changed_tasks(project_id, since=_since(copied.get(inbox.key))):
            yield _Changed(inbox, project_id, task)


def _since(copied: InboxState | None) -> datetime | None:
    """From when on an inbox is read: a little before it was last copied; None for all of it."""
    return copied.changed_at - OVERLAP if copied and copied.changed_at else None


def _new_votes(
    lake: Lake,
    campaign: Campaign,
    changed: Sequence[_Changed],
    *,
    members: Membership,
    differences: Differences,
) -> dict[int, list[Vote]]:
    """The new votes in changed tasks, by project id."""
    images = lake.evaluations.of_images(
        campaign.name, (_image_id(each.inbox, each.task.task_key) for each in changed)
    ).values()
    asked = asked_images(lake, images)
    for inbox_key, gold in asked_gold(lake, campaign.name, {i.image_id for i in images}).items():
        asked[inbox_key] = gold | asked.get(inbox_key, {})
    known: dict[str, list[Vote]] = defaultdict(list)
    for vote in (vote for image in images for vote in image.votes):
        known[_inbox_of(vote).key].append(vote)
    tasks: dict[tuple[Inbox, int], list[AnsweredTask]] = defaultdict(list)
    for inbox, project_id, task in changed:
        tasks[inbox, project_id].append(task)
    return {
        project_id: votes_from_tasks(
            as_recorded(some, asked.get(inbox.key, {}), differences=differences),
            inbox=inbox,
            campaign=campaign,
            known=known[inbox.key],
            reader=results,
            own_addresses=members.addresses_of(inbox.person),
        )
        for (inbox, project_id), some in tasks.items()
    }


def _image_id(inbox: Inbox, task_key: str) -> str:
    """The image that a task's key names; whether it was asked, its recorded assignment tells."""
    if inbox.phase is Phase.CORRECTION:
        return image_id_of_correction(task_key)
    return image_id_in(task_key) if inbox.phase in DECIDING else task_key


def _inbox_of(vote: Vote) -> Inbox:
    return Inbox(campaign=vote.campaign, phase=vote.phase, person=vote.inbox_person)
