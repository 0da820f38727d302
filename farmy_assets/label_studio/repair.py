"""Answers that Label Studio holds but does not show, because it was killed while saving them.

It stores an annotation first and the task's counters and time of change after it, in transactions
of their own. A kill in between leaves a task that has an answer, yet counts as open for ever: its
author is not offered it again, and no listing of changes names it. Saving the annotation once more,
with nothing in it altered, makes the server catch up.
"""

import logging
from collections.abc import Iterator
from datetime import datetime

from farmy_assets.label_studio.connection import Connection
from farmy_assets.label_studio.data_manager import (
    ANSWERED,
    Filter,
    list_tasks,
    number_filter,
    time_filter,
)

_COUNTED_AS_OPEN = (
    number_filter("total_annotations", "equal", 0),
    number_filter("cancelled_annotations", "equal", 0),
)

_log = logging.getLogger(__name__)


def finish_half_saved(connection: Connection, project_id: int, *, since: datetime | None) -> int:
    """Make half-saved answers visible to counters and to listings of changes.

    Args:
        connection: to the server.
        project_id: the inbox.
        since: where the next listing of changes begins; None when it reads everything.

    Returns:
        How many tasks were mended; nearly always none.
    """
    hidden = set(_ids(connection, project_id, (*_COUNTED_AS_OPEN, ANSWERED)))
    if since is not None:
        answered_since = time_filter("completed_at", "greater_or_equal", since)
        not_marked = time_filter("updated_at", "less", since)
        hidden |= set(_ids(connection, project_id, (answered_since, not_marked)))
    for task_id in sorted(hidden):
        _save_again(connection, project_id, task_id)
    return len(hidden)


def _ids(connection: Connection, project_id: int, filters: tuple[Filter, ...]) -> Iterator[int]:
    for row in list_tasks(connection, project_id, include="id", filters=filters):
        yield row["id"]


def _save_again(connection: Connection, project_id: int, task_id: int) -> None:
    doing = f"finishing the half-saved answer of task {task_id}"
    annotations = connection.get(f"/api/tasks/{task_id}/annotations/", doing=doing)
    if annotations:
        _log.warning("project %d: %s", project_id, doing)
        newest = max(int(annotation["id"]) for annotation in annotations)
        with connection.sdk(doing) as sdk:
            sdk.annotations.update(id=newest)
