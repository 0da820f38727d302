"""What people made of a prediction that they were shown: accepted, changed, taken out, added to.

An answer's regions are compared with those that were shown: matched one to one, as the regions of
two people are, but from little overlap on, because a region that was moved is still the same one.
"""

from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum

from pydantic import AwareDatetime

from farmy_assets.annotation.campaign import AgreementPolicy, ShownModel
from farmy_assets.annotation.matching import match_regions
from farmy_assets.annotation.predictions.predicted import ImagePredictions
from farmy_assets.annotation.votes import Vote, age
from farmy_assets.catalog.records import Record

UNCHANGED_LIKENESS = 0.98
"""What Label Studio rounds changes no region by more than this."""

_MOVED = AgreementPolicy(match_iou=0.2, tight_iou=UNCHANGED_LIKENESS)


class Use(StrEnum):
    """What became of one region."""

    ACCEPTED = "accepted"
    """Submitted as it was predicted."""
    EDITED = "edited"
    """Drawn otherwise, with the class that was predicted."""
    RELABELLED = "relabelled"
    """Given another class, whether or not it was drawn otherwise."""
    DELETED = "deleted"
    """Predicted, and taken out."""
    ADDED = "added"
    """Drawn where nothing was predicted."""


class RegionUse(Record):
    """One region of a prediction, or one that was added to it.

    Attributes:
        vote_id: The answer.
        label: The class that was predicted; of an added region, the one that was drawn.
        drawn_label: The class that was drawn; None when the region was deleted.
        score: How sure the model was; None of an added region.
        likeness: Of what was predicted and what was drawn, from 0 to 1; 1 minus it is how much was
            edited. None where one of the two is missing.
    """

    vote_id: str
    image_id: str
    campaign: str
    person: str
    model: str
    use: Use
    kind: str
    label: str
    drawn_label: str | None = None
    score: float | None = None
    likeness: float | None = None
    submitted_at: AwareDatetime


class UseCounts(Record):
    """What one person made of one model's regions of one class, counted.

    Attributes:
        likeness_sum: Of the regions that were edited; by their number it is the mean.
    """

    model: str
    label: str
    person: str
    accepted: int = 0
    edited: int = 0
    relabelled: int = 0
    deleted: int = 0
    added: int = 0
    likeness_sum: float = 0.0


def first_answer(vote: Vote, votes: Iterable[Vote]) -> bool:
    """Whether a vote is its author's first full answer to its task.

    Later ones change an answer, no longer the prediction.

    Args:
        vote: A vote on an image.
        votes: All votes on that image.
    """
    if not vote.is_clean or vote.person != vote.inbox_person:
        return False
    mine = [
        other
        for other in votes
        if other.is_clean
        and (other.task_key, other.email, other.inbox_person, other.phase)
        == (vote.task_key, vote.email, vote.inbox_person, vote.phase)
    ]
    return min((age(other) for other in mine), default=age(vote)) == age(vote)


def uses_of(vote: Vote, shown: ShownModel, predictions: ImagePredictions) -> list[RegionUse]:
    """What became of each region that was shown, then what was added.

    Args:
        vote: An answer to a task that showed predictions.
        shown: Whose predictions, and from which score on.
        predictions: What the model saw in the image.
    """
    predicted = [each for each in predictions.regions if each.score >= shown.least_score]
    pairs = dict(match_regions([p.region for p in predicted], vote.regions, policy=_MOVED))

    def use(became: Use, **more: object) -> RegionUse:
        return RegionUse.model_validate(
            {
                "vote_id": vote.vote_id, "image_id": vote.image_id, "campaign": vote.campaign,
                "person": vote.voter, "model": shown.model, "use": became,
                "submitted_at": vote.submitted_at, **more,
            }
        )  # fmt: skip

    found = []
    for place, each in enumerate(predicted):
        region = each.region
        known = {"kind": region.kind, "label": region.label, "score": each.score}
        if place not in pairs:
            found.append(use(Use.DELETED, **known))
            continue
        drawn = vote.regions[pairs[place]]
        likeness = region.likeness(drawn)
        became = Use.ACCEPTED if likeness >= UNCHANGED_LIKENESS else Use.EDITED
        if drawn.label != region.label:
            became = Use.RELABELLED
        found.append(use(became, **known, drawn_label=drawn.label, likeness=round(likeness, 6)))
    taken = set(pairs.values())
    found += [
        use(Use.ADDED, kind=drawn.kind, label=drawn.label, drawn_label=drawn.label)
        for place, drawn in enumerate(vote.regions)
        if place not in taken
    ]
    return found


def counted_uses(before: Iterable[UseCounts], uses: Iterable[RegionUse]) -> tuple[UseCounts, ...]:
    """Counts with more uses in them, in the order of model, class and person."""
    sums: dict[tuple[str, str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for counts in before:
        row = sums[counts.model, counts.label, counts.person]
        for name, value in counts.model_dump(exclude={"model", "label", "person"}).items():
            row[name] += value
    for each in uses:
        row = sums[each.model, each.label, each.person]
        row[each.use.value] += 1
        if each.use is Use.EDITED:
            row["likeness_sum"] += each.likeness or 0.0
    return tuple(
        UseCounts.model_validate({"model": m, "label": label, "person": person, **sums[key]})
        for key in sorted(sums)
        for m, label, person in [key]
    )
