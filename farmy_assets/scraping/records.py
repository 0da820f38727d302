"""What a job leaves in the lake's records: that it began, each page it finished, and its report."""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum

from pydantic import AwareDatetime, Field

from farmy_assets.catalog.records import Record

SHOWN_REFUSALS = 100


class RefusalReason(StrEnum):
    """Why a picture was not imported, or a page was not read."""

    LICENCE_MISSING = "licence_missing"
    LICENCE_UNCLEAR = "licence_unclear"
    LICENCE_NOT_ALLOWED = "licence_not_allowed"
    NO_WEB_ADDRESS = "no_web_address"
    OFF_SITE = "off_site"
    PRIVATE_ADDRESS = "private_address"
    FORBIDDEN_BY_ROBOTS = "forbidden_by_robots"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    HTTP_ERROR = "http_error"
    CONNECTION_FAILED = "connection_failed"
    NOT_AN_IMAGE = "not_an_image"
    EMPTY_FILE = "empty_file"
    UNREADABLE = "unreadable"
    NOT_A_PAGE = "not_a_page"
    SEEN_BEFORE = "seen_before"
    OVER_THE_LIMIT = "over_the_limit"


class ImageOutcome(StrEnum):
    """The result for one picture."""

    STORED = "stored"
    ALREADY_THERE = "already_there"
    REFUSED = "refused"


class ImageFate(Record):
    """One picture of a page and what became of it."""

    address: str
    outcome: ImageOutcome
    reason: RefusalReason | None = None
    detail: str = ""
    image_id: str | None = None


class ScrapeJob(Record):
    """One job: `digest` is that of the scraper's file, whose change begins a new job."""

    scraper: str
    campaign: str
    number: int
    digest: str
    started_at: AwareDatetime


class PageRecord(Record):
    """A page that is done: nothing of it has to be fetched again in this job.

    Attributes:
        address: As it was asked for; `final_address` is where redirects led.
        depth: How many links lie between a start page and this one.
        links: Pages that were found here first.
    """

    address: str
    final_address: str
    depth: int
    title: str | None = None
    links: tuple[str, ...] = ()
    images: tuple[ImageFate, ...] = ()
    problem: RefusalReason | None = None
    detail: str = ""


class RememberedImage(Record):
    """The validators of a picture's last response, for conditional requests."""

    address: str
    etag: str | None = None
    last_modified: str | None = None
    sha256: str
    job: str
    fate: ImageFate


class ScrapeReport(Record):
    """A job in numbers; each picture counts once, on however many pages it is."""

    job: ScrapeJob
    finished_at: AwareDatetime | None = None
    pages: int = 0
    stored: int = 0
    already_there: int = 0
    refused: int = 0
    refused_by_reason: Mapping[str, int] = Field(default_factory=dict)
    unread_pages_by_reason: Mapping[str, int] = Field(default_factory=dict)
    first_refusals: tuple[ImageFate, ...] = ()
    limits_reached: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether the job is complete; otherwise the next run continues it."""
        return self.finished_at is not None


BEST_FIRST = (ImageOutcome.STORED, ImageOutcome.ALREADY_THERE, ImageOutcome.REFUSED)


def report_on(
    job: ScrapeJob, pages: Iterable[PageRecord], *, limits_reached: Iterable[str] = ()
) -> ScrapeReport:
    """The numbers that follow from the pages which are done."""
    done = sorted(pages, key=lambda page: page.address)
    fates: dict[str, ImageFate] = {}
    for page in done:
        for fate in page.images:
            known = fates.setdefault(fate.address, fate)
            if BEST_FIRST.index(fate.outcome) < BEST_FIRST.index(known.outcome):
                fates[fate.address] = fate
    refused = [fate for fate in fates.values() if fate.reason]
    reasons = Counter(fate.reason.value for fate in refused if fate.reason)
    outcomes = Counter(fate.outcome for fate in fates.values())
    unread = Counter(page.problem.value for page in done if page.problem)
    return ScrapeReport(
        job=job,
        pages=sum(page.problem is None for page in done),
        stored=outcomes[ImageOutcome.STORED],
        already_there=outcomes[ImageOutcome.ALREADY_THERE],
        refused=outcomes[ImageOutcome.REFUSED],
        refused_by_reason=dict(reasons.most_common()),
        unread_pages_by_reason=dict(unread.most_common()),
        first_refusals=tuple(refused[:SHOWN_REFUSALS]),
        limits_reached=tuple(sorted(limits_reached)),
    )
