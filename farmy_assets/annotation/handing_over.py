"""What has to be asked about an evaluated image after its first answers, and of whom.

A decision is asked of the adjudicator or a reviewer, a correction of the annotator whose answer was
sent back. What was asked is recorded (`EvaluatedImage.adjudication`) before there is a task for it.
"""

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.inboxes import Phase, reviewing
from farmy_assets.annotation.membership import Membership, can_decide, reviewer_for


def is_open(image: EvaluatedImage) -> bool:
    """Whether it waits for a decision or a correction."""
    judgement = image.consensus
    return judgement is not None and (
        judgement.status.is_to_decide or judgement.sent_back is not None
    )


def is_to_hand_over(image: EvaluatedImage, campaign: Campaign, *, again: bool) -> bool:
    """Whether something has to be asked about an image, or not any more.

    Args:
        image: The image, as it is judged now.
        campaign: The campaign at its present version.
        again: Whether what was asked for already may have got lost.
    """
    lacks = image.lacks_adjudication(campaign) or (
        correction_of(image) is not None and correction_of(image) not in image.adjudication
    )
    return lacks or (is_open(image) and again) or bool(needless_requests(image))


def is_to_be_drawn(image: EvaluatedImage) -> bool:
    """Whether one person alone drew it, and it is not said yet if it is one of a sample."""
    return image.is_for_a_reviewer and image.sampled is None


def is_for_the_adjudicator(image: EvaluatedImage, campaign: Campaign, members: Membership) -> bool:
    """Whether the adjudicator is to decide on an image, and may: nobody adjudicates own work."""
    judgement = image.consensus
    return (
        judgement is not None
        and judgement.status.is_to_decide
        and not image.is_for_a_reviewer
        and can_decide(campaign, judgement, members)
    )


def correction_of(image: EvaluatedImage) -> Assignment | None:
    """The correction that an image waits for; None when it waits for none."""
    judgement = image.consensus
    if judgement is None or judgement.sent_back is None:
        return None
    return Assignment(
        campaign=judgement.campaign,
        phase=Phase.CORRECTION,
        image_id=image.image_id,
        person=judgement.sent_back.person,
        task_key=judgement.sent_back.task_key,
        batch_id="",
    )


def needless_requests(image: EvaluatedImage) -> tuple[Assignment, ...]:
    """Corrections and reviews that were asked for, not answered, and are not needed any more."""
    back = correction_of(image)
    wanted = {back.task_key} if back else set()
    if image.consensus and image.is_for_a_reviewer:
        wanted.add(image.consensus.adjudication_task_key or "")
    answered = {vote.task_key for vote in image.votes}
    return tuple(
        given
        for given in image.adjudication
        if given.phase in (Phase.CORRECTION, Phase.REVIEW)
        and given.task_key not in wanted | answered
    )


def review_of(image: EvaluatedImage, campaign: Campaign, members: Membership) -> Assignment | None:
    """The review that an image of a sample needs; None without a need, or with nobody to do it.

    Whoever has been asked for it already keeps it as long as he or she reviews.
    """
    judgement = image.consensus
    if judgement is None or not image.is_for_a_reviewer or is_to_be_drawn(image):
        return None
    key = judgement.adjudication_task_key or ""
    present = {person.name for person in reviewing(campaign)}
    for given in image.adjudication:
        if given.task_key == key and given.person in present:
            return given
    person = reviewer_for(image.image_id, judgement.people, campaign=campaign, members=members)
    if person is None:
        return None
    return Assignment(
        campaign=judgement.campaign,
        phase=Phase.REVIEW,
        image_id=image.image_id,
        person=person.name,
        task_key=key,
        batch_id="",
    )
