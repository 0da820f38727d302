"""What the agreement of a campaign follows from: one line an image, made from its evaluation."""

from collections.abc import Mapping

from farmy_assets.annotation.aggregation.annotator_skills import AnnotatorSkills
from farmy_assets.annotation.agreement.alpha import Alpha
from farmy_assets.annotation.agreement.drawn_units import DrawnImage, drawn_image, items_of
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.conflict_history import TrackedConflict, conflict_history
from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.judging_rules import rules_of
from farmy_assets.annotation.matching import group_regions
from farmy_assets.annotation.votes import Vote
from farmy_assets.catalog.records import Record

_SEVERAL = 2


class ImageAgreement(Record):
    """How far the people agree who answered one image.

    Attributes:
        image_id: The image.
        source: A digest of the evaluation that it was made from.
        people: Who answered readably; empty where fewer than two did.
        units: For each object the class that each of `people` gave it; None for nothing.
        version: The version of the campaign's file that all of them answered under; None where
            they answered under several.
        alpha: Of the image alone; None where it is undefined, or fewer than two answered.
        conflicts: Every conflict that it had, with what became of it.
    """

    image_id: str
    source: str
    people: tuple[str, ...] = ()
    units: tuple[tuple[str | None, ...], ...] = ()
    version: int | None = None
    alpha: float | None = None
    conflicts: tuple[TrackedConflict, ...] = ()

    @property
    def drawn(self) -> DrawnImage:
        """What was drawn, as figures are computed from it."""
        return DrawnImage(self.people, self.units)

    def to_line(self) -> bytes:
        """The record as one line of JSON; what is empty is left out."""
        return self.model_dump_json(exclude_defaults=True).encode()


def image_agreement(
    image: EvaluatedImage, source: str, campaign: Campaign, skills: AnnotatorSkills | None
) -> ImageAgreement:
    """The agreement of one image, under the campaign's present rules.

    Args:
        image: All that is known of it.
        source: A digest of that.
        campaign: The campaign.
        skills: What is known of the annotators, where the campaign weighs their votes.
    """
    conflicts = conflict_history(image, campaign, skills)
    votes = _readable(image)
    if len(votes) < _SEVERAL:
        return ImageAgreement(image_id=image.image_id, source=source, conflicts=conflicts)
    regions = {voter: vote.regions for voter, vote in votes.items()}
    drawn = drawn_image(group_regions(regions, policy=rules_of(campaign)), people=votes)
    versions = {vote.campaign_version for vote in votes.values()}
    return ImageAgreement(
        image_id=image.image_id,
        source=source,
        people=drawn.people,
        units=drawn.units,
        version=versions.pop() if len(versions) == 1 else None,
        alpha=Alpha(items_of({drawn: 1})).value(),
        conflicts=conflicts,
    )


def _readable(image: EvaluatedImage) -> Mapping[str, Vote]:
    """The votes that the image is judged by, and that can be compared, by voter."""
    judgement = image.consensus
    if judgement is None or judgement.status is ConsensusStatus.WAITING:
        return {}
    judged = (vote for vote in image.votes if vote.vote_id in judgement.vote_ids)
    asked = {given.person for given in image.assignments}
    return {vote.voter: vote for vote in judged if vote.is_clean and vote.voter in asked}
