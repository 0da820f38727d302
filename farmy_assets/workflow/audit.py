"""The phase of every image, from the records alone: none is lost, none is in two batches."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.catalog.entry import CatalogEntry, EntryState
from farmy_assets.catalog.phases import ImagePhase, PhaseOfImage
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.query.image_phases import CONSENSUS_PHASES
from farmy_assets.workflow.selection import ImageSelection


@dataclass(frozen=True)
class _CampaignFacts:
    asked: frozenset[str]
    standing: Mapping[str, ConsensusStatus]
    released: frozenset[str]
    left_out: frozenset[str]


def phases(lake: Lake) -> list[PhaseOfImage]:
    """The phase of every image that is or was in the raw zone, sorted by image id.

    Reads the whole catalog and all manifests: for people and tests, not for a sensor.
    """
    entries = {entry.image_id: entry for entry in lake.catalog.scan()}
    listed = (keys.image_id_of_raw_key(key) for key in lake.raw.keys(keys.RAW_IMAGES))
    images = {image_id for image_id in listed if image_id} | entries.keys()
    sets = {s.batch_id: s for s in lake.cleansed_sets.everywhere()}
    campaigns = {name: _facts(lake, name) for name in {s.campaign for s in sets.values()}}
    verdicts = {
        **{i.image_id: (s, None) for s in sets.values() for i in s.kept},
        **{e.image_id: (s, e) for s in sets.values() for e in s.excluded},
    }
    found = []
    for image_id in sorted(images):
        entry = entries.get(image_id)
        if image_id in verdicts:
            cleansed, exclusion = verdicts[image_id]
            if exclusion:
                phase = ImagePhase(exclusion.status.value)
                reason = ", ".join(exclusion.reasons)
            else:
                phase, reason = _phase_of_kept(image_id, campaigns[cleansed.campaign])
        else:
            phase, reason = _phase_before_cleansing(entry)
        if entry and entry.state is EntryState.DELETED and phase is not ImagePhase.RELEASED:
            phase, reason = ImagePhase.DELETED, "taken out of the raw zone"
        found.append(
            PhaseOfImage(
                image_id=image_id,
                name=entry.metadata.original_name if entry and entry.metadata else "",
                campaign=entry.metadata.campaign if entry and entry.metadata else "",
                phase=phase,
                reason=reason,
                batch_id=entry.batch_id if entry else None,
            )
        )
    return found


def sealed_twice(lake: Lake) -> set[str]:
    """Images that are in more than one batch, or more than once in one; there must be none."""
    counts = Counter(i for batch in lake.batches.all() for i in batch.image_ids)
    return {image_id for image_id, count in counts.items() if count > 1}


def _facts(lake: Lake, campaign: str) -> _CampaignFacts:
    state = lake.evaluations.current(campaign)
    newest = lake.datasets.newest(campaign)
    choices = lake.records.read_all(keys.choice(campaign), ImageSelection)
    return _CampaignFacts(
        asked=frozenset(a.image_id for a in lake.assignments.all(campaign)),
        standing={j.image_id: j.status for j in state.judgements} if state else {},
        released=frozenset(i.image_id for i in newest.images) if newest else frozenset(),
        left_out=frozenset(image_id for choice in choices for image_id in choice.left_out),
    )


def _phase_before_cleansing(entry: CatalogEntry | None) -> tuple[ImagePhase, str]:
    if entry is None:
        return ImagePhase.UNCATALOGUED, "its event has not been handled yet"
    if entry.metadata is None:
        return ImagePhase.WAITING, "has no usable metadata"
    return (ImagePhase.SEALED if entry.batch_id else ImagePhase.WAITING), ""


def _phase_of_kept(image_id: str, facts: _CampaignFacts) -> tuple[ImagePhase, str]:
    standing = facts.standing.get(image_id, ConsensusStatus.WAITING)
    if image_id not in facts.asked:
        left_out = image_id in facts.left_out
        why = "the campaign's query left it out" if left_out else "nobody was asked yet"
        return ImagePhase.CLEANSED, why
    if image_id in facts.released and standing.is_releasable:
        return ImagePhase.RELEASED, standing.value
    return CONSENSUS_PHASES[standing], standing.value
