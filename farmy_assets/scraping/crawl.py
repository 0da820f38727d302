"""One run of a scraper: Scrapy set up to be polite and safe, from the journal to the report."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from scrapy.crawler import Crawler, CrawlerProcess
from twisted.python.failure import Failure

from farmy_assets.errors import ScrapeError
from farmy_assets.lake.lake import Lake
from farmy_assets.scraping.addresses import PRIVATE_HOSTS
from farmy_assets.scraping.journal import Journal, open_journal
from farmy_assets.scraping.politeness import ROBOT
from farmy_assets.scraping.records import ScrapeReport
from farmy_assets.scraping.scraper_file import Scraper
from farmy_assets.scraping.spider import MAX_PAGE_BYTES, SiteSpider

ROOM = "farmy_assets.scraping"
MINUTES = "minutes"
QUIET = ("scrapy.pipelines.media", "scrapy.downloadermiddlewares.retry", "scrapy.core.downloader")
"""Their messages are in the job's records, with the reason."""


def scrapy_settings(scraper: Scraper) -> dict[str, Any]:
    """Scrapy's settings for a scraper; what is not named here is Scrapy's default."""
    rate, limits = scraper.rate, scraper.limits
    return {
        "USER_AGENT": scraper.user_agent,
        "ROBOTSTXT_OBEY": True,
        "ROBOTSTXT_USER_AGENT": ROBOT,
        "DOWNLOAD_DELAY": rate.delay_seconds,
        "DOWNLOAD_DELAY_JITTER": 0,  # a delay is a promise
        "CONCURRENT_REQUESTS": 2 * rate.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": rate.concurrency,
        "AUTOTHROTTLE_ENABLED": rate.autothrottle,
        "AUTOTHROTTLE_START_DELAY": rate.delay_seconds,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": rate.concurrency,
        "DOWNLOAD_TIMEOUT": limits.timeout_seconds,
        "DNS_TIMEOUT": limits.timeout_seconds,
        "DOWNLOAD_MAXSIZE": MAX_PAGE_BYTES,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "REDIRECT_MAX_TIMES": 5,
        "METAREFRESH_ENABLED": False,
        "COOKIES_ENABLED": False,
        "HTTPPROXY_ENABLED": False,  # a proxy would resolve names past our checks
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "MEMUSAGE_ENABLED": False,
        "STATS_DUMP": False,
        "LOG_LEVEL": "ERROR",
        "TWISTED_DNS_RESOLVER": f"{ROOM}.addresses.PublicResolver",
        PRIVATE_HOSTS: list(scraper.private_hosts),
        "DOWNLOAD_HANDLERS": dict.fromkeys(("data", "file", "ftp", "s3")),
        "DOWNLOADER_MIDDLEWARES": {
            "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
            f"{ROOM}.addresses.SiteGuard": 50,
            f"{ROOM}.politeness.Robots": 100,
        },
        "EXTENSIONS": {f"{ROOM}.politeness.CrawlDelay": 0},
        "ITEM_PIPELINES": {f"{ROOM}.images.RawZonePipeline": 0},
    }


def run(
    scraper: Scraper,
    lake: Lake,
    *,
    clock: Callable[[], datetime],
    on_progress: Callable[[Journal], None] = lambda journal: None,
) -> ScrapeReport:
    """Run a scraper's job, or continue it; once in a process, because Twisted runs only once.

    Args:
        scraper: What to do.
        lake: The lake to store them in.
        clock: Returns the time of arrival.
        on_progress: Called whenever a picture or a page is done.

    Returns:
        The job's numbers; not complete when its time was up, which the next run takes up.

    Raises:
        LakeError: The lake does not answer; run it again to continue.
        ScrapeError: Scrapy itself failed.
    """
    journal = open_journal(lake.records, scraper, clock=clock)
    process = CrawlerProcess(scrapy_settings(scraper))
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    crawler = process.create_crawler(SiteSpider)
    failures: list[Failure] = []
    process.crawl(
        crawler, scraper, journal, zone=lake.ingestion, clock=clock,
        on_progress=lambda: on_progress(journal),
    ).addErrback(failures.append)  # fmt: skip
    _end_after(scraper.limits.minutes * 60, journal)
    process.start(install_signal_handlers=False)
    return conclude(crawler, journal, failures, clock=clock)


def conclude(
    crawler: Crawler, journal: Journal, failures: list[Failure], *, clock: Callable[[], datetime]
) -> ScrapeReport:
    """The report of a crawl that has ended; the job is over when nothing is left to do.

    Raises:
        LakeError: The lake does not answer.
        ScrapeError: Scrapy itself failed, or some page could not be brought to its end.
    """
    spider = crawler.spider
    if failures or not isinstance(spider, SiteSpider):
        problem = failures[0].getErrorMessage() if failures else "it did not start"
        msg = f"the crawl of {journal.job.scraper} failed: {problem}"
        raise ScrapeError(msg)
    if spider.trouble is not None:
        raise spider.trouble
    undone = journal.frontier(spider.scraper)
    if not undone:
        return journal.close(now=clock())
    if MINUTES in journal.limits_reached:
        return journal.report()
    msg = f"{len(undone)} pages came to no end, the first is {undone[0][0]}: see the log above"
    raise ScrapeError(msg)


def _end_after(seconds: float, journal: Journal) -> None:
    """End the crawl when its time is up, at once: the journal makes a stop as good as an end."""
    from twisted.internet import reactor  # noqa: PLC0415 - Scrapy installs it first

    def end() -> None:
        journal.limits_reached.add(MINUTES)
        reactor.crash()  # type: ignore[misc]

    reactor.callLater(seconds, end)  # type: ignore[arg-type]
