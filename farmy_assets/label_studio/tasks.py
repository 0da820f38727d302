"""Work put into an inbox: every task key once, whatever happened before.

Label Studio never recognises a task it already has, so we look before we import, never repeat an
import blindly, and look again afterwards.
"""

import logging
import re
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from farmy_assets.errors import StudioUnavailableError
from farmy_assets.label_studio.connection import Connection
from farmy_assets.label_studio.data_manager import (
    KEY_FIELD,
    UNANSWERED,
    TaskRow,
    ids_filter,
    keys_filter,
    list_tasks,
)
from farmy_assets.label_studio.new_tasks import NewTask
from farmy_assets.label_studio.project_lists import read_progress

T = TypeVar("T")

_IMPORT_CHUNK = 250  # tasks a request: one second at most, all or nothing
_IMPORT_TIMEOUT_S = 300
_KEYS_A_QUERY = 30  # keeps the address under the 4,094 characters that gunicorn takes
_FULL_READ_FACTOR = 20  # reading this many tasks costs as much as looking up one key

_log = logging.getLogger(__name__)


def read_task_ids(connection: Connection, project_id: int) -> dict[str, int]:
    """Task key -> task id of all our tasks in a project; of copies the one with the lowest id."""
    return {key: ids[0] for key, ids in _read_all(connection, project_id).items()}


def find_task_ids(connection: Connection, project_id: int, keys: Collection[str]) -> dict[str, int]:
    """Task key -> task id, of those of these keys that are there."""
    return {key: ids[0] for key, ids in _locate(connection, project_id, keys).items()}


def add_tasks(connection: Connection, project_id: int, tasks: Sequence[NewTask]) -> int:
    """Put tasks into a project, leaving alone those whose key is there already.

    Returns:
        How many were not there before.

    Raises:
        StudioUnavailableError: part of them could not be stored; the same call again goes on.
        StudioError: the server refused a task; nothing of that chunk was stored.
    """
    wanted = {task.task_key: task for task in tasks}
    if not wanted:
        return 0
    before = _locate(connection, project_id, wanted.keys())
    missing = [task for key, task in wanted.items() if key not in before]
    for chunk in _chunks(missing, _IMPORT_CHUNK):
        _import(connection, project_id, chunk)
    after = _locate(connection, project_id, wanted.keys()) if missing else before
    lost = wanted.keys() - after.keys()
    if lost:
        msg = (
            f"{len(lost)} of {len(wanted)} tasks are not in project {project_id} although Label "
            f"Studio took them, e.g. {min(lost)}; run again to add them"
        )
        raise StudioUnavailableError(msg)
    copied = {key: ids for key, ids in after.items() if len(ids) > 1}
    if copied:
        _remove_copies(connection, project_id, copied)
    return len(missing)


def remove_copies(connection: Connection, project_id: int, keys: Collection[str]) -> int:
    """Delete copies of the tasks with these keys; what was answered stays, of others the first.

    Returns:
        How many were deleted.
    """
    if not keys:
        return 0
    before = _locate(connection, project_id, keys)
    copied = {key: ids for key, ids in before.items() if len(ids) > 1}
    if copied:
        _remove_copies(connection, project_id, copied)
    after = _locate(connection, project_id, keys) if copied else before
    return sum(map(len, before.values())) - sum(map(len, after.values()))


def remove_unanswered(connection: Connection, project_id: int, keys: Collection[str]) -> int:
    """Delete those of these tasks that nobody has submitted or skipped; the others stay.

    Returns:
        How many were deleted.
    """
    if not keys:
        return 0
    before = _ids_of(connection, project_id, keys)
    unanswered = _unanswered(connection, project_id, before)
    for chunk in _chunks(sorted(unanswered), _IMPORT_CHUNK):
        _delete_unanswered(connection, project_id, chunk)
    after = set(_ids_of(connection, project_id, keys)) if unanswered else set(before)
    return len(set(before) - after)


def read_tasks_in_work(connection: Connection, project_id: int, *, since: datetime) -> set[str]:
    """The keys of tasks with a draft that was changed at or after a time, or that are open now.

    The gate tells: Label Studio lists drafts to their authors alone.
    """
    rows = connection.get(
        "/farmy/in-progress/",
        doing=f"asking who works in project {project_id}",
        project=project_id,
        since=since.astimezone(UTC).isoformat(),
    )
    return {str(row["data"][KEY_FIELD]) for row in rows if KEY_FIELD in row["data"]}


