"""Answers put back into Label Studio, under the name of whoever gave them.

The platform's account may say who an annotation is by; Label Studio dates it by its own clock. An
author who has an answer in the task keeps it: nothing is written over, and nothing twice.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from farmy_assets.errors import InvalidInputError, StudioUnavailableError
from farmy_assets.label_studio.answers import read_people
from farmy_assets.label_studio.connection import Connection

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PutBackAnswer:
    """One answer as it was given.

    Attributes:
        email: Its author's address, in lower case.
        result: What was drawn and chosen, in Label Studio's form.
        is_skipped: Whether the task was skipped.
        lead_time_s: How long it took, in seconds.
    """

    email: str
    result: Sequence[Any]
    is_skipped: bool
    lead_time_s: float | None


def has_answer(connection: Connection, task_id: int, email: str) -> bool:
    """Whether somebody has an answer in a task."""
    return _has_answer(connection, task_id, read_people(connection).get(email))


def put_answer(connection: Connection, task_id: int, answer: PutBackAnswer) -> bool:
    """Put an answer into a task, unless its author has one there; whether it was put there now.

    Raises:
        InvalidInputError: Its author has no account.
        StudioUnavailableError: It is not there; the same call again is safe.
    """
    author = read_people(connection).get(answer.email)
    if author is None:
        msg = (
            f"{answer.email} has no account in Label Studio, so that nothing can be put back in "
            f"that name; farmy people invite {answer.email} makes one"
        )
        raise InvalidInputError(msg)
    if _has_answer(connection, task_id, author):
        return False
    body = {
        "result": list(answer.result),
        "completed_by": author,
        "was_cancelled": answer.is_skipped,
        "lead_time": answer.lead_time_s,
        "ground_truth": False,
    }
    try:
        connection.post(
            f"/api/tasks/{task_id}/annotations/",
            body,
            doing=f"putting back task {task_id}'s answer",
        )
    except StudioUnavailableError:
        if not _has_answer(connection, task_id, author):
            raise
        _log.warning("task %d: an answer without a reply was stored all the same", task_id)
    return True


def _has_answer(connection: Connection, task_id: int, author: int | None) -> bool:
    doing = f"reading the answers of task {task_id}"
    found = connection.get(f"/api/tasks/{task_id}/annotations/", doing=doing)
    return any(annotation["completed_by"] == author for annotation in found)
