"""Tasks: what Label Studio is given to show."""

import hashlib
from collections.abc import Iterable
from typing import Any

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.boxes import box_to_result
from farmy_assets.annotation.consensus import Judgement, Standing
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.catalog.records import Record
from farmy_assets.errors import InvalidInputError

# Label Studio connects to a bucket only when it sees that something is there. It may list this one
# object of the cleansed copies' bucket and no other.
CONNECTION_KEY = "label-studio-connection"


class NewTask(Record):
    """A task to import; `task_key` is also in the data, as `asset_key`, where it can be found."""

    task_key: str
    data: dict[str, str | int | float]
    predictions: tuple[dict[str, Any], ...] = ()


def annotation_task(
    assignment: Assignment, *, image_uri: str, width_px: int, height_px: int
) -> NewTask:
    """The task of one assignment: the image alone, with nothing drawn on it.

    Args:
        assignment: Whom it is for, and its key.
        image_uri: `s3://` address of the normalised copy.
        width_px: Width of that copy.
        height_px: Height of that copy.
    """
    return NewTask(
        task_key=assignment.task_key,
        data=_data(assignment.task_key, assignment.image_id, image_uri, width_px, height_px),
    )


def adjudication_task(
    judgement: Judgement, *, votes: Iterable[Vote], image_uri: str, width_px: int, height_px: int
) -> NewTask:
    """The task that shows an adjudicator every version of an image in conflict, without names.

    Each version is a prediction; the sentences on top say where the versions differ. Which
    annotator is "version A" follows from a hash, so that it changes from image to image.

    Args:
        judgement: A judgement in conflict.
        votes: Votes that include those judged; others are ignored.
        image_uri: `s3://` address of the normalised copy.
        width_px: Width of that copy.
        height_px: Height of that copy.

    Raises:
        InvalidInputError: The judgement is not in conflict: there is nothing to adjudicate.
    """
    key = judgement.adjudication_task_key
    if key is None or judgement.status is not Standing.IN_CONFLICT:
        msg = f"image {judgement.image_id} is {judgement.status}: there is nothing to adjudicate"
        raise InvalidInputError(msg)
    judged = sorted(
        (vote for vote in votes if vote.vote_id in judgement.vote_ids),
        key=lambda vote: hashlib.sha256(f"{key}\x00{vote.voter}".encode()).digest(),
    )
    versions = {vote.voter: f"version {_letters(n)}" for n, vote in enumerate(judged)}
    predictions = tuple(
        {
            "model_version": versions[vote.voter],
            "result": [
                box_to_result(
                    box,
                    region_id=_region_id(key, versions[vote.voter], number),
                    width_px=width_px,
                    height_px=height_px,
                )
                for number, box in enumerate(vote.boxes)
            ],
        }
        for vote in judged
        if vote.outcome is not Outcome.SKIPPED
    )
    sentences = "\n".join(conflict.describe(versions) for conflict in judgement.conflicts)
    data = _data(key, judgement.image_id, image_uri, width_px, height_px)
    return NewTask(task_key=key, data=data | {"conflicts": sentences}, predictions=predictions)


def _data(
    task_key: str, image_id: str, image_uri: str, width_px: int, height_px: int
) -> dict[str, str | int | float]:
    return {
        "image": image_uri,
        "asset_key": task_key,
        "image_id": image_id,
        "width_px": width_px,
        "height_px": height_px,
    }


def _letters(number: int) -> str:
    """0 -> A, 25 -> Z, 26 -> AA."""
    letters = ""
    while number >= 0:
        letters = chr(ord("A") + number % 26) + letters
        number = number // 26 - 1
    return letters


def _region_id(task_key: str, version: str, number: int) -> str:
    """Label Studio adds no region ids to what it imports, so they are ours, the same each time."""
    return hashlib.sha256(f"{task_key}\x00{version}\x00{number}".encode()).hexdigest()[:10]
