"""A site's own rules: robots.txt, for pages and pictures alike, and its crawl delay."""

import math

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.defer import Deferred

from farmy_assets.scraping.addresses import RefusedRequestError
from farmy_assets.scraping.records import RefusalReason

ROBOT = "farmy-scraper"
"""The name that a robots.txt would address us by."""

NOTHING_ALLOWED = b"User-agent: *\nDisallow: /\n"
LONGEST_DELAY_S = 3600.0
SERVER_ERROR = 500


class Robots(RobotsTxtMiddleware):
    """Scrapy's middleware, but a robots.txt that cannot be had forbids everything.

    Source: RFC 9309, section 2.3.1.4: "If the robots.txt file is unreachable due to server or
    network errors, [...] the crawler MUST assume complete disallow."
    """

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        """Refuse what the site's robots.txt forbids.

        Raises:
            RefusedRequestError: It does.
        """
        if rp is not None and not rp.allowed(request.url, ROBOT):
            detail = f"robots.txt of {urlparse_cached(request).netloc}"
            raise RefusedRequestError(RefusalReason.FORBIDDEN_BY_ROBOTS, detail)

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= SERVER_ERROR:
            response = response.replace(body=NOTHING_ALLOWED)
        await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        parser = self._parserimpl.from_crawler(self.crawler, NOTHING_ALLOWED)
        waiting = self._parsers[netloc]
        self._parsers[netloc] = parser
        if isinstance(waiting, Deferred):
            waiting.callback(parser)


class CrawlDelay:
    """Slows a crawl down to the pace that a robots.txt asks for, wherever that is slower."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "CrawlDelay":
        """Listens to the crawl's robots.txt files."""
        made = cls(crawler)
        crawler.signals.connect(made.heed, signal=signals.robots_parsed)
        return made

    def heed(self, robotparser: RobotParser, request: Request) -> None:
        """Take over a delay; the one between pages applies to the pictures of the host as well."""
        wanted = robotparser.crawl_delay(ROBOT)
        if wanted is None or math.isnan(wanted):
            return
        delay = min(max(wanted, self._crawler.settings.getfloat("DOWNLOAD_DELAY")), LONGEST_DELAY_S)
        throttle = self._crawler.get_extension(AutoThrottle)
        if throttle is not None:
            throttle.mindelay = max(throttle.mindelay, delay)
            throttle.maxdelay = max(throttle.maxdelay, delay)
        assert self._crawler.engine is not None  # noqa: S101 - it has just fetched a robots.txt
        downloader = self._crawler.engine.downloader
        host = urlparse_cached(request).hostname or ""
        downloader.per_slot_settings[host] = {"delay": delay, "concurrency": 1}
        if (slot := downloader.slots.get(host)) is not None:
            slot.delay, slot.concurrency = max(slot.delay, delay), 1
