"""Tasks: what Label Studio is given to show."""

from collections.abc import Iterable, Mapping
from typing import Any

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import AgreementPolicy, Campaign
from farmy_assets.annotation.consensus import ImageConsensus
from farmy_assets.annotation.decisions import Decision, adjudication_key
from farmy_assets.annotation.inboxes import ANSWERING
from farmy_assets.annotation.rejections import letters_to_send_back
from farmy_assets.annotation.triage import TriageQuestion, in_words
from farmy_assets.annotation.versions import versions_of
from farmy_assets.annotation.votes import Vote
from farmy_assets.catalog.records import Record
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.adjudication_page import adjudication_page
from farmy_assets.label_studio.review_page import ONE_VERSION, former_answer, review_choices
from farmy_assets.label_studio.sent_back import choices_to_send_back, shown_places

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
    campaign: Campaign | None = None,
) -> NewTask:
    """The task that shows an adjudicator every version of an image in conflict, without names.

    Args:
        judgement: A judgement in conflict.
        votes: Votes that include those judged; others are ignored.
        policy: When two regions are the same object.
        image_uri: `s3://` address of the normalised copy.
        width_px: Width of that copy.
        height_px: Height of that copy.
        campaign: Its rules say whether a version can be sent back, and whether regions are drawn at
            all; without them none can, and they are.

    Raises:
        InvalidInputError: The judgement needs no decision: there is nothing to adjudicate.
    """
    if not judgement.status.is_to_decide:
        msg = f"image {judgement.image_id} is {judgement.status}: there is nothing to adjudicate"
        raise InvalidInputError(msg)
    # Not the key in the judgement: one that was stored long ago may still be of the former page.
    key = adjudication_key(judgement.image_id, judgement.vote_ids)
    judged = [vote for vote in votes if vote.vote_id in judgement.vote_ids]
    page = adjudication_page(
        key,
        judged=judged,
        conflicts=judgement.conflicts,
        policy=policy,
        image_uri=image_uri,
        size_px=(width_px, height_px),
        draws=bool(campaign.regions) if campaign else True,
        notes=judgement.notes,
    )
    returnable = letters_to_send_back(judged, campaign) if campaign else ()
    decisions = [*page.data["decisions"], *choices_to_send_back(returnable)]
    return NewTask(
        task_key=key,
        data=_data(key, judgement.image_id, image_uri, width_px, height_px)
        | page.data
        | {"decisions": decisions},
        predictions=({"model_version": ALL_VERSIONS, "result": list(page.results)},),
    )


def review_task(
    judgement: ImageConsensus,
    *,
    votes: Iterable[Vote],
    campaign: Campaign,
    image_uri: str,
    width_px: int,
    height_px: int,
) -> NewTask:
    """The task that shows a reviewer what one person drew, and lets it be changed.

    Args:
        judgement: A judgement that waits for a review.
        votes: Votes that include those judged; others are ignored.
        campaign: The campaign at its present version.
        image_uri: `s3://` address of the normalised copy.
        width_px: Width of that copy.
        height_px: Height of that copy.
    """
    key = adjudication_key(judgement.image_id, judgement.vote_ids)
    judged = [vote for vote in votes if vote.vote_id in judgement.vote_ids]
    versions = versions_of(judged).items()
    letter, answer = next((each, vote) for each, vote in versions if vote.phase in ANSWERING)
    notes = [*judgement.notes, *(p for c in judgement.conflicts for p in c.problems)]
    decisions = review_choices(
        letter,
        is_returnable=letter in letters_to_send_back(judged, campaign),
        is_empty=not (answer.regions or answer.choices),
    )
    shown = former_answer(key, answer, campaign, width_px=width_px, height_px=height_px)
    return NewTask(
        task_key=key,
        data=_data(key, judgement.image_id, image_uri, width_px, height_px)
        | {"decisions": decisions, "notes": "; ".join(notes)},
        predictions=({"model_version": ONE_VERSION, "result": shown},),
    )


def correction_task(
    assignment: Assignment,
    *,
    answer: Vote,
    decision: Decision,
    campaign: Campaign,
    image_uri: str,
    width_px: int,
    height_px: int,
) -> NewTask:
    """The task that shows an annotator an own answer again, and what is to be corrected.

    Args:
        assignment: Whom it is for, and its key.
        answer: What he or she answered.
        decision: The decision that sent it back.
        campaign: The campaign at its present version.
        image_uri: `s3://` address of the normalised copy.
        width_px: Width of that copy.
        height_px: Height of that copy.
    """
    key, size = assignment.task_key, {"width_px": width_px, "height_px": height_px}
    # Places first: what comes later lies on top, and can be clicked.
    places = shown_places(decision.places, **size)
    drawn = former_answer(key, answer, campaign, **size)
    return NewTask(
        task_key=key,
        data=_data(key, assignment.image_id, image_uri, width_px, height_px)
        | {"reason": decision.reason},
        predictions=({"model_version": ONE_VERSION, "result": [*places, *drawn]},),
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
