"""What the newest version of each data set was made of: a small record in place of its manifest."""

from dataclasses import dataclass
from functools import partial
from typing import Self

from farmy_assets.annotation.evaluation import ContentDigest
from farmy_assets.catalog.records import Record
from farmy_assets.datasets.versions import DatasetVersion
from farmy_assets.lake import keys
from farmy_assets.lake.record_store import RecordStore


class ReleasedVersion(Record):
    """A version's name, and a digest of its images and the votes behind them."""

    campaign: str
    campaign_version: int
    number: int
    version_id: str
    content: str

    @classmethod
    def of(cls, version: DatasetVersion) -> Self:
        """That of a version whose manifest is at hand."""
        content = ContentDigest()
        for image in version.images:
            content.add(image.image_id, image.vote_ids)
        return cls(
            campaign=version.campaign,
            campaign_version=version.campaign_version,
            number=version.number,
            version_id=version.version_id,
            content=content.value,
        )


@dataclass(frozen=True)
class ReleasedRepository:
    """Keeps one record a campaign; it follows from the newest manifest, and is made when missing.

    So a sensor's look costs one listing and one small record, however large a version is.
    """

    records: RecordStore

    def newest(self, campaign: str) -> ReleasedVersion | None:
        """What the newest version was made of; None before the first."""
        found = self.records.bucket.keys(keys.dataset_versions(campaign))
        numbers = keys.numbers(found, partial(keys.dataset_version, campaign))
        known = self.records.find(keys.released(campaign), ReleasedVersion) if numbers else None
        for number in reversed(numbers):
            if known and known.number == number:
                return known
            version = self.records.ours(keys.dataset_version(campaign, number), DatasetVersion)
            if version:
                return self.note(version)
        return None

    def note(self, version: DatasetVersion) -> ReleasedVersion:
        """Keep what a version was made of, as that of the newest one."""
        released = ReleasedVersion.of(version)
        self.records.replace(keys.released(version.campaign), released)
        return released
