"""Scraping: a web site's photographs into the raw zone, by a scraper file, every night.

The crawl itself runs in a child process: Twisted's reactor cannot start twice in one process.
"""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from farmy_assets.defs.failures import as_dagster_failure
from farmy_assets.defs.metadata import Materialized, count_table, link, place, record_table, rows
from farmy_assets.defs.partitions import scrapers
from farmy_assets.defs.resources import ScraperFiles
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.scraping.process import read_scraper, scrape

SHOWN = 20
COLUMNS = ("address", "reason", "detail")
EVERY_NIGHT = "0 2 * * *"


@dg.asset(group_name="ingestion", kinds={"s3", "scrapy"}, partitions_def=scrapers, code_version="1")
def scraped_images(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    scrapers: dg.ResourceParam[ScraperFiles],
) -> Materialized:
    """Photographs of a web site, each with its licence and the page that showed it.

    A job that was ended early is gone on with; one that came to its end is followed by a new one,
    which fetches only what is new. Pictures without a licence that the scraper's file allows are
    not fetched.
    """
    with as_dagster_failure():
        path = scrapers.file_of(context.partition_key)
        scraper = read_scraper(path)
        report = scrape(path, lake.settings)
    record = keys.scrape_report(report.job.scraper, report.job.number)
    contact = scraper.contact
    shown = [fate.model_dump(mode="json") for fate in report.first_refusals[:SHOWN]]
    return dg.MaterializeResult(
        metadata={
            **rows(report.stored),
            **place(f"s3://{lake.raw.name}/{keys.RAW_IMAGES}"),
            "campaign": report.job.campaign,
            "job": report.job.number,
            "is_complete": report.is_complete,
            "pages": report.pages,
            "stored_images": report.stored,
            "already_there": report.already_there,
            "refused_images": report.refused,
            "refused_by_reason": count_table(report.refused_by_reason, of="reason"),
            "unread_pages": count_table(
                report.unread_pages_by_reason, of="reason", counted="pages"
            ),
            "first_refusals": record_table(shown, COLUMNS),
            "limits_reached": ", ".join(report.limits_reached) or "none",
            "site": link(scraper.start_pages[0]),
            "contact": link(contact if "://" in contact else f"mailto:{contact}"),
            "report": link(lake.web_address(lake.records.bucket, record)),
        }
    )


scraping_job = dg.define_asset_job(
    "scraping_job",
    selection=dg.AssetSelection.assets(scraped_images),
    description="One web site's photographs, into the raw zone.",
)


@dg.schedule(
    job=scraping_job,
    cron_schedule=EVERY_NIGHT,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Runs every scraper file once a night.",
)
def scraping_schedule(
    context: dg.ScheduleEvaluationContext, scrapers: dg.ResourceParam[ScraperFiles]
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """A run for each scraper file; the night is in its key, so that asked twice it is one run."""
    files = scrapers.files()
    if not files:
        yield dg.SkipReason("FARMY_SCRAPERS names no folder with scraper files")
        return
    context.instance.add_dynamic_partitions("scrapers", sorted(files))
    night: date = context.scheduled_execution_time.date()
    for name in sorted(files):
        yield dg.RunRequest(run_key=f"{name}:{night}", partition_key=name)
