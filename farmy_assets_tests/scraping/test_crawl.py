"""Crawls of a real site on this machine, into a lake in memory."""

import base64
import gzip
import hashlib
import time
from urllib.parse import urlsplit

import pytest

from farmy_assets.catalog.metadata import ImageMetadata, Source
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.scraping.records import ScrapeReport
from farmy_assets_tests.arrivals import arrival
from farmy_assets_tests.scraping.crawling import crawl, scraper_of
from farmy_assets_tests.scraping.site import BY, Answer, Site, figure, links, page, picture

PACKED = {"Content-Encoding": "gzip"}


def stored(lake: Lake) -> dict[str, ImageMetadata]:
    """Name and metadata of each image in the lake."""
    ids = (key.removeprefix(keys.RAW_IMAGES) for key in lake.raw.keys(keys.RAW_IMAGES))
    found = map(lake.ingestion.find_metadata, ids)
    return {told.original_name.split("/", 1)[1]: told for told in found if told}


def test_pictures_come_in_with_their_licence_and_the_page_that_showed_them(
    lake: Lake, site: Site
) -> None:
    site.gallery("/", figure("/a.jpg"), links("/2"))
    site.gallery("/2", figure("/b.jpg", author="Ben  \n Okri"))
    site.show("/a.jpg", picture(1))
    site.show("/b.jpg", picture(2))
    report = crawl(scraper_of(site, crop="maize"), lake)
    assert (report.pages, report.stored, report.refused, report.is_complete) == (2, 2, 0, True)
    found = stored(lake)
    assert found.keys() == {"a.jpg", "b.jpg"}
    metadata = found["b.jpg"]
    assert lake.raw.get(keys.raw_image(metadata.image_id)) == picture(2)
    assert (metadata.source, metadata.crop) == (Source.SCRAPER, "maize")
    assert metadata.licence == "CC-BY-4.0"
    assert metadata.web is not None
    assert metadata.web.page_address == f"{site.address}/2"
    assert metadata.web.page_title == "A gallery"
    assert metadata.web.image_address == f"{site.address}/b.jpg"
    assert metadata.web.author == "Ben Okri"
    assert metadata.web.licence_statement == BY


def refusals(report: ScrapeReport) -> dict[str, str]:
    """Path and reason of each picture that stayed outside."""
    return {urlsplit(f.address).path: str(f.reason) for f in report.first_refusals}


def test_a_picture_whose_licence_is_not_shown_to_be_allowed_is_never_fetched(
    lake: Lake, site: Site
) -> None:
    site.gallery(
        "/",
        figure("/none.jpg", licence=None),
        figure("/other.jpg", licence="https://creativecommons.org/licenses/by-nc/4.0/"),
        figure("/terms.jpg", licence="/terms"),
    )
    for name in ("none", "other", "terms"):
        site.show(f"/{name}.jpg", picture(1))
    report = crawl(scraper_of(site), lake)
    assert refusals(report) == {
        "/none.jpg": "licence_missing",
        "/other.jpg": "licence_not_allowed",
        "/terms.jpg": "licence_unclear",
    }
    assert report.refused_by_reason["licence_missing"] == 1
    assert site.paths() == ["/"]
    assert stored(lake) == {}


def test_a_licence_of_the_whole_page_counts_where_the_file_says_so(lake: Lake, site: Site) -> None:
    site.gallery("/", figure("/a.jpg", licence=None), f'<a rel="license" href="{BY}">CC</a>')
    site.show("/a.jpg", picture(1))
    rule = {"selector": "a[rel~=license]::attr(href)", "where": "page", "allowed": ["CC-BY-4.0"]}
    assert crawl(scraper_of(site, licence=rule), lake).stored == 1


