"""A scraper: which site, which of its pictures, under which licence, how gently. It is a YAML file.

    name: maize-gallery
    campaign: weeds-2026
    contact: data@farm.example
    start_pages: [https://photos.example.org/maize/]
    allowed_domains: [photos.example.org]
    follow: [a.next]
    images: {each: figure}
    licence:
      selector: a[rel~=license]::attr(href)
      allowed: [CC-BY-4.0, CC0-1.0]

Everything else has a default. `docs/scraping.md` explains each field.
"""

import hashlib
import re
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

import yaml
from parsel.csstranslator import HTMLTranslator
from pydantic import AfterValidator, Field, StringConstraints, ValidationError, model_validator

from farmy_assets.catalog.metadata import MAX_SIZE_BYTES, CampaignName, ShortText
from farmy_assets.catalog.records import Record
from farmy_assets.errors import InvalidInputError

MAX_FILE_CHARACTERS = 64_000
DOMAIN = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
DOMAIN_PATTERN = rf"^{DOMAIN}$"
DEFAULT_PORTS = {"http": 80, "https": 443}
LAST_PORT = 65_535


def _is_selector(text: str) -> str:
    try:
        HTMLTranslator().css_to_xpath(text)
    except Exception as error:  # cssselect, parsel and their tokenizers have no common base
        msg = f"{text!r} is no CSS selector: {error}"
        raise ValueError(msg) from error
    return text


def _is_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        msg = f"{text!r} is no regular expression: {error}"
        raise ValueError(msg) from error
    return text


def _is_web_page(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        msg = "must be an address like https://example.org/gallery, without a name or password"
        raise ValueError(msg)
    return text


def _is_host_with_port(text: str) -> str:
    host, _, port = text.lower().partition(":")
    is_port = not port or (port.isascii() and port.isdigit() and 0 < int(port) <= LAST_PORT)
    if not re.fullmatch(DOMAIN, host) or not is_port or text.endswith(":"):
        msg = "must be a host and its port, such as intranet.example:8080"
        raise ValueError(msg)
    return f"{host}:{int(port)}" if port else host


def _says_how_to_reach_us(text: str) -> str:
    if not re.fullmatch(r"[^@\s()]+@[^@\s()]+\.[^@\s()]+|https?://[^\s()]+", text):
        msg = "must be a mail address or a web page: it is sent to the site with every request"
        raise ValueError(msg)
    return text


Selector = Annotated[str, StringConstraints(max_length=500), AfterValidator(_is_selector)]
Pattern = Annotated[str, StringConstraints(max_length=500), AfterValidator(_is_pattern)]
WebPage = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_is_web_page)]
Domain = Annotated[str, StringConstraints(to_lower=True, max_length=253, pattern=DOMAIN_PATTERN)]
PrivateHost = Annotated[str, StringConstraints(max_length=260), AfterValidator(_is_host_with_port)]
Contact = Annotated[str, StringConstraints(max_length=200), AfterValidator(_says_how_to_reach_us)]
LicenceId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.+-]{0,99}$")]


class Place(StrEnum):
    """Where a licence is looked for."""

    IMAGE = "image"
    PAGE = "page"


class ImageRule(Record):
    """Which pictures of a page to fetch, and where their metadata are."""

    each: Selector = "img"
    address: Annotated[tuple[Selector, ...], Field(min_length=1)] = (
        # Where scripts load pictures late, the real addresses are in other attributes.
        "img::attr(data-srcset)", "img::attr(data-lazy-srcset)", "img::attr(srcset)",
        "img::attr(data-src)", "img::attr(data-lazy-src)", "img::attr(data-original)",
        "img::attr(src)",
    )  # fmt: skip
    title: Selector | None = None
    author: Selector | None = None
    crop: Selector | None = None


class LicenceRule(Record):
    """How a picture's licence is found, and which ones we may use."""

    selector: Selector
    where: Place = Place.IMAGE
    pattern: Pattern | None = None
    allowed: Annotated[tuple[LicenceId, ...], Field(min_length=1)]
    names: Mapping[str, LicenceId] = Field(default_factory=dict)


