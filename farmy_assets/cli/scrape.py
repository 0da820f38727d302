"""farmy scrape: a web site's photographs into the lake, by a scraper file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from farmy_assets.cli.context import console, open_lake, reports_errors
from farmy_assets.cli.output import print_result
from farmy_assets.lake import keys
from farmy_assets.scraping.process import scrape as run_scraper
from farmy_assets.scraping.records import ScrapeReport


@reports_errors
def scrape(
    file: Annotated[Path, typer.Argument(help="The scraper's YAML file; see docs/scraping.md.")],
    as_json: Annotated[bool, typer.Option("--json", help="For scripts: the whole report.")] = False,
) -> None:
    """Bring a web site's photographs, with licence and source page, into the lake.

    The file sets which pictures are imported, from where and at which rate. Pictures that are not
    shown to have an allowed licence are not imported, and the reason is recorded. An interrupted
    job continues when the same command runs again; a complete one is followed by a new one, which
    fetches only what is new.
    """
    lake = open_lake()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting", total=None)
        report = run_scraper(
            file,
            lake.settings,
            on_progress=lambda so_far: progress.update(task, description=_summary(so_far)),
        )
    if as_json:
        typer.echo(report.to_json().decode())
        return
    print_result(f"{report.job.scraper}, job {report.job.number}: {_summary(report)}")
    _print_reasons("pictures left out", report.refused_by_reason)
    _print_reasons("pages not read", report.unread_pages_by_reason)
    for limit in report.limits_reached:
        print_result(f"  the limit of {limit} was reached")
    if report.is_complete:
        key = keys.scrape_report(report.job.scraper, report.job.number)
        address = f"s3://{lake.records.bucket.name}/{key}"
        print_result(f"The report is {address}")
    else:
        console.print("Not complete: run the same command again to continue.", highlight=False)


def _summary(report: ScrapeReport) -> str:
    return (
        f"{report.pages} pages: {report.stored} stored, {report.already_there} already there, "
        f"{report.refused} left out"
    )


def _print_reasons(title: str, reasons: Mapping[str, int]) -> None:
    if reasons:
        counts = ", ".join(f"{reason} {count}" for reason, count in reasons.items())
        print_result(f"  {title}: {counts}")