def _ids_of(connection: Connection, project_id: int, keys: Collection[str]) -> list[int]:
    found = _locate(connection, project_id, keys)
    return [task_id for ids in found.values() for task_id in ids]


def _import(connection: Connection, project_id: int, tasks: Sequence[NewTask]) -> None:
    """Import one chunk once; when the answer is unclear, what the server has decides."""
    body = [_as_imported(task) for task in tasks]
    try:
        connection.post(
            f"/api/projects/{project_id}/import",
            body,
            doing=f"importing {len(body)} tasks into project {project_id}",
            timeout_s=_IMPORT_TIMEOUT_S,
        )
    except StudioUnavailableError:
        keys = {task.task_key for task in tasks}
        if _locate(connection, project_id, keys).keys() != keys:
            raise
        _log.warning("project %d: an import without an answer was stored all the same", project_id)


def _as_imported(task: NewTask) -> dict[str, Any]:
    imported: dict[str, Any] = {"data": {**task.data, KEY_FIELD: task.task_key}}
    if task.predictions:
        imported["predictions"] = list(task.predictions)
    return imported


def _locate(connection: Connection, project_id: int, keys: Collection[str]) -> dict[str, list[int]]:
    """The ids, ascending, of the tasks with these keys; a key that is not there is left out."""
    progress = read_progress(connection, [project_id]).get(project_id)
    if progress and not progress.tasks:
        return {}
    if progress and len(keys) * _FULL_READ_FACTOR < progress.tasks:
        return _look_up(connection, project_id, keys)
    found = _read_all(connection, project_id)
    return {key: found[key] for key in keys if key in found}


def _read_all(connection: Connection, project_id: int) -> dict[str, list[int]]:
    return _by_key(list_tasks(connection, project_id, include="id,data"))


def _look_up(
    connection: Connection, project_id: int, keys: Collection[str]
) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for chunk in _chunks(sorted(keys), _KEYS_A_QUERY):
        pattern = f"^({'|'.join(re.escape(key) for key in chunk)})$"
        filters = [keys_filter(pattern)]
        found |= _by_key(list_tasks(connection, project_id, include="id,data", filters=filters))
    return found


def _by_key(rows: Iterator[TaskRow]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row in rows:
        key = row["data"].get(KEY_FIELD)
        if key is not None:
            found.setdefault(key, []).append(row["id"])
    return found


def _remove_copies(connection: Connection, project_id: int, copied: dict[str, list[int]]) -> None:
    """Delete copies that nobody answered; answered ones stay, or else the lowest id."""
    unanswered = _unanswered(
        connection, project_id, [task_id for ids in copied.values() for task_id in ids]
    )
    surplus: list[int] = []
    for key, ids in copied.items():
        answered = [task_id for task_id in ids if task_id not in unanswered]
        staying = answered or ids[:1]
        surplus += [task_id for task_id in ids if task_id not in staying]
        if len(answered) > 1:
            _log.warning("project %d: key %s was answered in tasks %s", project_id, key, answered)
    if surplus:
        _log.warning("project %d: deleting %d copies without answers", project_id, len(surplus))
        _delete_unanswered(connection, project_id, surplus)


def _unanswered(connection: Connection, project_id: int, task_ids: Sequence[int]) -> set[int]:
    """Those of the tasks that nobody has submitted or skipped."""
    return {
        row["id"]
        for chunk in _chunks(task_ids, _IMPORT_CHUNK)
        for row in list_tasks(
            connection, project_id, include="id", filters=[UNANSWERED, ids_filter(chunk)]
        )
    }


def _delete_unanswered(connection: Connection, project_id: int, task_ids: Sequence[int]) -> None:
    """The filter stands in the request too: an answer given this very moment is not deleted."""
    connection.post(
        f"/api/dm/actions?id=delete_tasks&project={project_id}",
        {
            "filters": {"conjunction": "and", "items": [UNANSWERED]},
            "selectedItems": {"all": False, "included": list(task_ids)},
        },
        doing=f"deleting unanswered tasks from project {project_id}",
    )


def _chunks(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
