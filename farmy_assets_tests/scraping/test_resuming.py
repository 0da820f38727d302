"""A job that was ended in its middle goes on: nothing lost, nothing doubled, no page read twice."""

from collections import Counter

import pytest

from farmy_assets.errors import LakeUnavailableError
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.raw_zone import Outcome, RawZone
from farmy_assets.scraping.journal import Journal, open_journal
from farmy_assets.scraping.records import PageRecord
from farmy_assets_tests.arrivals import NOON
from farmy_assets_tests.scraping.crawling import crawl, scraper_of
from farmy_assets_tests.scraping.site import Site, figure, links, picture

PAGES, A_PAGE = 6, 3


@pytest.fixture
def gallery(site: Site) -> Site:
    """Pages that are linked one after the other, with three pictures each."""
    for number in range(PAGES):
        names = [f"/{number}-{n}.jpg" for n in range(A_PAGE)]
        for n, name in enumerate(names):
            site.show(name, picture(number * A_PAGE + n))
        path = f"/{number}" if number else "/"
        site.gallery(path, *map(figure, names), links(f"/{number + 1}") if number < 5 else "")
    return site


def test_a_job_goes_on_where_the_lake_went_away(
    lake: Lake, gallery: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RawZone.store
    left = 8

    def store_until_it_breaks(zone: RawZone, *args: object) -> Outcome:
        nonlocal left
        if left == 0:
            raise LakeUnavailableError("the lake does not answer")
        left -= 1
        return store(zone, *args)  # type: ignore[arg-type]

    with monkeypatch.context() as broken:
        broken.setattr(RawZone, "store", store_until_it_breaks)
        with pytest.raises(LakeUnavailableError, match="does not answer"):
            crawl(scraper_of(gallery), lake)
    assert 0 < len(list(lake.raw.keys(keys.RAW_IMAGES))) <= 8
    done = {page.address for page in _pages(lake)}
    gallery.visits.clear()

    report = crawl(scraper_of(gallery), lake)
    assert report.job.number == 1
    assert (report.pages, report.stored + report.already_there) == (PAGES, PAGES * A_PAGE)
    assert len(list(lake.raw.keys(keys.RAW_IMAGES))) == PAGES * A_PAGE
    assert not done & {gallery.address + path for path in gallery.paths()}
    assert max(Counter(gallery.paths()).values()) == 1


def _pages(lake: Lake) -> list[PageRecord]:
    return lake.records.read_all("scrapes/gallery/pages/", PageRecord)


def test_a_picture_stored_by_the_ended_run_is_not_even_asked_for_again(
    lake: Lake, gallery: Site
) -> None:
    crawl(scraper_of(gallery), lake)
    for kind in ("pages", "reports"):
        for key in list(lake.records.bucket.keys(f"scrapes/gallery/{kind}/")):
            lake.records.bucket.delete(key)
    gallery.visits.clear()
    report = crawl(scraper_of(gallery), lake)
    assert (report.job.number, report.stored) == (1, PAGES * A_PAGE)
    assert len(gallery.paths()) == PAGES


def test_a_job_that_is_over_is_followed_by_a_new_one(lake: Lake, gallery: Site) -> None:
    assert crawl(scraper_of(gallery), lake).job.number == 1
    assert crawl(scraper_of(gallery), lake).job.number == 2


def test_a_changed_file_begins_a_new_job(lake: Lake, gallery: Site) -> None:
    open_journal(lake.records, scraper_of(gallery), clock=lambda: NOON)
    changed = scraper_of(gallery, crop="rice")
    assert open_journal(lake.records, changed, clock=lambda: NOON).job.number == 2


def test_what_is_left_to_do_follows_from_the_pages_that_are_done(lake: Lake, site: Site) -> None:
    scraper = scraper_of(site)
    journal = open_journal(lake.records, scraper, clock=lambda: NOON)
    start, first, second = f"{site.address}/", f"{site.address}/1", f"{site.address}/2"
    assert journal.frontier(scraper) == [(start, 0)]
    page = PageRecord(address=start, final_address=start, depth=0, links=(first, second, start))
    journal.finish(page)
    resumed = open_journal(lake.records, scraper, clock=lambda: NOON)
    assert resumed.frontier(scraper) == [(first, 1), (second, 1)]
    _finish(resumed, first)
    _finish(resumed, second)
    assert resumed.frontier(scraper) == []


def _finish(journal: Journal, address: str) -> None:
    journal.finish(PageRecord(address=address, final_address=address, depth=1))
