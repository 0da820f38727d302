"""Figures and pages of campaigns: what follows from evaluations, batches and versions.

`counted.json` holds the parts that the figures are sums of, each with the version of the record
that it was counted in, so that a part is counted again only when its record changed. All of it can
be made anew. The files of a page are written first, then `MADE.json`, which says that they are
there: it is all that alerts and the start page read.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import AwareDatetime, Field

from farmy_assets.annotation.campaign_figures import BatchFigures, CampaignFigures, VersionFigures
from farmy_assets.annotation.page_figures import Days, PageFigures
from farmy_assets.catalog.records import Record
from farmy_assets.lake import keys
from farmy_assets.lake.objects import in_threads
from farmy_assets.lake.record_store import RecordStore

COUNTED_BY = 1
"""Changes when other things are counted: what an earlier version counted is counted again."""
INDEX = "index.html"
MEDIA_TYPES = {"html": "text/html; charset=utf-8", "csv": "text/csv; charset=utf-8"}


class CountedPage(Record):
    """A page of the evaluation, in the version with this ETag."""

    etag: str
    figures: PageFigures


class CountedBatch(Record):
    """A batch's cleansed set, in the version with this ETag."""

    etag: str
    figures: BatchFigures


class CountedParts(Record):
    """What the figures of a campaign are sums of.

    Attributes:
        layout: The layout of the evaluation's pages; those of another one are counted anew.
        pages: By the page's name.
        batches: By the batch's id.
        versions: By the version's number; they never change.
    """

    campaign: str
    counted_by: int = COUNTED_BY
    layout: str = ""
    pages: dict[str, CountedPage] = Field(default_factory=dict)
    batches: dict[str, CountedBatch] = Field(default_factory=dict)
    versions: dict[int, VersionFigures] = Field(default_factory=dict)


class MadePage(Record):
    """A campaign's page as it was last made, with its main figures.

    Attributes:
        campaign: The campaign.
        made_at: When.
        made_of: Differs when it would be made of something else by now.
        files: Paths of its files.
        images: Images that were given out and judged.
        settled_share: Which share of them is settled, 0 to 1.
        answered_twice: Images that two or more answered.
        disputed_twice: Those of them that were ever in conflict.
        open_conflicts: Images that wait for the adjudicator.
        open_tasks: Person to the day on which a task's batch was sealed, to open tasks.
        days_left: Until the annotators are done at their pace; None while nobody answers.
    """

    campaign: str
    made_at: AwareDatetime
    made_of: str
    files: tuple[str, ...]
    images: int
    settled_share: float
    answered_twice: int
    disputed_twice: int
    open_conflicts: int
    open_tasks: dict[str, Days]
    days_left: float | None


@dataclass(frozen=True)
class CampaignPageRepository:
    """Reads and writes figures and pages."""

    records: RecordStore

    def counted(self, campaign: str) -> CountedParts:
        """What the figures are sums of; nothing before the first, or after another version's."""
        found = self.records.ours(keys.counted_figures(campaign), CountedParts)
        if found is None or found.counted_by != COUNTED_BY:
            return CountedParts(campaign=campaign)
        return found

    def write_counted(self, parts: CountedParts) -> None:
        """Keep the parts; two writers at once write the same for the same records."""
        content = parts.model_dump_json(exclude_defaults=True).encode()
        self.records.bucket.put(keys.counted_figures(parts.campaign), content)

    def figures(self, campaign: str) -> CampaignFigures | None:
        """The figures as they were last summed; None before the first time."""
        return self.records.find(keys.campaign_figures(campaign), CampaignFigures)

    def write_figures(self, figures: CampaignFigures) -> None:
        """Keep the figures for tables and scorecards."""
        content = figures.model_dump_json(exclude_defaults=True).encode()
        self.records.bucket.put(keys.campaign_figures(figures.campaign), content)

    def made_of(self, campaign: str, version: int) -> str:
        """Tells of what a page is made: rules, evaluation, newest version; costs two requests.

        Empty as long as nothing was evaluated: there is nothing to show yet.

        Args:
            campaign: The campaign.
            version: That of its present rules.
        """
        evaluated = self.records.bucket.etag(keys.evaluation_inputs(campaign))
        released = self.records.bucket.etag(keys.released(campaign)) or ""
        return f"{version} {evaluated} {released}".replace('"', "") if evaluated else ""

    def publish(self, made: MadePage, files: Mapping[str, bytes]) -> None:
        """Write the files of a page, then what says that they are there."""
        in_threads(lambda item: self._put(made.campaign, *item), files.items())
        self.records.replace(keys.made_page(made.campaign), made)

    def _put(self, campaign: str, path: str, content: bytes) -> None:
        media_type = MEDIA_TYPES[path.rpartition(".")[2]]
        key = keys.campaign_page(campaign, path)
        self.records.bucket.put(key, content, media_type=media_type)

    def made(self, campaign: str) -> MadePage | None:
        """The page as it was last made; None before the first time."""
        return self.records.ours(keys.made_page(campaign), MadePage)

    def file(self, campaign: str, path: str) -> bytes | None:
        """The bytes of a file of the page; None when there is no such file."""
        made = self.made(campaign)
        if made is None or path not in made.files:
            return None
        return self.records.bucket.find(keys.campaign_page(campaign, path))
