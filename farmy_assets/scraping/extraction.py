"""Links to follow, pictures and their metadata, from a page's HTML. Nothing is fetched."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from parsel import SelectorList
from scrapy import Selector
from scrapy.http import TextResponse
from scrapy.utils.response import get_base_url
from w3lib.url import canonicalize_url, safe_url_string

from farmy_assets.scraping.licences import judge_licence
from farmy_assets.scraping.records import RefusalReason
from farmy_assets.scraping.scraper_file import Place, Scraper
from farmy_assets.scraping.srcset import largest_first

MAX_TEXT = 200
MAX_ADDRESS = 2000
# A page shows its pictures to those who run no scripts right after the place where a script would.
WITHOUT_SCRIPTS = "following-sibling::*[1][self::noscript]"
# Elements beside a picture for other screens or formats, where its own element has no address.
# The parser (libxml2) does not treat `source` as void: a picture lies inside those before it.
SOURCES = "ancestor::picture[1]//source"
OF_SOURCES = (
    "source::attr(data-srcset)", "source::attr(data-lazy-srcset)", "source::attr(srcset)",
    "source::attr(data-src)", "source::attr(src)",
)  # fmt: skip

# Pictures that only count who reads the page, by their stated size. In the place of one that a
# script loads late may stand a picture as small; it names other addresses, too.
COUNTING_PIXELS = (
    "//img[number(translate(@width, 'px ', '')) <= 2]"
    "[number(translate(@height, 'px ', '')) <= 2]"
    "[not(@*[contains(name(), 'src') and name() != 'src' or name() = 'data-original'])]"
    "[not(ancestor::picture)]"
)


@dataclass(frozen=True)
class FoundImage:
    """One picture of a page; `refusal` is the reason when it is not requested."""

    address: str
    title: str | None = None
    author: str | None = None
    crop: str | None = None
    licence: str | None = None
    statement: str = ""
    refusal: RefusalReason | None = None

    @property
    def key(self) -> str:
        """The same for every way to write the address."""
        return canonicalize_url(self.address)


@dataclass(frozen=True)
class FoundPage:
    """What was found on one page, in the order of the page, nothing twice."""

    title: str | None
    links: tuple[str, ...]
    images: tuple[FoundImage, ...]


def read_page(response: TextResponse, scraper: Scraper) -> FoundPage:
    """The links and pictures of a page that the scraper's selectors choose.

    Pictures that only count who reads the page are none.
    """
    page = SelectorList([response.selector])
    for pixel in page.xpath(COUNTING_PIXELS):
        pixel.drop()
    base = get_base_url(response)
    links = (
        web_address(base, raw) for rule in scraper.follow for raw in _values(page, rule, "href")
    )
    images: dict[str, FoundImage] = {}
    for element in page.css(scraper.images.each):
        found = _read_image(SelectorList([element]), page, base, scraper)
        if found is not None:
            images.setdefault(found.address, found)
    return FoundPage(
        title=_text(page, "title::text"),
        links=tuple(dict.fromkeys(a for a in links if a and scraper.is_on_site(a))),
        images=tuple(images.values()),
    )


def web_address(base: str, raw: str) -> str | None:
    """The absolute address behind a link; None for what is no web page (mail, scripts, nonsense).

    Addresses with a name or password in them are none of ours to follow.
    """
    try:
        address = urldefrag(safe_url_string(urljoin(base, raw.strip()))).url
        parts = urlsplit(address)
        port_is_sound = parts.port != 0
    except ValueError:
        return None
    is_web = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
    return address if is_web and port_is_sound and len(address) <= MAX_ADDRESS else None


def _read_image(
    element: SelectorList[Selector], page: SelectorList[Selector], base: str, scraper: Scraper
) -> FoundImage | None:
    rule, licence = scraper.images, scraper.licence
    named = list(_addresses(element, rule.address))
    named += _addresses(SelectorList(element.xpath(SOURCES)), OF_SOURCES)
    if not named:
        return None
    named += _addresses(SelectorList(element.xpath(WITHOUT_SCRIPTS)), rule.address)
    address = next(filter(None, (web_address(base, raw) for raw in named)), None)
    if address is None:
        return FoundImage(named[0][:MAX_TEXT], refusal=RefusalReason.NO_WEB_ADDRESS)
    where = page if licence.where is Place.PAGE else element
    finding = judge_licence(_values(where, licence.selector), licence)
    refusal = finding.problem if scraper.is_on_site(address) else RefusalReason.OFF_SITE
    return FoundImage(
        address=address,
        title=_text(element, rule.title),
        author=_text(element, rule.author),
        crop=_text(element, rule.crop) or scraper.crop,
        licence=finding.licence,
        statement=finding.statement,
        refusal=refusal,
    )


def _addresses(element: SelectorList[Selector], rules: Iterable[str]) -> Iterator[str]:
    """What the rules find, in their order; of several sizes the largest first.

    Not each is an address of the web: scripts that load pictures late have a small picture, written
    out as a `data:` address, in the place of the real one.
    """
    for rule in rules:
        for raw in _values(element, rule, "src"):
            found = largest_first(raw) if "srcset" in rule else iter((raw.strip(),))
            yield from filter(None, found)


def _values(part: SelectorList[Selector], rule: str, attribute: str = "") -> Iterator[str]:
    """What a selector finds: by its ::attr or ::text, else the attribute or the text."""
    for found in part.css(rule):
        root: Any = found.root
        if isinstance(root, str):
            yield root
        elif attribute:
            yield from filter(None, [root.get(attribute)])
        else:
            yield found.xpath("string()").get("")


def _text(part: SelectorList[Selector], rule: str | None) -> str | None:
    """The first text that a selector finds, on one line, short and printable; None without one."""
    if rule is None:
        return None
    for raw in _values(part, rule):
        line = " ".join("".join(c if c.isprintable() else " " for c in raw).split())
        if line:
            return line[:MAX_TEXT].strip()
    return None
