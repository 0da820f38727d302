"""Submissions: what Label Studio held of a vote when it was copied, word for word.

A vote is what was understood of an answer. The submission behind it is kept beside it, so that the
answer can be put back as it was, with the ids that its regions had, and read again by later rules.
"""

from collections.abc import Iterable
from typing import Any

from pydantic import AwareDatetime

from farmy_assets.annotation.answers import AnsweredTask
from farmy_assets.annotation.inboxes import Inbox
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.catalog.records import Record


class Submission(Record):
    """The annotation behind a vote; `submitted_at` is the vote's."""

    vote_id: str
    submitted_at: AwareDatetime
    annotation_id: int
    created_at: AwareDatetime
    updated_at: AwareDatetime
    result: tuple[Any, ...]


def submissions_of(
    votes: Iterable[Vote], tasks: Iterable[tuple[Inbox, AnsweredTask]]
) -> list[Submission]:
    """The submissions behind new votes; a withdrawn vote has none.

    Args:
        votes: Votes that were just read from these tasks.
        tasks: The tasks with everything that Label Studio holds for them, each with its inbox.
    """
    newest = {
        (inbox.key, task.task_key, annotation.email.strip().lower()): annotation
        for inbox, task in tasks
        for annotation in sorted(task.annotations, key=lambda a: (a.updated_at, a.annotation_id))
    }
    found = []
    for vote in votes:
        if vote.outcome is Outcome.WITHDRAWN:
            continue
        inbox = Inbox(campaign=vote.campaign, phase=vote.phase, person=vote.inbox_person)
        behind = newest[inbox.key, vote.task_key, vote.email]
        found.append(
            Submission(
                vote_id=vote.vote_id,
                submitted_at=vote.submitted_at,
                annotation_id=behind.annotation_id,
                created_at=behind.created_at,
                updated_at=behind.updated_at,
                result=behind.result,
            )
        )
    return found
