"""Where a crawl may connect to: the allowed domains, and no private address behind their names.

A page can link, and a server can redirect, to any address, also to one that only this machine or
its network can reach. The name is checked for every request; the address that the name resolves to
is checked by the resolver itself, whose answer is the very address that is then connected to.
"""

from ipaddress import ip_address
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.resolver import CachingThreadedResolver
from scrapy.utils.defer import maybe_deferred_to_future
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from farmy_assets.scraping.extraction import MAX_ADDRESS
from farmy_assets.scraping.records import RefusalReason
from farmy_assets.scraping.scraper_file import Scraper

if TYPE_CHECKING:
    from collections.abc import Sequence

PRIVATE_HOSTS = "FARMY_PRIVATE_HOSTS"
"""The Scrapy setting that names what may lie on a private address: hosts with their ports."""


class RefusedRequestError(IgnoreRequest):
    """A request that is not made, and why."""

    def __init__(self, reason: RefusalReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class PrivateAddressError(DNSLookupError):
    """A name resolves to an address that is not public."""


class PublicResolver(CachingThreadedResolver):
    """Resolves names to public IPv4 addresses only, but for hosts that the scraper's file names.

    It does not get the port of the address: `SiteGuard` checks that, for every request.
    """

    def __init__(
        self, reactor: ReactorBase, cache_size: int, timeout: float, private_hosts: "Sequence[str]"
    ) -> None:
        super().__init__(reactor, cache_size, timeout)
        self._private_hosts = frozenset(named.partition(":")[0] for named in private_hosts)

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> "PublicResolver":
        """The resolver that the crawl's settings describe."""
        settings = crawler.settings
        size, timeout = settings.getint("DNSCACHE_SIZE"), settings.getfloat("DNS_TIMEOUT")
        return cls(reactor, size, timeout, settings.getlist(PRIVATE_HOSTS))

    def getHostByName(  # noqa: N802 - Twisted's name
        self, name: str, timeout: "Sequence[int]" = ()
    ) -> "Deferred[str]":
        """The public address of a name.

        Raises:
            PrivateAddressError: By the Deferred: the name's address is not public.
        """
        found = super().getHostByName(name, timeout)
        return found.addCallback(self._checked, name)

    def _checked(self, address: str, name: str) -> str:
        if name.lower() in self._private_hosts or is_public(address):
            return address
        msg = f"{name} is at {address}, which is not public"
        raise PrivateAddressError(msg)


def is_public(address: str) -> bool:
    """Whether an IP address is anybody's on the internet, and one machine's only."""
    found = ip_address(address)
    return found.is_global and not found.is_multicast


class SiteGuard:
    """Refuses requests that leave the site or the web; in place of Scrapy's offsite middleware.

    Redirects come by here like any other request, those of robots.txt and of pictures too.
    """

    def __init__(self, scraper: Scraper) -> None:
        self._scraper = scraper

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "SiteGuard":
        """The guard of the crawl's spider."""
        return cls(crawler.spider.scraper)  # type: ignore[union-attr]

    async def process_request(self, request: Request) -> None:
        """Let a request pass, or refuse it.

        Raises:
            RefusedRequestError: It leaves the site, or leads to a private address.
        """
        from twisted.internet import reactor  # noqa: PLC0415 - Scrapy installs it first

        parts = urlparse_cached(request)
        if len(request.url) > MAX_ADDRESS:
            raise RefusedRequestError(RefusalReason.NO_WEB_ADDRESS, "too long to be kept")
        if parts.scheme not in {"http", "https"} or not self._scraper.is_on_site(request.url):
            raise RefusedRequestError(RefusalReason.OFF_SITE, f"led to {request.url}"[:300])
        try:
            found = reactor.resolver.getHostByName(parts.hostname)
            address = await maybe_deferred_to_future(found)
        except PrivateAddressError as error:
            detail = str(error.args[0])
            raise RefusedRequestError(RefusalReason.PRIVATE_ADDRESS, detail) from error
        except DNSLookupError as error:
            detail = f"the name {parts.hostname} is not known"
            raise RefusedRequestError(RefusalReason.CONNECTION_FAILED, detail) from error
        if not is_public(address) and not self._scraper.may_be_private(request.url):
            detail = f"private_hosts does not name {parts.netloc}, which is at {address}"
            raise RefusedRequestError(RefusalReason.PRIVATE_ADDRESS, detail[:300])
