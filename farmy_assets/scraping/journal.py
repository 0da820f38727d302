"""The journal of a job: which pages are done, kept in the lake, so that a killed job can continue.

A page is done when all its pictures are; its record is written last and names the pages that it
led to. What a job still has to do follows from these records alone: start pages and links that
have no record. Scrapy's own job folder loses the requests that are under way when it is killed.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from w3lib.url import canonicalize_url

from farmy_assets.lake import keys
from farmy_assets.lake.record_store import RecordStore
from farmy_assets.scraping.records import (
    ImageFate,
    PageRecord,
    RememberedImage,
    ScrapeJob,
    ScrapeReport,
    report_on,
)
from farmy_assets.scraping.scraper_file import Scraper


@dataclass
class Journal:
    """One job of one scraper.

    Attributes:
        pages: The pages that are done, by their canonical address.
        limits_reached: Names of the limits that left something out.
    """

    records: RecordStore
    job: ScrapeJob
    pages: dict[str, PageRecord] = field(default_factory=dict)
    limits_reached: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The job's name, unlike that of any other."""
        return f"{self.job.scraper}-{self.job.number:06d}"

    def frontier(self, scraper: Scraper) -> list[tuple[str, int]]:
        """Address and depth of every page that is known and not done, in a stable order."""
        known = dict.fromkeys(self.pages, True)
        known |= {canonicalize_url(page.final_address): True for page in self.pages.values()}
        found = [(page, 0) for page in scraper.start_pages]
        for record in sorted(self.pages.values(), key=lambda page: (page.depth, page.address)):
            found += [(link, record.depth + 1) for link in record.links]
        undone = []
        for address, depth in found:
            if not known.setdefault(canonicalize_url(address), False):
                undone.append((address, depth))
                known[canonicalize_url(address)] = True
        return undone

    def finish(self, page: PageRecord) -> None:
        """Note that a page and all its pictures are done."""
        key = canonicalize_url(page.address)
        place = keys.scraped_pages(self.job.scraper, self.job.number, _digest(key))
        self.records.write_once(place, page)
        self.pages[key] = page

    def remembered(self, address: str) -> RememberedImage | None:
        """What is known of a picture from the last time that any job fetched it."""
        return self.records.find(_memory(address), RememberedImage)

    def remember(
        self, fate: ImageFate, *, sha256: str, etag: str | None, last_modified: str | None
    ) -> None:
        """Keep what a site said of a picture."""
        memory = RememberedImage(
            address=fate.address, etag=etag, last_modified=last_modified,
            sha256=sha256, job=self.name, fate=fate,
        )  # fmt: skip
        self.records.replace(_memory(fate.address), memory)

    def report(self) -> ScrapeReport:
        """The job's numbers up to now."""
        return report_on(self.job, self.pages.values(), limits_reached=self.limits_reached)

    def close(self, *, now: datetime) -> ScrapeReport:
        """Write the job's report, after which it is over; returns the report that counts."""
        report = self.report().model_copy(update={"finished_at": now})
        key = keys.scrape_report(self.job.scraper, self.job.number)
        self.records.write_once(key, report)
        return self.records.read(key, ScrapeReport)


def open_journal(
    records: RecordStore, scraper: Scraper, *, clock: Callable[[], datetime]
) -> Journal:
    """The journal of the job to work on: the last one while it is not over, else a new one.

    A job whose scraper file was changed meanwhile is left as it is.
    """
    numbers = job_numbers(records, scraper.name)
    if numbers:
        last = records.read(keys.scrape_jobs(scraper.name, numbers[-1]), ScrapeJob)
        is_over = records.find(keys.scrape_report(scraper.name, last.number), ScrapeReport)
        if last.digest == scraper.digest and not is_over:
            done = records.read_all(keys.scraped_pages(scraper.name, last.number), PageRecord)
            return Journal(records, last, {canonicalize_url(page.address): page for page in done})
    job = ScrapeJob(
        scraper=scraper.name,
        campaign=scraper.campaign,
        number=(numbers[-1] if numbers else 0) + 1,
        digest=scraper.digest,
        started_at=clock(),
    )
    if not records.write_once(keys.scrape_jobs(scraper.name, job.number), job):
        return open_journal(records, scraper, clock=clock)  # somebody else began it just now
    return Journal(records, job)


def job_numbers(records: RecordStore, scraper: str) -> list[int]:
    """The numbers of all jobs of a scraper, in order."""
    found = records.bucket.keys(keys.scrape_jobs(scraper))
    return keys.numbers(found, partial(keys.scrape_jobs, scraper))


def _memory(address: str) -> str:
    return keys.remembered_image(_digest(canonicalize_url(address)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
