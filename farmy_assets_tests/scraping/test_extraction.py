import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import HtmlResponse

from farmy_assets.scraping.extraction import MAX_SRCSET, largest_of, read_page, web_address
from farmy_assets.scraping.records import RefusalReason
from farmy_assets.scraping.scraper_file import Scraper

BASE = "https://photos.example.org/maize/"
SCRAPER = Scraper.model_validate(
    {
        "name": "maize",
        "campaign": "weeds",
        "contact": "https://farm.example/robot",
        "start_pages": [BASE],
        "allowed_domains": ["example.org"],
        "follow": ["a.next"],
        "images": {"each": "li", "title": "b", "crop": "i::text", "author": "em::text"},
        "licence": {"selector": "u::text", "allowed": ["CC0-1.0"]},
    }
)


def response(body: str) -> HtmlResponse:
    return HtmlResponse(BASE, body=body.encode("utf-8", "surrogatepass"), encoding="utf-8")


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        ("a.jpg", "https://photos.example.org/maize/a.jpg"),
        (" /b b.jpg#top ", "https://photos.example.org/b%20b.jpg"),
        ("//cdn.example.org/c.jpg?x=1", "https://cdn.example.org/c.jpg?x=1"),
        ("mailto:ana@example.org", None),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("https://ana:secret@example.org/", None),
        ("http://[::1", None),
        ("http://example.org:99999/", None),
        ("https://example.org/" + "a" * 3000, None),
    ],
)
def test_only_addresses_of_the_web_are_followed(raw: str, address: str | None) -> None:
    assert web_address(BASE, raw) == address


@pytest.mark.parametrize(
    ("srcset", "address"),
    [
        ("a.jpg", "a.jpg"),
        ("a.jpg 1x, b.jpg 2x", "b.jpg"),
        ("a.jpg 640w,b.jpg 1280w , c.jpg 320w", "b.jpg"),
        ("w_300,h_200/a.jpg 300w, w_600,h_400/a.jpg 600w", "w_600,h_400/a.jpg"),
        ("a.jpg, b.jpg 1.5x", "b.jpg"),
        (" , ", None),
        ("", None),
    ],
)
def test_of_a_srcset_the_widest_or_densest_wins(srcset: str, address: str | None) -> None:
    assert largest_of(srcset) == address


def test_what_is_said_of_a_picture_is_read_from_its_own_element() -> None:
    found = read_page(
        response(
            "<base href='/shots/'><title> Maize\n plots </title>"
            "<li><img src=1.jpg><b>One <s>leaf</s></b><i>maize</i><em>Ana</em><u>CC0</u></li>"
            "<li><img src=2.jpg><u></u></li><li>no picture</li>"
            "<li><img src=https://elsewhere.net/3.jpg><u>CC0</u></li>"
            "<a class=next href=2#x>2</a><a class=next href=/shots/2>2</a>"
            "<a class=next href=https://elsewhere.net/>away</a><a href=3>3</a>"
        ),
        SCRAPER,
    )
    assert found.title == "Maize plots"
    assert found.links == ("https://photos.example.org/shots/2",)
    first, second, third = found.images
    assert first.address == "https://photos.example.org/shots/1.jpg"
    assert (first.title, first.crop, first.author) == ("One leaf", "maize", "Ana")
    assert (first.licence, first.refusal) == ("CC0-1.0", None)
    assert second.refusal is RefusalReason.LICENCE_MISSING
    assert third.refusal is RefusalReason.OFF_SITE


@given(st.text(alphabet="<>/=\"' aliubimgsrcset.,:0xw\x00\ud800é", max_size=300))
def test_no_page_is_too_broken_to_be_read(body: str) -> None:
    found = read_page(response(f"<li><img src='{body}'>{body}</li>{body}"), SCRAPER)
    assert all(image.refusal for image in found.images if image.licence is None)


@pytest.mark.parametrize("piece", ["a", ",", " ", "a,", "a 1", "1w,", "a 2x", "a\t", ",a "])
def test_no_srcset_holds_a_crawl_up(piece: str) -> None:
    started = time.process_time()
    largest_of(piece * (MAX_SRCSET // len(piece)) + " b")
    assert time.process_time() - started < 1
