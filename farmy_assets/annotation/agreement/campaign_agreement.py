"""The agreement of a campaign, summed from that of its images."""

from collections import Counter
from heapq import nsmallest

from farmy_assets.annotation.aggregation.annotator_skills import AnnotatorSkills, learn_skills
from farmy_assets.annotation.agreement.drawn_units import DrawnImage
from farmy_assets.annotation.agreement.figures import (
    RegionAgreement,
    Reliability,
    alphas_of,
    ballots_of,
    region_agreement,
    reliability,
)
from farmy_assets.annotation.agreement.image_agreement import ImageAgreement
from farmy_assets.annotation.agreement.intervals import Estimate
from farmy_assets.catalog.records import Record

HARDEST = 20
"""How many images with the lowest agreement are named."""


class HardImage(Record):
    """An image that people agree on least, with its own alpha."""

    image_id: str
    alpha: float


class VersionAgreement(Record):
    """How far people agree who answered under one version of the campaign's file."""

    images: int
    alpha: Estimate
    image_mean: Estimate


class CampaignAgreement(Record):
    """How far the people of a campaign agree.

    Attributes:
        campaign: The campaign.
        campaign_version: The version of its rules that regions were matched by.
        images: Images that two or more people answered readably.
        regions: The figures over these images.
        people: How reliable each person is.
        versions: The figures by version of the file that the answers were given under.
        conflicts: How many conflicts there are in each state.
        settled: How many were settled in each way.
        by_kind: How many there ever were of each kind.
        hardest: The images with the lowest alphas.
        source: The version of the pages that the figures follow from.
    """

    campaign: str
    campaign_version: int
    images: int
    regions: RegionAgreement
    people: dict[str, Reliability]
    versions: dict[str, VersionAgreement]
    conflicts: dict[str, int]
    settled: dict[str, int]
    by_kind: dict[str, int]
    hardest: tuple[HardImage, ...]
    source: str = ""


class AgreementSums:
    """Takes images one by one; keeps how often each combination of answers was given."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._drawn: dict[int | None, Counter[DrawnImage]] = {}
        self._states: Counter[str] = Counter()
        self._settled: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        self._hardest: list[tuple[float, str]] = []

    def add(self, image: ImageAgreement) -> None:
        """Count one image."""
        if image.people:
            self._drawn.setdefault(image.version, Counter())[image.drawn] += 1
        for conflict in image.conflicts:
            self._states[conflict.state.value] += 1
            self._kinds[conflict.kind.value] += 1
            if conflict.settled_how:
                self._settled[conflict.settled_how.value] += 1
        if image.alpha is not None:
            self._hardest.append((image.alpha, image.image_id))
            if len(self._hardest) > 2 * HARDEST:
                self._hardest = nsmallest(HARDEST, self._hardest)

    def skills(self, campaign: str) -> AnnotatorSkills | None:
        """What the votes tell of their authors; None without any."""
        return learn_skills(campaign, *ballots_of(self._all()))

    def agreement(self, campaign: str, version: int, *, source: str) -> CampaignAgreement:
        """The figures of all images, which are of this version of the pages."""
        everything = self._all()
        return CampaignAgreement(
            campaign=campaign,
            campaign_version=version,
            images=everything.total(),
            regions=region_agreement(everything),
            people=reliability(everything),
            versions=self._versions(),
            conflicts=dict(sorted(self._states.items())),
            settled=dict(sorted(self._settled.items())),
            by_kind=dict(sorted(self._kinds.items())),
            hardest=tuple(
                HardImage(image_id=image_id, alpha=value)
                for value, image_id in nsmallest(HARDEST, self._hardest)
            ),
            source=source,
        )

    def _versions(self) -> dict[str, VersionAgreement]:
        """The figures by version of the file; images with answers under several are left out."""
        found = {}
        for number in sorted(number for number in self._drawn if number is not None):
            drawn = self._drawn[number]
            alpha, image_mean = alphas_of(drawn)
            found[str(number)] = VersionAgreement(
                images=drawn.total(), alpha=alpha, image_mean=image_mean
            )
        return found

    def _all(self) -> Counter[DrawnImage]:
        found: Counter[DrawnImage] = Counter()
        for drawn in self._drawn.values():
            found.update(drawn)
        return found
