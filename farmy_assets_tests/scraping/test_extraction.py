import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import HtmlResponse

from farmy_assets.scraping.extraction import read_page, web_address
from farmy_assets.scraping.records import RefusalReason
from farmy_assets.scraping.scraper_file import Scraper
from farmy_assets.scraping.srcset import MAX_SRCSET, largest_first

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
        ("r/width:150/a 150w, r/width:500,height:750/a 500w 750h", "r/width:500,height:750/a"),
        ("a.jpg 750h 500w, b.jpg 400w 900h", "a.jpg"),
        ("a.jpg 100h, b.jpg 200h", "b.jpg"),
        ("a.jpg 9e2w, b.jpg 1e3w, c.jpg 1.5E+2w", "b.jpg"),
        ("a.jpg 1.0x, b.jpg 20e-1x", "b.jpg"),
        ("a.jpg .5x, b.jpg 0.75x", "b.jpg"),
        ("a.jpg 1e999w, b.jpg 2w", "b.jpg"),
        ("a.jpg 0w, b.jpg -5w, c.jpg 2w", "c.jpg"),
        ("a.jpg 300w 2x, b.jpg 10w", "b.jpg"),
        ("a.jpg 300w 400w, b.jpg 10w", "b.jpg"),
        ("a.jpg wide, b.jpg 10w", "b.jpg"),
        ("a.jpg wide", None),
        ("a.jpg (1,2) 9w, b.jpg 1w", "b.jpg"),
        ("data:image/gif;base64,R0lGOD,lh== 1w, b.jpg 2w", "b.jpg"),
        ("a\u00a0b.jpg 2x, c.jpg 1x", "a\u00a0b.jpg"),
        ("a.jpg 640W, b.jpg\n\t1280W", "b.jpg"),
    ],
)
def test_of_a_srcset_the_widest_or_densest_wins(srcset: str, address: str | None) -> None:
    assert next(largest_first(srcset), None) == address


def test_metadata_of_a_picture_are_read_from_its_own_element() -> None:
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


@pytest.mark.parametrize(
    "piece", ["a", ",", " ", "a,", "a 1", "1w,", "a 2x", "a\t", ",a ", "a (", "a ()"]
)
def test_no_srcset_holds_a_crawl_up(piece: str) -> None:
    started = time.process_time()
    list(largest_first(piece * (MAX_SRCSET // len(piece))))
    assert time.process_time() - started < 1


PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
PICTURES = SCRAPER.model_validate(
    {**SCRAPER.model_dump(), "images": {}, "licence": {
        "selector": "u::text", "where": "page", "allowed": ["CC0-1.0"]}}
)  # fmt: skip


@pytest.mark.parametrize(
    ("markup", "address"),
    [
        (f"<img src='{PIXEL}' data-src=/r.jpg data-srcset='/r.jpg 640w, /b.jpg 1280w'>", "/b.jpg"),
        (f"<img src='{PIXEL}' data-src=/r.jpg>", "/r.jpg"),
        (f"<img srcset='{PIXEL}' src=/r.jpg>", "/r.jpg"),
        (f"<img srcset='{PIXEL}' data-srcset='/a.jpg 1x,/b.jpg 2x' src=/r.jpg>", "/b.jpg"),
        (f"<img srcset='{PIXEL} 9000w, /r.jpg 100w' src=/small.jpg>", "/r.jpg"),
        ("<img src=/small.jpg data-src=/r.jpg>", "/r.jpg"),
        ("<img src=javascript:void(0) data-lazy-src=/r.jpg>", "/r.jpg"),
        (f"<img src='{PIXEL}' data-original=/r.jpg>", "/r.jpg"),
        (f"<img src='{PIXEL}'><noscript><img src=/r.jpg></noscript>", "/r.jpg"),
        (f"<img src='{PIXEL}'> <noscript><p><img srcset='/a.jpg 1w,/r.jpg 2w'></noscript>",
         "/r.jpg"),
        (f"<img src='{PIXEL}' data-src=/r.jpg><noscript><img src=/r.jpg></noscript>", "/r.jpg"),
        (f"<picture><source data-srcset='/a.jpg 1w, /r.jpg 2w'><img src='{PIXEL}'></picture>",
         "/r.jpg"),
        ("<picture><source srcset='/a.jpg 1x, /r.jpg 2x'><source srcset=/b.jpg><img alt=leaf>"
         "</picture>", "/r.jpg"),
        ("<picture><source srcset='/wide.webp 9000w'><img src=/r.jpg></picture>", "/r.jpg"),
    ],
)  # fmt: skip
def test_a_picture_that_scripts_would_load_late_is_found_without_saying_so(
    markup: str, address: str
) -> None:
    found = read_page(response(f"<u>CC0-1.0</u>{markup}"), PICTURES)
    assert [image.address for image in found.images] == [f"https://photos.example.org{address}"]
    assert found.images[0].refusal is None


def test_a_picture_without_any_address_of_the_web_is_reported() -> None:
    markup = f"<u>CC0-1.0</u><img src='{PIXEL}'><p>text</p><noscript><img src=/r.jpg></noscript>"
    first, second = read_page(response(markup), PICTURES).images
    assert first.refusal is RefusalReason.NO_WEB_ADDRESS
    assert second.address == "https://photos.example.org/r.jpg"


@pytest.mark.parametrize(
    "pixel",
    [
        "<noscript><img height=1 width=1 style=display:none src=https://t.net/tr?id=7></noscript>",
        "<img src=/count.gif width=2px height='1 px' data-no-lazy=1>",
        "<img src=/count.gif width=0 height=0>",
    ],
)
@pytest.mark.parametrize("each", ["img", "li"])
def test_a_picture_that_only_counts_readers_is_none(pixel: str, each: str) -> None:
    scraper = PICTURES.model_copy(
        update={"images": PICTURES.images.model_copy(update={"each": each})}
    )
    markup = f"<u>CC0-1.0</u><li>{pixel} text <img src=/r.jpg width=2 height=900></li>{pixel}"
    found = read_page(response(markup), scraper)
    assert [image.address for image in found.images] == ["https://photos.example.org/r.jpg"]


@pytest.mark.parametrize(
    "picture",
    [
        "<img src=/p.gif width=1 height=1 data-src=/r.jpg>",
        "<img src=/p.gif width=1 height=1 srcset='/r.jpg 900w'>",
        "<img src=/p.gif width=1 height=1 data-original=/r.jpg>",
        "<picture><source srcset=/r.jpg><img alt=leaf width=1 height=1></picture>",
        "<img src=/r.jpg width=100% height=1>",
        "<img src=/r.jpg width=1>",
    ],
)
def test_a_small_picture_in_the_place_of_one_that_a_script_loads_is_no_counter(
    picture: str,
) -> None:
    (found,) = read_page(response(f"<u>CC0-1.0</u>{picture}"), PICTURES).images
    assert found.address == "https://photos.example.org/r.jpg"
