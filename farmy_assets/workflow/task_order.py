"""In which order a batch's images go into the inboxes, as the campaign says.

Reads, of the batch: the model's predictions, or the values of its checks, or what people settled
before on its images in other campaigns.
"""

from collections.abc import Sequence

from farmy_assets.annotation.campaign import Campaign, TaskOrder
from farmy_assets.annotation.predictions.predicted import ImagePredictions
from farmy_assets.annotation.predictions.task_order import (
    by_disagreement,
    by_diversity,
    by_uncertainty,
)
from farmy_assets.annotation.region import Region
from farmy_assets.cleansing.cleansed_set import CleansedSet
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.known_predictions import known_predictions, sources_of


def places_of_images(lake: Lake, campaign: Campaign, images: CleansedSet) -> dict[str, int]:
    """Image id to its place in the order; empty when the campaign says nothing of an order.

    Args:
        lake: Where what is known of the images is.
        campaign: Its present rules.
        images: A batch's cleansed set.
    """
    if campaign.order is None:
        return {}
    ids = [image.image_id for image in images.kept]
    return {image_id: place for place, image_id in enumerate(_ordered(lake, campaign, images, ids))}


def _ordered(lake: Lake, campaign: Campaign, images: CleansedSet, ids: Sequence[str]) -> list[str]:
    if campaign.order is TaskOrder.DIVERSITY:
        examined = lake.quality.find(images.batch_id, ids)
        hashes = {e.quality.image_id: e.quality.phash for e in examined if e.quality.phash}
        return by_diversity(ids, hashes)
    predictions = _predictions(lake, campaign, images.batch_id)
    if campaign.order is TaskOrder.UNCERTAINTY:
        return by_uncertainty(ids, predictions)
    drawn = _drawn_before(lake, campaign, images.batch_id, ids)
    return by_disagreement(ids, predictions, drawn, policy=campaign.agreement)


def _predictions(lake: Lake, campaign: Campaign, batch_id: str) -> dict[str, ImagePredictions]:
    """Those of the campaign's model, shown or not."""
    model = campaign.predictions.model if campaign.predictions else None
    return known_predictions(lake, campaign, batch_id, model) if model else {}


def _drawn_before(
    lake: Lake, campaign: Campaign, batch_id: str, ids: Sequence[str]
) -> dict[str, tuple[Region, ...]]:
    """What people settled on the batch's images in the campaigns that these came for."""
    names = sorted({name for name, _ in sources_of(lake, campaign, batch_id)})
    return {
        image_id: image.consensus.regions
        for name in names
        for image_id, image in lake.evaluations.of_images(name, ids).items()
        if image.consensus and image.consensus.status.is_releasable
    }
