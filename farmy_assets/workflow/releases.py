"""The next version of a campaign's data set, from the records; refused while it would be early."""

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus
from farmy_assets.catalog.wording import counted, verb
from farmy_assets.datasets.release import problems_of
from farmy_assets.datasets.versions import DatasetClass, DatasetVersion, LabelledImage, freeze
from farmy_assets.errors import NotReleasableError
from farmy_assets.lake.evaluations import CampaignState
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow.progress import Flagged, Progress, votes_behind

NAMED = 3


def next_version(lake: Lake, campaign: Campaign, *, open_batches: int) -> DatasetVersion:
    """The version that the campaign's records make now; the newest one if it is no other.

    Raises:
        NotReleasableError: An image has an open conflict or an unanswered task, a flagged one
            waits for a person's word, a batch is not in the inboxes yet, or there is nothing to
            release.
    """
    state = lake.evaluations.current(campaign.name)
    reasons = blockers(
        state, open_batches=open_batches, flagged=Progress.of(lake).flagged(campaign.name)
    )
    if reasons or state is None:
        msg = f"{campaign.name} is not released: {'; '.join(reasons)}"
        raise NotReleasableError(msg)
    images = _labelled(lake, campaign, state)
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


def blockers(state: CampaignState | None, *, open_batches: int, flagged: Flagged) -> list[str]:
    """Why a campaign cannot be released yet, each reason in words; none when it can."""
    if state is None or not state.judgements:
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
        found = [j.image_id for j in state.judgements if j.status is standing]
        if found:
            named = ", ".join(found[:NAMED]) + (", ..." if len(found) > NAMED else "")
            images = f"{counted(len(found), 'image')} {verb(len(found), one, many)}"
            reasons.append(f"{images} ({named})")
    if not reasons and not state.is_settled:
        reasons.append("the adjudicator excluded every image")
    return reasons


def what_blocks(lake: Lake, campaign: Campaign) -> list[str]:
    """All that prevents a campaign's release, unsound labels included; for people.

    Reads as much as a release does.
    """
    name, state = campaign.name, lake.evaluations.current(campaign.name)
    open_batches = [
        batch
        for batch in Progress.of(lake).of_batches()
        if batch.campaign == name and not batch.is_done
    ]
    reasons = blockers(
        state, open_batches=len(open_batches), flagged=Progress.of(lake).flagged(name)
    )
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


def _labelled(lake: Lake, campaign: Campaign, state: CampaignState) -> list[LabelledImage]:
    kept = lake.kept_images(campaign.name)
    judgements = [j for j in state.judgements if j.status.is_releasable and j.image_id in kept]
    entries = lake.catalog.entries([judgement.image_id for judgement in judgements])

    def labelled(judgement: ImageConsensus) -> LabelledImage:
        entry = entries.get(judgement.image_id)
        metadata = entry.metadata if entry else None
        image = kept[judgement.image_id]
        return LabelledImage(
            image_id=image.image_id,
            sha256=image.sha256,
            width_px=image.width_px,
            height_px=image.height_px,
            boxes=judgement.boxes,
            settled_by=judgement.status.value,
            vote_ids=votes_behind(judgement),
            # The content alone: what looks alike was excluded before, and a split by field
            # would put a campaign that has only one field into a single split.
            group=image.image_id.partition("-")[0],
            licence=metadata.licence if metadata else None,
            source=metadata.source if metadata else None,
            crop=(metadata.crop if metadata else None) or campaign.crop,
            captured_at=metadata.captured_at if metadata else None,
        )

    return [labelled(judgement) for judgement in judgements]
