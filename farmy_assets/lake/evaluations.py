"""Evaluations: what is known of each image of a campaign, in pages, and two records about them.

Everything here follows from assignments, cleansed sets and votes, and can be made anew. Pages are
written first, then which records they take into account (`inputs.json`), then the small summary,
which is all that a sensor reads.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import Field, ValidationError

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus
from farmy_assets.annotation.evaluation import EvaluatedImage, PageCounts, page_of
from farmy_assets.annotation.reviews import SampleCounts
from farmy_assets.catalog.records import Record
from farmy_assets.errors import LakeError, LakeUnavailableError, ObjectMissingError
from farmy_assets.lake import keys
from farmy_assets.lake.object_facts import ListedObject
from farmy_assets.lake.objects import in_chunks, in_threads
from farmy_assets.lake.record_store import RecordStore
from farmy_assets.lake.votes import InboxState

_PAGES_AT_ONCE = 16


class CampaignState(Record):
    """A whole evaluation of a campaign; older versions stored it as one record."""

    campaign: str
    campaign_version: int
    inboxes: dict[str, InboxState]
    judgements: tuple[ImageConsensus, ...]
    rulings: str = ""
    conflicts_handed_over: bool = True

    def statuses(self) -> dict[str, int]:
        """How many images have each status."""
        return dict(Counter(judgement.status.value for judgement in self.judgements))


class EvaluationSummary(Record):
    """How far a campaign is: what its evaluation was computed from, and what is counted.

    Attributes:
        campaign: The campaign.
        campaign_version: The version of the rules that every image was judged by.
        inboxes: The state of the inboxes that the votes were copied from.
        rulings: The triage decisions that it takes into account (`TriageRepository.digest`).
        conflicts_handed_over: Whether the adjudicator has every conflict that he or she may decide.
        layout: Which pages are to be read.
        depth: How many digits name one of them.
        counts: What is counted over all images.
    """

    campaign: str
    campaign_version: int
    layout: str = ""
    depth: int = 0
    inboxes: dict[str, InboxState] = Field(default_factory=dict)
    rulings: str = ""
    conflicts_handed_over: bool = True
    counts: PageCounts = PageCounts()

    def is_of(self, campaign: Campaign, inboxes: Mapping[str, InboxState]) -> bool:
        """Whether it was computed from these rules and this state of the inboxes."""
        return self.campaign_version == campaign.version and self.inboxes == dict(inboxes)

    @property
    def is_settled(self) -> bool:
        """Whether every image is settled, and at least one of them can be released."""
        there = [ConsensusStatus(name) for name, count in self.counts.statuses.items() if count]
        return all(status.is_settled for status in there) and any(
            status.is_releasable for status in there
        )

    def statuses(self) -> dict[str, int]:
        """How many images have each status."""
        return dict(self.counts.statuses)


class BatchInput(Record):
    """The records of a batch that the pages take into account, by their ETags."""

    assignments: str
    cleansed: str = ""
    taken_back: dict[str, int] = Field(default_factory=dict)
    """How many tasks were taken back from each person."""


class VoteCounts(Record):
    """What is counted over all votes of a campaign."""

    votes: int = 0
    foreign: int = 0
    """Votes in other people's inboxes."""
    with_problems: int = 0
    outcomes: dict[str, int] = Field(default_factory=dict)
    authors: dict[str, int] = Field(default_factory=dict)


class EvaluationInputs(Record):
    """Which records a campaign's pages take into account.

    Attributes:
        campaign: The campaign.
        campaign_version: The version of the rules that every image was judged by.
        layout: The folder of the pages; a name that no other layout ever had.
        depth: How many digits name a page.
        batches: Batch id to its records.
        votes_up_to: All votes up to this number of the log are in the pages.
        older_votes: Objects of votes that older versions wrote, and that are in the pages.
        adjudication_up_to: The same number for what was assigned to the adjudicator.
        former_adjudication: ETag of the record that older versions kept of that.
        votes: What is counted over all votes.
        counts: What is counted over all images.
        pages: Name of each page to what is counted in it.
        to_hand_over: Images in conflict that the adjudicator may not have yet; and those of which
            somebody is to be asked a review or a correction.
        skills: The version of what was known of the annotators; empty where it does not matter.
        reviews_up_to: All that was reopened or drawn up to this number of the log is in the pages.
        sampling: How many images of each person were drawn for a review.
    """

    campaign: str
    campaign_version: int
    layout: str = ""
    depth: int = 0
    batches: dict[str, BatchInput] = Field(default_factory=dict)
    votes_up_to: int = 0
    older_votes: tuple[str, ...] = ()
    adjudication_up_to: int = 0
    former_adjudication: str = ""
    votes: VoteCounts = VoteCounts()
    counts: PageCounts = PageCounts()
    pages: dict[str, PageCounts] = Field(default_factory=dict)
    to_hand_over: tuple[str, ...] = ()
    skills: str = ""
    reviews_up_to: int = 0
    sampling: SampleCounts = SampleCounts()


