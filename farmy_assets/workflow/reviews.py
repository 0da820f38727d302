"""Reviews: images are drawn for a sample, and settled ones are reopened."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.handing_over import is_to_be_drawn
from farmy_assets.annotation.reviews import Reopening, SampleCounts, SampledImage, draw_samples
from farmy_assets.catalog.wording import counted
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake.evaluations import EvaluationInputs
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_chunks
from farmy_assets.lake.reviews import ReviewRequests
from farmy_assets.workflow.evaluation import bring_up_to_date

_NAMED = 3
_DRAWN_AT_ONCE = 2_000


def draw_for_review(lake: Lake, campaign: Campaign, inputs: EvaluationInputs) -> EvaluationInputs:
    """Draw which of the newly answered images of single people are reviewed; returns the inputs.

    Each image is in one draw. Killed before the draw was evaluated, the next call finds it among
    the records, and draws only what is not in it.

    Args:
        lake: Where the draw is recorded.
        campaign: Its present rules.
        inputs: Its evaluation; the images to hand over are looked at.
    """
    while campaign.review_share and _draw(lake, campaign, inputs):
        inputs = bring_up_to_date(lake, campaign)
    return inputs


def _draw(lake: Lake, campaign: Campaign, inputs: EvaluationInputs) -> bool:
    """Draw the images to hand over that were in no draw; whether there were any."""
    after, counts, is_any = inputs.reviews_up_to, inputs.sampling, False
    for some in in_chunks(inputs.to_hand_over, _DRAWN_AT_ONCE):
        images = lake.evaluations.of_images(campaign.name, some).values()
        waiting = {
            image.image_id: image.consensus.people[0]
            for image in images
            if image.consensus and is_to_be_drawn(image)
        }
        if not waiting:
            continue
        is_any = True
        after, new = lake.reviews.draw(
            campaign.name,
            share=campaign.review_share,
            after=after,
            draw=partial(_drawn, campaign, waiting, counts),
        )
        counts = _counted(counts, new)
    return is_any


def _drawn(
    campaign: Campaign,
    waiting: Mapping[str, str],
    counts: SampleCounts,
    since: Sequence[ReviewRequests],
) -> tuple[SampledImage, ...]:
    """A draw of what waits for one, less what others have drawn since."""
    done = {sampled.image_id for requests in since for sampled in requests.sampled}
    left = {image_id: person for image_id, person in waiting.items() if image_id not in done}
    return draw_samples(left, campaign=campaign, counts=_counted(counts, since))


def _counted(counts: SampleCounts, since: Iterable[ReviewRequests]) -> SampleCounts:
    for requests in since:
        if requests.sampled:
            counts = counts.added(requests.share, requests.sampled)
    return counts


def reopen(
    lake: Lake, campaign: Campaign, image_ids: Collection[str], *, reason: str, now: datetime
) -> Sequence[str]:
    """Have settled images decided on again; returns those that are open now.

    Those that were reopened before and are still open are among them, and not reopened twice.

    Args:
        lake: Where it is recorded.
        campaign: Its present rules.
        image_ids: Settled images of the campaign.
        reason: What whoever decides is told.
        now: The time.

    Raises:
        InvalidInputError: The campaign does not know an image, or nobody has settled it yet; then
            none is reopened.
    """
    inputs = bring_up_to_date(lake, campaign)
    wanted = sorted(set(image_ids))
    found = lake.evaluations.of_images(campaign.name, wanted)
    _check(campaign, wanted, found)
    settled = [found[i] for i in wanted if not _is_open_again(found[i])]
    if settled:
        reopened = [
            Reopening(
                image_id=image.image_id,
                reason=reason,
                known=tuple(vote.vote_id for vote in image.votes),
                reopened_at=now,
            )
            for image in settled
        ]
        lake.reviews.reopen(campaign.name, reopened, after=inputs.reviews_up_to)
        bring_up_to_date(lake, campaign)
    return wanted


def _check(campaign: Campaign, wanted: Sequence[str], found: dict[str, EvaluatedImage]) -> None:
    unknown = [i for i in wanted if i not in found or found[i].consensus is None]
    if unknown:
        msg = f"{campaign.name} has given out no such image: {_some(unknown)}"
        raise InvalidInputError(msg)
    unsettled = [
        f"{i} ({judgement.status.value.replace('_', ' ')})"
        for i in wanted
        if (judgement := found[i].consensus)
        and not judgement.status.is_settled
        and not _is_open_again(found[i])
    ]
    if unsettled:
        count = counted(len(unsettled), "image")
        msg = f"only what is settled can be reopened; not settled: {count}, {_some(unsettled)}"
        raise InvalidInputError(msg)


def _is_open_again(image: EvaluatedImage) -> bool:
    judgement = image.consensus
    return judgement is not None and bool(image.reopenings) and not judgement.status.is_settled


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
