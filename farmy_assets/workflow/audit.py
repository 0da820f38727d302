"""The phase of every image in each of its campaigns, from the records alone.

No image is lost, and none is in two batches of one campaign.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.catalog.batches import Batch
from farmy_assets.catalog.entry import CatalogEntry, EntryState
from farmy_assets.catalog.phases import ImagePhase, PhaseOfImage
from farmy_assets.cleansing.cleansed_set import CleansedSet, Exclusion
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.query.image_phases import CONSENSUS_PHASES
from farmy_assets.workflow.selection import ImageSelection

_Verdict = tuple[CleansedSet, Exclusion | None]


@dataclass(frozen=True)
class _CampaignFacts:
    asked: frozenset[str]
    standing: Mapping[str, ConsensusStatus]
    released: frozenset[str]
    left_out: frozenset[str]


def phases(lake: Lake) -> list[PhaseOfImage]:
    """The phase of every image that is or was in the raw zone, in each campaign that has it.

    Sorted by image id, the campaign that the image came for first, then those that include it.
    Reads the whole catalog and all manifests: for people and tests, not for a sensor.
    """
    entries = {entry.image_id: entry for entry in lake.catalog.scan()}
    listed = (keys.image_id_of_raw_key(key) for key in lake.raw.keys(keys.RAW_IMAGES))
    images = {image_id for image_id in listed if image_id} | entries.keys()
    sets = lake.cleansed_sets.everywhere()
    verdicts = _verdicts(sets)
    facts = {name: _facts(lake, name) for name in {cleansed.campaign for cleansed in sets}}
    own, including = _campaigns(lake.batches.all())
    found = []
    for image_id in sorted(images):
        entry = entries.get(image_id)
        metadata = entry.metadata if entry else None
        first = own.get(image_id) or (metadata.campaign if metadata else "")
        for campaign, batch_id in (
            (first, entry.batch_id if entry else None),
            *sorted((n, b) for n, b in including.get(image_id, {}).items() if n != first),
        ):
            verdict = verdicts.get((image_id, campaign))
            if verdict:
                phase, reason = _phase_of_cleansed(image_id, verdict[1], facts[campaign])
            elif campaign == first:
                phase, reason = _phase_before_cleansing(entry)
            else:
                phase, reason = ImagePhase.SEALED, ""
            if entry and entry.state is EntryState.DELETED and phase is not ImagePhase.RELEASED:
                phase, reason = ImagePhase.DELETED, "taken out of the raw zone"
            found.append(
                PhaseOfImage(
                    image_id=image_id,
                    name=metadata.original_name if metadata else "",
                    campaign=campaign,
                    phase=phase,
                    reason=reason,
                    batch_id=verdict[0].batch_id if verdict else batch_id,
                )
            )
    return found


def sealed_twice(lake: Lake) -> set[str]:
    """Images that are twice in a campaign's batches, or in two of their own; there must be none."""
    counts: Counter[tuple[str, str]] = Counter()
    for batch in lake.batches.all():
        counts.update((image_id, batch.campaign) for image_id in batch.image_ids)
        if not batch.is_inclusion:
            counts.update((image_id, "") for image_id in batch.image_ids)
    return {image_id for (image_id, _), count in counts.items() if count > 1}


def _campaigns(batches: Iterable[Batch]) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Image id to the campaign that it came for; and to the batches by which others include it."""
    own: dict[str, str] = {}
    including: dict[str, dict[str, str]] = defaultdict(dict)
    for batch in batches:
        for image_id in batch.image_ids:
            if batch.is_inclusion:
                including[image_id].setdefault(batch.campaign, batch.batch_id)
            else:
                own.setdefault(image_id, batch.campaign)
    return own, including


def _verdicts(sets: Sequence[CleansedSet]) -> dict[tuple[str, str], _Verdict]:
    """What became of each image in each campaign; where it is in two batches, in the first place.

    The other batch has left it out as a copy of itself.
    """
    excluded = [(cleansed, item) for cleansed in sets for item in cleansed.excluded]
    excluded.sort(key=lambda pair: pair[1].duplicate_of != pair[1].image_id)  # what counts is last
    found: dict[tuple[str, str], _Verdict] = {
        (item.image_id, cleansed.campaign): (cleansed, item) for cleansed, item in excluded
    }
    kept = ((cleansed, image.image_id) for cleansed in sets for image in cleansed.kept)
    return found | {(image_id, cleansed.campaign): (cleansed, None) for cleansed, image_id in kept}


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


def _phase_of_cleansed(
    image_id: str, exclusion: Exclusion | None, facts: _CampaignFacts
) -> tuple[ImagePhase, str]:
    if exclusion:
        return ImagePhase(exclusion.status.value), ", ".join(exclusion.reasons)
    return _phase_of_kept(image_id, facts)


def _phase_of_kept(image_id: str, facts: _CampaignFacts) -> tuple[ImagePhase, str]:
    standing = facts.standing.get(image_id, ConsensusStatus.WAITING)
    if image_id not in facts.asked:
        left_out = image_id in facts.left_out
        why = "the campaign's query left it out" if left_out else "nobody was asked yet"
        return ImagePhase.CLEANSED, why
    if image_id in facts.released and standing.is_releasable:
        return ImagePhase.RELEASED, standing.value
    return CONSENSUS_PHASES[standing], standing.value
