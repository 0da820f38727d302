"""The predictions that a campaign has of a batch's images, its own and those it takes over.

A campaign that includes images of another one takes over what the same model predicted there, as
far as its own classes and kinds of regions go: suspected labels, for one, can be looked at again
without a second run of the model.
"""

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.predictions.predicted import ImagePredictions
from farmy_assets.lake.lake import Lake


def known_predictions(
    lake: Lake, campaign: Campaign, batch_id: str, model: str
) -> dict[str, ImagePredictions]:
    """Image id to what a model saw in it; those of a batch's images that it was asked about.

    Args:
        lake: Where the predictions are.
        campaign: Its present rules.
        batch_id: The campaign's batch.
        model: The model's name.
    """
    found = lake.predictions.of_batch(campaign.name, model, batch_id)
    for name, own_batch in sources_of(lake, campaign, batch_id):
        for image_id, each in lake.predictions.of_batch(name, model, own_batch).items():
            found.setdefault(image_id, _of_campaign(each, campaign))
    return found


def sources_of(lake: Lake, campaign: Campaign, batch_id: str) -> list[tuple[str, str]]:
    """The other campaigns, each with a batch, that a batch's images came for."""
    batch = lake.batches.read(batch_id)
    own = [(lake.batches.read(each).campaign, each) for each in batch.from_batches]
    return [(name, each) for name, each in own if name != campaign.name]


def _of_campaign(found: ImagePredictions, campaign: Campaign) -> ImagePredictions:
    regions = tuple(
        each
        for each in found.regions
        if each.region.label in campaign.class_names and each.region.kind in campaign.regions
    )
    return found.model_copy(update={"regions": regions})
