"""What Label Studio holds, for the comparison with the records; and the repairs that only it needs.

Cost: one request for a hundred projects, one for a hundred inboxes' picture storages, and one for
every 2,000 tasks of an inbox (0.3 s a thousand): 100,000 tasks in 200 inboxes take about half a
minute.
"""

from collections.abc import Iterator
from datetime import datetime

from farmy_assets.annotation.inbox_drift import PresentProject, PresentTask, Shown
from farmy_assets.label_studio.connection import Connection
from farmy_assets.label_studio.data_manager import KEY_FIELD, list_tasks
from farmy_assets.label_studio.gate.farmy_gate.inbox_keys import (
    described,
    is_inbox,
    key_of,
    owner_of,
)
from farmy_assets.label_studio.project_lists import all_projects
from farmy_assets.label_studio.projects import SETTINGS, remove_empty

_OF_A_PROJECT = ",".join(("id", "title", "description", *SETTINGS))
_OF_A_TASK = "id,data,updated_at,total_annotations,cancelled_annotations"


class Inventory:
    """Projects and tasks as they are listed.

    Every method may raise `StudioUnavailableError` (later may help) or `StudioError` (a refusal).

    Args:
        connection: With the platform's own token.
        bucket: Whose images the inboxes show.
    """

    def __init__(self, connection: Connection, bucket: str) -> None:
        self._connection = connection
        self._bucket = bucket

    def projects(self) -> list[PresentProject]:
        """All projects, those of others included; only inboxes are asked for their storages."""
        rows = list(all_projects(self._connection, include=_OF_A_PROJECT))
        return [
            PresentProject(
                project_id=row["id"],
                key=key_of(row["description"]) if is_inbox(row["description"]) else "",
                owner=owner_of(row["description"]),
                title=str(row.get("title") or ""),
                settings={name: row.get(name) for name in SETTINGS},
                has_images=not is_inbox(row["description"]) or self._shows_images(row["id"]),
            )
            for row in rows
        ]

    def _shows_images(self, project_id: int) -> bool:
        storages = self._connection.get(
            "/api/storages/s3",
            doing=f"reading the storages of project {project_id}",
            project=project_id,
        )
        return any(storage["bucket"] == self._bucket for storage in storages)

    def tasks(self, project_id: int) -> Iterator[PresentTask]:
        """All tasks of a project, by ascending id."""
        for row in list_tasks(self._connection, project_id, include=_OF_A_TASK):
            key = row["data"].get(KEY_FIELD)
            yield PresentTask(
                task_id=row["id"],
                key=key if isinstance(key, str) else None,
                data=row["data"],
                is_answered=bool(row["total_annotations"] or row["cancelled_annotations"]),
                changed_at=datetime.fromisoformat(row["updated_at"]),
            )

    def put_data(self, task_id: int, wanted: Shown) -> None:
        """Write these values into a task's data; what else its data say stays."""
        doing = f"putting the data of task {task_id} right"
        task = self._connection.get(f"/api/tasks/{task_id}/", doing=doing, resolve_uri="false")
        with self._connection.sdk(doing) as sdk:
            sdk.tasks.update(id=str(task_id), data={**task["data"], **wanted})

    def rename(self, project_id: int, title: str) -> None:
        """Give a project its title back."""
        with self._connection.sdk(f"renaming project {project_id}") as sdk:
            sdk.projects.update(id=project_id, title=title)

    def put_key(self, project_id: int, key: str, *, owner: str | None) -> None:
        """Write an inbox's key, and whose it is, into its project's description again."""
        with self._connection.sdk(f"making project {project_id} an inbox again") as sdk:
            sdk.projects.update(id=project_id, description=described(key, owner))

    def remove_if_empty(self, project_id: int, key: str) -> None:
        """Remove a second project of an inbox, as long as it holds nothing."""
        remove_empty(self._connection, key, [project_id])
