"""farmy scrape on the command line: its answers and its exit codes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from farmy_assets.cli import scrape
from farmy_assets.cli.main import app
from farmy_assets.errors import ScrapeError
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.settings import LakeSettings
from farmy_assets.scraping.records import ScrapeJob, ScrapeReport
from farmy_assets_tests.arrivals import NOON

JOB = ScrapeJob(scraper="maize", campaign="weeds", number=2, digest="0" * 16, started_at=NOON)
REPORT = ScrapeReport(
    job=JOB, finished_at=NOON, pages=4, stored=3, already_there=2, refused=1,
    refused_by_reason={"too_large": 1}, limits_reached=("pages",),
)  # fmt: skip
Progress = Callable[[ScrapeReport], None]


@pytest.fixture(autouse=True)
def _on_this_lake(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def crawl(path: Path, settings: LakeSettings, *, on_progress: Progress) -> ScrapeReport:
        assert settings == lake.settings
        on_progress(REPORT)
        if path.stem == "broken":
            raise ScrapeError("the crawl ended early; run it again to continue")
        is_over = path.stem != "unfinished"
        return REPORT if is_over else REPORT.model_copy(update={"finished_at": None})

    monkeypatch.setattr(scrape, "open_lake", lambda: lake)
    monkeypatch.setattr(scrape, "run_scraper", crawl)


def test_what_came_in_and_what_stayed_out_is_reported() -> None:
    told = CliRunner().invoke(app, ["scrape", "maize.yaml"])
    assert told.exit_code == 0
    assert "maize, job 2: 4 pages: 3 stored, 2 already there, 1 left out" in told.stdout
    assert "pictures left out: too_large 1" in told.stdout
    assert "the limit of pages was reached" in told.stdout
    assert "s3://records/scrapes/maize/reports/000002.json" in told.stdout


def test_a_job_that_is_not_at_its_end_says_how_to_go_on() -> None:
    told = CliRunner().invoke(app, ["scrape", "unfinished.yaml"])
    assert "run the same command again to continue" in told.stderr
    assert "reports/" not in told.stdout


def test_for_scripts_the_report_alone_is_printed() -> None:
    told = CliRunner().invoke(app, ["scrape", "maize.yaml", "--json"])
    assert json.loads(told.stdout)["stored"] == 3


def test_a_crawl_that_failed_ends_in_one_line_and_exit_code_1() -> None:
    told = CliRunner().invoke(app, ["scrape", "broken.yaml"])
    assert (told.exit_code, told.stderr.count("error:")) == (1, 1)
