"""Votes out of Label Studio: what is new in an inbox, whoever it belongs to or once belonged to."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from farmy_assets.annotation.answers import AnsweredTask
from farmy_assets.annotation.believed import Differences, as_recorded
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.decisions import image_id_in
from farmy_assets.annotation.inboxes import DECIDING, Inbox, Phase
from farmy_assets.annotation.membership import Membership
from farmy_assets.annotation.reading_votes import votes_from_tasks
from farmy_assets.annotation.rejections import image_id_of_correction
from farmy_assets.annotation.submissions import submissions_of
from farmy_assets.annotation.votes import Vote
from farmy_assets.defs.inboxes import existing_inboxes
from farmy_assets.label_studio import Studio, results
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_chunks
from farmy_assets.lake.votes import CopiedInboxes, InboxState
from farmy_assets.workflow.asked import asked_images
from farmy_assets.workflow.evaluation import bring_up_to_date
from farmy_assets.workflow.gold_tasks import asked_gold
from farmy_assets.workflow.inbox_reading import EARLIEST, ReadingPlan

_TASKS_AT_ONCE = 5_000


class Copied(NamedTuple):
    """What came of copying: how many votes were new, and what is to be noted of the inboxes."""

    new_votes: int
    inboxes: CopiedInboxes


class _Changed(NamedTuple):
    inbox: Inbox
    project_id: int
    task: AnsweredTask


def copy_new_votes(  # noqa: PLR0913 - each is named where it is called
    lake: Lake,
    studio: Studio,
    campaign: Campaign,
    *,
    members: Membership,
    inboxes: Sequence[Inbox],
    differences: Differences,
    seen: Mapping[str, InboxState] | None = None,
    at_most: int | None = None,
) -> Copied:
    """Copy the new votes of these inboxes to the records.

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
        at_most: After so many tasks that changed since the last copying no more are read, but for
            those of the same instant; None reads all. What is left is in the noted state, so that
            the next call goes on there.
    """
    inputs = bring_up_to_date(lake, campaign)
    states = seen or {}
    there = existing_inboxes(studio, inboxes)
    plan = ReadingPlan(lake.votes.copied(campaign.name), studio.clock)
    looked_at = [(i, p) for i, p in there if seen is None or not plan.is_quiet(i.key, states)]
    parts: dict[str, datetime] = {}
    count = 0
    answered: set[int] = set()
    changed = _changed(studio, plan, looked_at, states, at_most=at_most, parts=parts)
    for some in in_chunks(changed, _TASKS_AT_ONCE):
        new = _new_votes(
            lake, campaign, some,
            members=members, differences=differences, trusted_until=plan.trusted_until,
        )  # fmt: skip
        votes = [vote for found in new.values() for vote in found]
        behind = submissions_of(votes, ((each.inbox, each.task) for each in some))
        lake.submissions.add(campaign.name, behind)
        lake.votes.add(campaign.name, votes, after=inputs.votes_up_to)
        count += len(votes)
        answered |= {project_id for project_id, found in new.items() if found}
    for project_id in sorted(answered):
        studio.stop_opening_instructions(project_id)
    return Copied(count, plan.noted(states, parts=parts))


def _changed(
    studio: Studio,
    plan: ReadingPlan,
    inboxes: Iterable[tuple[Inbox, int]],
    seen: Mapping[str, InboxState],
    *,
    at_most: int | None,
    parts: dict[str, datetime],
) -> Iterator[_Changed]:
    """The changed tasks of inboxes, the oldest change of each first.

    Args:
        studio: Where they are.
        plan: From where on each is read.
        inboxes: With their projects.
        seen: How they look now.
        at_most: How many instants with changes are read that were not before.
        parts: Takes the inboxes that were not read to their end.
    """
    left = at_most
    for inbox, project_id in inboxes:
        since = plan.since(inbox.key, seen.get(inbox.key))
        if left is not None and left <= 0:
            parts[inbox.key] = since or EARLIEST
            continue
        last = plan.read_before(inbox.key, since)
        for task in studio.changed_tasks(project_id, since=since):
            if left is not None and task.updated_at > last:
                if left <= 0:
                    parts[inbox.key] = last
                    break
                left -= 1
                last = task.updated_at
            yield _Changed(inbox, project_id, task)


def _new_votes(
    lake: Lake,
    campaign: Campaign,
    changed: Sequence[_Changed],
    *,
    members: Membership,
    differences: Differences,
    trusted_until: datetime | None,
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
            trusted_until=trusted_until,
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
