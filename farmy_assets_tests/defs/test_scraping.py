"""The nightly scrapers: which runs are asked for, and what a run tells people."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.schedule_definition import ScheduleExecutionData

from farmy_assets.definitions import defs
from farmy_assets.defs import scraping
from farmy_assets.defs.resources import ScraperFiles
from farmy_assets.errors import LakeUnavailableError
from farmy_assets.lake.lake import Lake
from farmy_assets.scraping.records import (
    ImageFate,
    ImageOutcome,
    PageRecord,
    RefusalReason,
    ScrapeJob,
    ScrapeReport,
    report_on,
)
from farmy_assets_tests.arrivals import NOON

EXAMPLE = Path(__file__).parents[2] / "docs/scrapers/example.yaml"
NAME = "maize-gallery"
JOB = ScrapeJob(scraper=NAME, campaign="weeds-2026", number=3, digest="0" * 16, started_at=NOON)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / f"{NAME}.yaml").write_text(EXAMPLE.read_text())
    (tmp_path / "notes.txt").write_text("no scraper")
    return tmp_path


def report() -> ScrapeReport:
    refused = ImageFate(
        address="https://photos.example.org/b.jpg",
        outcome=ImageOutcome.REFUSED,
        reason=RefusalReason.LICENCE_MISSING,
    )
    kept = ImageFate(address="https://photos.example.org/a.jpg", outcome=ImageOutcome.STORED)
    page = PageRecord(
        address="https://photos.example.org/", final_address="https://photos.example.org/",
        depth=0, images=(kept, refused, kept),
    )  # fmt: skip
    return report_on(JOB, [page]).model_copy(update={"finished_at": NOON})


def materialize(
    resources: Mapping[str, object], folder: Path, instance: dg.DagsterInstance, name: str = NAME
) -> dg.ExecuteInProcessResult:
    instance.add_dynamic_partitions("scrapers", [name])
    return dg.materialize(
        [scraping.scraped_images], instance=instance, partition_key=name, raise_on_error=False,
        resources={"lake": resources["lake"], "scrapers": ScraperFiles(folder=str(folder))},
    )  # fmt: skip


def test_a_run_tells_what_came_in_what_stayed_out_and_whom_the_site_may_ask(
    resources: Mapping[str, object],
    folder: Path,
    instance: dg.DagsterInstance,
    lake: Lake,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[object, ...]] = []

    def scrape(*told: object) -> ScrapeReport:
        asked.append(told)
        return report()

    monkeypatch.setattr(scraping, "scrape", scrape)
    result = materialize(resources, folder, instance)
    assert result.success
    assert asked == [(folder / f"{NAME}.yaml", lake.settings)]
    (event,) = result.get_asset_materialization_events()
    told = event.materialization.metadata
    assert (told["stored_images"].value, told["refused_images"].value) == (1, 1)
    assert told["contact"].value == "mailto:data@farm.example"
    assert "licence_missing" in str(told["refused_by_reason"])
    assert "scrapes/maize-gallery/reports/000003.json" in str(told["report"].value)


def test_a_lake_that_is_away_ends_the_run_in_plain_words(
    resources: Mapping[str, object],
    folder: Path,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def scrape(*_: object) -> ScrapeReport:
        raise LakeUnavailableError("the lake does not answer")

    monkeypatch.setattr(scraping, "scrape", scrape)
    result = materialize(resources, folder, instance)
    assert not result.success
    (failure,) = [e for e in result.all_events if e.is_step_failure]
    assert "the lake does not answer" in str(failure.step_failure_data.user_failure_data)


def test_a_scraper_whose_file_is_gone_is_reported(
    resources: Mapping[str, object], folder: Path, instance: dg.DagsterInstance
) -> None:
    result = materialize(resources, folder, instance, name="gone")
    (failure,) = [e for e in result.all_events if e.is_step_failure]
    assert "without gone.yaml in it" in str(failure.step_failure_data.user_failure_data)


@pytest.fixture
def kept_instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    """A schedule reaches its instance by a reference, which one in memory has not."""
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as made:
        yield made


def tick(folder: str, instance: dg.DagsterInstance) -> ScheduleExecutionData:
    night = datetime(2026, 5, 14, 2, tzinfo=UTC)
    with dg.build_schedule_context(
        instance=instance,
        scheduled_execution_time=night,
        repository_def=defs.get_repository_def(),
        resources={"scrapers": ScraperFiles(folder=folder)},
    ) as context:
        return scraping.scraping_schedule.evaluate_tick(context)


def test_every_file_gets_one_run_a_night(folder: Path, kept_instance: dg.DagsterInstance) -> None:
    (request,) = tick(str(folder), kept_instance).run_requests or []
    assert (request.partition_key, request.run_key) == (NAME, f"{NAME}:2026-05-14")
    assert kept_instance.get_dynamic_partitions("scrapers") == [NAME]


def test_without_files_the_schedule_says_why_nothing_runs(
    kept_instance: dg.DagsterInstance,
) -> None:
    told = tick("", kept_instance)
    assert told.run_requests == []
    assert "FARMY_SCRAPERS" in str(told.skip_message)
