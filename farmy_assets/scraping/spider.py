"""The spider: from start pages along the links that the file names, each page once."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import scrapy
from scrapy.http import HtmlResponse, Response
from twisted.python.failure import Failure
from w3lib.url import canonicalize_url

from farmy_assets.errors import LakeError
from farmy_assets.lake.raw_zone import RawZone
from farmy_assets.scraping.extraction import FoundPage, read_page
from farmy_assets.scraping.failures import reason_for
from farmy_assets.scraping.headers import content_type
from farmy_assets.scraping.journal import Journal
from farmy_assets.scraping.records import PageRecord, RefusalReason
from farmy_assets.scraping.scraper_file import Scraper

MAX_PAGE_BYTES = 10_000_000


@dataclass(frozen=True)
class VisitedPage:
    """A page in the pipeline; its record is written when its pictures are done."""

    record: PageRecord
    found: FoundPage


class SiteSpider(scrapy.Spider):
    """Follows one scraper file through one site.

    Args:
        scraper: The file.
        journal: What is done, from this run and from killed ones before it.
        zone: Where the pictures go.
        clock: Returns the time of arrival.
        on_progress: Called whenever a picture or a page is done.
    """

    name = "farmy"

    def __init__(
        self,
        scraper: Scraper,
        journal: Journal,
        *,
        zone: RawZone,
        clock: Callable[[], datetime],
        on_progress: Callable[[], None],
    ) -> None:
        super().__init__()
        self.scraper = scraper
        self.journal = journal
        self.zone = zone
        self.clock = clock
        self.on_progress = on_progress
        self.trouble: LakeError | None = None
        self.stored = journal.report().stored
        self._asked = len(journal.pages)
        self._known = set(journal.pages)
        self._known |= {canonicalize_url(p.final_address) for p in journal.pages.values()}

    async def start(self) -> AsyncIterator[Any]:
        """The pages that are known and not done: at first the start pages."""
        for address, depth in self.journal.frontier(self.scraper):
            if self._is_new(address):
                yield self._request(address, depth)

    def parse_page(self, response: Response, asked: str, depth: int) -> Iterator[Any]:
        """The page's pictures, and requests for what it links to."""
        record = PageRecord(address=asked, final_address=response.url, depth=depth)
        reached = canonicalize_url(response.url)
        if reached != canonicalize_url(asked):
            if reached in self._known:
                yield _unread(record, RefusalReason.SEEN_BEFORE, f"redirected to {response.url}")
                return
            self._known.add(reached)
        if not isinstance(response, HtmlResponse):
            kind = content_type(response.headers)
            yield _unread(record, RefusalReason.NOT_A_PAGE, kind)
            return
        try:
            found = read_page(response, self.scraper)
        except Exception as error:  # noqa: BLE001 - no page may hold up the others, whatever it does
            yield _unread(
                record, RefusalReason.UNREADABLE, f"{type(error).__name__}: {error}"[:300]
            )
            return
        links = self._to_follow(found.links, depth + 1)
        yield VisitedPage(
            record.model_copy(update={"title": found.title, "links": links}),
            replace(found, links=links),
        )
        for link in links:
            yield self._request(link, depth + 1)

    def page_failed(self, failure: Failure) -> Iterator[VisitedPage]:
        """A page that cannot be had is done as well, with its reason."""
        request = failure.request  # type: ignore[attr-defined]  # Scrapy puts it there
        asked, depth = request.cb_kwargs["asked"], request.cb_kwargs["depth"]
        record = PageRecord(address=asked, final_address=request.url, depth=depth)
        yield _unread(record, *reason_for(failure.value))

    def _to_follow(self, links: tuple[str, ...], depth: int) -> tuple[str, ...]:
        if links and self.stored >= self.scraper.limits.images:
            self.journal.limits_reached.add("images")
            return ()
        if depth > self.scraper.limits.depth:
            if any(canonicalize_url(link) not in self._known for link in links):
                self.journal.limits_reached.add("depth")
            return ()
        return tuple(link for link in links if self._is_new(link))

    def _is_new(self, address: str) -> bool:
        """Whether a page is to be fetched: not known yet, and within the limit.."""
        key = canonicalize_url(address)
        if key in self._known:
            return False
        if self._asked >= self.scraper.limits.pages:
            self.journal.limits_reached.add("pages")
            return False
        self._asked += 1
        self._known.add(key)
        return True

    def _request(self, address: str, depth: int) -> scrapy.Request:
        return scrapy.Request(
            address,
            callback=self.parse_page,
            errback=self.page_failed,
            cb_kwargs={"asked": address, "depth": depth},
            meta={"download_maxsize": MAX_PAGE_BYTES},
            dont_filter=True,  # a redirect to a page that was visited is recorded, too
        )


def _unread(record: PageRecord, reason: RefusalReason, detail: str) -> VisitedPage:
    failed = record.model_copy(update={"problem": reason, "detail": detail})
    return VisitedPage(failed, FoundPage(title=None, links=(), images=()))
