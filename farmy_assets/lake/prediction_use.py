"""What people made of predictions: one object for each object of the votes' log, and their sums."""

from collections.abc import Sequence
from dataclasses import dataclass

from farmy_assets.annotation.predictions.use import RegionUse, UseCounts
from farmy_assets.catalog.records import Record
from farmy_assets.lake import keys
from farmy_assets.lake.record_store import RecordStore


class PredictionUse(Record):
    """What was counted of a campaign, of the votes up to a number of their log."""

    campaign: str
    votes_up_to: int = 0
    counts: tuple[UseCounts, ...] = ()


@dataclass(frozen=True)
class PredictionUseRepository:
    """Reads and writes what became of each predicted region, and the sums."""

    records: RecordStore

    def counted(self, campaign: str) -> tuple[PredictionUse, str | None]:
        """The sums of a campaign, with their ETag; None before the first."""
        key = keys.prediction_use_summary(campaign)
        found, etag = self.records.find_with_etag(key, PredictionUse)
        return found or PredictionUse(campaign=campaign), etag

    def write(self, campaign: str, number: int, uses: Sequence[RegionUse]) -> None:
        """Write what the votes of this number of the log made of predictions, once."""
        if uses:
            self.records.append_lines(keys.prediction_use(campaign, number), list(uses))

    def put_counted(self, use: PredictionUse, *, etag: str | None) -> bool:
        """Write the sums over those that were read; False when they were changed meanwhile."""
        key = keys.prediction_use_summary(use.campaign)
        return self.records.bucket.put_if(key, use.to_json(), etag=etag)
