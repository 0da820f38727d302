"""Values of a site's headers: untrusted text, returned only where it is usable."""

import base64
import binascii
import hashlib
import re

from scrapy.http import Headers

MAX_LINE = 1000
DIGESTS = {
    "Repr-Digest": re.compile(r"sha-256=:([A-Za-z0-9+/=]+):"),  # RFC 9530
    "Digest": re.compile(r"sha-256=([A-Za-z0-9+/=]+)", re.IGNORECASE),  # RFC 3230
    "x-amz-checksum-sha256": re.compile(r"^([A-Za-z0-9+/=]+)$"),
}


def header_text(headers: Headers, name: str) -> str:
    """A header's first value, empty when there is none; bytes beyond ASCII are taken as Latin-1."""
    return (headers.get(name) or b"").decode("latin-1").strip()


def content_type(headers: Headers) -> str:
    """The content type in small letters, cut short."""
    return header_text(headers, "Content-Type").lower()[:100]


def validator(headers: Headers, name: str) -> str | None:
    """An ETag or date to send back next time, if it is a line of plain characters."""
    text = header_text(headers, name)
    is_plain = text.isascii() and text.isprintable() and len(text) <= MAX_LINE
    return text if text and is_plain else None


def announced_sha256(headers: Headers) -> str | None:
    """The SHA-256 of the body, in hex, if the server tells it before it sends the body."""
    for name, form in DIGESTS.items():
        if match := form.search(header_text(headers, name)):
            try:
                digest = base64.b64decode(match[1], validate=True)
            except binascii.Error:
                continue
            if len(digest) == hashlib.sha256().digest_size:
                return digest.hex()
    return None
