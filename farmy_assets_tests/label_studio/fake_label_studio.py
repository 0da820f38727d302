"""Label Studio in memory, as far as the platform uses it: answers in the shapes of the real one."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count
from typing import Any

import httpx

START = datetime(2026, 1, 1, tzinfo=UTC)

COLUMNS = (
    {"id": "image", "parent": "data", "target": "tasks"},
    {"id": "data", "target": "tasks", "children": ["image"]},
    {"id": "id", "target": "tasks"},
    {"id": "completed_at", "target": "tasks"},
    {"id": "file_upload", "target": "tasks"},
)

Row = dict[str, Any]
Fault = Callable[[httpx.Request], httpx.Response | None]


class FakeLabelStudio:
    """A transport; what was asked of it is in `requests`, what it holds in the other attributes."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.projects: dict[int, Row] = {}
        self.storages: list[Row] = []
        self.tasks: dict[int, Row] = {}
        self.annotations: dict[int, Row] = {}
        self.views: dict[int, Row] = {}
        self.users: list[Row] = [{"id": 1, "email": "Admin@Example.com"}]
        self.fault: Fault = lambda _request: None
        self.page_limit = 10_000
        self.time: datetime | None = None
        """What its clock says, where a test sets it; answers then tell it, to the second."""
        self.known_controls = {"box"}
        self._ids = count(1)
        self._ticks = count(1)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._handle)

    def asked(self, method: str, path: str = "") -> int:
        return sum(r.method == method and path in r.url.path for r in self.requests)

    def now(self) -> str:
        if self.time is not None:
            self.time += timedelta(milliseconds=1)
            return f"{self.time:%Y-%m-%dT%H:%M:%S.%fZ}"
        return f"{START + timedelta(seconds=next(self._ticks)):%Y-%m-%dT%H:%M:%S.%fZ}"

    def add_project(self, description: str) -> int:
        project_id = next(self._ids)
        self.projects[project_id] = {"id": project_id, "title": "t", "description": description}
        return project_id

    def add_task(self, project_id: int, data: Row, *, updated_at: str = "") -> int:
        task_id, now = next(self._ids), self.now()
        self.tasks[task_id] = {
            "id": task_id,
            "project": project_id,
            "data": data,
            "created_at": updated_at or now,
            "updated_at": updated_at or now,
            "updated_by": [],
            "counted": False,
        }
        return task_id

    def add_annotation(
        self, task_id: int, *, by: int = 1, skipped: bool = False, half_saved: bool = False
    ) -> int:
        """An annotation; `half_saved` as after a kill between storing and counting it."""
        annotation_id, now = next(self._ids), self.now()
        self.annotations[annotation_id] = {
            "id": annotation_id,
            "task": task_id,
            "completed_by": by,
            "created_at": now,
            "updated_at": now,
            "was_cancelled": skipped,
            "lead_time": 2.5,
            "ground_truth": False,
            "result": [],
        }
        if not half_saved:
            by_author = {"updated_by": [{"user_id": by}]}
            self.tasks[task_id] |= {"counted": True, "updated_at": now, **by_author}
        return annotation_id

    def _people(self) -> list[Row]:
        return [
            {"name": "", "role": "", "has_signed_in": True, **user, "email": user["email"].lower()}
            for user in self.users
        ]

    def _invite(self, body: Row) -> Row:
        for user in self._people():
            if user["email"] == body["email"]:
                return {**user, "is_new": False}
        person = {"id": len(self.users) + 1, **body, "has_signed_in": False}
        self.users.append(person)
        link = f"/farmy/join/{person['id']}/t0k3n/"
        return {**person, "is_new": True, "link": link, "valid_until": "2026-01-04T00:00:00Z"}

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        response = self.fault(request) or self.answer(request)
        if self.time is not None:
            response.headers["Date"] = format_datetime(self.time, usegmt=True)
        return response

    def answer(self, request: httpx.Request) -> httpx.Response:
        """What the server does when nothing is wrong; also for faults that strike afterwards."""
        path, asked = request.url.path, dict(request.url.params)
        body = json.loads(request.content) if request.content else {}
        for pattern, method, answer in self._routes():
            match = re.fullmatch(pattern, path)
            if match and request.method == method:
                return answer([int(group) for group in match.groups()], asked, body)
        return httpx.Response(404, json={"detail": f"no route {request.method} {path}"})

    def _routes(self) -> list[tuple[str, str, Callable[[list[int], Row, Any], httpx.Response]]]:
        def ok(value: object, status: int = 200) -> httpx.Response:
            return httpx.Response(status, json=value)

        return [
            (r"/health", "GET", lambda *_: ok({"status": "UP"})),
            (r"/api/current-user/whoami", "GET", lambda *_: ok(self.users[0])),
            (r"/api/version/", "GET", lambda *_: ok({"release": "1.23.2"})),
            (r"/api/users/", "GET", lambda *_: ok(self.users)),
            (r"/farmy/people/", "GET", lambda *_: ok(self._people())),
            (r"/farmy/people/", "POST", lambda _, __, body: ok(self._invite(body), 201)),
            (r"/api/projects/", "GET", lambda _, asked, __: ok(self._project_page(asked))),
            (r"/api/projects/", "POST", lambda _, __, body: ok(self._create(body), 201)),
            (r"/api/projects/counts/", "GET", lambda _, asked, __: ok(self._counts(asked))),
            (r"/api/projects/(\d+)/?", "GET", lambda ids, *_: ok(self.projects[ids[0]])),
            (
                r"/api/projects/(\d+)/?",
                "PATCH",
                lambda ids, _, body: (self.projects[ids[0]].update(body), ok(body))[1],
            ),
            (
                r"/api/projects/(\d+)/?",
                "DELETE",
                lambda ids, *_: (self.projects.pop(ids[0]), httpx.Response(204))[1],
            ),
            (
                r"/api/projects/(\d+)/import",
                "POST",
                lambda ids, _, body: self._import(ids[0], body),
            ),
            (
                r"/api/projects/(\d+)/import/predictions",
                "POST",
                lambda ids, _, body: self._import_predictions(ids[0], body),
            ),
            (
                r"/api/storages/s3/?",
                "GET",
                lambda _, asked, __: ok(
                    [s for s in self.storages if s["project"] == int(asked["project"])]
                ),
            ),
            (
                r"/api/storages/s3/?",
                "POST",
                lambda _, __, body: ok(self._add_storage(body), 201),
            ),
            (r"/api/tasks", "GET", lambda _, asked, __: self._task_page(asked)),
            (r"/api/tasks/(\d+)/?", "GET", lambda ids, *_: ok(self.tasks[ids[0]])),
            (
                r"/api/tasks/(\d+)/?",
                "PATCH",
                lambda ids, _, body: ok(self._change_task(ids[0], body)),
            ),
            (
                r"/api/tasks/(\d+)/annotations/?",
                "GET",
                lambda ids, *_: ok(self._annotations_of(ids[0])),
            ),
            (
                r"/api/tasks/(\d+)/annotations/?",
                "POST",
                lambda ids, _, body: ok(self._annotate(ids[0], body), 201),
            ),
            (r"/api/annotations/(\d+)/?", "PATCH", lambda ids, *_: ok(self._save_again(ids[0]))),
            (r"/api/dm/columns", "GET", lambda *_: ok({"columns": COLUMNS})),
            (
                r"/api/dm/views/?",
                "GET",
                lambda _, asked, __: ok(
                    [v for v in self.views.values() if v["project"] == int(asked["project"])]
                ),
            ),
            (r"/api/dm/views/?", "POST", lambda _, __, body: ok(self.add_view(body), 201)),
            (
                r"/api/dm/views/(\d+)/?",
                "PATCH",
                lambda ids, _, body: (self.views[ids[0]].update(body), ok(self.views[ids[0]]))[1],
            ),
            (
                r"/api/dm/views/(\d+)/?",
                "DELETE",
                lambda ids, *_: (self.views.pop(ids[0]), httpx.Response(204))[1],
            ),
            (
                r"/api/dm/actions",
                "POST",
                lambda _, asked, body: ok(
                    self._delete(body)
                    if asked["id"] == "delete_tasks"
                    else self._delete_predictions(int(asked["project"]), body)
                ),
            ),
        ]

    def _project_page(self, asked: Row) -> Row:
        size, page = int(asked["page_size"]), int(asked["page"])
        rows = [self.projects[key] for key in sorted(self.projects)]
        more = len(rows) > page * size
        return {"results": rows[(page - 1) * size : page * size], "next": "more" if more else None}

    def _create(self, body: Row) -> Row:
        project_id = self.add_project(body["description"])
        self.projects[project_id] |= body
        return self.projects[project_id]

    def add_view(self, body: Row) -> Row:
        view_id = next(self._ids)
        self.views[view_id] = {"id": view_id, **body}
        return self.views[view_id]

    def _add_storage(self, body: Row) -> Row:
        self.storages.append(body)
        return body

    def _counts(self, asked: Row) -> Row:
        wanted = [int(text) for text in asked["ids"].split(",")]
        return {"results": [self._count(key) for key in wanted if key in self.projects]}

    def _count(self, project_id: int) -> Row:
        tasks = [task for task in self.tasks.values() if task["project"] == project_id]
        answers = [a for task in tasks for a in self._annotations_of(task["id"])]
        skipped = sum(answer["was_cancelled"] for answer in answers)
        return {
            "id": project_id,
            "task_number": len(tasks),
            "finished_task_number": sum(task["counted"] for task in tasks),
            "total_annotations_number": len(answers) - skipped,
            "skipped_annotations_number": skipped,
        }

    def _import(self, project_id: int, body: list[Row]) -> httpx.Response:
        for item in body:
            task_id = self.add_task(project_id, item["data"])
            self.tasks[task_id]["predictions"] = item.get("predictions", [])
        return httpx.Response(201, json={"task_count": len(body)})

    def _answers_of(self, task_id: int) -> Row:
        found = self._annotations_of(task_id)
        skipped = sum(row["was_cancelled"] for row in found)
        return {
            "annotations": found,
            "total_annotations": len(found) - skipped,
            "cancelled_annotations": skipped,
        }

    def _import_predictions(self, project_id: int, body: list[Row]) -> httpx.Response:
        """As the real one: takes what is there already again, and passes over unknown controls."""
        for item in body:
            if self.tasks[item["task"]]["project"] != project_id:
                return httpx.Response(400, json={"detail": "no such task"})
            known = all(r["from_name"] in self.known_controls for r in item["result"])
            if known:
                self.tasks[item["task"]].setdefault("predictions", []).append(item)
        return httpx.Response(201, json={"created": len(body)})

    def _delete_predictions(self, project_id: int, body: Row) -> Row:
        for task in self.tasks.values():
            passes = all(self._passes(task, item) for item in body["filters"]["items"])
            if task["project"] == project_id and passes:
                task["predictions"] = []
        return {"processed_items": 1}

    def _annotations_of(self, task_id: int) -> list[Row]:
        return [row for row in self.annotations.values() if row["task"] == task_id]

    def _annotate(self, task_id: int, body: Row) -> Row:
        annotation_id = self.add_annotation(task_id, skipped=body["was_cancelled"])
        self.annotations[annotation_id] |= body
        return self.annotations[annotation_id]

    def _save_again(self, annotation_id: int) -> Row:
        row = self.annotations[annotation_id]
        row["updated_at"] = self.now()
        self.tasks[row["task"]] |= {"counted": True, "updated_at": row["updated_at"]}
        return row

    def _delete(self, body: Row) -> Row:
        chosen = [task_id for task_id in body["selectedItems"]["included"] if task_id in self.tasks]
        for task_id in chosen:
            if all(self._passes(self.tasks[task_id], item) for item in body["filters"]["items"]):
                del self.tasks[task_id]
        return {"processed_items": len(chosen)}

    def _change_task(self, task_id: int, body: Row) -> Row:
        self.tasks[task_id] |= {**body, "updated_at": self.now()}
        return self.tasks[task_id]

    def _task_page(self, asked: Row) -> httpx.Response:
        query = json.loads(asked["query"])
        filters = query.get("filters", {"items": []})["items"]
        rows = [
            task
            for task in self.tasks.values()
            if task["project"] == int(asked["project"])
            and all(self._passes(task, item) for item in filters)
        ]
        order = query["ordering"][0]
        rows.sort(key=lambda row: row[order.split(":")[1]], reverse=order.startswith("-"))
        size, page = min(int(asked["page_size"]), self.page_limit), int(asked["page"])
        if page > 1 and (page - 1) * size >= len(rows):
            return httpx.Response(404, json={"detail": "Invalid page."})
        shown = [
            row
            | self._answers_of(row["id"])
            | {
                "predictions_model_versions": ",".join(
                    sorted({p["model_version"] for p in row.get("predictions", ())})
                ),
            }
            for row in rows[(page - 1) * size : page * size]
        ]
        answers = sum(len(self._annotations_of(row["id"])) for row in rows)
        return httpx.Response(
            200, json={"tasks": shown, "total": len(rows), "total_annotations": answers}
        )

    def _passes(self, task: Row, item: Row) -> bool:
        answers, value = self._annotations_of(task["id"]), item["value"]
        column = item["filter"].removeprefix("filter:tasks:")
        counted = [a for a in answers if task["counted"]]
        have: Any = {
            "id": task["id"],
            "data.asset_key": task["data"].get("asset_key", ""),
            "updated_at": task["updated_at"],
            "completed_at": max((a["created_at"] for a in answers), default=""),
            "annotators": not answers,
            "total_annotations": sum(not a["was_cancelled"] for a in counted),
            "cancelled_annotations": sum(a["was_cancelled"] for a in counted),
            "predictions_model_versions": [p["model_version"] for p in task.get("predictions", ())],
        }[column]
        judged: dict[str, Callable[[], bool]] = {
            "greater": lambda: have > value,
            "greater_or_equal": lambda: have >= value,
            "less": lambda: have < value,
            "equal": lambda: have == value,
            "empty": lambda: have == value,
            "in_list": lambda: have in value,
            "contains": lambda: any(part in each for part in value for each in have),
            "regex": lambda: re.search(value, have) is not None,
        }
        return judged[item["operator"]]()
