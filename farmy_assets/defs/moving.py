"""Tasks that change hands: moved to others, or given to one person more.

A batch is noted before its tasks change, and again once they lie in their inboxes, so that a run
that was killed in between is made up for by the next one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from functools import partial

from farmy_assets.annotation.assignments import Assignment, with_days
from farmy_assets.annotation.believed import Differences
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.further_opinions import (
    further_assignments,
    needs_further_opinion,
    skipped_by,
)
from farmy_assets.annotation.image_facts import ImageFacts
from farmy_assets.annotation.inboxes import Inbox
from farmy_assets.annotation.membership import Membership
from farmy_assets.annotation.reassignment import lease_of, reassign, to_be_moved
from farmy_assets.annotation.sharing_counters import SharingCounters
from farmy_assets.defs.copied_votes import copy_new_votes
from farmy_assets.defs.inboxes import existing_inboxes
from farmy_assets.defs.placing import next_day, place_tasks
from farmy_assets.errors import LakeUnavailableError
from farmy_assets.label_studio import Studio
from farmy_assets.lake.assignments import BatchAssignments
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.image_facts import image_facts

_IMAGES_AT_ONCE = 500


def move_tasks(
    lake: Lake, studio: Studio, campaign: Campaign, members: Membership, *, today: date
) -> int:
    """Move what people who left or are paused have open, and what is overdue, to others.

    Reads all assignments and votes of the campaign.

    Returns:
        How many tasks were left to people because they are at work on them.
    """
    pages = lake.assignments.pages(campaign.name)
    given = [assignment for page in pages for assignment in page.assignments]
    known = lake.gold.given(campaign.name).ever  # whoever had an image as gold knows it
    wanted = to_be_moved(given, campaign=campaign, votes=lake.votes.all(campaign.name), today=today)
    at_work = _at_work(studio, campaign, wanted)
    former = [a for a in wanted if (a.inbox, a.task_key) not in at_work]
    if not former:
        return len(wanted)
    facts = _facts(lake, campaign, former)
    taken_before = [assignment for page in pages for assignment in page.taken_back]
    decide = partial(
        reassign, campaign=campaign, members=members, facts=facts, taken_before=taken_before
    )
    planned = decide(former, staying=(*_without(given, former), *known))
    lake.pending.moving(campaign.name, {a.batch_id for a in planned.taken_back})
    inboxes = emptied(studio, planned.taken_back)
    # Whoever answered up to the deletion has a task left, and its answer is read now.
    copy_new_votes(
        lake, studio, campaign, members=members, inboxes=inboxes, differences=Differences()
    )
    still_open = to_be_moved(
        planned.taken_back, campaign=campaign, votes=lake.votes.all(campaign.name), today=today
    )
    moves = decide(still_open, staying=(*_without(given, still_open), *known))
    out_of, into = _by_batch(moves.taken_back), _by_batch(moves.given)
    emptied_of = _by_batch(planned.taken_back)
    for page in pages:
        if page.batch_id in emptied_of:
            changed = page
            if leaving := out_of[page.batch_id]:
                coming = into[page.batch_id]
                changed = _write(lake, campaign, page, leaving, coming, today=today)
            touched = {a.image_id for a in emptied_of[page.batch_id]}
            _place(lake, studio, campaign, changed, touched, today=today)
    lake.pending.moved(campaign.name, emptied_of)
    return len(wanted) - len(former)


def give_further(
    lake: Lake,
    studio: Studio,
    campaign: Campaign,
    members: Membership,
    image_ids: Sequence[str],
    *,
    today: date,
) -> int:
    """Ask one person more about those of these images in conflict that need it; returns how many.

    Reads the pages of these images, and the batches of those that need somebody.
    """
    count = 0
    for start in range(0, len(image_ids), _IMAGES_AT_ONCE):
        some = image_ids[start : start + _IMAGES_AT_ONCE]
        found = lake.evaluations.of_images(campaign.name, some)
        wanted = {
            image_id: image
            for image_id, image in found.items()
            if skipped_by(image) or needs_further_opinion(image, campaign)
        }
        if wanted:
            count += _give(lake, studio, campaign, members, wanted, today=today)
    return count


def _give(
    lake: Lake,
    studio: Studio,
    campaign: Campaign,
    members: Membership,
    images: dict[str, EvaluatedImage],
    *,
    today: date,
) -> int:
    counters, _ = lake.assignments.shared(campaign.name).begin()
    new = further_assignments(
        images.values(),
        campaign=campaign,
        load=counters.tally().tasks,
        members=members,
        known_to=_by_image_people(lake.gold.given(campaign.name).ever),
        facts=_facts(lake, campaign, [a for i in images.values() for a in i.assignments]),
    )
    by_batch = _by_batch(new)
    lake.pending.moving(campaign.name, by_batch)
    count = 0
    for batch_id, wanted in by_batch.items():
        page = lake.assignments.of_batch(campaign.name, batch_id)
        if page is None:
            continue
        present = _by_image(page.assignments)
        # Whoever was quicker has asked somebody already; the next evaluation knows of it.
        coming = [a for a in wanted if present[a.image_id] == set(images[a.image_id].assignments)]
        if coming:
            changed = _write(lake, campaign, page, (), coming, today=today)
            touched = {a.image_id for a in coming}
            _place(lake, studio, campaign, changed, touched, today=today)
            count += len(coming)
    lake.pending.moved(campaign.name, by_batch)
    return count


def finish_moving(
    lake: Lake, studio: Studio, campaign: Campaign, batch_ids: Sequence[str], *, today: date
) -> None:
    """Put tasks of these batches into their inboxes: a run was killed while it moved some."""
    for batch_id in batch_ids:
        if page := lake.assignments.of_batch(campaign.name, batch_id):
            touched = {assignment.image_id for assignment in page.assignments}
            _place(lake, studio, campaign, page, touched, today=today)
    lake.pending.moved(campaign.name, batch_ids)


def emptied(studio: Studio, former: Sequence[Assignment]) -> list[Inbox]:
    """Take unanswered tasks out of the inboxes that they were in; returns these inboxes."""
    by_inbox: dict[Inbox, list[str]] = {}
    for assignment in former:
        by_inbox.setdefault(assignment.inbox, []).append(assignment.task_key)
    for inbox, project_id in existing_inboxes(studio, list(by_inbox)):
        studio.remove_unanswered(project_id, by_inbox[inbox])
    return list(by_inbox)


def _at_work(
    studio: Studio, campaign: Campaign, assignments: Iterable[Assignment]
) -> set[tuple[Inbox, str]]:
    """Inbox and key of tasks that somebody has worked on for less than a lease ago."""
    since = datetime.now(UTC) - lease_of(campaign)
    inboxes = sorted({assignment.inbox for assignment in assignments}, key=lambda i: i.key)
    return {
        (inbox, task_key)
        for inbox, project_id in existing_inboxes(studio, inboxes)
        for task_key in studio.tasks_in_work(project_id, since=since)
    }


def _facts(
    lake: Lake, campaign: Campaign, assignments: Iterable[Assignment]
) -> dict[str, ImageFacts]:
    facts: dict[str, ImageFacts] = {}
    for batch_id in sorted({assignment.batch_id for assignment in assignments}):
        facts |= image_facts(lake, campaign, batch_id)
    return facts


def _write(
    lake: Lake,
    campaign: Campaign,
    page: BatchAssignments,
    leaving: Sequence[Assignment],
    coming: Sequence[Assignment],
    *,
    today: date,
) -> BatchAssignments:
    def book(counters: SharingCounters, new: Sequence[Assignment]) -> list[Assignment]:
        return with_days(new, campaign=campaign, counters=counters, today=today)

    changed = lake.assignments.move(page, leaving, coming, book=book)
    if changed is None:
        msg = f"batch {page.batch_id} was given more tasks meanwhile; the run is repeated"
        raise LakeUnavailableError(msg)
    return changed


def _place(
    lake: Lake,
    studio: Studio,
    campaign: Campaign,
    page: BatchAssignments,
    touched: Collection[str],
    *,
    today: date,
) -> None:
    """Put a batch's tasks on these images into their inboxes, as far as it is their day."""
    images = lake.cleansed_sets.read(page.campaign, page.batch_id)
    tasks = [a for a in page.assignments if a.image_id in touched]
    planned = lake.pending.of(campaign.name).later.get(page.batch_id)
    if day := min(filter(None, (planned, next_day(tasks, today))), default=None):
        lake.pending.place_on(campaign.name, page.batch_id, day)
    place_tasks(lake, studio, campaign, tasks, images, today=today)


def _without(given: Iterable[Assignment], former: Iterable[Assignment]) -> list[Assignment]:
    gone = set(former)
    return [assignment for assignment in given if assignment not in gone]


def _by_batch(assignments: Iterable[Assignment]) -> dict[str, list[Assignment]]:
    found: dict[str, list[Assignment]] = defaultdict(list)
    for assignment in assignments:
        found[assignment.batch_id].append(assignment)
    return found


def _by_image_people(assignments: Iterable[Assignment]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for assignment in assignments:
        found[assignment.image_id].add(assignment.person)
    return found


def _by_image(assignments: Iterable[Assignment]) -> dict[str, set[Assignment]]:
    found: dict[str, set[Assignment]] = defaultdict(set)
    for assignment in assignments:
        found[assignment.image_id].add(assignment)
    return found
