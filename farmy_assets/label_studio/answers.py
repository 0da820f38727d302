"""What people did, read back: changed tasks with all annotations, and a cheap sign of change."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from farmy_assets.annotation.answers import AnsweredTask, RawAnnotation
from farmy_assets.label_studio.connection import Connection
from farmy_assets.label_studio.data_manager import KEY_FIELD, TaskRow, fetch, list_changed
from farmy_assets.label_studio.repair import finish_half_saved

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class InboxActivity:
    """A fingerprint of an inbox; unequal to an earlier one whenever there is something to read.

    Attributes:
        changed_at: the latest change of any task; edits and deleted annotations move it.
        tasks: how many tasks there are; a deleted task moves only this.
        annotations: how many annotations were submitted and not skipped.
    """

    changed_at: datetime | None
    tasks: int
    annotations: int


def read_people(connection: Connection) -> dict[str, int]:
    """E-mail -> user id of everybody in the organization, e-mails in lower case."""
    people: dict[str, int] = {}
    page = 1
    while True:
        answer = connection.get("/api/users/", doing="listing people", page=page)
        rows = answer if isinstance(answer, list) else answer["results"]
        people |= {row["email"].lower(): row["id"] for row in rows}
        if isinstance(answer, list) or not answer["next"]:
            return people
        page += 1


def read_activity(connection: Connection, project_id: int) -> InboxActivity:
    """The fingerprint of one project, in one small request."""
    answer = fetch(
        connection,
        project_id,
        ordering="-tasks:updated_at",
        page_size=1,
        include="id,updated_at",
    )
    newest = [_time(row["updated_at"]) for row in answer["tasks"]]
    return InboxActivity(max(newest, default=None), answer["total"], answer["total_annotations"])


def read_changed(
    connection: Connection, project_id: int, *, since: datetime | None
) -> Iterator[AnsweredTask]:
    """Tasks changed at or after `since`, oldest change first, each with all its annotations.

    A task whose annotations were all deleted comes with none. Only the key of a task has to be
    ours: whatever else its data say is held against the record by whoever reads it, so that no
    answer gets lost by altered data. A task without a key was made by somebody else; it is passed
    over, and the log says how many there were. Deleted tasks do not show here:
    `InboxActivity.tasks` does.
    """
    finish_half_saved(connection, project_id, since=since)
    authors = _Authors(lambda: read_people(connection))
    foreign: set[int] = set()
    for row in list_changed(connection, project_id, since=since):
        if _is_ours(row["data"]):
            yield _answered(row, authors)
        else:
            foreign.add(row["id"])
    if foreign:
        _log.warning(
            "project %d: %d tasks were not made by the platform and are not read, e.g. task %d",
            project_id,
            len(foreign),
            min(foreign),
        )


def _is_ours(data: dict[str, Any]) -> bool:
    return isinstance(data.get(KEY_FIELD), str)


def _side(data: dict[str, Any], name: str) -> int:
    """A side that the data claim, or 1 where they claim none."""
    side = data.get(name)
    return side if isinstance(side, int) and side > 0 else 1


class _Authors:
    """User id -> e-mail; asks again when a newcomer has answered meanwhile."""

    def __init__(self, read: Callable[[], dict[str, int]]) -> None:
        self._read = read
        self._emails: dict[int, str] = {}

    def email(self, user_id: int | None) -> str:
        if user_id is not None and user_id not in self._emails:
            self._emails = {found: email for email, found in self._read().items()}
        if user_id is None or user_id not in self._emails:
            return f"deleted-user-{user_id or 'unknown'}"
        return self._emails[user_id]


def _answered(row: TaskRow, authors: _Authors) -> AnsweredTask:
    data = row["data"]
    return AnsweredTask(
        task_id=row["id"],
        task_key=data[KEY_FIELD],
        image_id=str(data.get("image_id", "")),
        width_px=_side(data, "width_px"),
        height_px=_side(data, "height_px"),
        updated_at=_time(row["updated_at"]),
        annotations=tuple(
            _raw(annotation, authors)
            for annotation in sorted(row["annotations"], key=lambda found: int(found["id"]))
        ),
        created_at=_time(row["created_at"]) if row.get("created_at") else None,
        changed_by=_changed_by(row, authors),
    )


def _changed_by(row: TaskRow, authors: _Authors) -> str | None:
    """Who changed the task or its answers last; empty for nobody, None when it is not told."""
    people = row.get("updated_by")
    if people is None:
        return None
    return authors.email(people[0]["user_id"]).strip().lower() if people else ""


def _raw(annotation: dict[str, Any], authors: _Authors) -> RawAnnotation:
    return RawAnnotation(
        annotation_id=annotation["id"],
        email=authors.email(annotation["completed_by"]),
        created_at=_time(annotation["created_at"]),
        updated_at=_time(annotation["updated_at"]),
        skipped=annotation["was_cancelled"],
        lead_time_s=annotation["lead_time"],
        ground_truth=annotation["ground_truth"],
        result=tuple(annotation["result"] or ()),
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
