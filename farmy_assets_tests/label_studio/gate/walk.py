"""A walk over everything that Label Studio can be asked, as somebody who is not the platform."""

import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx

# Not in the schema that Label Studio tells of itself: pages, pictures, drafts, the rest of its API.
BESIDES_THE_SCHEMA = (
    "GET /projects/{project}/settings", "GET /projects/{project}/settings/storage",
    "GET /projects/{project}/data/import", "GET /projects/{project}/data/export",
    "GET /projects/{project}/data", "GET /projects/{project}/resolve/?fileuri={picture}",
    "GET /projects/{project}/presign/?fileuri={picture}",
    "GET /tasks/{task}/resolve/?fileuri={picture}", "GET /tasks/{task}/presign/?fileuri={picture}",
    "GET /organization/", "GET /organization/webhooks", "GET /people/", "GET /models/",
    "GET /admin/", "GET /admin/users/user/", "GET /django-rq/", "GET /data/upload/1/a.jpg",
    "GET /storage-data/uploaded/?filepath=upload/1/a.jpg", "GET /data/avatars/a.png",
    "GET /version/", "GET /metrics/", "GET /trigger500/", "GET /feature-flags", "GET /heidi-tips",
    "GET /docs/api/schema/json/", "GET /swagger/", "GET /api/", "GET /api/dm/",
    "GET /api-auth/login/", "GET /user/signup/", "POST /user/signup/", "POST /user/account/",
    "GET /samples/time-series.csv", "GET /api/invite", "POST /api/invite/reset-token",
    "POST /api/current-user/reset-token/",
    "GET /api/tasks/{task}/drafts", "POST /api/tasks/{task}/drafts",
    "POST /api/tasks/{task}/annotations/{annotation}/drafts", "GET /api/drafts/{draft}/",
    "PATCH /api/drafts/{draft}/", "DELETE /api/drafts/{draft}/",
    "POST /api/annotations/{annotation}/convert-to-draft",
    "PUT /api/annotations/{annotation}/", "PUT /api/tasks/{task}/",
    "POST /api/projects/{project}/tasks/bulk/", "GET /api/projects/{project}/summary/",
    "POST /api/projects/{project}/summary/reset/", "GET /api/projects/{project}/sample-task/",
    "GET /api/projects/{project}/tasks/", "DELETE /api/projects/{project}/tasks/",
    "POST /api/projects/{project}/reimport", "GET /api/projects/{project}/annotators/",
    "POST /api/dm/actions?id=delete_tasks&project={project}",
    "POST /api/dm/actions?id=next_task&project={project}",
    "POST /api/dm/actions?id=next_task&project={own_project}&tabID={view}",
    "GET /api/dm/actions?project={project}", "GET /api/dm/columns", "GET /api/dm/project",
    "GET /api/dm/views", "GET /api/tasks", "GET /api/tasks?view={view}",
    "GET /api/tasks?project={project}&project={own_project}",
    "GET /api/tasks/{task}?project={own_project}", "GET /api/tasks/{own_task}?project={project}",
    "GET /api/label_links?project={project}", "GET /api/label_links", "GET /api/users.json",
    "POST /api/labels/bulk", "GET /api/session-policy/", "PUT /api/session-policy/",
    "POST /api/token/rotate/", "POST /api/token/blacklist/", "GET /api/auth/export/",
    "POST /api/storages/s3/validate", "POST /api/storages/s3/files", "GET /api/storages/s3/form",
    "GET /api/storages/localfiles?project={project}", "GET /farmy/people/", "POST /farmy/people/",
    "POST /farmy/people/reset/", "POST /farmy/people/role/",
    "GET /farmy/in-progress/?project={project}&since=2026-01-01T00:00:00Z",
    "GET /farmy/in-progress/?project={own_project}&since=2026-01-01T00:00:00Z",
    "GET //api/projects/{project}/", "GET /API/projects/{project}/",
    "GET /api/projects/{project}//", "HEAD /api/projects/{project}/",
    "OPTIONS /api/projects/{project}/", "GET /api/dm/../projects/{project}/",
)  # fmt: skip

