"""Agreement of each campaign: a page for each page of its evaluation, the figures, the skills.

All of it follows from evaluations. Pages are written first, then which evaluations they were made
from, then the figures.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import Field

from farmy_assets.annotation.aggregation.annotator_skills import AnnotatorSkills
from farmy_assets.annotation.agreement.campaign_agreement import CampaignAgreement
from farmy_assets.annotation.agreement.image_agreement import ImageAgreement
from farmy_assets.catalog.records import Record
from farmy_assets.lake import keys
from farmy_assets.lake.objects import in_chunks, in_threads
from farmy_assets.lake.record_store import RecordStore

_PAGES_AT_ONCE = 16


class AgreementInputs(Record):
    """What the pages of a campaign's agreement were made from.

    Attributes:
        campaign: The campaign.
        rules: The version of the campaign's file, and of what was known of the annotators.
        layout: The layout of the evaluation's pages.
        pages: Name of each page to the ETag of the evaluation's page.
    """

    campaign: str
    rules: str
    layout: str
    pages: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True)
class AgreementRepository:
    """Reads and writes the agreement of each campaign."""

    records: RecordStore

    def inputs(self, campaign: str) -> AgreementInputs | None:
        """What the pages were made from; None before the first."""
        return self.records.find(keys.agreement_inputs(campaign), AgreementInputs)

    def inputs_etag(self, campaign: str) -> str:
        """The version of what the pages were made from; empty before the first."""
        return self.records.bucket.etag(keys.agreement_inputs(campaign)) or ""

    def write_inputs(self, inputs: AgreementInputs) -> None:
        """Note what the pages were made from, once they are written."""
        self.records.replace(keys.agreement_inputs(inputs.campaign), inputs)

    def page(self, campaign: str, layout: str, name: str) -> list[ImageAgreement]:
        """The images of one page; none where there is no such page yet."""
        key = keys.agreement_page(campaign, layout, name)
        content = self.records.bucket.find(key) or b""
        return list(self.records.parsed_lines(key, content, ImageAgreement))

    def put_page(
        self, campaign: str, layout: str, name: str, images: Iterable[ImageAgreement]
    ) -> None:
        """Write one page over the former one."""
        content = b"".join(image.to_line() + b"\n" for image in images)
        key = keys.agreement_page(campaign, layout, name)
        self.records.bucket.put(key, content, media_type="application/x-ndjson")

    def images(self, campaign: str) -> Iterator[ImageAgreement]:
        """All images of a campaign, as of the last update; few pages are in memory at a time."""
        if inputs := self.inputs(campaign):
            layout = inputs.layout
            for some in in_chunks(sorted(inputs.pages), _PAGES_AT_ONCE):
                for page in in_threads(lambda name: self.page(campaign, layout, name), some):
                    yield from page

    def remove_pages_but(self, campaign: str, layout: str) -> None:
        """Delete the pages of former layouts."""
        bucket, kept = self.records.bucket, keys.agreement_pages(campaign, layout)
        listed = bucket.keys(keys.agreement_pages(campaign))
        in_threads(bucket.delete, [key for key in listed if not key.startswith(kept)])

    def figures(self, campaign: str) -> CampaignAgreement | None:
        """The figures as of the last update; None before the first."""
        return self.records.find(keys.agreement_figures(campaign), CampaignAgreement)

    def write_figures(self, figures: CampaignAgreement) -> None:
        """Write the figures over the former ones."""
        self.records.replace(keys.agreement_figures(figures.campaign), figures)

    def skills(self, campaign: str) -> tuple[AnnotatorSkills | None, str]:
        """What is known of the annotators, and its version; None and an empty text at first."""
        key = keys.annotator_skills(campaign)
        found, etag = self.records.find_with_etag(key, AnnotatorSkills)
        return found, etag or ""

    def write_skills(self, skills: AnnotatorSkills) -> None:
        """Write what is known of the annotators: all images are to be judged by it."""
        self.records.replace(keys.annotator_skills(skills.campaign), skills)
