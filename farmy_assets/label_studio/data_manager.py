"""Task listings with filters, in the Data Manager's own query language.

Pages are cut by value (the last id, the last time), never by page number alone: people annotate
while we read, and a numbered page would then skip tasks.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from farmy_assets.errors import StudioError
from farmy_assets.label_studio.connection import Connection

KEY_FIELD = "asset_key"
"""Where a task carries its key: in its data, for filters on its meta fail on the server."""

Filter = dict[str, Any]
TaskRow = dict[str, Any]

_LISTED_PAGE = 2000  # bare rows: 0.3 s a thousand
_ANSWERED_PAGE = 200  # rows with their annotations: 0.15 s a hundred
_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


def number_filter(column: str, operator: str, value: int) -> Filter:
    """Compare a whole-number column, e.g. `id`, `total_annotations`."""
    return _filter(column, operator, "Number", value)


def keys_filter(pattern: str) -> Filter:
    """Tasks whose key matches a regular expression."""
    return _filter(f"data.{KEY_FIELD}", "regex", "String", pattern)


def time_filter(column: str, operator: str, value: datetime) -> Filter:
    """Compare a point in time, e.g. `updated_at`, to the microsecond."""
    return _filter(column, operator, "Datetime", f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}")


def ids_filter(task_ids: Sequence[int]) -> Filter:
    """These tasks and no others."""
    return _filter("id", "in_list", "Number", list(task_ids))


def model_filter(model: str) -> Filter:
    """Tasks with a prediction of a model whose name contains this.

    Only with this filter a listing has `predictions_model_versions`, with the names in full.
    """
    return _filter("predictions_model_versions", "contains", "List", [model])


def _filter(column: str, operator: str, kind: str, value: object) -> Filter:
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": kind, "value": value}


UNANSWERED = _filter("annotators", "empty", "List", True)
"""Nobody has submitted or skipped the task. Looks at the answers: the counters can be wrong."""

ANSWERED = _filter("annotators", "empty", "List", False)
"""Somebody has submitted or skipped the task, whatever its counters say."""


def fetch(
    connection: Connection,
    project_id: int,
    *,
    filters: Sequence[Filter] = (),
    ordering: str = "tasks:id",
    page: int = 1,
    page_size: int = 100,
    **fields: str,
) -> dict[str, Any]:
    """One page as the server gives it: `tasks`, `total`, `total_annotations`."""
    query: dict[str, Any] = {"ordering": [ordering]}
    if filters:
        query["filters"] = {"conjunction": "and", "items": list(filters)}
    answer: dict[str, Any] = connection.get(
        "/api/tasks",
        doing=f"reading tasks of project {project_id}",
        project=project_id,
        query=json.dumps(query),
        page=page,
        page_size=page_size,
        resolve_uri="false",
        **fields,
    )
    return answer


def list_tasks(
    connection: Connection, project_id: int, *, include: str, filters: Sequence[Filter] = ()
) -> Iterator[TaskRow]:
    """All tasks that pass the filters, by ascending id, without their annotations.

    Args:
        connection: to the server.
        project_id: the project.
        include: comma-separated fields; must name `id`.
        filters: all have to hold.
    """
    last_id = 0
    while True:
        rows = fetch(
            connection,
            project_id,
            filters=[number_filter("id", "greater", last_id), *filters],
            page_size=_LISTED_PAGE,
            include=include,
        )["tasks"]
        yield from rows
        if len(rows) < _LISTED_PAGE:
            return
        last_id = rows[-1]["id"]


def list_changed(
    connection: Connection, project_id: int, *, since: datetime | None
) -> Iterator[TaskRow]:
    """Tasks with annotations, changed at or after a time, the oldest change first.

    A task that is changed while the listing runs comes again, further on.
    """
    start = since or _BEFORE_ALL
    page = 1
    given: set[tuple[int, str]] = set()
    while True:
        rows = _changed_page(connection, project_id, start, page)
        for row in rows:
            if (row["id"], row["updated_at"]) not in given:
                given.add((row["id"], row["updated_at"]))
                yield row
        if len(rows) < _ANSWERED_PAGE:
            return
        last = datetime.fromisoformat(rows[-1]["updated_at"])
        # A whole page of one instant (a bulk action): only here pages are counted.
        start, page = (start, page + 1) if last == start else (last, 1)


def _changed_page(
    connection: Connection, project_id: int, since: datetime, page: int
) -> list[TaskRow]:
    try:
        rows: list[TaskRow] = fetch(
            connection,
            project_id,
            filters=[time_filter("updated_at", "greater_or_equal", since)],
            ordering="tasks:updated_at",
            page=page,
            page_size=_ANSWERED_PAGE,
            fields="all",
        )["tasks"]
    except StudioError as error:
        cause = error.__cause__
        past_the_end = (
            page > 1
            and isinstance(cause, httpx.HTTPStatusError)
            and cause.response.status_code == httpx.codes.NOT_FOUND
        )
        if past_the_end:
            return []
        raise
    return rows
