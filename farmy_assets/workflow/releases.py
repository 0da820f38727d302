"""The next version of a campaign's data set, from the records; refused while it would be early."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus
from farmy_assets.annotation.evaluation import ContentDigest, votes_behind
from farmy_assets.catalog.entry import CatalogEntry
from farmy_assets.catalog.wording import counted, verb
from farmy_assets.cleansing.cleansed_set import KeptImage
from farmy_assets.datasets.release import problems_of
from farmy_assets.datasets.versions import DatasetClass, DatasetVersion, LabelledImage, freeze
from farmy_assets.errors import NotReleasableError
from farmy_assets.lake.evaluations import EvaluationSummary
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_chunks
from farmy_assets.workflow.progress import Flagged, Progress

NAMED = 3
_IMAGES_AT_ONCE = 2_000


def next_version(lake: Lake, campaign: Campaign, *, open_batches: int) -> DatasetVersion:
    """The version that the campaign's records make now; the newest one if it is no other.

    Raises:
        NotReleasableError: An image has an open conflict or an unanswered task, a flagged one
            waits for a person's word, a batch is not in the inboxes yet, or there is nothing to
            release.
    """
    state = lake.evaluations.summary(campaign.name)
    reasons = blockers(
        state, open_batches=open_batches, flagged=Progress.of(lake).flagged(campaign.name),
        named=partial(_named, lake, campaign.name),
    )  # fmt: skip
    if reasons or state is None:
        msg = f"{campaign.name} is not released: {'; '.join(reasons)}"
        raise NotReleasableError(msg)
    images = _labelled(lake, campaign)
    _check_is_of(images, state)
    newest = lake.datasets.newest(campaign.name)
    version = freeze(
        images,
        campaign=campaign.name,
        campaign_version=campaign.version,
        classes=[DatasetClass(id=c.id, name=c.name) for c in campaign.classes],
        shares=campaign.splits,
        number=newest.number + 1 if newest else 1,
    )
    return newest if newest and newest.created_from == version.created_from else version


def blockers(
    state: EvaluationSummary | None,
    *,
    open_batches: int,
    flagged: Flagged,
    named: Callable[[ConsensusStatus], Iterable[str]],
) -> list[str]:
    """Why a campaign cannot be released yet, each reason in words; none when it can.

    Args:
        state: How far the campaign is.
        open_batches: How many of its batches are not in the inboxes yet.
        flagged: What rulings leave to do.
        named: Tells images of a status; the first few are named.
    """
    if state is None or not state.counts.judged:
        return ["none of its images was annotated yet"]
    reasons = []
    if open_batches:
        undone = counted(open_batches, "batch", "batches")
        reasons.append(f"{undone} {verb(open_batches, 'is', 'are')} not in the inboxes yet")
    if flagged.held:
        held = counted(flagged.held, "flagged photograph")
        reasons.append(f"{held} {verb(flagged.held, 'waits', 'wait')} for an answer in triage")
    if redo := len(flagged.to_redo):
        batches = counted(redo, "batch", "batches")
        reasons.append(f"{batches} {verb(redo, 'is', 'are')} to be cleansed anew after rulings")
    for standing, one, many in (
        (ConsensusStatus.IN_CONFLICT, "has an open conflict", "have an open conflict"),
        (ConsensusStatus.WAITING, "waits for answers", "wait for answers"),
    ):
        if count := state.counts.count_of(standing):
            some = ", ".join(islice(named(standing), NAMED)) + (", ..." if count > NAMED else "")
            images = f"{counted(count, 'image')} {verb(count, one, many)}"
            reasons.append(f"{images} ({some})")
    if not reasons and not state.is_settled:
        reasons.append("the adjudicator excluded every image")
    return reasons


def what_blocks(lake: Lake, campaign: Campaign) -> list[str]:
    """All that prevents a campaign's release, unsound labels included; for people.

    Reads as much as a release does.
    """
    name, state = campaign.name, lake.evaluations.summary(campaign.name)
    open_batches = [
        batch
        for batch in Progress.of(lake).of_batches()
        if batch.campaign == name and not batch.is_done
    ]
    reasons = blockers(
        state, open_batches=len(open_batches), flagged=Progress.of(lake).flagged(name),
        named=partial(_named, lake, name),
    )  # fmt: skip
    pending = lake.pending.of(name)
    if pending.to_place:
        count = len(pending.to_place)
        batches = counted(count, "batch", "batches")
        reasons.append(f"{batches} {verb(count, 'has', 'have')} images chosen again to give out")
    if pending.is_behind(campaign):
        reasons.append("open tasks of people who left are being moved")
    if reasons or state is None or Progress.of(lake).is_released(state):
        return reasons
    version = next_version(lake, campaign, open_batches=0)
    problems = [problem.sentence for problem in problems_of(version)]
    more = [f"and {len(problems) - NAMED} problems more"] if len(problems) > NAMED else []
    return [*problems[:NAMED], *more]


def _named(lake: Lake, campaign: str, status: ConsensusStatus) -> Iterator[str]:
    return (judgement.image_id for judgement in lake.evaluations.with_status(campaign, status))


def _check_is_of(images: Iterable[LabelledImage], state: EvaluationSummary) -> None:
    """Refuse images that are not those the summary speaks of: votes came in between."""
    content = ContentDigest()
    for image in images:
        content.add(image.image_id, image.vote_ids)
    if content.value != state.counts.releasable:
        msg = f"{state.campaign} is not released: it is just being evaluated; run again later"
        raise NotReleasableError(msg)


def _labelled(lake: Lake, campaign: Campaign) -> list[LabelledImage]:
    found: list[LabelledImage] = []
    settled = lake.evaluations.images(campaign.name, where=lambda c: c.releasable_images > 0)
    for some in in_chunks(settled, _IMAGES_AT_ONCE):
        there = [
            (image.image, image.consensus)
            for image in some
            if image.image and image.consensus and image.consensus.status.is_releasable
        ]
        entries = lake.catalog.entries([kept.image_id for kept, _ in there])
        found += [_image(campaign, *each, entries.get(each[0].image_id)) for each in there]
    return found


def _image(
    campaign: Campaign, image: KeptImage, judgement: ImageConsensus, entry: CatalogEntry | None
) -> LabelledImage:
    metadata = entry.metadata if entry else None
    return LabelledImage.model_validate(
        {
            "image_id": image.image_id,
            "sha256": image.sha256,
            "width_px": image.width_px,
            "height_px": image.height_px,
            "boxes": judgement.boxes,
            "settled_by": judgement.status.value,
            "vote_ids": votes_behind(judgement),
            # The content alone: what looks alike was excluded before, and a split by field
            # would put a campaign that has only one field into a single split.
            "group": image.image_id.partition("-")[0],
            "licence": metadata.licence if metadata else None,
            "source": metadata.source if metadata else None,
            "crop": (metadata.crop if metadata else None) or campaign.crop,
            "captured_at": metadata.captured_at if metadata else None,
        }
    )
