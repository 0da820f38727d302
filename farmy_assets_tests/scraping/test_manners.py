"""What a site may ask of us, and where we never connect to."""

import itertools

import pytest

from farmy_assets.lake.lake import Lake
from farmy_assets.scraping.addresses import is_public
from farmy_assets_tests.scraping.crawling import crawl, scraper_of
from farmy_assets_tests.scraping.site import Answer, Site, figure, links, picture, running_site


def test_robots_txt_is_obeyed_for_pages_and_for_pictures(lake: Lake, site: Site) -> None:
    rules = b"User-agent: farmy-scraper\nDisallow: /secret\nDisallow: /hidden.jpg\n"
    site.answers["/robots.txt"] = Answer(rules, "text/plain")
    site.gallery("/", links("/secret"), figure("/hidden.jpg"), figure("/a.jpg"))
    site.show("/hidden.jpg", picture(1))
    site.show("/a.jpg", picture(2))
    report = crawl(scraper_of(site), lake)
    assert sorted(site.paths()) == ["/", "/a.jpg"]
    assert report.refused_by_reason == {"forbidden_by_robots": 1}
    assert report.unread_pages_by_reason == {"forbidden_by_robots": 1}


@pytest.mark.parametrize("status", [500, 503])
def test_a_robots_txt_that_cannot_be_had_forbids_everything(
    lake: Lake, site: Site, status: int
) -> None:
    site.answers["/robots.txt"] = Answer(b"down", "text/plain", status)
    site.gallery("/", figure("/a.jpg"))
    report = crawl(scraper_of(site), lake, RETRY_TIMES=0)
    assert site.paths() == []
    assert report.unread_pages_by_reason == {"forbidden_by_robots": 1}


def test_without_a_robots_txt_everything_is_allowed(lake: Lake, site: Site) -> None:
    del site.answers["/robots.txt"]
    site.gallery("/", figure(site.show("/a.jpg", picture(1))))
    assert crawl(scraper_of(site), lake).stored == 1


def test_the_crawl_delay_of_a_site_is_kept_between_all_requests(lake: Lake, site: Site) -> None:
    site.answers["/robots.txt"] = Answer(b"User-agent: *\nCrawl-delay: 0.3\n", "text/plain")
    site.gallery("/", *(figure(site.show(f"/{n}.jpg", picture(n))) for n in range(3)))
    rate = {"delay_seconds": 0, "concurrency": 8, "autothrottle": True}
    assert crawl(scraper_of(site, rate=rate), lake).stored == 3
    pauses = [b.at - a.at for a, b in itertools.pairwise(site.visits)]
    assert len(pauses) == 4
    assert min(pauses[1:]) > 0.25


def test_every_request_says_who_asks_and_how_to_reach_us(lake: Lake, site: Site) -> None:
    site.gallery("/", figure(site.show("/a.jpg", picture(1))))
    crawl(scraper_of(site), lake)
    told = {visit.headers["User-Agent"] for visit in site.visits}
    assert told == {"farmy-scraper/1.0 (+data@farm.example)"}
    assert len(site.visits) == 3


def test_nothing_leaves_the_allowed_domains_not_even_by_a_redirect(lake: Lake, site: Site) -> None:
    away = site.address.replace("127.0.0.1", "localhost")
    site.gallery("/", links(f"{away}/", "/hop"), figure(f"{away}/a.jpg"), figure("/hop.jpg"))
    site.answers["/hop"] = Answer(status=302, headers={"Location": f"{away}/"})
    site.answers["/hop.jpg"] = Answer(status=302, headers={"Location": f"{away}/a.jpg"})
    site.show("/a.jpg", picture(1))
    report = crawl(scraper_of(site), lake)
    assert sorted(site.paths()) == ["/", "/hop", "/hop.jpg"]
    assert report.refused_by_reason == {"off_site": 2}
    assert report.unread_pages_by_reason == {"off_site": 1}


