"""The history of an image's votes, and the recorded answers that may have to be put back."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.inboxes import Inbox
from farmy_assets.annotation.votes import Outcome, Vote, age, current_votes
from farmy_assets.lake.lake import Lake


@dataclass(frozen=True)
class VoteInHistory:
    """A vote, and whether it is the one that counts of its author."""

    vote: Vote
    is_current: bool


def history(lake: Lake, image_id: str, *, campaigns: Collection[str]) -> list[VoteInHistory]:
    """Every vote on an image in these campaigns, the oldest first.

    Reads of each campaign one page of its evaluation, and the votes that came after it.
    """
    found = []
    for campaign in campaigns:
        inputs, _ = lake.evaluations.inputs(campaign)
        known = lake.evaluations.of_images(campaign, [image_id]).values()
        votes = {vote.vote_id: vote for image in known for vote in image.votes}
        newer = lake.votes.log(campaign).after(inputs.votes_up_to if inputs else 0)
        votes |= {
            vote.vote_id: vote
            for vote in lake.votes.numbered(campaign, newer)
            if vote.image_id == image_id
        }
        current = {vote.vote_id for vote in current_votes(votes.values())}
        found += [VoteInHistory(vote, vote.vote_id in current) for vote in votes.values()]
    return sorted(found, key=lambda each: age(each.vote))


@dataclass(frozen=True)
class WantedAnswers:
    """Which answers somebody asks for; what is empty does not restrict.

    Attributes:
        image_ids: Of these images.
        vote_ids: These votes.
        person: Of this author, by name or address.
        with_deleted: Also those that their authors have deleted.
    """

    image_ids: frozenset[str] = frozenset()
    vote_ids: frozenset[str] = frozenset()
    person: str = ""
    with_deleted: bool = False

    def takes(self, vote: Vote) -> bool:
        """Whether a vote is asked for."""
        return (
            (not self.image_ids or vote.image_id in self.image_ids)
            and (not self.vote_ids or vote.vote_id in self.vote_ids)
            and (not self.person or self.person in {vote.person, vote.email})
        )


@dataclass(frozen=True)
class RecordedAnswer:
    """The answer of an author in an inbox that may have to be put back.

    Attributes:
        vote: What was answered.
        withdrawn: The vote that took it back; None when it stands.
        is_asked: Whether the inbox's person is still asked about the image.
        size_px: Width and height of the copy that was shown; None when it has left the set.
    """

    vote: Vote
    withdrawn: Vote | None
    is_asked: bool
    size_px: tuple[int, int] | None

    @property
    def inbox(self) -> Inbox:
        """The inbox that it was given in."""
        vote = self.vote
        return Inbox(campaign=vote.campaign, phase=vote.phase, person=vote.inbox_person)


def recorded_answers(lake: Lake, campaign: str, wanted: WantedAnswers) -> Iterator[RecordedAnswer]:
    """The latest answer of each author on each image that is asked for, or the votes named.

    Reads the pages of the images named; without any, all pages of the campaign.
    """
    images = (
        lake.evaluations.of_images(campaign, wanted.image_ids).values()
        if wanted.image_ids
        else lake.evaluations.images(campaign)
    )
    for image in images:
        yield from _answers_on(image, wanted)


def _answers_on(image: EvaluatedImage, wanted: WantedAnswers) -> Iterator[RecordedAnswer]:
    asked = {(a.inbox.key, a.task_key) for a in (*image.assignments, *image.adjudication)}
    by_author: dict[tuple[str, str, str], list[Vote]] = defaultdict(list)
    for vote in sorted(image.votes, key=age):
        inbox = Inbox(campaign=vote.campaign, phase=vote.phase, person=vote.inbox_person)
        by_author[inbox.key, vote.task_key, vote.email].append(vote)
    size = (image.image.width_px, image.image.height_px) if image.image else None
    for (key, task_key, _), votes in sorted(by_author.items()):
        given = [v for v in votes if v.outcome is not Outcome.WITHDRAWN and wanted.takes(v)]
        last = votes[-1] if votes[-1].outcome is Outcome.WITHDRAWN else None
        if not given or (last and not (wanted.with_deleted or wanted.vote_ids)):
            continue
        is_asked = (key, task_key) in asked
        yield RecordedAnswer(given[-1], last, is_asked=is_asked, size_px=size)
