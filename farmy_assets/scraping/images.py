"""The image pipeline: pictures of a page through the ingestion layer, as bytes that nobody decodes.

Scrapy's own image pipeline decodes what it fetches, in its own process. Here the bytes are only
checked by the import; damage is found by cleansing, in its guarded
children.
"""

import asyncio
import threading
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import StopDownload
from scrapy.http import Headers, Response
from scrapy.pipelines.media import MediaPipeline
from twisted.python.failure import Failure
from w3lib.url import canonicalize_url

from farmy_assets.catalog.arrivals import DeliveryMetadata, Refusal, receive
from farmy_assets.catalog.metadata import Source, WebOrigin
from farmy_assets.catalog.signatures import UNKNOWN, media_type_of
from farmy_assets.errors import LakeError
from farmy_assets.lake.raw_zone import Outcome
from farmy_assets.scraping.extraction import FoundImage
from farmy_assets.scraping.failures import reason_for
from farmy_assets.scraping.headers import announced_sha256, content_type, validator
from farmy_assets.scraping.records import ImageFate, ImageOutcome, PageRecord, RefusalReason
from farmy_assets.scraping.spider import SiteSpider, VisitedPage

FOUND = "farmy_image"
NOT_MODIFIED, OK = 304, 200
NO_PICTURES = ("text/", "application/json", "application/xhtml", "application/xml", "video/")


