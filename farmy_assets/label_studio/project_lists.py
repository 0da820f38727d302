"""Projects as they are listed: all of them, and how far some are."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from farmy_assets.label_studio.connection import Connection

_PAGE = 100  # the server's own maximum
_COUNTERS = (
    "id",
    "task_number",
    "finished_task_number",
    "total_annotations_number",
    "skipped_annotations_number",
)


@dataclass(frozen=True)
class InboxProgress:
    """How far one inbox is.

    Attributes:
        tasks: how many there are.
        finished: how many of them are answered; skipped ones are.
        answers: annotations, skips included; more than `finished` when somebody answered a task
            twice, or when the server was killed while saving (`changed_tasks` mends that).
    """

    tasks: int
    finished: int
    answers: int

    @property
    def is_complete(self) -> bool:
        """Whether there was work and all of it is done."""
        return 0 < self.tasks == self.finished


def read_progress(connection: Connection, project_ids: Iterable[int]) -> dict[int, InboxProgress]:
    """Counts of these projects; one that was deleted is not in the answer.

    Asked for by id, a page's worth at a time: the server's own pages have no fixed order.
    """
    wanted = sorted(set(project_ids))
    progress: dict[int, InboxProgress] = {}
    for start in range(0, len(wanted), _PAGE):
        answer = connection.get(
            "/api/projects/counts/",
            doing="reading progress",
            ids=",".join(str(project_id) for project_id in wanted[start : start + _PAGE]),
            include=",".join(_COUNTERS),
            page_size=_PAGE,
        )
        for row in answer["results"]:
            progress[row["id"]] = InboxProgress(
                tasks=row["task_number"],
                finished=row["finished_task_number"],
                answers=row["total_annotations_number"] + row["skipped_annotations_number"],
            )
    return progress


def all_projects(connection: Connection, *, include: str) -> Iterable[dict[str, Any]]:
    """Every project there is, with these fields, by ascending id; a hundred a request."""
    page = 1
    while True:
        answer = connection.get(
            "/api/projects/",
            doing="listing inboxes",
            include=include,
            ordering="id",
            page_size=_PAGE,
            page=page,
        )
        yield from answer["results"]
        if not answer["next"]:
            return
        page += 1