def test_a_private_address_is_not_asked_unless_the_file_names_its_host(
    lake: Lake, site: Site
) -> None:
    site.gallery("/", figure(site.show("/a.jpg", picture(1))))
    report = crawl(scraper_of(site, private_hosts=[]), lake)
    assert site.visits == []
    assert report.unread_pages_by_reason == {"private_address": 1}


def test_a_redirect_to_a_name_with_a_private_address_is_not_followed(
    lake: Lake, site: Site
) -> None:
    away = site.address.replace("127.0.0.1", "localhost")
    site.gallery("/", figure("/hop.jpg"))
    site.answers["/hop.jpg"] = Answer(status=302, headers={"Location": f"{away}/a.jpg"})
    site.show("/a.jpg", picture(1))
    report = crawl(scraper_of(site, allowed_domains=["127.0.0.1", "localhost"]), lake)
    assert report.refused_by_reason == {"private_address": 1}
    assert "/a.jpg" not in site.paths()


def test_the_connection_itself_is_refused_even_if_no_request_was_looked_at(
    lake: Lake, site: Site
) -> None:
    site.gallery("/", figure(site.show("/a.jpg", picture(1))))
    unguarded = {"scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None}
    crawl(
        scraper_of(site, private_hosts=[]), lake,
        DOWNLOADER_MIDDLEWARES=unguarded, ROBOTSTXT_OBEY=False, RETRY_TIMES=0,
    )  # fmt: skip
    assert site.visits == []


def test_a_private_host_is_asked_at_the_ports_that_the_file_names_and_at_no_other(
    lake: Lake, site: Site
) -> None:
    host, _, port = site.address.removeprefix("http://").partition(":")
    with running_site() as other:
        site.gallery("/", figure(f"{other.address}/a.jpg"), figure("/hop.jpg"))
        site.answers["/hop.jpg"] = Answer(
            status=302, headers={"Location": f"{other.address}/b.jpg"}
        )
        report = crawl(scraper_of(site), lake)
        assert other.visits == []
    assert report.refused_by_reason == {"private_address": 2}
    assert "/hop.jpg" in site.paths()
    for others in ([host], [f"{host}:{int(port) % 60_000 + 1}"]):
        report = crawl(scraper_of(site, private_hosts=others), lake)
        assert report.unread_pages_by_reason == {"private_address": 1}


@pytest.mark.parametrize(
    ("named", "address", "may"),
    [
        ("intranet.example:8080", "http://intranet.example:8080/a", True),
        ("intranet.example:8080", "http://intranet.example/a", False),
        ("intranet.example:8080", "https://intranet.example:8081/a", False),
        ("Intranet.Example:80", "http://INTRANET.example/a", True),
        ("intranet.example", "http://intranet.example/a", True),
        ("intranet.example", "https://intranet.example:443/a", True),
        ("intranet.example", "https://intranet.example:80/a", False),
        ("intranet.example", "http://intranet.example:6379/a", False),
        ("intranet.example", "http://other.intranet.example/a", False),
    ],
)
def test_a_private_host_means_its_port(site: Site, named: str, address: str, may: bool) -> None:
    assert scraper_of(site, private_hosts=[named]).may_be_private(address) is may


@pytest.mark.parametrize(
    "named",
    ["host:0", "host:70000", "host:", "host:http", "http://host:80", "host:80/x", ":80", ""],
)
def test_what_is_no_host_with_a_port_is_refused(site: Site, named: str) -> None:
    with pytest.raises(ValueError, match="a host and its port"):
        scraper_of(site, private_hosts=[named])


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("127.0.0.1", False), ("10.1.2.3", False), ("169.254.169.254", False),
        ("192.168.0.1", False), ("0.0.0.0", False), ("100.64.0.1", False), ("224.0.0.1", False),
        ("::1", False), ("fd00::1", False),
    ],
)  # fmt: skip
def test_only_addresses_of_the_public_internet_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public
