"""Evaluations as they are written, without the records that they follow from."""

from collections.abc import Iterable

from farmy_assets.annotation.consensus import ImageConsensus
from farmy_assets.annotation.evaluation import (
    ONLY_PAGE,
    EvaluatedImage,
    counts_of,
)
from farmy_assets.annotation.votes import Vote
from farmy_assets.lake.evaluations import EvaluationInputs, EvaluationPage, EvaluationSummary
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.lake.rules import campaign

LAYOUT = "0123456789ab"


def write_judgements(
    lake: Lake, judgements: Iterable[ImageConsensus], *, votes: Iterable[Vote] = ()
) -> None:
    """Write a small evaluation of one campaign: these judgements, and the votes on them."""
    cast = list(votes)
    images = {
        j.image_id: EvaluatedImage(
            image_id=j.image_id,
            votes=tuple(vote for vote in cast if vote.image_id == j.image_id),
            consensus=j,
        )
        for j in judgements
    }
    (name,) = {image.consensus.campaign for image in images.values() if image.consensus}
    counts = counts_of(images.values(), campaign(name=name))
    page = EvaluationPage(images, None).to_lines()
    assert lake.evaluations.put_page(name, LAYOUT, ONLY_PAGE, page, etag=None)
    inputs = EvaluationInputs(
        campaign=name, campaign_version=1, layout=LAYOUT, counts=counts, pages={ONLY_PAGE: counts}
    )
    assert lake.evaluations.put_inputs(inputs, etag=None)
    lake.evaluations.write_summary(
        EvaluationSummary(campaign=name, campaign_version=1, layout=LAYOUT, counts=counts)
    )
