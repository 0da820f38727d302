"""What a request is about: which inbox the things lie in that it names, and whose answers they are.

Only ids are looked up, with one small query for each thing that is named. What the gate reads of a
request is read as Label Studio reads it; where that could be read in two ways it is refused.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from django.apps import apps
from django.http import HttpRequest

from .bodies import identity, list_settings, parse
from .inbox_keys import PREFIX, is_inbox, owner_of
from .rules import Facts, Place, Right, Rule

User = Any  # Label Studio's own model, known only when it runs

_PICTURES = "/images/"  # where the cleansed bucket has what annotators may see

_PATH: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "projects:api:project-detail": {"pk": "project"},
        "projects:api:label-stream-history": {"pk": "project"},
        "projects:api:project-next": {"pk": "project"},
        "data_manager:project-data": {"pk": "project"},
        "data_manager:api:view-detail": {"pk": "view"},
        "tasks:api:task-detail": {"pk": "task"},
        "tasks:api:task-annotations": {"pk": "task"},
        "tasks:api:task-drafts": {"pk": "task"},
        "tasks:api:task-annotations-drafts": {"pk": "task", "annotation_id": "annotation"},
        "tasks:api-annotations:annotation-detail": {"pk": "annotation"},
        "tasks:api-drafts:draft-detail": {"pk": "draft"},
        "storages:task-storage-data-resolve": {"task_id": "task"},
        "storages:task-storage-data-presign": {"task_id": "task"},
    }
)
"""Route to what the parts of its address are ids of."""

_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "project": "project",
        "view": "view",
        "tabID": "view",
        "task": "task",
        "taskID": "task",
        "annotation": "annotation",
        "parent_annotation": "annotation",
        "parent_prediction": "prediction",
        "draft_id": "draft",
    }
)
"""Name in a query or a body to what it is the id of."""

# Model, and the fields: project, its description, task, author.
_LOOKED_UP: Mapping[str, tuple[str, str, tuple[str | None, ...]]] = MappingProxyType(
    {
        "project": ("projects", "Project", ("id", "description", None, None)),
        "view": ("data_manager", "View", ("project_id", "project__description", None, None)),
        "task": ("tasks", "Task", ("project_id", "project__description", "id", None)),
        "annotation": (
            "tasks",
            "Annotation",
            ("task__project_id", "task__project__description", "task_id", "completed_by_id"),
        ),
        "draft": (
            "tasks",
            "AnnotationDraft",
            ("task__project_id", "task__project__description", "task_id", "user_id"),
        ),
        "prediction": (
            "tasks",
            "Prediction",
            ("task__project_id", "task__project__description", "task_id", None),
        ),
    }
)


@dataclass(frozen=True)
class _Thing:
    project_id: int | None
    description: str | None
    task_id: int | None
    author_id: int | None
    has_author: bool


_NOWHERE = _Thing(None, None, None, None, has_author=False)


def facts_of(
    request: HttpRequest, *, route: str, kwargs: Mapping[str, Any], rule: Rule, user: User
) -> Facts:
    """What the gate's rule asks about a request.

    Args:
        request: Its body may have been read before; it is read here once for all.
        route: The name of the route.
        kwargs: The parts of the address.
        rule: The rule of this route and method.
        user: Who asks; signed in, or anonymous.
    """
    if rule.body.fields is None or (rule.right is Right.ANYBODY and request.method != "POST"):
        return Facts()
    said, unreadable = parse(request.body, request.META.get("CONTENT_TYPE", ""))
    if unreadable:
        return Facts(problems=(unreadable,))
    asker = user.pk or 0
    problems = list(rule.body.problems(said, asker=asker))
    if request.method in {"GET", "HEAD"} and request.body:
        problems.append("a question has no body")
    problems += [f"{name}: given twice" for name, all_ in request.GET.lists() if len(all_) > 1]
    if wrong := _wrong_in_query(request.GET.get("query", "")):
        problems.append(f"query: {wrong}")
    things, named = _things(request, route, kwargs, said, problems)
    return Facts(
        place=_place(things, str(getattr(user, "email", "")).strip().lower()),
        named=named,
        author_is_asker=all(t.author_id == asker for t in things if t.has_author),
        action=request.GET.get("id", ""),
        picture_is_the_tasks=not rule.picture or _is_the_picture(request, kwargs),
        problems=tuple(problems),
    )


def _wrong_in_query(text: str) -> str | None:
    """What is wrong with the settings of a list that stand in the address, if they do."""
    if not text:
        return None
    try:
        return list_settings(json.loads(unquote(text)), 0)
    except (ValueError, RecursionError):
        return "must be readable JSON"


def _things(
    request: HttpRequest,
    route: str,
    kwargs: Mapping[str, Any],
    said: Mapping[str, Any],
    problems: list[str],
) -> tuple[list[_Thing], frozenset[str]]:
    """Everything that the request names by an id; a 0 or nothing names nothing."""
    path = _PATH.get(route, {})
    wanted = [(kind, kwargs[name]) for name, kind in path.items() if name in kwargs]
    named = set()
    given: list[tuple[str, str, Any]] = []
    given += [(name, name, request.GET[name]) for name in _NAMES if name in request.GET]
    given += [(f"body.{name}", name, said[name]) for name in _NAMES if name in said]
    for label, name, value in given:
        if value in ("", None):
            continue
        if identity(value) is None:
            problems.append(f"{label}: must be an id")
        elif identity(value):
            wanted.append((_NAMES[name], value))
            named.add(label)
    asked = {(kind, identity(value) or 0) for kind, value in wanted}
    return [_look_up(kind, pk) for kind, pk in sorted(asked)], frozenset(named)


def _look_up(kind: str, pk: int) -> _Thing:
    app, model, fields = _LOOKED_UP[kind]
    project, description, task, author = fields
    read = [name for name in fields if name]
    row = (
        apps.get_model(app, model)._base_manager.filter(pk=pk).values(*read).first()
    )  # without the views' annotations
    if row is None:
        return _NOWHERE
    return _Thing(
        project_id=row[project],
        description=row[description],
        task_id=row[task] if task else None,
        author_id=row[author] if author else None,
        has_author=author is not None,
    )


def _place(things: Iterable[_Thing], email: str) -> Place:
    """Where all of it lies: of two projects, or of two tasks, it is in no single inbox."""
    found = list(things)
    if not found:
        return Place.NOT_NAMED
    projects = {thing.project_id for thing in found}
    tasks = {thing.task_id for thing in found if thing.task_id is not None}
    descriptions = {thing.description for thing in found}
    if None in projects or len(projects) > 1 or len(tasks) > 1:
        return Place.ELSEWHERE
    (description,) = descriptions
    if not is_inbox(description):
        return Place.ELSEWHERE
    return Place.OWN_INBOX if owner_of(description) == email else Place.OTHER_INBOX


def _is_the_picture(request: HttpRequest, kwargs: Mapping[str, Any]) -> bool:
    """Whether the file asked for is what the platform put into the task, among the pictures."""
    wanted = _decoded(request.GET.get("fileuri", ""))
    task = _all("tasks", "Task").filter(pk=kwargs["task_id"])
    data = task.values_list("data", flat=True).first()
    image = data.get("image") if isinstance(data, dict) else None
    if not isinstance(image, str) or wanted != image or not image.startswith("s3://"):
        return False
    bucket, slash, key = image.removeprefix("s3://").partition("/")
    return bool(bucket) and f"{slash}{key}".startswith(_PICTURES) and ".." not in key


def _decoded(text: str) -> str:
    """An address as Label Studio decodes it: from base64, else from percent signs."""
    try:
        return base64.urlsafe_b64decode(text.encode()).decode()
    except (binascii.Error, ValueError):
        return unquote(text)


def _all(app: str, model: str) -> Any:  # noqa: ANN401  # a manager of Django's
    """Every row, without the counts that Label Studio's own managers add to each."""
    return apps.get_model(app, model)._base_manager


def own_project_ids(email: str, *, every_inbox: bool) -> list[int]:
    """The projects that a person may see listed.

    Args:
        email: Of who asks.
        every_inbox: All inboxes, for a lead.
    """
    rows = _all("projects", "Project").filter(description__startswith=PREFIX)
    if not every_inbox:
        rows = rows.filter(description__endswith=f" {email}")
    # The database may compare without regard to case: the pure function has the last word.
    return sorted(
        pk
        for pk, description in rows.values_list("id", "description")
        if is_inbox(description) and (every_inbox or owner_of(description) == email)
    )
