"""What becomes of each image of a batch: kept, or excluded with a status and its reasons."""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from farmy_assets.catalog.records import Record
from farmy_assets.cleansing.duplicates import DuplicateOf
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import ImageQuality
from farmy_assets.cleansing.verdicts import Reason, Status


class ExclusionStatus(StrEnum):
    """Why an image goes no further; only `rejected` is final without a person."""

    REJECTED = "rejected"  # cannot be decoded
    HELD = "held"  # decodable, but a check flagged it: waits for a person's word
    DUPLICATE = "duplicate"  # another image, which is kept, shows the same


class Exclusion(Record):
    """One image that was not kept."""

    image_id: str
    status: ExclusionStatus
    reasons: tuple[Reason, ...]
    duplicate_of: str | None = None


class KeptImage(Record):
    """One image that goes on to annotation: its normalised copy, upright, size in pixels."""

    image_id: str
    sha256: str
    width_px: Annotated[int, Field(gt=0)]
    height_px: Annotated[int, Field(gt=0)]


class CleansedSet(Record):
    """The manifest of a cleansed batch; every image of the batch stands in it exactly once."""

    batch_id: str
    campaign: str
    rule_version: str
    kept: tuple[KeptImage, ...]
    excluded: tuple[Exclusion, ...]

    def reasons(self) -> Counter[str]:
        """How many images were excluded for each reason; an image counts once for each of its."""
        return Counter(reason.value for item in self.excluded for reason in item.reasons)

    def unaccounted(self, image_ids: Sequence[str]) -> set[str]:
        """Images of the batch that are not in the manifest, or are in it more than once."""
        places = Counter(
            [image.image_id for image in self.kept] + [item.image_id for item in self.excluded]
        )
        expected = set(image_ids)
        return {i for i in expected | set(places) if places[i] != 1 or i not in expected}


def conclude(
    *,
    batch_id: str,
    campaign: str,
    policy: CleansingPolicy,
    qualities: Sequence[ImageQuality],
    duplicates: Mapping[str, DuplicateOf],
    kept: Sequence[KeptImage],
    not_copied: Mapping[str, Reason],
) -> CleansedSet:
    """The manifest of a batch, from the verdicts, the duplicates, and the copies made.

    Args:
        batch_id: The batch.
        campaign: Its campaign.
        policy: The thresholds that were applied.
        qualities: A verdict on each image.
        duplicates: Fit images that another one stands for.
        kept: Fit images of which there is a normalised copy.
        not_copied: Fit images of which none could be made, and why.
    """
    excluded = [
        Exclusion(image_id=q.image_id, status=ExclusionStatus(q.status.value), reasons=q.reasons)
        for q in qualities
        if q.status is not Status.FIT
    ]
    excluded += [
        Exclusion(
            image_id=d.image_id,
            status=ExclusionStatus.DUPLICATE,
            reasons=(Reason(d.kind.value),),
            duplicate_of=d.of_image_id,
        )
        for d in duplicates.values()
    ]
    excluded += [
        Exclusion(image_id=image_id, status=ExclusionStatus.REJECTED, reasons=(reason,))
        for image_id, reason in not_copied.items()
    ]
    return CleansedSet(
        batch_id=batch_id,
        campaign=campaign,
        rule_version=policy.rule_version,
        kept=tuple(sorted(kept, key=lambda image: image.image_id)),
        excluded=tuple(sorted(excluded, key=lambda item: item.image_id)),
    )
