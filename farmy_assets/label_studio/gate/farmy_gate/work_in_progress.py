"""Which tasks somebody is at work on; the rules let nobody but the platform through to here.

Label Studio's own lists show drafts to their authors alone, and locks to nobody.
"""

from datetime import UTC, datetime

from django.apps import apps
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from .bodies import identity
from .people import ForThePlatform


class WorkInProgress(ForThePlatform):
    """The tasks of one project with a draft that was changed lately, or with a lock."""

    def get(self, request: Request) -> Response:
        """List the data of these tasks."""
        project = identity(request.query_params.get("project"))
        since = _time(request.query_params.get("since"))
        if project is None or since is None:
            raise ValidationError({"detail": "say which project, and since when (ISO 8601)"})
        drafts = apps.get_model("tasks", "AnnotationDraft").objects.filter(
            task__project_id=project, updated_at__gte=since
        )
        # Opening an inbox locks the next task for an hour.
        locks = apps.get_model("tasks", "TaskLock").objects.filter(
            task__project_id=project, expire_at__gt=datetime.now(UTC)
        )
        ids = {pk for found in (drafts, locks) for pk in found.values_list("task_id", flat=True)}
        tasks = apps.get_model("tasks", "Task").objects.filter(pk__in=ids).order_by("pk")
        return Response([{"id": pk, "data": data} for pk, data in tasks.values_list("pk", "data")])


def _time(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else None
