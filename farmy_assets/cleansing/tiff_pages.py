"""Where a TIFF file's first page has its pixels, and how they are packed."""

import struct
from collections.abc import Mapping
from typing import NamedTuple

_NUMBERS = {3: "H", 4: "I"}
_HELD_INLINE = 4  # bytes
_WIDTH, _BITS, _COMPRESSION, _SAMPLES, _PLANAR = 256, 258, 259, 277, 284
_STRIPS, _TILES = (273, 279), (324, 325)  # where they begin, and how long they are
_TAGS = frozenset({_WIDTH, _BITS, _COMPRESSION, _SAMPLES, _PLANAR, *_STRIPS, *_TILES})
_SEPARATE = 2  # each colour for itself
_UNPACKED = 1


class Strips(NamedTuple):
    """The strips or tiles, from byte to byte; `row_bytes` is 0 for tiles."""

    extents: tuple[tuple[int, int], ...]
    compression: int
    row_bytes: int


def first_page(content: bytes) -> Strips | None:
    """The first page's strips or tiles; None when its directory is not all there."""
    try:
        found = _directory(content)
    except struct.error:
        return None
    starts, lengths = (found.get(s, found.get(t, ())) for s, t in zip(_STRIPS, _TILES, strict=True))
    (samples, *_), (planar, *_) = found.get(_SAMPLES, (1,)), found.get(_PLANAR, (1,))
    bits = sum(found.get(_BITS, (1,)))
    if len(found.get(_BITS, ())) == 1:
        bits *= samples
    if planar == _SEPARATE:
        bits //= max(1, samples)
    width_px = found.get(_WIDTH, (0,))[0]
    return Strips(
        tuple((begin, begin + length) for begin, length in zip(starts, lengths, strict=False)),
        compression=found.get(_COMPRESSION, (_UNPACKED,))[0],
        row_bytes=0 if _TILES[0] in found else -(-width_px * bits // 8),
    )


def has_its_pixels(content: bytes) -> bool:
    """Whether the first page's directory, and the strips or tiles that it names, are all there."""
    page = first_page(content)
    return page is not None and all(end <= len(content) for _, end in page.extents)


def _directory(content: bytes) -> Mapping[int, tuple[int, ...]]:
    order = "<" if content.startswith(b"II") else ">"
    (start,) = struct.unpack_from(f"{order}I", content, 4)
    (count,) = struct.unpack_from(f"{order}H", content, start)
    found = {}
    for place in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind, number = struct.unpack_from(f"{order}HHI", content, place)
        form = _NUMBERS.get(kind)
        if tag in _TAGS and form and 0 < number <= len(content):
            form = f"{order}{number}{form}"
            at = place + 8
            if struct.calcsize(form) > _HELD_INLINE:
                (at,) = struct.unpack_from(f"{order}I", content, at)
            found[tag] = struct.unpack_from(form, content, at)
    return found