def test_a_second_job_asks_whether_pictures_changed_and_fetches_only_what_did(
    lake: Lake, site: Site
) -> None:
    site.gallery("/", figure("/a.jpg"), figure("/b.jpg"), figure("/plain.jpg"))
    site.show("/a.jpg", picture(1), etag='"a1"')
    site.show("/b.jpg", picture(2), etag='"b1"')
    site.show("/plain.jpg", picture(3))
    assert crawl(scraper_of(site), lake).stored == 3
    before = sorted(lake.raw.keys(""))
    site.show("/b.jpg", picture(4), etag='"b2"')
    again = crawl(scraper_of(site), lake)
    assert (again.job.number, again.stored, again.already_there) == (2, 1, 2)
    conditions = {v.path: v.headers.get("If-None-Match") for v in site.visits[-3:]}
    assert conditions == {"/a.jpg": '"a1"', "/b.jpg": '"b1"', "/plain.jpg": None}
    assert len(sorted(lake.raw.keys(""))) == len(before) + 1


def test_a_picture_that_the_lake_holds_under_another_name_is_not_stored_again(
    lake: Lake, site: Site
) -> None:
    metadata = arrival("from a phone.jpg", picture(1))
    lake.ingestion.store(metadata, picture(1))
    site.gallery("/", figure("/a.jpg"), figure("/copy.jpg"), figure("/twin.jpg"))
    site.show("/a.jpg", picture(1))
    site.show("/copy.jpg", picture(2))
    site.show("/twin.jpg", picture(2))
    report = crawl(scraper_of(site), lake)
    assert (report.stored, report.already_there) == (1, 2)
    assert len(list(lake.raw.keys(keys.RAW_IMAGES))) == 2


@pytest.mark.parametrize("form", ["Repr-Digest: sha-256=:{}:", "Digest: SHA-256={}"])
def test_a_digest_in_the_header_spares_the_body_of_what_the_lake_holds(
    lake: Lake, site: Site, form: str
) -> None:
    content = picture(1) + bytes(5_000_000)
    lake.ingestion.store(arrival("a.jpg", content), content)
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    name, value = form.format(digest).split(": ", 1)
    site.gallery("/", figure("/a.jpg"))
    site.answers["/a.jpg"] = Answer(content, "image/jpeg", headers={name: value}, trickle_s=0.01)
    began = time.monotonic()
    report = crawl(scraper_of(site), lake)
    assert (report.stored, report.already_there) == (0, 1)
    assert time.monotonic() - began < 10  # the whole body would take 50 s


def test_every_kind_of_bad_answer_has_its_reason_and_the_rest_comes_in(
    lake: Lake, site: Site
) -> None:
    limits = {"image_bytes": 250_000, "timeout_seconds": 1}
    site.answers |= {
        "/gone.jpg": Answer(b"gone", "text/plain", 404),
        "/page.jpg": Answer(page("not a picture")),
        "/book.jpg": Answer(bytes(200_000), "text/html", trickle_s=0.1),
        "/lie.jpg": Answer(b"<html>not a picture", "image/jpeg"),
        "/empty.jpg": Answer(b"", "image/jpeg"),
        "/declared.jpg": Answer(picture(1) + bytes(300_000), "image/jpeg"),
        "/undeclared.jpg": Answer(picture(2) + bytes(900_000), "image/jpeg", without_length=True),
        "/bomb.jpg": Answer(gzip.compress(bytes(50_000_000)), "image/jpeg", headers=PACKED),
        "/slow.jpg": Answer(bytes(20_000), "image/jpeg", trickle_s=0.3),
        "/round.jpg": Answer(status=302, headers={"Location": "/round.jpg"}),
        "/cut.jpg": Answer(picture(3)[:900], "image/jpeg"),
        "/unnamed": Answer(picture(5, "PNG"), "application/octet-stream"),
        "/moved.jpg": Answer(status=301, headers={"Location": "/good.jpg"}),
        "/good.jpg": Answer(picture(6), "image/jpeg"),
    }
    names = [path for path in site.answers if path not in {"/good.jpg", "/robots.txt"}]
    site.gallery(
        "/", *map(figure, names), '<figure><img src="data:image/png;base64,AA=="></figure>'
    )
    report = crawl(scraper_of(site, limits=limits), lake, RETRY_TIMES=0)
    assert refusals(report) == {
        "/gone.jpg": "http_error",
        "/page.jpg": "not_an_image",
        "/book.jpg": "not_an_image",
        "/lie.jpg": "not_an_image",
        "/empty.jpg": "empty_file",
        "/declared.jpg": "too_large",
        "/undeclared.jpg": "too_large",
        "/bomb.jpg": "too_large",
        "/slow.jpg": "too_slow",
        "/round.jpg": "too_many_redirects",
        "image/png;base64,AA==": "no_web_address",
    }
    assert stored(lake).keys() == {"cut.jpg", "unnamed", "good.jpg"}


