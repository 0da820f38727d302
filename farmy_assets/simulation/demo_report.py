"""What the demo tells at its end, fetched from the records and from every copy in S3."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from farmy_assets.annotation.evaluation import PageCounts
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.votes import Outcome, Vote, current_votes
from farmy_assets.catalog.phases import ImagePhase
from farmy_assets.cleansing.cleansed_set import Exclusion, ExclusionStatus, KeptImage
from farmy_assets.datasets.versions import DatasetVersion
from farmy_assets.errors import LakeError
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_threads
from farmy_assets.simulation.demo_findings import (
    DefectFinding,
    Drawn,
    Gain,
    SoundFiles,
    defects_found,
    embedded_metadata,
    gain,
    sound_files,
)
from farmy_assets.simulation.demo_material import Sight
from farmy_assets.workflow.audit import phases, sealed_twice

FINAL_PHASES = frozenset(
    {
        ImagePhase.REJECTED, ImagePhase.DISCARDED, ImagePhase.DUPLICATE, ImagePhase.DELETED,
        ImagePhase.UNLABELLABLE, ImagePhase.RELEASED,
    }
)  # fmt: skip


@dataclass(frozen=True)
class Privacy:
    """Whether copies tell a place: originals that do, copies looked at, copies that still tell."""

    originals_with_position: int
    copies: int
    telling: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """The end of a demo; all numbers are of the whole campaign."""

    campaign: str
    by_phase: Mapping[ImagePhase, int]
    exclusions: Mapping[str, Exclusion]
    tasks: int
    votes: int
    decisions: int
    counts: PageCounts
    version: DatasetVersion
    defects: tuple[DefectFinding, ...]
    sound: SoundFiles
    gain: Gain
    truth_is_known: bool
    privacy: Privacy

    @property
    def images(self) -> int:
        """How many photographs came in."""
        return sum(self.by_phase.values())

    def excluded(self, status: ExclusionStatus) -> Counter[str]:
        """The reasons of all exclusions with a status."""
        found = [e for e in self.exclusions.values() if e.status is status]
        return Counter(reason for e in found for reason in e.reasons)

    def conflicts(self) -> Counter[str]:
        """All conflicts that ever were, by kind."""
        return Counter(self.counts.conflicts)


def unaccounted(lake: Lake, campaign: str, image_ids: frozenset[str]) -> list[str]:
    """A sentence for each error: images in no phase, in two batches, or not in a final phase."""
    found = phases(lake)
    in_phases = {image.image_id for image in found}
    wrong = [f"{image_id} is in no phase" for image_id in sorted(image_ids - in_phases)]
    wrong += [f"{image_id} is in two batches" for image_id in sorted(sealed_twice(lake))]
    for page in lake.cleansed_sets.everywhere():
        twice = page.unaccounted(lake.batches.read(page.batch_id).image_ids)
        wrong += [f"{image_id} is not cleansed exactly once" for image_id in sorted(twice)]
    return wrong + [
        f"{image.name or image.image_id} is still in phase {image.phase.value} ({image.reason})"
        for image in found
        if (image.campaign == campaign or (not image.campaign and image.image_id in image_ids))
        and image.phase not in FINAL_PHASES
    ]


def reasons_of_exclusion(lake: Lake, campaign: str) -> Counter[str]:
    """How many of a campaign's images were excluded for each reason."""
    total: Counter[str] = Counter()
    for page in lake.cleansed_sets.all(campaign):
        total += page.reasons()
    return total


def make_report(lake: Lake, campaign: str, sight: Sight) -> Report:
    """Everything that there is to tell of a released campaign.

    Raises:
        LakeError: It has no data set version.
    """
    summary, version = lake.evaluations.summary(campaign), lake.datasets.newest(campaign)
    if summary is None or version is None:
        msg = f"{campaign} has no data set version"
        raise LakeError(msg)
    sets = lake.cleansed_sets.all(campaign)
    exclusions = {e.image_id: e for s in sets for e in s.excluded}
    kept = {image.image_id: image for s in sets for image in s.kept}
    planted = {i: f for i, f in sight.planted.items() if i in exclusions or i in kept}
    votes = lake.votes.all(campaign)
    found = [image for image in phases(lake) if image.campaign == campaign]
    return Report(
        campaign=campaign,
        by_phase=Counter(image.phase for image in found),
        exclusions=exclusions,
        tasks=len(lake.assignments.all(campaign)),
        votes=len(votes),
        decisions=sum(vote.phase is Phase.ADJUDICATION for vote in votes),
        counts=summary.counts,
        version=version,
        defects=defects_found(planted, exclusions),
        sound=sound_files(planted, exclusions),
        gain=gain(_answers(votes, kept, sight), _final(version, sight)),
        truth_is_known=bool(planted),
        privacy=_privacy(lake, [image.image_id for image in found], sorted(kept), version),
    )


def _answers(votes: Iterable[Vote], kept: Mapping[str, KeptImage], sight: Sight) -> list[Drawn]:
    return [
        Drawn(
            image_id=vote.image_id,
            regions=vote.regions,
            truth=sight.boxes(
                vote.image_id,
                width_px=kept[vote.image_id].width_px,
                height_px=kept[vote.image_id].height_px,
            ),
        )
        for vote in current_votes(votes)
        if vote.phase is Phase.ANNOTATION
        and vote.person == vote.inbox_person
        and vote.outcome is Outcome.SUBMITTED
        and vote.image_id in kept
    ]


def _final(version: DatasetVersion, sight: Sight) -> list[Drawn]:
    return [
        Drawn(
            image_id=image.image_id,
            regions=image.regions,
            truth=sight.boxes(image.image_id, width_px=image.width_px, height_px=image.height_px),
        )
        for image in version.images
    ]


def _privacy(lake: Lake, image_ids: list[str], kept: list[str], version: DatasetVersion) -> Privacy:
    """Opens every copy there is: those that annotators see, and those in the data set."""
    entries = lake.catalog.entries(image_ids).values()
    prefix = keys.dataset(version.campaign, version.version_id, "")
    copies = [(lake.cleansed, keys.cleansed_image(image_id)) for image_id in kept]
    copies += [(lake.exports, key) for key in lake.exports.keys(prefix) if key.endswith(".jpg")]
    embedded = in_threads(lambda copy: embedded_metadata(copy[0].get(copy[1])), copies)
    return Privacy(
        originals_with_position=sum(bool(e.metadata and e.metadata.position) for e in entries),
        copies=len(copies),
        telling=tuple(
            f"{key} ({', '.join(left)})"
            for (_, key), left in zip(copies, embedded, strict=True)
            if left
        ),
    )
