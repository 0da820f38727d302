"""New votes: what the tasks of an inbox say that was not recorded before."""

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from farmy_assets.annotation.answers import AnsweredTask, RawAnnotation, ResultReader
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.inboxes import Inbox
from farmy_assets.annotation.removals import is_comparable, is_taken_back
from farmy_assets.annotation.skips import read_skip
from farmy_assets.annotation.understood import understood
from farmy_assets.annotation.votes import Outcome, Vote, age

_NEXT_INSTANT = timedelta(microseconds=1)


def votes_from_task(
    task: AnsweredTask,
    *,
    inbox: Inbox,
    campaign: Campaign,
    known: Iterable[Vote],
    reader: ResultReader,
    own_addresses: Collection[str] = (),
    trusted_until: datetime | None = None,
) -> list[Vote]:
    """The votes in a task that are not among the known ones, in the order of their authors.

    Of several annotations of one author the one edited last counts. When the record's latest vote
    of an author is no longer in the task, the task's present state becomes a new vote (an older
    annotation that stands again, or a withdrawal), dated by the task's last change. A task that is
    older than the vote proves nothing (Label Studio was set back), nor does one that was made after
    it, or that somebody else changed last: the record stays as it is. An annotation that was
    made after the vote and says the same is that vote once more, as after a restoration.

    Where Label Studio's clock was set back, a state that was never recorded is news whatever time
    it tells, and is dated just behind the vote that it follows.

    Args:
        task: The task with everything Label Studio holds for it.
        inbox: The inbox that the task lies in.
        campaign: The campaign at its present version, by which the new votes are read.
        known: Votes recorded before. Those of other tasks and inboxes are ignored, but looked
            at: with many tasks, hand over each task's own.
        reader: Understands the results of the annotations.
        own_addresses: Addresses that the inbox's person has or had: an answer that is copied out
            after somebody left, or got another address, is that person's all the same.
        trusted_until: Recorded times later than this were told by a clock that has been set back
            since. None trusts all of them.
    """
    recorded = [
        vote
        for vote in known
        if (vote.campaign, vote.phase, vote.inbox_person, vote.task_key)
        == (inbox.campaign, inbox.phase, inbox.person, task.task_key)
    ]
    known_ids = {vote.vote_id for vote in recorded}
    latest = {vote.email: vote for vote in sorted(recorded, key=age)}
    present: dict[str, RawAnnotation] = {}
    for annotation in sorted(task.annotations, key=lambda a: (a.updated_at, a.annotation_id)):
        present[_address(annotation.email)] = annotation
    found = []
    for email in sorted(present.keys() | latest.keys()):
        read = partial(
            _read, task, inbox=inbox, author=_author(email, inbox, campaign, own_addresses),
            campaign=campaign, reader=reader,
        )  # fmt: skip
        before, stands = latest.get(email), present.get(email)
        if stands is None:
            found.append(_removal(task, before, trusted_until))
        else:
            found.append(_news(task, stands, before, read, trusted_until))
    return [vote for vote in found if vote is not None and vote.vote_id not in known_ids]


def votes_from_tasks(
    tasks: Iterable[AnsweredTask],
    *,
    inbox: Inbox,
    campaign: Campaign,
    known: Iterable[Vote],
    reader: ResultReader,
    own_addresses: Collection[str] = (),
    trusted_until: datetime | None = None,
) -> list[Vote]:
    """The votes in an inbox's tasks that are not among the known ones; see `votes_from_task`."""
    by_task: dict[str, list[Vote]] = defaultdict(list)
    for vote in known:
        if vote.is_in(inbox):
            by_task[vote.task_key].append(vote)
    return [
        vote
        for task in tasks
        for vote in votes_from_task(
            task,
            inbox=inbox,
            campaign=campaign,
            known=by_task[task.task_key],
            reader=reader,
            own_addresses=own_addresses,
            trusted_until=trusted_until,
        )
    ]


def _removal(
    task: AnsweredTask, before: Vote | None, trusted_until: datetime | None
) -> Vote | None:
    """What it says that an author has no annotation in the task now; None for nothing."""
    if before is None or before.outcome is Outcome.WITHDRAWN:
        return None
    is_gone = is_taken_back(
        task, author=before.email, given_at=before.submitted_at, trusted_until=trusted_until
    )
    return _withdrawal(task, before) if is_gone else None


