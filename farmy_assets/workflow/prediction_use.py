"""What people made of predictions, brought up to date with the votes.

Reads the votes that are new in the log, the evaluation's pages of their images, and of their
batches which tasks showed predictions and what those were. What follows of one object of the log is
written once, then the sums over those that were read: a run that was killed is made up for.
"""

from collections.abc import Iterator
from functools import lru_cache

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.predictions.predicted import ImagePredictions
from farmy_assets.annotation.predictions.use import (
    RegionUse,
    counted_uses,
    first_answer,
    uses_of,
)
from farmy_assets.annotation.votes import Vote
from farmy_assets.errors import LakeUnavailableError
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.prediction_use import PredictionUse
from farmy_assets.lake.predictions import ShownPredictions
from farmy_assets.workflow.evaluation import bring_up_to_date
from farmy_assets.workflow.known_predictions import known_predictions

_TRIES = 4
_BATCHES_KEPT = 4


def count_prediction_use(lake: Lake, campaign: Campaign) -> PredictionUse:
    """Count what people made of predictions since the last time; returns all sums.

    A campaign that never showed a prediction costs one listing.

    Raises:
        LakeUnavailableError: Other runs were quicker each time.
    """
    if not lake.predictions.was_anything_shown(campaign.name):
        return PredictionUse(campaign=campaign.name)
    bring_up_to_date(lake, campaign)
    for _ in range(_TRIES):
        before, etag = lake.prediction_use.counted(campaign.name)
        after = before
        batches = _Batches(lake, campaign)
        for number in lake.votes.log(campaign.name).after(before.votes_up_to):
            uses = list(_uses(lake, campaign.name, number, batches))
            lake.prediction_use.write(campaign.name, number, uses)
            counts = counted_uses(after.counts, uses)
            after = after.model_copy(update={"votes_up_to": number, "counts": counts})
        if after == before or lake.prediction_use.put_counted(after, etag=etag):
            return after
    msg = f"other runs count the use of predictions of {campaign.name}; run again later"
    raise LakeUnavailableError(msg)


class _Batches:
    """What was shown and predicted in a batch, read once for the images of one run."""

    def __init__(self, lake: Lake, campaign: Campaign) -> None:
        @lru_cache(maxsize=_BATCHES_KEPT)
        def shown(batch_id: str) -> ShownPredictions:
            return lake.predictions.shown(campaign.name, batch_id)

        @lru_cache(maxsize=_BATCHES_KEPT)
        def predicted(model: str, batch_id: str) -> dict[str, ImagePredictions]:
            return known_predictions(lake, campaign, batch_id, model)

        self.shown, self.predicted = shown, predicted


def _uses(lake: Lake, campaign: str, number: int, batches: _Batches) -> Iterator[RegionUse]:
    """What the votes of one object of the log made of predictions, batch by batch."""
    votes = [v for v in lake.votes.numbered(campaign, [number]) if v.phase is Phase.ANNOTATION]
    images = lake.evaluations.of_images(campaign, (vote.image_id for vote in votes))
    placed = [
        (batch_id, vote)
        for vote in votes
        if (image := images.get(vote.image_id)) and first_answer(vote, image.votes)
        for batch_id in _batch_of(image, vote)
    ]
    for batch_id, vote in sorted(placed, key=lambda each: (each[0], each[1].vote_id)):
        shown = batches.shown(batch_id).shown.get(vote.inbox_person, {}).get(vote.image_id)
        if shown:
            found = batches.predicted(shown.model, batch_id).get(vote.image_id)
            yield from uses_of(vote, shown, found) if found else ()


def _batch_of(image: EvaluatedImage, vote: Vote) -> list[str]:
    """The batch in which the vote's author was asked; nothing when the record knows of none."""
    mine = [a.batch_id for a in image.assignments if a.person == vote.inbox_person]
    return mine[:1]
