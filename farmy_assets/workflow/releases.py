"""The release of a campaign: from its records to the next version of its data set."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus
from farmy_assets.annotation.evaluation import ContentDigest, votes_behind
from farmy_assets.catalog.entry import CatalogEntry
from farmy_assets.catalog.wording import counted, verb
from farmy_assets.cleansing.cleansed_set import KeptImage
from farmy_assets.datasets.card import dataset_card
from farmy_assets.datasets.release import Problem, problems_of
from farmy_assets.datasets.versions import (
    DatasetClass,
    DatasetVersion,
    LabelledImage,
    VersionChanges,
    changes_between,
    freeze,
)
from farmy_assets.errors import NotReleasableError
from farmy_assets.lake.datasets import CARD_FILE, CONTENT_FILE
from farmy_assets.lake.evaluations import EvaluationSummary
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_chunks
from farmy_assets.workflow.progress import Progress
from farmy_assets.workflow.release_blockers import NAMED, blockers

_IMAGES_AT_ONCE = 2_000


class Release(NamedTuple):
    """What came of a release: nothing was written where there are problems.

    Attributes:
        version: The version that the records make now.
        changes: What is new in it since the version before.
        problems: What no later step could put right; none in a version that is released.
        address: Where it lies, as an s3:// address; empty with problems.
    """

    version: DatasetVersion
    changes: VersionChanges
    problems: tuple[Problem, ...]
    address: str


def release(lake: Lake, campaign: Campaign) -> Release:
    """Freeze what a campaign has settled as its next version, unless the newest one holds that.

    A version counts once its number is taken, which is written after its files. Killed before
    that, it is made again with the same bytes.

    Raises:
        NotReleasableError: An image has an open conflict or an unanswered task, a flagged one
            waits for a person's answer, a batch is not in the inboxes yet, or there is nothing to
            release.
        LakeUnavailableError: Another run took the number meanwhile; run again.
    """
    version = _settled_version(lake, campaign)
    changes = changes_between(lake.datasets.before(version), version)
    if problems := problems_of(version):
        return Release(version, changes, problems, address="")
    card = dataset_card(version, changes, formats=campaign.exports)
    address = lake.datasets.lay_out(version, {CONTENT_FILE: version.to_json(), CARD_FILE: card})
    lake.datasets.freeze_as_newest(version)
    lake.released.note(version)
    return Release(version, changes, (), address)


def _settled_version(lake: Lake, campaign: Campaign) -> DatasetVersion:
    """The version that the campaign's records make now; the newest one if it is no other."""
    state = lake.evaluations.summary(campaign.name)
    reasons = _blockers(lake, campaign, state)
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
        held_out=lake.gold.known(campaign.name),
    )
    return newest if newest and newest.created_from == version.created_from else version


def _blockers(lake: Lake, campaign: Campaign, state: EvaluationSummary | None) -> list[str]:
    progress, name = Progress.of(lake), campaign.name
    return blockers(
        state,
        open_batches=sum(b.campaign == name and not b.is_done for b in progress.of_batches()),
        flagged=progress.flagged(name),
        named=partial(_named, lake, name),
    )


def what_blocks(lake: Lake, campaign: Campaign) -> list[str]:
    """All that prevents a campaign's release, unsound labels included; for people.

    Reads as much as a release does.
    """
    name, state = campaign.name, lake.evaluations.summary(campaign.name)
    reasons = _blockers(lake, campaign, state)
    pending = lake.pending.of(name)
    if pending.to_place:
        count = len(pending.to_place)
        batches = counted(count, "batch", "batches")
        reasons.append(f"{batches} {verb(count, 'has', 'have')} images chosen again to give out")
    if later := len(pending.later):
        batches = counted(later, "batch", "batches")
        what = "tasks for a later day, or images that nobody present has the skills for"
        reasons.append(f"{batches} {verb(later, 'has', 'have')} {what}")
    if pending.is_behind(campaign):
        reasons.append("open tasks of people who left are being moved")
    if reasons or state is None or Progress.of(lake).is_released(state):
        return reasons
    problems = [problem.sentence for problem in problems_of(_settled_version(lake, campaign))]
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


def group_of(image_id: str) -> str:
    """What images have in common that stand in one split: the content alone.

    What looks alike was excluded before, and a split by field would put a campaign that has only
    one field into a single split.
    """
    return image_id.partition("-")[0]


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
            "regions": judgement.regions,
            "choices": judgement.choices,
            "settled_by": judgement.status.value,
            "vote_ids": votes_behind(judgement),
            "group": group_of(image.image_id),
            "licence": metadata.licence if metadata else None,
            "source": metadata.source if metadata else None,
            "crop": (metadata.crop if metadata else None) or campaign.crop,
            "captured_at": metadata.captured_at if metadata else None,
        }
    )
