"""Predictions in inboxes: what a model saw, drawn in the tasks that nobody has answered yet.

Label Studio takes the same prediction twice, passes over what it cannot read without a word, and
shows whatever version its project names: so we look before we write, and look again afterwards.
"""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from farmy_assets.annotation.predictions.predicted import ImagePredictions, mean_score
from farmy_assets.errors import StudioError, StudioUnavailableError
from farmy_assets.label_studio.connection import Connection
from farmy_assets.label_studio.data_manager import (
    UNANSWERED,
    ids_filter,
    list_tasks,
    model_filter,
)
from farmy_assets.label_studio.projects import show_prediction
from farmy_assets.label_studio.regions import region_to_result
from farmy_assets.label_studio.tasks import find_task_ids

Prediction = Mapping[str, Any]
"""A prediction in Label Studio's form: model_version, score, result."""

_AT_ONCE = 500
_IMPORT_TIMEOUT_S = 300
_ID_LENGTH = 10


def prediction_of(
    found: ImagePredictions,
    *,
    model: str,
    least_score: float,
    width_px: int,
    height_px: int,
    place: float | None = None,
) -> dict[str, Any]:
    """What a model saw in an image, in Label Studio's form.

    Args:
        found: The predictions.
        model: The model's name.
        least_score: Regions under this score are left out.
        width_px: Width of the image that is shown.
        height_px: Height of that image.
        place: Where the campaign's order puts the image, from 0 (first) to 1: the score by which
            open tasks are ordered. Without it the score is the mean of the regions'.
    """
    shown = [each for each in found.regions if each.score >= least_score]
    results = [
        region_to_result(
            each.region,
            region_id=_region_id(model, found.image_id, number),
            width_px=width_px,
            height_px=height_px,
        )
        | {"score": each.score}
        for number, each in enumerate(shown)
    ]
    score = place
    if score is None:
        score = mean_score(found.model_copy(update={"regions": tuple(shown)}))
    return {"model_version": model, "score": round(score, 6), "result": results}


def show(
    connection: Connection, project_id: int, found: Mapping[str, Prediction], *, model: str
) -> frozenset[str]:
    """Give unanswered tasks their predictions, and have the project show this model's.

    Args:
        connection: To the server.
        project_id: The inbox's project.
        found: Task key to prediction.
        model: The model's name.

    Returns:
        The keys of those unanswered tasks that have the model's prediction now.

    Raises:
        StudioUnavailableError: Some could not be stored; the same call again goes on.
        StudioError: Label Studio refused them, or goes on to show another model.
    """
    keys = {task_id: key for key, task_id in find_task_ids(connection, project_id, found).items()}
    having, lacking = _looked_at(connection, project_id, sorted(keys), model)
    for start in range(0, len(lacking), _AT_ONCE):
        some = lacking[start : start + _AT_ONCE]
        _import(connection, project_id, [{"task": i, **found[keys[i]]} for i in some], model)
    if lacking:
        having, lacking = _looked_at(connection, project_id, sorted(keys), model)
    if lacking:
        msg = (
            f"Label Studio did not take the predictions of {len(lacking)} tasks of project "
            f"{project_id}, e.g. of {keys[lacking[0]]}: do their classes and kinds of regions "
            "stand in the campaign?"
        )
        raise StudioError(msg)
    if having:
        show_prediction(connection, project_id, model)
    return frozenset(keys[task_id] for task_id in having)


def hide(connection: Connection, project_id: int, task_keys: Collection[str]) -> frozenset[str]:
    """Let a project show no predictions, and take them out of tasks that nobody has answered.

    Returns:
        Those of the keys whose tasks nobody has answered.
    """
    ids = find_task_ids(connection, project_id, task_keys)
    filters = [UNANSWERED]
    connection.post(
        f"/api/dm/actions?id=delete_tasks_predictions&project={project_id}",
        {
            "filters": {"conjunction": "and", "items": filters},
            "selectedItems": {"all": True, "excluded": []},
        },
        doing=f"taking predictions out of project {project_id}",
    )
    _update(connection, project_id, show_collab_predictions=False)
    left = {
        row["id"]
        for some in _chunks(sorted(ids.values()))
        for row in list_tasks(
            connection, project_id, include="id", filters=[UNANSWERED, ids_filter(some)]
        )
    }
    return frozenset(key for key, task_id in ids.items() if task_id in left)


def _looked_at(
    connection: Connection, project_id: int, task_ids: Sequence[int], model: str
) -> tuple[list[int], list[int]]:
    """Of these tasks the unanswered ones that have the model's prediction, and that lack it."""
    unanswered, having = set[int](), set[int]()
    for some in _chunks(task_ids):
        these = [UNANSWERED, ids_filter(some)]
        unanswered |= {
            row["id"] for row in list_tasks(connection, project_id, include="id", filters=these)
        }
        having |= {
            row["id"]
            for row in list_tasks(
                connection,
                project_id,
                include="id,predictions_model_versions",
                filters=[*these, model_filter(model)],
            )
            if model in re.split(r"[, ]+", str(row["predictions_model_versions"]))
        }
    return sorted(having), sorted(unanswered - having)


def _import(
    connection: Connection, project_id: int, body: list[dict[str, Any]], model: str
) -> None:
    """Import some predictions once; when the answer is unclear, what the server has decides."""
    try:
        connection.post(
            f"/api/projects/{project_id}/import/predictions",
            body,
            doing=f"importing {len(body)} predictions into project {project_id}",
            timeout_s=_IMPORT_TIMEOUT_S,
        )
    except StudioUnavailableError:
        if _looked_at(connection, project_id, [item["task"] for item in body], model)[1]:
            raise


def _update(connection: Connection, project_id: int, **changes: Any) -> None:  # noqa: ANN401 - the SDK's own
    with connection.sdk(f"changing {', '.join(changes)} of project {project_id}") as sdk:
        sdk.projects.update(id=project_id, **changes)


def _chunks(task_ids: Sequence[int]) -> list[Sequence[int]]:
    return [task_ids[start : start + _AT_ONCE] for start in range(0, len(task_ids), _AT_ONCE)]


def _region_id(model: str, image_id: str, number: int) -> str:
    return hashlib.sha256(f"{model}\x00{image_id}\x00{number}".encode()).hexdigest()[:_ID_LENGTH]