class RawZonePipeline(MediaPipeline):
    """Pictures into the raw zone, metadata first; then the page's record.

    Scrapy fetches each address once in a run, whichever pages show it.
    """

    def __init__(self, *, crawler: Crawler) -> None:
        super().__init__(crawler=crawler)
        self.allow_redirects = True
        self._handle_statuses(self.allow_redirects)
        self._fates: dict[str, ImageFate] = {}
        self._under_way: set[str] = set()
        self._lock = threading.Lock()
        crawler.signals.connect(self._look_at_headers, signal=signals.headers_received)

    @property
    def _spider(self) -> SiteSpider:
        spider = self.crawler.spider
        assert isinstance(spider, SiteSpider)  # noqa: S101 - there is no other
        return spider

    # ------------------------------------------------------------------ a page

    async def process_item(self, item: VisitedPage) -> VisitedPage:  # type: ignore[override]
        """Bring a page's pictures in, and then note that the page is done."""
        try:
            await super().process_item(item)
            if self._spider.trouble is None:
                record = item.record.model_copy(update={"images": self._fates_of(item)})
                await asyncio.to_thread(self._spider.journal.finish, record)
                self._spider.on_progress()
        except LakeError as error:
            self._give_up(error)
        return item

    def get_media_requests(
        self, item: VisitedPage, info: MediaPipeline.SpiderInfo
    ) -> list[Request]:
        """A request for each picture that is not refused yet."""
        del info
        return [
            Request(
                image.address,
                headers={"Accept": "image/*", "Referer": item.record.final_address},
                meta={
                    FOUND: image,
                    "download_maxsize": self._spider.scraper.limits.image_bytes,
                },
            )
            for image in item.found.images
            if image.refusal is None and self._spider.trouble is None
        ]

    def _fates_of(self, item: VisitedPage) -> tuple[ImageFate, ...]:
        return tuple(
            _refused(image, image.refusal, image.statement)
            if image.refusal
            else self._fates.get(image.key) or _refused(image, RefusalReason.UNREADABLE)
            for image in item.found.images
        )

    # ------------------------------------------------------------------ a picture

    async def media_to_download(  # type: ignore[override]  # Scrapy awaits it
        self, request: Request, info: MediaPipeline.SpiderInfo, *, item: VisitedPage
    ) -> ImageFate | None:
        """What is known of a picture; else its request gets the conditions of the last time."""
        del info, item
        image: FoundImage = request.meta[FOUND]
        spider = self._spider
        try:
            memory = await asyncio.to_thread(spider.journal.remembered, image.address)
        except LakeError as error:
            return self._give_up(error, image)
        if memory and memory.job == spider.journal.name:
            return self._settled(memory.fate)
        if memory is None:
            if spider.stored + len(self._under_way) >= spider.scraper.limits.images:
                spider.journal.limits_reached.add("images")
                return self._settled(_refused(image, RefusalReason.OVER_THE_LIMIT))
            self._under_way.add(image.key)
            return None
        if memory.etag:
            request.headers["If-None-Match"] = memory.etag
        if memory.last_modified:
            request.headers["If-Modified-Since"] = memory.last_modified
        return None

    async def media_downloaded(  # type: ignore[override]  # Scrapy awaits it
        self,
        response: Response,
        request: Request,
        info: MediaPipeline.SpiderInfo,
        *,
        item: VisitedPage,
    ) -> ImageFate:
        """Import a fetched picture, or record why not."""
        del info
        image: FoundImage = request.meta[FOUND]
        if response.status == NOT_MODIFIED:
            return self._settled(_there(image, "not modified"))
        if response.status != OK:
            detail = f"HTTP {response.status}"
            return self._settled(_refused(image, RefusalReason.HTTP_ERROR, detail))
        if "download_stopped" in response.flags:
            kind = content_type(response.headers)
            if kind.startswith(NO_PICTURES):
                return self._settled(_refused(image, RefusalReason.NOT_AN_IMAGE, kind))
            return self._settled(_there(image, "the site's digest is known"))
        try:
            fate = await asyncio.to_thread(self._bring_in, image, item.record, response)
        except LakeError as error:
            return self._give_up(error, image)
        return self._settled(fate)

    def media_failed(  # type: ignore[override]  # its fate is kept in _fates
        self, failure: Failure, request: Request, info: MediaPipeline.SpiderInfo
    ) -> None:
        """A picture that cannot be had has its reason."""
        del info
        self._settled(_refused(request.meta[FOUND], *reason_for(failure.value)))

    def file_path(self, *_: object, **__: object) -> str:
        """Where Scrapy would put a file: nowhere; the raw zone names its objects by content."""
        return ""

    def _settled(self, fate: ImageFate) -> ImageFate:
        key = canonicalize_url(fate.address)
        self._fates[key] = fate
        self._under_way.discard(key)
        self._spider.stored += fate.outcome is ImageOutcome.STORED
        self._spider.on_progress()
        return fate

    def _give_up(self, error: LakeError, image: FoundImage | None = None) -> ImageFate:
        """End the crawl because of the lake; pages that are not done are done by the next run."""
        if self._spider.trouble is None:
            self._spider.trouble = error
            assert self.crawler.engine is not None  # noqa: S101 - it is at work
            closing = self.crawler.engine.close_spider_async(reason="trouble")
            self._closing = asyncio.ensure_future(closing)
        address = image.address if image else ""
        return ImageFate(address=address, outcome=ImageOutcome.REFUSED)

    # ------------------------------------------------------------------ bytes

    def _look_at_headers(self, headers: Headers, request: Request) -> None:
        """Spare the body of what is no picture, and of what the lake is known to hold.

        Raises:
            StopDownload: There is no need for the body.
        """
        if FOUND not in request.meta:
            return
        digest = announced_sha256(headers)
        is_known = digest is not None and self._spider.zone.holds(digest)
        if is_known or content_type(headers).startswith(NO_PICTURES):
            raise StopDownload(fail=False)

    def _bring_in(self, image: FoundImage, page: PageRecord, response: Response) -> ImageFate:
        content = response.body
        if not content:
            return _refused(image, RefusalReason.EMPTY_FILE)
        if media_type_of(content) == UNKNOWN:  # on the web a name proves nothing
            detail = "its first bytes are those of no image format"
            return _refused(image, RefusalReason.NOT_AN_IMAGE, detail)
        now = self._spider.clock()
        scraper = self._spider.scraper
        origin = DeliveryMetadata(
            source=Source.SCRAPER,
            campaign=scraper.campaign,
            crop=image.crop,
            licence=image.licence,
            web=WebOrigin(
                page_address=page.final_address,
                page_title=page.title,
                image_address=response.url,
                title=image.title,
                author=image.author,
                licence_statement=image.statement or None,
                retrieved_at=now,
            ),
        )
        metadata = receive(name_of(response.url), content, origin=origin, arrived_at=now)
        if isinstance(metadata, Refusal):
            return _refused(image, RefusalReason(metadata.reason.value), metadata.detail)
        with self._lock:  # the same picture under two addresses, fetched at the same time
            known = self._spider.zone.holds(metadata.sha256)
            outcome = Outcome.ALREADY_THERE if known else self._spider.zone.store(metadata, content)
        fate = ImageFate(
            address=image.address,
            outcome=ImageOutcome(outcome.value),
            image_id=metadata.image_id if not known else None,
        )
        self._spider.journal.remember(
            fate,
            sha256=metadata.sha256,
            etag=validator(response.headers, "ETag"),
            last_modified=validator(response.headers, "Last-Modified"),
        )
        return fate


def name_of(address: str) -> str:
    """The name under which a picture enters the lake: host and path, without the query."""
    parts = urlsplit(address)
    return f"{parts.hostname}{parts.path}"


def _refused(image: FoundImage, reason: RefusalReason, detail: str = "") -> ImageFate:
    return ImageFate(
        address=image.address, outcome=ImageOutcome.REFUSED, reason=reason, detail=detail
    )


def _there(image: FoundImage, detail: str) -> ImageFate:
    return ImageFate(address=image.address, outcome=ImageOutcome.ALREADY_THERE, detail=detail)
