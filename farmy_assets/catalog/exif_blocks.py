"""Locate a photograph's EXIF block by the container's own table; nothing is decoded.

A block is found wherever Pillow finds it, and in a few places more.

Sources: EXIF 3.0 (JPEG's APP1); PNG, third edition, "eXIf"; RFC 9649 (WebP); ISO/IEC 14496-12 and
23008-12 (HEIC and AVIF: an item of the type `Exif`).
"""

import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from farmy_assets.catalog.exif_tags import is_readable
from farmy_assets.catalog.signatures import media_type_of

PREFIX = b"Exif\x00\x00"
FILL, APP1, START_OF_SCAN, END_OF_IMAGE = 0xFF, 0xE1, 0xDA, 0xD9
WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
NO_MARKERS = {0x00, FILL}  # escaped data, and filling
RAW_PROFILES = (b"Raw profile type exif", b"Raw profile type APP1")
RAW_PROFILE_HEAD_LINES = 3  # an empty one, its name, its length
LARGEST_RAW_PROFILE_BYTES = 1 << 20
BYTES_OF_ITEM_NUMBER = {2: 2, 3: 4}  # by the version of an `infe` box
IN_FILE, IN_ITEM_DATA = 0, 1  # where the places of an item are counted from
LARGEST_EXTENT_BYTES = 1 << 20
MOST_PARTS = 100_000  # of a file; no photograph has as many
MOST_SEGMENTS = 64  # with EXIF in them


def exif_block(content: bytes) -> bytes | None:
    """The EXIF block of an image, from its TIFF header on; None when none can be read."""
    find = FINDERS.get(media_type_of(content))
    found = islice(find(content), MOST_SEGMENTS) if find else ()
    blocks = (re.sub(b"^(?:%b){1,2}" % PREFIX, b"", block) for block in found)
    return next((block for block in blocks if is_readable(block)), None)


def _in_jpeg(content: bytes) -> Iterator[bytes]:
    """All segments together, as a block longer than one of them is written; then each alone."""
    segments = list(islice(_exif_segments(content), MOST_SEGMENTS))
    if segments:
        yield b"".join([segments[0], *(s.removeprefix(PREFIX) for s in segments[1:])])
        yield from segments[1:]


def _exif_segments(content: bytes) -> Iterator[bytes]:
    place = 2
    for _ in range(MOST_PARTS):
        place = content.find(FILL, place)  # between segments, some cameras leave other bytes
        if place < 0 or place + 4 > len(content):
            return
        marker = content[place + 1]
        if marker in {START_OF_SCAN, END_OF_IMAGE}:
            return
        if marker in NO_MARKERS:
            place += 1
            continue
        size = 0 if marker in WITHOUT_LENGTH else _number(content, place + 2, 2)
        body = content[place + 4 : place + 2 + size] if marker == APP1 else b""
        if body.startswith(PREFIX):
            yield body
        place += 2 + size


def _in_png(content: bytes) -> Iterator[bytes]:
    """Its own chunk, then the text that ImageMagick and others wrote before there was one."""
    raw_profiles = []
    for kind, body in _png_chunks(content):
        if kind == b"eXIf":
            yield body
        if kind in {b"tEXt", b"zTXt", b"iTXt"} and body.startswith(RAW_PROFILES):
            raw_profiles.append((kind, body))
    for kind, body in raw_profiles[:MOST_SEGMENTS]:
        yield _raw_profile(kind, body)


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 8
    for _ in range(MOST_PARTS):
        if place + 8 > len(content):
            return
        size, kind = _number(content, place, 4), content[place + 4 : place + 8]
        # What holds the picture is of no interest, and may be large.
        yield kind, b"" if kind == b"IDAT" else content[place + 8 : place + 8 + size]
        place += 12 + size


