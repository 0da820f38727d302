"""How many of a campaign's images have each status, for people: from counts, where these hold.

The counts of an evaluation speak of the images as they were when it was made. As long as no batch
that it knows has changed since, they are right, and images of newer batches wait. Otherwise every
page is read.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus
from farmy_assets.annotation.membership import Membership, can_decide, reviewer_for
from farmy_assets.lake.evaluations import EvaluationInputs
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.evaluation_arrivals import are_known_batches_current


@dataclass(frozen=True)
class ImageStatuses:
    """The images that were given out.

    Attributes:
        counts: How many images have each status, by its value; every status is there.
        undecidable: Conflicts that nobody may decide: the adjudicator annotated these images.
    """

    counts: dict[str, int]
    undecidable: int


def image_statuses(
    lake: Lake,
    campaign: Campaign,
    *,
    given: Collection[Assignment],
    kept: Collection[str],
    members: Membership,
) -> ImageStatuses:
    """Count the images that somebody has; those that were not judged yet wait.

    Args:
        lake: Where the evaluation is.
        campaign: The campaign at its present version.
        given: All its assignments to annotators.
        kept: Ids of the images in its cleansed sets.
        members: Who belongs to it and once did.
    """
    asked = {assignment.image_id for assignment in given} & set(kept)
    inputs, _ = lake.evaluations.inputs(campaign.name)
    if inputs and inputs.counts.judged <= len(asked) and are_known_batches_current(lake, inputs):
        people = {assignment.person for assignment in given}
        return _from_counts(lake, campaign, inputs, len(asked), people, members)
    return _from_pages(lake, campaign, asked, members)


def _from_counts(
    lake: Lake,
    campaign: Campaign,
    inputs: EvaluationInputs,
    asked: int,
    people: Iterable[str],
    members: Membership,
) -> ImageStatuses:
    counts = Counter(inputs.counts.statuses)
    counts[ConsensusStatus.WAITING.value] += asked - inputs.counts.judged
    conflicts: Iterable[ImageConsensus] = ()
    if members.is_same_person(campaign.adjudicator.name, people):
        to_decide = (status for status in ConsensusStatus if status.is_to_decide)
        conflicts = lake.evaluations.with_status(campaign.name, *to_decide)
    return ImageStatuses(_every(counts), _undecidable(campaign, conflicts, members))


def _from_pages(
    lake: Lake, campaign: Campaign, asked: Collection[str], members: Membership
) -> ImageStatuses:
    state = lake.evaluations.current(campaign.name)
    judgements = {j.image_id: j for j in state.judgements} if state else {}
    waiting = ConsensusStatus.WAITING
    counts = Counter(j.status.value if (j := judgements.get(i)) else waiting.value for i in asked)
    conflicts = [j for j in judgements.values() if j.status.is_to_decide]
    return ImageStatuses(_every(counts), _undecidable(campaign, conflicts, members))


def _every(counts: Counter[str]) -> dict[str, int]:
    return {status.value: counts[status.value] for status in ConsensusStatus}


def _undecidable(
    campaign: Campaign, conflicts: Iterable[ImageConsensus], members: Membership
) -> int:
    return sum(
        not can_decide(campaign, judgement, members)
        and not (
            judgement.status is ConsensusStatus.IN_REVIEW
            and reviewer_for(
                judgement.image_id, judgement.people, campaign=campaign, members=members
            )
        )
        for judgement in conflicts
    )
