"""Where a photograph's EXIF block lies: found by the container's own table, nothing is decoded.

Sources: EXIF 3.0 (JPEG's APP1); PNG, third edition, "eXIf"; RFC 9649 (WebP); ISO/IEC 14496-12 and
23008-12 (HEIC and AVIF: an item of the type `Exif`).
"""

from collections.abc import Callable, Iterator, Mapping

from farmy_assets.catalog.signatures import media_type_of

PREFIX = b"Exif\x00\x00"
FILL, APP1, START_OF_SCAN, END_OF_IMAGE = 0xFF, 0xE1, 0xDA, 0xD9
WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
BYTES_OF_ITEM_NUMBER = {2: 2, 3: 4}  # by the version of an `infe` box
IN_FILE = 0  # the place of an item is told from the file's start


def exif_block(content: bytes) -> bytes | None:
    """The EXIF block of an image, from its TIFF header on; None when none is found."""
    find = FINDERS.get(media_type_of(content))
    found = find(content) if find else None
    return found.removeprefix(PREFIX) if found else None


def _in_jpeg(content: bytes) -> bytes | None:
    place = 2
    while place + 4 <= len(content) and content[place] == FILL:
        marker = content[place + 1]
        if marker in {START_OF_SCAN, END_OF_IMAGE}:
            return None
        if marker == FILL:
            place += 1
            continue
        size = 0 if marker in WITHOUT_LENGTH else _number(content, place + 2, 2)
        body = content[place + 4 : place + 2 + size] if marker == APP1 else b""
        if body.startswith(PREFIX):
            return body
        place += 2 + size
    return None


def _in_png(content: bytes) -> bytes | None:
    place = 8
    while place + 8 <= len(content):
        size = _number(content, place, 4)
        if content[place + 4 : place + 8] == b"eXIf":
            return content[place + 8 : place + 8 + size]
        place += 12 + size
    return None


def _in_webp(content: bytes) -> bytes | None:
    place = 12
    while place + 8 <= len(content):
        size = int.from_bytes(content[place + 4 : place + 8], "little")
        if content[place : place + 4] == b"EXIF":
            return content[place + 8 : place + 8 + size]
        place += 8 + size + size % 2
    return None


def _in_heif(content: bytes) -> bytes | None:
    meta = next((part for kind, part in _boxes(content) if kind == b"meta"), b"")
    parts = dict(_boxes(meta[4:]))
    number = _exif_item(parts.get(b"iinf", b""))
    told = None if number is None else _place_of_item(parts.get(b"iloc", b""), number)
    if told is None:
        return None
    place, size = told
    item = content[place : place + size]
    return item[4 + _number(item, 0, 4) :]


def _exif_item(items: bytes) -> int | None:
    """The number of the first item of the type `Exif` in an `iinf` box."""
    for kind, item in _boxes(items[8 if items[:1] > b"\x00" else 6 :]):
        length = BYTES_OF_ITEM_NUMBER.get(_number(item, 0, 1))
        if kind == b"infe" and length and item[length + 6 : length + 10] == b"Exif":
            return _number(item, 4, length)
    return None


def _place_of_item(places: bytes, wanted: int) -> tuple[int, int] | None:
    """Offset and size in bytes of an item's first extent, by an `iloc` box."""
    version = _number(places, 0, 1)
    of_offset, of_size = divmod(_number(places, 4, 1), 16)
    of_base, of_index = divmod(_number(places, 5, 1), 16)
    of_number = 4 if version > 1 else 2
    of_method = 2 if version else 0
    of_index = of_index if version else 0
    at = 6 + of_number
    while at < len(places):
        number = _number(places, at, of_number)
        method = _number(places, at + of_number, of_method) & 0xF
        at += of_number + of_method + 2
        base = _number(places, at, of_base)
        extents = _number(places, at + of_base, 2)
        at += of_base + 2
        if number == wanted:
            offset = base + _number(places, at + of_index, of_offset)
            size = _number(places, at + of_index + of_offset, of_size)
            return (offset, size) if method == IN_FILE and extents else None
        at += extents * (of_index + of_offset + of_size)
    return None


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and body of each box that lies whole in these bytes."""
    place = 0
    while place + 8 <= len(content):
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


FINDERS: Mapping[str, Callable[[bytes], bytes | None]] = {
    "image/jpeg": _in_jpeg,
    "image/png": _in_png,
    "image/webp": _in_webp,
    "image/heic": _in_heif,
    "image/avif": _in_heif,
    "image/tiff": lambda content: content,
}