def _raw_profile(kind: bytes, chunk: bytes) -> bytes:
    """The bytes that stand in a text chunk as hexadecimal digits; none when they do not."""
    text = chunk.partition(b"\0")[2]
    is_packed = kind == b"zTXt"
    if kind == b"iTXt":
        is_packed = text[:1] == b"\1"
        text = text[2:].partition(b"\0")[2].partition(b"\0")[2]
    elif is_packed:
        text = text[1:]
    try:
        if is_packed:
            text = zlib.decompressobj().decompress(text, LARGEST_RAW_PROFILE_BYTES)
        lines = text[:LARGEST_RAW_PROFILE_BYTES].split(b"\n")[RAW_PROFILE_HEAD_LINES:]
        return bytes.fromhex(b"".join(lines).decode("ascii"))
    except (zlib.error, ValueError):
        return b""


def _in_webp(content: bytes) -> Iterator[bytes]:
    place = 12
    for _ in range(MOST_PARTS):
        if place + 8 > len(content):
            return
        size = int.from_bytes(content[place + 4 : place + 8], "little")
        if content[place : place + 4] == b"EXIF":
            yield content[place + 8 : place + 8 + size]
        place += 8 + size + size % 2


def _in_heif(content: bytes) -> Iterator[bytes]:
    meta = next((part for kind, part in _boxes(content) if kind == b"meta"), b"")
    parts = dict(_boxes(meta[4:]))
    number = _exif_item(parts.get(b"iinf", b""))
    if number is None:
        return
    method, extents = _places_of_item(parts.get(b"iloc", b""), number)
    inside = {IN_FILE: content, IN_ITEM_DATA: parts.get(b"idat", b"")}.get(method, b"")
    item = b"".join(inside[p : p + min(s, LARGEST_EXTENT_BYTES)] for p, s in extents)
    yield item[4 + _number(item, 0, 4) :]
    # The first four bytes say where the block begins; some writers mean something else by them.
    yield item[4:]
    yield item


def _exif_item(items: bytes) -> int | None:
    """The number of the first item of the type `Exif` in an `iinf` box."""
    for kind, item in _boxes(items[8 if items[:1] > b"\x00" else 6 :]):
        length = BYTES_OF_ITEM_NUMBER.get(_number(item, 0, 1))
        if kind == b"infe" and length and item[length + 6 : length + 10] == b"Exif":
            return _number(item, 4, length)
    return None


def _places_of_item(places: bytes, wanted: int) -> tuple[int, list[tuple[int, int]]]:
    """How an item's places are counted, and offset and size in bytes of its parts, by `iloc`."""
    version = _number(places, 0, 1)
    of_offset, of_size = divmod(_number(places, 4, 1), 16)
    of_base, of_index = divmod(_number(places, 5, 1), 16)
    of_number = 4 if version > 1 else 2
    of_method = 2 if version else 0
    of_index = of_index if version else 0
    of_extent = of_index + of_offset + of_size
    at = 6 + of_number
    while at < len(places):
        number = _number(places, at, of_number)
        method = _number(places, at + of_number, of_method) & 0xF
        at += of_number + of_method + 2
        base = _number(places, at, of_base)
        extents = _number(places, at + of_base, 2)
        at += of_base + 2
        if number == wanted:
            starts = [at + n * of_extent + of_index for n in range(min(extents, MOST_SEGMENTS))]
            return method, [
                (base + _number(places, s, of_offset), _number(places, s + of_offset, of_size))
                for s in starts
            ]
        at += extents * of_extent
    return IN_FILE, []


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and body of each box that is complete in these bytes."""
    place = 0
    for _ in range(MOST_PARTS):
        if place + 8 > len(content):
            return
        size, head = _number(content, place, 4), 8
        if size == 1:
            size, head = _number(content, place + 8, 8), 16
        end = place + size if size else len(content)
        if end < place + head or end > len(content):
            return
        yield content[place + 4 : place + 8], content[place + head : end]
        place = end


def _number(content: bytes, place: int, size: int) -> int:
    return int.from_bytes(content[place : place + size])


FINDERS: Mapping[str, Callable[[bytes], Iterator[bytes]]] = {
    "image/jpeg": _in_jpeg,
    "image/png": _in_png,
    "image/webp": _in_webp,
    "image/heic": _in_heif,
    "image/avif": _in_heif,
    "image/tiff": lambda content: iter((content,)),
}
