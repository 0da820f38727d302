"""What sharing out looks at in a batch's images: crops, fields, and which look alike."""

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.image_facts import Eligibility, ImageFacts, same_word
from farmy_assets.annotation.predictions.predicted import ImagePredictions
from farmy_assets.cleansing.similar_groups import similar_groups
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.described_batches import described


def image_facts(lake: Lake, campaign: Campaign, batch_id: str) -> dict[str, ImageFacts]:
    """What is known of the images of one of a campaign's batches, by id.

    Nothing is read that the campaign does not ask for: without skills and without `keep_together`
    there are no facts. Look-alikes need the batch's quality table, which holds small pictures.
    """
    wants_crops = not Eligibility(campaign, campaign.annotators).takes_all
    together = campaign.keep_together
    if not (wants_crops or together):
        return {}
    images = described(lake, lake.batches.read(batch_id))
    seen: dict[str, ImagePredictions] = {}
    if wants_crops and campaign.predictions:
        seen = lake.predictions.of_batch(campaign.name, campaign.predictions.model, batch_id)
    groups: dict[str, str] = {}
    if "near_duplicate" in together:
        groups = similar_groups(examined.quality for examined in lake.quality.read(batch_id))
    return {
        image_id: ImageFacts(
            words=_words(image.crop, seen.get(image_id)),
            field=same_word(image.field) if image.field else "",
            cluster=groups.get(image_id, ""),
        )
        for image_id, image in images.items()
    }


def _words(crop: str | None, seen: ImagePredictions | None) -> frozenset[str]:
    """The crop, and the classes that the campaign's model saw."""
    labels = [found.region.label for found in seen.regions] if seen else []
    return frozenset(same_word(word) for word in (crop, *labels) if word)
