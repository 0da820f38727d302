"""Sending back: an image goes once more to somebody who answered it, with a reason.

Whoever decides on an image can send one version of it back to its author, who gets a new task in an
inbox of corrections. The new answer takes the place of the former one, which is kept. A campaign
says how many rounds there are; of an image that was sent back to somebody who left since, or more
often than that, another decision is asked for.
"""

import re
from collections.abc import Iterable, Sequence

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.decisions import DecisionKind
from farmy_assets.annotation.inboxes import ANSWERING
from farmy_assets.annotation.versions import versions_of
from farmy_assets.annotation.votes import Vote
from farmy_assets.catalog.records import Record
from farmy_assets.errors import InvalidInputError

_CORRECTION = re.compile(r"(?P<image>.+)\.[a-z0-9-]+\.again(?P<round>[0-9]+)", re.ASCII)


class SentBack(Record):
    """An image that waits for somebody's corrected answer.

    Attributes:
        person: Whose answer was sent back.
        task_key: The key of the task that asks for the correction.
        answer_vote_id: The answer that was sent back.
        decision_vote_id: The decision that sent it back; it holds the reason.
    """

    person: str
    task_key: str
    answer_vote_id: str
    decision_vote_id: str


def correction_key(image_id: str, person: str, round_number: int) -> str:
    """The key of the task that asks for a correction; rounds are counted from 1."""
    return f"{image_id}.{person}.again{round_number}"


def round_of(task_key: str) -> int:
    """The round that a task is of: 0 for the first task of an image."""
    found = _CORRECTION.fullmatch(task_key)
    return int(found["round"]) if found else 0


def image_id_of_correction(task_key: str) -> str:
    """The image that a correction's key names; empty for a key of another form."""
    found = _CORRECTION.fullmatch(task_key)
    return found["image"] if found else ""


def is_sent_back_by(vote: Vote) -> bool:
    """Whether a vote is a decision that sends an answer back."""
    return vote.decision is not None and vote.decision.kind is DecisionKind.SEND_BACK


def rounds_left(judged: Iterable[Vote], campaign: Campaign) -> int:
    """How many times an image can still be sent back.

    Args:
        judged: The votes that the next decision is about.
        campaign: The campaign at its present version.
    """
    return max(campaign.rounds - _rounds(judged), 0)


def can_be_sent_back(vote: Vote, campaign: Campaign) -> bool:
    """Whether a version has an author who can be asked again; somebody who is paused cannot."""
    names = {person.name for person in campaign.active_annotators}
    return vote.phase in ANSWERING and vote.person in names


def letters_to_send_back(judged: Sequence[Vote], campaign: Campaign) -> tuple[str, ...]:
    """The versions that can be sent back now; none once all rounds are used."""
    if not rounds_left(judged, campaign):
        return ()
    versions = versions_of(judged).items()
    return tuple(letters for letters, vote in versions if can_be_sent_back(vote, campaign))


def sent_back(decision: Vote, judged: Sequence[Vote], campaign: Campaign) -> SentBack:
    """Whom a decision sends an image back to.

    Args:
        decision: A decision that sends an answer back.
        judged: The votes that it was made on.
        campaign: The campaign at its present version.

    Raises:
        InvalidInputError: It cannot be sent back to that person (any more), or not once more.
    """
    letters = decision.decision.version if decision.decision else ""
    answer = versions_of(judged).get(letters)
    if answer is None or answer.phase not in ANSWERING or answer.person is None:
        msg = f"version {letters[:10]!r} was sent back, which has no author to ask"
        raise InvalidInputError(msg)
    if not can_be_sent_back(answer, campaign):
        msg = f"version {letters} was sent back, and its author has left since"
        raise InvalidInputError(msg)
    if not rounds_left(judged, campaign):
        msg = f"version {letters} was sent back, and the image cannot be sent back any more"
        raise InvalidInputError(msg)
    return SentBack(
        person=answer.person,
        task_key=correction_key(decision.image_id, answer.person, _rounds(judged) + 1),
        answer_vote_id=answer.vote_id,
        decision_vote_id=decision.vote_id,
    )


def _rounds(judged: Iterable[Vote]) -> int:
    """How many rounds are behind these votes; those without an answer are decisions among them."""
    votes = list(judged)
    answered = max((round_of(vote.task_key) for vote in votes), default=0)
    return answered + sum(is_sent_back_by(vote) for vote in votes)
