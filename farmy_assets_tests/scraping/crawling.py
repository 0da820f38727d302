"""Crawls in the tests' own process: Twisted's reactor, once started, stays at work in a thread."""

import threading
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from scrapy.crawler import CrawlerRunner
from scrapy.utils.reactor import install_reactor
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from farmy_assets.lake.lake import Lake
from farmy_assets.scraping.addresses import PublicResolver
from farmy_assets.scraping.crawl import conclude, scrapy_settings
from farmy_assets.scraping.journal import open_journal
from farmy_assets.scraping.records import ScrapeReport
from farmy_assets.scraping.scraper_file import Scraper
from farmy_assets.scraping.spider import SiteSpider
from farmy_assets_tests.arrivals import NOON
from farmy_assets_tests.scraping.site import Site

ALLOWED = ("CC-BY-4.0", "CC0-1.0")


def scraper_of(site: Site, **changes: object) -> Scraper:
    """A scraper for the tests' site, without any pause."""
    told: dict[str, Any] = {
        "name": "gallery",
        "campaign": "weeds",
        "contact": "data@farm.example",
        "start_pages": [f"{site.address}/"],
        "allowed_domains": ["127.0.0.1"],
        "private_hosts": [urlsplit(site.address).netloc],
        "follow": ["a.next"],
        "images": {"each": "figure", "author": ".author"},
        "licence": {"selector": "a[rel~=license]::attr(href)", "allowed": ALLOWED},
        "rate": {"delay_seconds": 0, "concurrency": 8, "autothrottle": False},
    }
    return Scraper.model_validate({**told, **changes})


@cache
def _reactor() -> Any:  # noqa: ANN401 - Twisted's reactor has no one type
    install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    from twisted.internet import reactor  # noqa: PLC0415 - installed just now

    begun = threading.Event()
    reactor.callWhenRunning(begun.set)
    run = reactor.run  # type: ignore[misc]
    threading.Thread(target=run, kwargs={"installSignalHandlers": False}, daemon=True).start()
    assert begun.wait(10)
    return reactor


def crawl(scraper: Scraper, lake: Lake, **changed_settings: object) -> ScrapeReport:
    """What `run` does, on the reactor that all tests of this process share."""
    reactor = _reactor()
    journal = open_journal(lake.records, scraper, clock=lambda: NOON)
    ended = threading.Event()
    failures: list[Failure] = []
    found: list[Any] = []

    def start() -> None:
        reactor.installResolver(PublicResolver(reactor, 0, 5, scraper.private_hosts))
        runner = CrawlerRunner({**scrapy_settings(scraper), **changed_settings})
        crawler = runner.create_crawler(SiteSpider)
        found.append(crawler)
        done: Deferred[None] = runner.crawl(
            crawler, scraper, journal, zone=lake.ingestion, clock=lambda: NOON,
            on_progress=lambda: None,
        )  # fmt: skip
        done.addErrback(failures.append)
        done.addBoth(lambda _: ended.set())

    reactor.callFromThread(start)
    assert ended.wait(60), "the crawl does not end"
    return conclude(found[0], journal, failures, clock=lambda: NOON)