_KINDS = (
    (r"/api/projects/\{id\}", "project"), (r"/api/tasks/\{id\}", "task"),
    (r"/api/annotations/\{id\}", "annotation"), (r"/api/predictions/\{id\}", "prediction"),
    (r"/api/users/\{id\}", "user"), (r"/api/dm/views/\{id\}", "view"),
    (r"/api/organizations/\{id\}", "organization"), (r"\{user_pk\}", "user"),
)  # fmt: skip
_VOLATILE_TABLES = ("django_session", "sqlite_sequence", "fsm_", "htx_user_last")
_VOLATILE_COLUMNS = {"last_activity", "activity_at", "last_login"}


@dataclass(frozen=True)
class Things:
    """Ids of somebody's things, by kind."""

    ids: Mapping[str, object]

    def filled(self, template: str) -> str:
        """An address with these ids in it; whatever else it asks for is 1."""
        return re.sub(r"\{(\w+)\}", lambda m: str(self.ids.get(m[1], 1)), template)


def operations(schema: Mapping[str, Mapping[str, Mapping[str, object]]]) -> Iterator[str]:
    """`METHOD /address` of every operation of an OpenAPI document, its ids named by their kind."""
    for path, methods in schema["paths"].items():
        template = path
        for pattern, kind in _KINDS:
            replaced = re.search(pattern, template)
            if replaced:
                named = re.sub(r"\{\w+\}", "{" + kind + "}", replaced[0])
                template = template.replace(replaced[0], named)
        for method in methods:
            if method in {"get", "put", "post", "patch", "delete", "head", "options"}:
                yield f"{method.upper()} {template}"


def ask(client: httpx.Client, operation: str, things: Things) -> httpx.Response:
    """Do one operation about these things; a body names as many of them as there are."""
    method, _, template = operation.partition(" ")
    address = things.filled(template)
    if method == "GET" and "project=" not in address and "/api/" in address:
        separator = "&" if "?" in address else "?"
        if template not in ("/api/dm/columns", "/api/dm/project", "/api/dm/views", "/api/tasks"):
            address += f"{separator}project={things.ids['project']}"
    if method in {"GET", "HEAD", "OPTIONS"}:
        return client.request(method, address)
    return client.request(method, address, json=dict(things.ids) | _BODY)


_BODY = {
    "title": "made on the walk", "email": "walker@example.com", "username": "walker",
    "bucket": "walked", "url": "http://example.com/hook", "result": [], "data": {"image": "x"},
    "legacy_api_tokens_enabled": False, "api_tokens_enabled": False, "role": "lead",
    "first_name": "W",
}  # fmt: skip


def everything_in(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of Label Studio's database, but for what any request at all changes."""
    found = {}
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        names = [
            n for (n,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        for name in names:
            if name.startswith(_VOLATILE_TABLES):
                continue
            columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')]
            kept = ", ".join(f'"{c}"' for c in columns if c not in _VOLATILE_COLUMNS)
            found[name] = sorted(connection.execute(f'SELECT {kept} FROM "{name}"'), key=repr)
    return found


MINT = """
import os, sys, label_studio
sys.path.insert(0, os.path.dirname(label_studio.__file__))
import django; django.setup()
from jwt_auth.models import LSAPIToken
from users.models import User
print("token:" + LSAPIToken.for_user(User.objects.get(email=sys.argv[1])).get_full_jwt())
"""


def personal_token(python: Path, environment: Mapping[str, str], folder: Path, email: str) -> str:
    """A personal access token of somebody, made beside the server: the gate makes none."""
    done = subprocess.run(
        [str(python), "-c", MINT, email],
        env={**environment, "DJANGO_SETTINGS_MODULE": "core.settings.label_studio"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    (line,) = [row for row in done.stdout.splitlines() if row.startswith("token:")]
    return line.removeprefix("token:")


def as_json(schema: httpx.Response) -> Mapping[str, Mapping[str, Mapping[str, object]]]:
    """The OpenAPI document."""
    found: Mapping[str, Mapping[str, Mapping[str, object]]] = json.loads(schema.content)
    return found
