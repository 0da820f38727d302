"""Whether an answer that is recorded, and no longer in Label Studio, was taken back by its author.

An answer can also be gone because Label Studio was set back to a backup, because its task was made
anew, or because an administrator deleted it. None of these is the author's word, and the recorded
answer stands. Of the last change of a task Label Studio tells when it was and who made it.
"""

from datetime import datetime

from farmy_assets.annotation.answers import AnsweredTask


def is_taken_back(
    task: AnsweredTask, *, author: str, given_at: datetime, trusted_until: datetime | None = None
) -> bool:
    """Whether the task as it is now shows that the author has taken an answer back.

    Args:
        task: The task as Label Studio holds it, without that answer.
        author: The address of whoever gave it, in lower case.
        given_at: When it was given, by Label Studio's clock of then.
        trusted_until: Later times were told by a clock that has been set back since: they are not
            compared, and who changed the task decides alone. None trusts all times.
    """
    if not is_comparable(given_at, trusted_until):
        return task.changed_by == author
    is_the_same_task = task.created_at is None or task.created_at <= given_at
    is_by_author = task.changed_by is None or task.changed_by == author
    return is_the_same_task and is_by_author and task.updated_at >= given_at


def is_comparable(given_at: datetime, trusted_until: datetime | None) -> bool:
    """Whether a recorded time can be compared with the times that Label Studio tells now."""
    return trusted_until is None or given_at <= trusted_until
