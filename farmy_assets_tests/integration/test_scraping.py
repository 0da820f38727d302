"""A scraper on the running platform: killed in its middle, by the command, and as an asset."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psutil
import pytest
import yaml

from farmy_assets.lake import keys
from farmy_assets.local.settings import platform_environment
from farmy_assets.scraping.records import ScrapeReport
from farmy_assets_tests.integration.running import RunningPlatform, scraper_folder
from farmy_assets_tests.scraping.crawling import scraper_of
from farmy_assets_tests.scraping.site import Answer, Site, figure, links, picture, running_site

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

NAME = "web-gallery"
PAGES, A_PAGE = 8, 4


@pytest.fixture(scope="module")
def gallery() -> Iterator[Site]:
    with running_site() as site:
        site.answers["/robots.txt"] = Answer(b"User-agent: *\nAllow: /\n", "text/plain")
        for number in range(PAGES):
            shown = [
                site.show(f"/{number}-{n}.jpg", picture(1000 + number * A_PAGE + n))
                for n in range(A_PAGE)
            ]
            onward = links(f"/{number + 1}") if number + 1 < PAGES else ""
            site.gallery(f"/{number}" if number else "/", *map(figure, shown), onward)
        yield site


def _file(folder: Path, site: Site, name: str, **changes: object) -> Path:
    told = {"rate": {"delay_seconds": 0.1, "concurrency": 1, "autothrottle": False}, **changes}
    scraper = scraper_of(site, name=name, campaign=NAME, **told)
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(scraper.model_dump(mode="json")))
    return path


def _stored(platform: RunningPlatform) -> dict[str, str]:
    """Name to id of every image of the campaign whose bytes are in the raw zone."""
    raw = platform.lake.raw
    ids = [key.removeprefix(keys.RAW_IMAGES) for key in raw.keys(keys.RAW_IMAGES)]
    told = map(platform.lake.ingestion.find_metadata, ids)
    return {m.original_name: m.image_id for m in told if m and m.campaign == NAME}


def test_a_job_killed_again_and_again_loses_nothing_and_doubles_nothing(
    platform: RunningPlatform, gallery: Site, tmp_path: Path
) -> None:
    path = _file(tmp_path, gallery, "killed")
    pages: Counter[str] = Counter()
    for pause_s in (0.4, 0.7, 1.0):
        gallery.visits.clear()
        child = subprocess.Popen(
            [sys.executable, "-m", "farmy_assets.scraping", str(path)],
            env={**platform.environment, **platform_environment(platform.settings)},
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        platform.wait_until("the first request", gallery.paths, seconds=30)
        time.sleep(pause_s)
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
        assert child.returncode == -signal.SIGKILL
        pages.update(path for path in gallery.paths() if not path.endswith(".jpg"))
    gallery.visits.clear()
    answer = platform.farmy("scrape", str(path), "--json")
    assert answer.returncode == 0, answer.stderr
    report = ScrapeReport.model_validate_json(answer.stdout)
    pages.update(path for path in gallery.paths() if not path.endswith(".jpg"))
    assert (report.job.number, report.is_complete) == (1, True)
    assert (report.pages, report.stored + report.already_there) == (PAGES, PAGES * A_PAGE)
    assert len(_stored(platform)) == PAGES * A_PAGE
    assert sum(pages.values()) <= PAGES + 2 * 3  # at each kill at most two pages were open
    assert len(pages) == PAGES


def test_the_catalog_knows_what_was_scraped(platform: RunningPlatform, gallery: Site) -> None:
    ids = set(_stored(platform).values())
    catalog = platform.lake.catalog
    platform.wait_until("all entries", lambda: catalog.entries(sorted(ids)).keys() == ids)
    for entry in catalog.entries(sorted(ids)).values():
        assert entry.metadata is not None
        assert entry.metadata.licence == "CC-BY-4.0"
        assert entry.metadata.web is not None
        assert entry.metadata.web.page_address.startswith(gallery.address)


def test_a_second_scraper_of_the_same_site_stores_nothing(
    platform: RunningPlatform, gallery: Site, tmp_path: Path
) -> None:
    answer = platform.farmy("scrape", str(_file(tmp_path, gallery, "second")))
    assert answer.returncode == 0, answer.stderr
    assert f"{PAGES} pages: 0 stored, {PAGES * A_PAGE} already there, 0 left out" in answer.stdout


def test_a_crawl_ends_when_its_time_is_up_and_goes_on_the_next_time(
    platform: RunningPlatform, gallery: Site, tmp_path: Path
) -> None:
    rate = {"delay_seconds": 0.5, "concurrency": 1, "autothrottle": False}
    path = _file(tmp_path, gallery, "timed", rate=rate, limits={"minutes": 0.03})
    first = ScrapeReport.model_validate_json(platform.farmy("scrape", str(path), "--json").stdout)
    assert (first.is_complete, first.limits_reached) == (False, ("minutes",))
    again = ScrapeReport.model_validate_json(platform.farmy("scrape", str(path), "--json").stdout)
    assert again.job.number == 1
    assert again.pages >= first.pages


def test_the_crawl_ends_with_the_process_that_started_it(
    platform: RunningPlatform, gallery: Site, tmp_path: Path
) -> None:
    rate = {"delay_seconds": 2, "concurrency": 1, "autothrottle": False}
    path = _file(tmp_path, gallery, "orphan", rate=rate)
    gallery.visits.clear()
    starter = subprocess.Popen(
        [str(Path(sys.executable).with_name("farmy")), "scrape", str(path)],
        env=dict(platform.environment), stderr=subprocess.DEVNULL,
    )  # fmt: skip
    platform.wait_until("the first request", gallery.paths, seconds=30)
    (child,) = psutil.Process(starter.pid).children()
    starter.kill()
    starter.wait()
    gone, _ = psutil.wait_procs([child], timeout=10)
    assert gone == [child]


def _launch(platform: RunningPlatform, gallery: Site, name: str, **changes: object) -> str:
    folder = scraper_folder(platform.settings)
    folder.mkdir(exist_ok=True)
    _file(folder, gallery, name, **changes)
    platform.instance.add_dynamic_partitions("scrapers", [name])
    return platform.materialize("scraped_images", name)


def test_the_asset_tells_the_numbers_of_its_job(platform: RunningPlatform, gallery: Site) -> None:
    run_id = _launch(platform, gallery, "asset")
    assert platform.wait_for_run(run_id).is_success, platform.failure(run_id)
    (event,) = platform.instance.get_records_for_run(
        run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
    ).records
    materialization = event.asset_materialization
    assert materialization is not None
    assert materialization.metadata["pages"].value == PAGES
    assert materialization.metadata["already_there"].value == PAGES * A_PAGE


def test_a_run_that_is_terminated_takes_its_crawl_with_it(
    platform: RunningPlatform, gallery: Site
) -> None:
    rate = {"delay_seconds": 2, "concurrency": 1, "autothrottle": False}
    gallery.visits.clear()
    run_id = _launch(platform, gallery, "stopped", rate=rate)
    platform.wait_until("the first request", gallery.paths)
    worker = platform.run_worker(run_id)
    crawls = [c for c in worker.children(recursive=True) if "farmy_assets.scraping" in c.cmdline()]
    assert len(crawls) == 1
    worker.terminate()
    gone, _ = psutil.wait_procs(crawls, timeout=30)
    assert gone == crawls
    assert platform.wait_for_run(run_id).is_finished


def test_a_file_that_is_no_scraper_is_reported_in_one_line(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("name: wrong\nstart_pages: [ftp://example.org]\n")
    answer = platform.farmy("scrape", str(path))
    assert answer.returncode == 1
    assert "start_pages.0: must be an address like" in answer.stderr
    assert "licence: Field required" in answer.stderr
