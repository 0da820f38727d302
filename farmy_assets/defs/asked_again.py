"""Reviews and corrections into their inboxes; those that nobody needs any more out of them.

What is asked is recorded first, then put into the inboxes: a killed run is repeated, and adds
nothing twice.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.class_history import ClassHistory
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.handing_over import correction_of, needless_requests, review_of
from farmy_assets.annotation.inboxes import Inbox
from farmy_assets.annotation.membership import Membership
from farmy_assets.cleansing.cleansed_set import KeptImage
from farmy_assets.defs.inboxes import existing_inboxes, open_inbox
from farmy_assets.label_studio import Studio
from farmy_assets.label_studio.new_tasks import NewTask, correction_task, review_task
from farmy_assets.label_studio.review_page import ONE_VERSION
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake


def ask_again(
    lake: Lake,
    studio: Studio,
    campaign: Campaign,
    images: Collection[EvaluatedImage],
    *,
    members: Membership,
    after: int,
) -> int:
    """Ask the reviews and corrections that these images need; returns how many tasks are new.

    Args:
        lake: Where what is asked is recorded.
        studio: Where the inboxes are.
        campaign: Its present rules.
        images: As they are judged now.
        members: Who belongs to the campaign and once did.
        after: Up to which number of the log it is known what was asked.
    """
    given: list[Assignment] = []
    history = ClassHistory(campaign)
    tasks: dict[Inbox, list[NewTask]] = defaultdict(list)
    for image in images:
        if image.image is None or image.consensus is None:
            continue
        uri = f"s3://{lake.cleansed.name}/{keys.cleansed_image(image.image_id)}"
        if correction := correction_of(image):
            given.append(correction)
            again = _correction(image, image.image, correction, uri, campaign)
            tasks[correction.inbox].append(again)
        if review := review_of(image, campaign, members):
            given.append(review)
            task = review_task(
                image.consensus,
                votes=[history.present(vote) for vote in image.votes],
                campaign=campaign,
                image_uri=uri,
                width_px=image.image.width_px,
                height_px=image.image.height_px,
            )
            tasks[review.inbox].append(task)
    lake.assignments.add_adjudication(campaign.name, given, after=after)
    added = 0
    if tasks:
        lake.mark_cleansed_bucket()
    for inbox, new in tasks.items():
        project_id = open_inbox(studio, campaign, inbox)
        added += studio.add_tasks(project_id, new)
        studio.show_prediction(project_id, ONE_VERSION)
    _take_out(studio, [each for image in images for each in needless_requests(image)])
    return added


def _correction(
    image: EvaluatedImage, copy: KeptImage, given: Assignment, uri: str, campaign: Campaign
) -> NewTask:
    back = image.consensus.sent_back if image.consensus else None
    votes = {vote.vote_id: vote for vote in image.votes}
    decision = votes[back.decision_vote_id].decision if back else None
    if back is None or decision is None:
        msg = f"image {image.image_id} was not sent back"
        raise ValueError(msg)
    return correction_task(
        given,
        answer=ClassHistory(campaign).present(votes[back.answer_vote_id]),
        decision=decision,
        campaign=campaign,
        image_uri=uri,
        width_px=copy.width_px,
        height_px=copy.height_px,
    )


def _take_out(studio: Studio, needless: Sequence[Assignment]) -> None:
    """Take tasks out of their inboxes, unless they were answered meanwhile."""
    by_inbox: dict[Inbox, list[str]] = defaultdict(list)
    for assignment in needless:
        by_inbox[assignment.inbox].append(assignment.task_key)
    for inbox, project_id in existing_inboxes(studio, list(by_inbox)):
        studio.remove_unanswered(project_id, by_inbox[inbox])