def _news(
    task: AnsweredTask,
    annotation: RawAnnotation,
    before: Vote | None,
    read: Callable[[RawAnnotation, datetime], Vote],
    trusted_until: datetime | None,
) -> Vote | None:
    """What one author's present annotation adds to the latest vote recorded before; maybe None."""
    vote = read(annotation, annotation.updated_at)
    if before is None:
        return vote
    is_the_same = _content(vote) == _content(before)
    if vote.submitted_at >= before.submitted_at:
        is_put_back = is_the_same and annotation.created_at > before.submitted_at
        return None if is_put_back else vote
    if is_the_same:
        return None
    if not is_comparable(before.submitted_at, trusted_until):
        return vote.model_copy(update={"submitted_at": before.submitted_at + _NEXT_INSTANT})
    stands_again = task.updated_at > before.submitted_at and is_taken_back(
        task, author=before.email, given_at=before.submitted_at
    )
    return read(annotation, task.updated_at) if stands_again else None


def _read(
    task: AnsweredTask,
    annotation: RawAnnotation,
    submitted_at: datetime,
    *,
    inbox: Inbox,
    author: str | None,
    campaign: Campaign,
    reader: ResultReader,
) -> Vote:
    email, content = _address(annotation.email), annotation.result
    skip = read_skip(annotation, phase=inbox.phase, reader=reader)
    said = understood(task, skip.annotation, phase=inbox.phase, campaign=campaign, reader=reader)
    return Vote(
        vote_id=_vote_id(inbox, task.task_key, email, said.outcome, submitted_at, content=content),
        campaign=inbox.campaign,
        campaign_version=campaign.version,
        phase=inbox.phase,
        task_key=task.task_key,
        image_id=task.image_id,
        inbox_person=inbox.person,
        person=author,
        email=email,
        submitted_at=submitted_at,
        lead_time_s=_duration(annotation.lead_time_s),
        outcome=said.outcome,
        regions=said.drawn.regions,
        region_ids=said.drawn.region_ids,
        choices=said.choices.choices,
        problems=(*skip.problems, *said.problems),
        skip_reason=skip.reason,
        decision=said.decision,
    )


def _author(
    email: str, inbox: Inbox, campaign: Campaign, own_addresses: Collection[str]
) -> str | None:
    if email in own_addresses:
        return inbox.person
    found = campaign.person_with_email(email)
    return found.name if found else None


def _withdrawal(task: AnsweredTask, before: Vote) -> Vote:
    inbox = Inbox(campaign=before.campaign, phase=before.phase, person=before.inbox_person)
    changes = {
        "vote_id": _vote_id(
            inbox, before.task_key, before.email, Outcome.WITHDRAWN, task.updated_at, content=()
        ),
        # A clock that was set back must not date a withdrawal before what it withdraws.
        "submitted_at": max(task.updated_at, before.submitted_at),
        "outcome": Outcome.WITHDRAWN,
        "lead_time_s": None,
        "regions": (),
        "region_ids": (),
        "choices": (),
        "problems": (),
        "skip_reason": None,
        "decision": None,
    }
    return before.model_copy(update=changes)


def _vote_id(
    inbox: Inbox,
    task_key: str,
    email: str,
    outcome: Outcome,
    submitted_at: datetime,
    *,
    content: tuple[Any, ...],
) -> str:
    """Made from what Label Studio holds, not from how we read it: a new reading is no new vote."""
    when = submitted_at.astimezone(UTC).isoformat()
    identity = [inbox.key, task_key, email, outcome.value, when, content]
    return hashlib.sha256(json.dumps(identity, sort_keys=True, default=str).encode()).hexdigest()


def _content(vote: Vote) -> tuple[object, ...]:
    skipped = vote.skip_reason
    return vote.outcome, vote.regions, vote.choices, vote.problems, skipped, vote.decision


def _address(email: str) -> str:
    return email.strip().lower()


def _duration(seconds: float | None) -> float | None:
    return seconds if seconds is not None and math.isfinite(seconds) and seconds >= 0 else None
