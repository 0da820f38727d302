"""What becomes of each image of a batch: kept, or excluded with a status and its reasons."""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, NamedTuple

from pydantic import Field

from farmy_assets.catalog.records import Record
from farmy_assets.cleansing.duplicates import DuplicateOf
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import ImageQuality
from farmy_assets.cleansing.rulings import NO_RULINGS, CurrentDecisions
from farmy_assets.cleansing.verdicts import CheckName, Status
from farmy_assets.cleansing.wording import copy_description

NO_POLICIES: Mapping[str, CleansingPolicy] = MappingProxyType({})


class ExclusionStatus(StrEnum):
    """Why an image goes no further; only `rejected` is final without a person."""

    REJECTED = "rejected"  # cannot be decoded
    HELD = "held"  # decodable, but a check flagged it: waits for a person's word
    DISCARDED = "discarded"  # was held, and a person said that nobody can work with it
    DUPLICATE = "duplicate"  # another image, which is kept, shows the same


class Exclusion(Record):
    """One image that was not kept."""

    image_id: str
    status: ExclusionStatus
    reasons: tuple[CheckName, ...]
    detail: str = ""
    duplicate_of: str | None = None


class KeptImage(Record):
    """One image that goes on to annotation: its normalised copy, upright, size in pixels."""

    image_id: str
    sha256: str
    width_px: Annotated[int, Field(gt=0)]
    height_px: Annotated[int, Field(gt=0)]


class Examined(NamedTuple):
    """The verdict on an image, and, if it could be decoded, its copy and a small JPEG of it."""

    quality: ImageQuality
    copy: KeptImage | None
    thumbnail: bytes | None


class CleansedSet(Record):
    """The manifest of a cleansed batch; every image of the batch stands in it exactly once."""

    batch_id: str
    campaign: str
    rule_version: str
    kept: tuple[KeptImage, ...]
    excluded: tuple[Exclusion, ...]
    other_rule_versions: dict[str, str] = Field(default_factory=dict)
    """The rules of each kept image whose source has rules of its own, by image id."""
    ruling_ids: tuple[str, ...] = ()
    """The people's rulings that it follows; with another one, it has to be made anew."""

    @property
    def image_ids(self) -> tuple[str, ...]:
        """All images of the batch."""
        return (*(i.image_id for i in self.kept), *(e.image_id for e in self.excluded))

    def follows(self, decisions: CurrentDecisions) -> bool:
        """Whether it was made with just the rulings that stand on its images."""
        return self.ruling_ids == decisions.behind(self.image_ids)

    def kept_under(
        self, policy: CleansingPolicy, policies: Mapping[str, CleansingPolicy] = NO_POLICIES
    ) -> frozenset[str]:
        """Images that were kept under these very rules: annotators may be at work on them.

        Args:
            policy: The rules of now.
            policies: The rules of each image that has others, by image id.
        """
        return frozenset(
            image.image_id
            for image in self.kept
            if self.other_rule_versions.get(image.image_id, self.rule_version)
            == policies.get(image.image_id, policy).rule_version
        )

    def reasons(self) -> Counter[str]:
        """How many images were excluded for each reason; an image counts once for each of its."""
        return Counter(reason for item in self.excluded for reason in item.reasons)

    def unaccounted(self, image_ids: Sequence[str]) -> set[str]:
        """Images of the batch that are not in the manifest, or are in it more than once."""
        places = Counter(
            [image.image_id for image in self.kept] + [item.image_id for item in self.excluded]
        )
        expected = set(image_ids)
        return {i for i in expected | set(places) if places[i] != 1 or i not in expected}


def goes_on(quality: ImageQuality, rulings: CurrentDecisions) -> bool:
    """Whether an image goes on unless it is a copy: a person's word counts more than a check's.

    What cannot be decoded nobody can keep.
    """
    if quality.status is Status.REJECTED or rulings.discards(quality.image_id):
        return False
    return quality.status is Status.FIT or rulings.keeps(quality.image_id)


def conclude(
    *,
    batch_id: str,
    campaign: str,
    policy: CleansingPolicy,
    examined: Sequence[Examined],
    duplicates: Mapping[str, DuplicateOf],
    rulings: CurrentDecisions = NO_RULINGS,
    policies: Mapping[str, CleansingPolicy] = NO_POLICIES,
) -> CleansedSet:
    """The manifest of a batch, from what was found in each image and between images.

    Args:
        batch_id: The batch.
        campaign: Its campaign.
        policy: The thresholds that were applied.
        examined: A verdict on each image, and its copy.
        duplicates: Images that go on, and that another one stands for.
        rulings: What people said of held images and of duplicates.
        policies: The thresholds of each image that has others, by image id.
    """
    stays_out = {quality.image_id for quality, _, _ in examined if not goes_on(quality, rulings)}
    excluded = [
        _excluded(quality, rulings) for quality, _, _ in examined if quality.image_id in stays_out
    ]
    excluded += [
        Exclusion(
            image_id=d.image_id,
            status=ExclusionStatus.DUPLICATE,
            reasons=(d.kind.value,),
            detail=copy_description(d).removesuffix(" of"),
            duplicate_of=d.of_image_id,
        )
        for d in duplicates.values()
    ]
    kept = [
        copy
        for quality, copy, _ in examined
        if copy and quality.image_id not in stays_out and quality.image_id not in duplicates
    ]
    return CleansedSet(
        batch_id=batch_id,
        campaign=campaign,
        rule_version=policy.rule_version,
        kept=tuple(sorted(kept, key=lambda image: image.image_id)),
        excluded=tuple(sorted(excluded, key=lambda item: item.image_id)),
        other_rule_versions={
            image.image_id: policies[image.image_id].rule_version
            for image in sorted(kept, key=lambda image: image.image_id)
            if image.image_id in policies
        },
        ruling_ids=rulings.behind(quality.image_id for quality, _, _ in examined),
    )


def _excluded(quality: ImageQuality, rulings: CurrentDecisions) -> Exclusion:
    if quality.status is Status.REJECTED or not rulings.discards(quality.image_id):
        return Exclusion(
            image_id=quality.image_id,
            status=ExclusionStatus(quality.status.value),
            reasons=quality.reasons,
            detail=quality.detail,
        )
    ruling = rulings.usable[quality.image_id]
    return Exclusion(
        image_id=quality.image_id,
        status=ExclusionStatus.DISCARDED,
        reasons=quality.reasons or ruling.reasons,
        detail=f"by {ruling.by}: {ruling.why}" if ruling.why else f"by {ruling.by}",
    )