class Rate(Record):
    """How gently a site is asked; the site's own `Crawl-delay` counts where it is longer."""

    delay_seconds: Annotated[float, Field(ge=0, le=600, allow_inf_nan=False)] = 1.0
    concurrency: Annotated[int, Field(ge=1, le=8)] = 2
    autothrottle: bool = True


class Limits(Record):
    """Where one job ends at the latest."""

    pages: Annotated[int, Field(ge=1, le=100_000)] = 1000
    images: Annotated[int, Field(ge=1, le=1_000_000)] = 5000
    depth: Annotated[int, Field(ge=0, le=1000)] = 20
    image_bytes: Annotated[int, Field(ge=1, le=MAX_SIZE_BYTES)] = 30_000_000
    minutes: Annotated[float, Field(gt=0, le=55)] = 50
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 60


class Scraper(Record):
    """The settings of one site."""

    name: CampaignName
    campaign: CampaignName
    contact: Contact
    start_pages: Annotated[tuple[WebPage, ...], Field(min_length=1, max_length=1000)]
    allowed_domains: Annotated[tuple[Domain, ...], Field(min_length=1, max_length=100)]
    follow: tuple[Selector, ...] = ()
    images: ImageRule = ImageRule()
    licence: LicenceRule
    crop: ShortText | None = None
    rate: Rate = Rate()
    limits: Limits = Limits()
    private_hosts: Annotated[tuple[PrivateHost, ...], Field(max_length=100)] = ()

    @model_validator(mode="after")
    def _starts_on_its_own_site(self) -> "Scraper":
        strangers = [page for page in self.start_pages if not self.is_on_site(page)]
        if strangers:
            msg = f"start_pages: {strangers[0]} is not in allowed_domains"
            raise ValueError(msg)
        if len(self.start_pages) > self.limits.pages:
            msg = "limits.pages: must not be smaller than the number of start_pages"
            raise ValueError(msg)
        return self

    @property
    def digest(self) -> str:
        """Changes with every change of the file's meaning."""
        return hashlib.sha256(self.to_json()).hexdigest()[:16]

    @property
    def user_agent(self) -> str:
        """Who we are, for the site's owner."""
        return f"farmy-scraper/1.0 (+{self.contact})"

    def is_on_site(self, address: str) -> bool:
        """Whether an address is in the allowed domains; subdomains do, but not those of an IP."""
        host = (urlsplit(address).hostname or "").lower()
        return any(
            host == domain or (host.endswith(f".{domain}") and not _is_ip(domain))
            for domain in self.allowed_domains
        )

    def may_be_private(self, address: str) -> bool:
        """Whether the file lets this address lie outside the public internet: its host and port.

        A host that is named without a port has the port that is usual for http and https.
        """
        parts = urlsplit(address)
        try:
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:  # there is no such port
            return False
        usual = DEFAULT_PORTS.get(parts.scheme)
        names = {f"{host}:{port or usual}"} | ({host} if port in {None, usual} else set())
        return not names.isdisjoint(self.private_hosts)


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def parse_scraper(text: str) -> Scraper:
    """The scraper that a YAML file describes.

    Raises:
        InvalidInputError: The file is no scraper; the text names every problem and its place.
    """
    if len(text) > MAX_FILE_CHARACTERS:
        msg = f"the scraper file is longer than {MAX_FILE_CHARACTERS} characters"
        raise InvalidInputError(msg)
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        msg = f"the scraper file is not readable YAML: {error}"
        raise InvalidInputError(msg) from error
    if not isinstance(document, dict):
        msg = "the scraper file must hold fields such as `name:` and `start_pages:`"
        raise InvalidInputError(msg)
    try:
        return Scraper.model_validate(document)
    except ValidationError as error:
        lines = [
            f"  {'.'.join([*map(str, detail['loc']), ''])[:-1] or 'the file'}: "
            f"{detail['msg'].removeprefix('Value error, ')}"
            for detail in error.errors(
                include_url=False, include_context=False, include_input=False
            )
        ]
        msg = "the scraper file is not valid:\n" + "\n".join(lines)
        raise InvalidInputError(msg) from error