_last_read: dict[str, tuple[EvaluationInputs, str]] = {}
"""By campaign what was read last, with its ETag: the same ETag means the same bytes."""


@dataclass(frozen=True)
class EvaluationPage:
    """The images of one page by their ids, and the version that it was read in; None without."""

    images: dict[str, EvaluatedImage]
    etag: str | None

    def to_lines(self) -> bytes:
        """The page's bytes."""
        return b"".join(self.images[i].to_line() + b"\n" for i in sorted(self.images))


@dataclass(frozen=True)
class EvaluationRepository:
    """Reads and writes the evaluation of each campaign."""

    records: RecordStore

    def summary(self, campaign: str) -> EvaluationSummary | None:
        """How far the campaign is; None before its first evaluation."""
        return self.records.find(keys.evaluation_summary(campaign), EvaluationSummary)

    def write_summary(self, summary: EvaluationSummary) -> None:
        """Write the campaign's summary over the former one."""
        self.records.replace(keys.evaluation_summary(summary.campaign), summary)

    def inputs(self, campaign: str) -> tuple[EvaluationInputs | None, str | None]:
        """What the pages take into account, with its ETag; None, None before the first pages.

        A run asks several times: what has the same ETag as before is not read again.
        """
        etag, read = self.inputs_etag(campaign), _last_read.get(campaign)
        if etag is not None and read and read[1] == etag:
            return read
        found, etag = self.records.find_with_etag(
            keys.evaluation_inputs(campaign), EvaluationInputs
        )
        if found and etag:
            _last_read.clear()  # one campaign's are kept: they may be megabytes
            _last_read[campaign] = found, etag
        return found, etag

    def inputs_etag(self, campaign: str) -> str | None:
        """The ETag of what the pages take into account; None before the first pages."""
        return self.records.bucket.etag(keys.evaluation_inputs(campaign))

    def put_inputs(self, inputs: EvaluationInputs, *, etag: str | None) -> bool:
        """Write what the pages take into account; False when it was changed meanwhile."""
        content = inputs.model_dump_json(exclude_defaults=True).encode()
        return self.records.bucket.put_if(
            keys.evaluation_inputs(inputs.campaign), content, etag=etag
        )

    def page(self, campaign: str, layout: str, name: str) -> EvaluationPage:
        """One page; without images where there is none yet.

        Raises:
            LakeError: It is not of our making.
        """
        key = keys.evaluation_page(campaign, layout, name)
        try:
            content, etag = self.records.bucket.get_with_etag(key)
        except ObjectMissingError:
            return EvaluationPage({}, None)
        try:
            found = [EvaluatedImage.model_validate_json(line) for line in content.splitlines()]
        except ValidationError as error:
            msg = f"s3://{self.records.bucket.name}/{key} is not of ours; run farmy campaign "
            raise LakeError(f"{msg}evaluate {campaign} --anew") from error
        return EvaluationPage({image.image_id: image for image in found}, etag)

    def page_lines(self, campaign: str, layout: str, name: str) -> list[bytes]:
        """One page's lines as they are stored: an image each, which need not be looked into.

        Raises:
            LakeUnavailableError: The pages were laid out anew meanwhile; read again.
        """
        content = self.records.bucket.find(keys.evaluation_page(campaign, layout, name))
        if content is None:
            msg = f"the evaluation of {campaign} is being laid out anew; try again"
            raise LakeUnavailableError(msg)
        return content.splitlines()

    def put_page(
        self, campaign: str, layout: str, name: str, content: bytes, *, etag: str | None
    ) -> bool:
        """Write a page; False when it was changed since it was read."""
        return self.records.bucket.put_if(
            keys.evaluation_page(campaign, layout, name), content, etag=etag,
            media_type="application/x-ndjson",
        )  # fmt: skip

    def remove_pages(self, campaign: str, *, of: str, or_before: str = "") -> None:
        """Delete pages that nobody reads any more.

        Args:
            campaign: The campaign.
            of: The layout that they are of.
            or_before: Those of every layout but the present one that were written before this
                day go as well: a run that was killed has left them behind.
        """
        bucket, gone = self.records.bucket, keys.evaluation_pages(campaign, of)
        inputs, _ = self.inputs(campaign) if or_before else (None, None)
        kept = keys.evaluation_pages(campaign, inputs.layout) if inputs else ""
        prefix = keys.evaluation_pages(campaign, "" if kept else of)
        listed = [
            item.key
            for item in bucket.listing(prefix)
            if item.key.startswith(gone)
            or (kept and item.modified_on < or_before and not item.key.startswith(kept))
        ]
        in_threads(bucket.delete, listed)

    def listed_pages(self, campaign: str) -> Iterator[ListedObject]:
        """The present pages of a campaign, as a listing shows them."""
        if summary := self.summary(campaign):
            prefix = keys.evaluation_pages(campaign, summary.layout)
            yield from self.records.bucket.listing(prefix)

    def images(
        self, campaign: str, *, where: Callable[[PageCounts], bool] = lambda _: True
    ) -> Iterator[EvaluatedImage]:
        """The images of a campaign, page by page; few pages are in memory at a time.

        Args:
            campaign: The campaign.
            where: Tells by what is counted in a page whether it is read.

        Raises:
            LakeUnavailableError: The pages were laid out anew meanwhile; read again.
        """
        inputs, _ = self.inputs(campaign)
        if inputs is None:
            return
        layout = inputs.layout
        names = sorted(name for name, counts in inputs.pages.items() if where(counts))
        for some in in_chunks(names, _PAGES_AT_ONCE):
            for page in in_threads(lambda name: self.page(campaign, layout, name), some):
                if page.etag is None:
                    msg = f"the evaluation of {campaign} is being laid out anew; try again"
                    raise LakeUnavailableError(msg)
                yield from page.images.values()

    def of_images(self, campaign: str, image_ids: Iterable[str]) -> dict[str, EvaluatedImage]:
        """Those of these images that the campaign knows, by id; reads only their pages.

        Raises:
            LakeUnavailableError: The pages were laid out anew meanwhile; read again.
        """
        wanted = set(image_ids)
        summary = self.summary(campaign) if wanted else None
        if summary is None:
            return {}
        layout, is_missing = summary.layout, False
        names = sorted({page_of(image_id, summary.depth) for image_id in wanted})
        found: dict[str, EvaluatedImage] = {}
        for some in in_chunks(names, _PAGES_AT_ONCE):
            for page in in_threads(lambda name: self.page(campaign, layout, name), some):
                is_missing |= page.etag is None
                found |= {i: image for i, image in page.images.items() if i in wanted}
        if is_missing:
            self._check_layout(campaign, layout)
        return found

    def _check_layout(self, campaign: str, layout: str) -> None:
        """Make sure that a page which was not found was not deleted a moment ago."""
        summary = self.summary(campaign)
        if summary is None or summary.layout != layout:
            msg = f"the evaluation of {campaign} was just laid out anew; try again"
            raise LakeUnavailableError(msg)

    def with_status(self, campaign: str, *statuses: ConsensusStatus) -> Iterator[ImageConsensus]:
        """The consensus on images of these statuses; pages without one are not read."""
        for image in self.images(campaign, where=lambda c: any(map(c.count_of, statuses))):
            if image.consensus and image.consensus.status in statuses:
                yield image.consensus

    def current(self, campaign: str) -> CampaignState | None:
        """The whole evaluation, for people and tests; None before the first.

        One that an older version wrote is read as long as there is no other.
        """
        summary = self.summary(campaign)
        if summary is None:
            return self.former(campaign)
        judged = (image.consensus for image in self.images(campaign))
        return CampaignState(
            campaign=campaign,
            campaign_version=summary.campaign_version,
            inboxes=summary.inboxes,
            judgements=tuple(sorted(filter(None, judged), key=lambda j: j.image_id)),
            rulings=summary.rulings,
            conflicts_handed_over=summary.conflicts_handed_over,
        )

    def former(self, campaign: str) -> CampaignState | None:
        """The evaluation that an older version wrote, until there are pages; else None."""
        return self.records.find(keys.campaign_state(campaign), CampaignState)

    def has_former(self, campaign: str) -> bool:
        """Whether an older version's evaluation waits to be followed by pages."""
        return self.records.bucket.size_bytes(keys.campaign_state(campaign)) is not None

    def remove_former(self, campaign: str) -> None:
        """Delete an older version's evaluation, once there are pages."""
        if self.has_former(campaign):
            self.records.bucket.delete(keys.campaign_state(campaign))