def test_of_a_srcset_the_largest_picture_is_taken(lake: Lake, site: Site) -> None:
    sources = "/s.jpg 320w, /l.jpg 1280w, /m.jpg 640w"
    told = figure("/s.jpg").replace("<img ", f'<img srcset="{sources}" ')
    site.gallery("/", told)
    for number, name in enumerate("sml"):
        site.show(f"/{name}.jpg", picture(number))
    crawl(scraper_of(site), lake)
    assert stored(lake).keys() == {"l.jpg"}


def test_an_endless_calendar_ends_at_the_limit_of_pages(lake: Lake, site: Site) -> None:
    def day(path: str) -> Answer:
        return Answer(page(links(*(f"/day/{int(path.rsplit('/', 1)[1]) + n}" for n in (1, 2)))))

    site.answers["/day/*"] = day
    site.gallery("/", links("/day/1"))
    report = crawl(scraper_of(site, limits={"pages": 12, "depth": 1000}), lake)
    assert (report.pages, report.limits_reached, report.is_complete) == (12, ("pages",), True)
    site.visits.clear()
    shallow = crawl(scraper_of(site, limits={"depth": 3}), lake)
    assert (shallow.limits_reached, "/day/7" in site.paths()) == (("depth",), False)


def test_a_job_stores_no_more_pictures_than_its_limit_and_the_next_job_goes_on(
    lake: Lake, site: Site
) -> None:
    site.gallery(
        "/", *(figure(site.show(f"/{n}.jpg", picture(n), etag=f'"{n}"')) for n in range(5))
    )
    first = crawl(scraper_of(site, limits={"images": 3}), lake)
    assert (first.stored, first.limits_reached) == (3, ("images",))
    assert set(refusals(first).values()) == {"over_the_limit"}
    second = crawl(scraper_of(site, limits={"images": 3}), lake)
    assert (second.stored, second.already_there, second.limits_reached) == (2, 3, ())
    assert len(stored(lake)) == 5


def test_a_page_that_cannot_be_read_is_reported_and_the_others_are_read(
    lake: Lake, site: Site
) -> None:
    site.gallery("/", links("/gone", "/pdf", "/there", "/back"), figure("/a.jpg"))
    site.answers["/pdf"] = Answer(b"%PDF-1.7", "application/pdf")
    site.answers["/back"] = Answer(status=302, headers={"Location": "/"})
    site.answers["/there"] = Answer(status=302, headers={"Location": "/new"})
    site.gallery("/new", figure("/b.jpg"))
    site.show("/a.jpg", picture(1))
    site.show("/b.jpg", picture(2))
    report = crawl(scraper_of(site), lake)
    assert report.unread_pages_by_reason == {"http_error": 1, "not_a_page": 1, "seen_before": 1}
    assert (report.pages, report.stored) == (2, 2)


def test_the_report_is_kept_in_the_records(lake: Lake, site: Site) -> None:
    site.gallery("/")
    report = crawl(scraper_of(site), lake)
    assert lake.records.read("scrapes/gallery/reports/000001.json", ScrapeReport) == report
