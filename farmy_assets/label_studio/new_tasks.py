"""Tasks: what Label Studio is given to show."""

from collections.abc import Iterable, Mapping
from typing import Any

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus
from farmy_assets.annotation.decisions import adjudication_key
from farmy_assets.annotation.triage import TriageQuestion, in_words
from farmy_assets.annotation.votes import Vote
from farmy_assets.catalog.records import Record
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.adjudication_page import adjudication_page

ALL_VERSIONS = "all versions"
"""What the prediction is called that holds every version's regions."""


class NewTask(Record):
    """A task to import; `task_key` is also in the data, as `asset_key`, where it can be found."""

    task_key: str
    data: dict[str, Any]
    predictions: tuple[dict[str, Any], ...] = ()


def annotation_task(
    assignment: Assignment,
    *,
    image_uri: str,
    width_px: int,
    height_px: int,
    prediction: Mapping[str, Any] | None = None,
) -> NewTask:
    """The task of one assignment: the image with nothing drawn on it but a prediction, if any.

    Args:
        assignment: Whom it is for, and its key.
        image_uri: `s3://` address of the normalised copy.
        width_px: Width of that copy.
        height_px: Height of that copy.
        prediction: What a model saw, in Label Studio's form (`predictions.prediction_of`).
    """
    return NewTask(
        task_key=assignment.task_key,
        data=_data(assignment.task_key, assignment.image_id, image_uri, width_px, height_px),
        predictions=(dict(prediction),) if prediction else (),
    )


def adjudication_task(
    judgement: ImageConsensus,
    *,
    votes: Iterable[Vote],
    policy: AgreementPolicy,
    image_uri: str,
    width_px: int,
    height_px: int,
) -> NewTask:
    """The task that shows an adjudicator every version of an image in conflict, without names.

    Args:
        judgement: A judgement in conflict.
        votes: Votes that include those judged; others are ignored.
        policy: When two regions are the same object.
        image_uri: `s3://` address of the normalised copy.
        width_px: Width of that copy.
        height_px: Height of that copy.

    Raises:
        InvalidInputError: The judgement is not in conflict: there is nothing to adjudicate.
    """
    if judgement.status is not ConsensusStatus.IN_CONFLICT:
        msg = f"image {judgement.image_id} is {judgement.status}: there is nothing to adjudicate"
        raise InvalidInputError(msg)
    # Not the key in the judgement: one that was stored long ago may still be of the former page.
    key = adjudication_key(judgement.image_id, judgement.vote_ids)
    page = adjudication_page(
        key,
        judged=[vote for vote in votes if vote.vote_id in judgement.vote_ids],
        conflicts=judgement.conflicts,
        policy=policy,
        image_uri=image_uri,
        size_px=(width_px, height_px),
    )
    return NewTask(
        task_key=key,
        data=_data(key, judgement.image_id, image_uri, width_px, height_px) | page.data,
        predictions=({"model_version": ALL_VERSIONS, "result": list(page.results)},),
    )


def triage_task(
    question: TriageQuestion, *, image_uri: str, width_px: int, height_px: int
) -> NewTask:
    """The task that shows a flagged photograph and says why it was flagged.

    Args:
        question: Whom it is for, and what the checks found.
        image_uri: `s3://` address of the normalised copy.
        width_px: Width of that copy.
        height_px: Height of that copy.
    """
    assignment = question.assignment
    return NewTask(
        task_key=assignment.task_key,
        data=_data(assignment.task_key, assignment.image_id, image_uri, width_px, height_px)
        | {"reasons": "\n".join(in_words(result) for result in question.failed)},
    )


def _data(
    task_key: str, image_id: str, image_uri: str, width_px: int, height_px: int
) -> dict[str, Any]:
    return {
        "image": image_uri,
        "asset_key": task_key,
        "image_id": image_id,
        "width_px": width_px,
        "height_px": height_px,
    }
