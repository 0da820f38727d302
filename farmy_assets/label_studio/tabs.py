"""The tables that a person finds in an inbox: what is open, and everything; without our keys.

Label Studio counts a table's rows itself, and the open ones anew at each look, so that what it
says is left is true. A table that a person has made or renamed is left alone.
"""

from typing import Any

from farmy_assets.label_studio.connection import Connection
from farmy_assets.label_studio.data_manager import UNANSWERED, Filter

OPEN, ALL = "To do", "All"
_BY_ARRIVAL, _BY_SCORE = ["tasks:id"], ["tasks:predictions_score"]
_MADE_BY_LABEL_STUDIO = "Default"
_SHOWN = frozenset(
    {"tasks:data.image", "tasks:data.reasons", "tasks:completed_at", "tasks:cancelled_annotations"}
)
_OURS = (
    "asset_key", "image_id", "width_px", "height_px", "differences", "decisions", "regions",
    "conflicts", "notes", "reason",
)  # fmt: skip
"""Fields of our tasks that say nothing to people; a new inbox does not name them as columns yet."""


def ensure_tabs(connection: Connection, project_id: int) -> None:
    """Give an inbox its two tables, once; what people change in them afterwards stays."""
    there = _tabs(connection, project_id)
    titles = [tab["data"].get("title") for tab in there]
    if OPEN in titles:
        return
    hidden = _hidden(connection, project_id)
    _create(connection, project_id, _tab(OPEN, hidden, filters=[UNANSWERED]))
    if ALL not in titles:
        _create(connection, project_id, _tab(ALL, hidden))
    for tab in there:
        if tab["data"].get("title") == _MADE_BY_LABEL_STUDIO:
            with connection.sdk(f"removing the first table of project {project_id}") as sdk:
                sdk.views.delete(id=str(tab["id"]))


def order_open_tasks(connection: Connection, project_id: int, *, by_score: bool) -> None:
    """Have the table of open tasks, and so their stream, begin with the lowest prediction scores.

    A table that a person has ordered otherwise is left alone.

    Args:
        connection: To the server.
        project_id: The inbox.
        by_score: By scores, or else in the order in which the tasks came.
    """
    wanted, other = (_BY_SCORE, _BY_ARRIVAL) if by_score else (_BY_ARRIVAL, _BY_SCORE)
    for tab in _tabs(connection, project_id):
        if tab["data"].get("title") == OPEN and tab["data"].get("ordering") == other:
            with connection.sdk(f"ordering the open tasks of project {project_id}") as sdk:
                data = {**tab["data"], "ordering": wanted}
                sdk.views.update(id=str(tab["id"]), project=project_id, data=data)


def _tabs(connection: Connection, project_id: int) -> list[dict[str, Any]]:
    doing = f"reading the tables of project {project_id}"
    tabs: list[dict[str, Any]] = connection.get("/api/dm/views/", doing=doing, project=project_id)
    return [tab for tab in tabs if isinstance(tab.get("data"), dict)]


def _create(connection: Connection, project_id: int, tab: dict[str, Any]) -> None:
    doing = f"making the table {tab['title']} of project {project_id}"
    connection.post("/api/dm/views/", {"project": project_id, "data": tab}, doing=doing)


def _tab(title: str, hidden: list[str], *, filters: list[Filter] | None = None) -> dict[str, Any]:
    return {
        "title": title,
        "type": "list",
        "target": "tasks",
        "filters": {"conjunction": "and", "items": filters or []},
        "ordering": _BY_ARRIVAL,
        "hiddenColumns": {"explore": hidden, "labeling": hidden},
    }


def _hidden(connection: Connection, project_id: int) -> list[str]:
    """Every column but the few that say something to a person."""
    answer = connection.get(
        "/api/dm/columns", doing=f"reading the columns of project {project_id}", project=project_id
    )
    named = {
        f"{column['target']}:{column['parent']}.{column['id']}"
        if column.get("parent")
        else f"{column['target']}:{column['id']}"
        for column in answer["columns"]
        if not column.get("children")
    }
    return sorted((named | {f"tasks:data.{field}" for field in _OURS}) - _SHOWN)
