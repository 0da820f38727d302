"""The boxes of HEIC and AVIF files: whether they are all there, and where the coded pictures lie.

ISO/IEC 14496-12, sections 4.2 (boxes) and 8.11 (`meta`, `iloc`, `iinf`).
"""

from collections.abc import Iterator
from typing import NamedTuple

# Lengths of a box that mean something else.
_TO_THE_END, _LENGTH_FOLLOWS, _HEADER_BYTES = 0, 1, 8
_LONG_HEADER_BYTES = 16
_CODED = frozenset({b"hvc1", b"av01"})  # beside them lie EXIF blocks, which may hold zeros
_META_VERSION_BYTES = 4
_IN_THE_FILE = 0
_LARGE_NUMBERS = 2  # versions of `iloc` and `infe` from which on ids are longer, or types are given


class Box(NamedTuple):
    """A box: its type, and where its body begins and ends."""

    kind: bytes
    begin: int
    end: int


def boxes(content: bytes, begin: int, end: int) -> Iterator[Box]:
    """The boxes between two places, as far as they are sound."""
    while begin + _HEADER_BYTES <= end:
        length, header = int.from_bytes(content[begin : begin + 4], "big"), _HEADER_BYTES
        if length == _LENGTH_FOLLOWS:
            length = int.from_bytes(content[begin + 8 : begin + 16], "big")
            header = _LONG_HEADER_BYTES
        elif length == _TO_THE_END:
            length = end - begin
        if length < header:
            return
        yield Box(content[begin + 4 : begin + 8], begin + header, min(end, begin + length))
        begin += length


def end_with_the_file(content: bytes) -> bool:
    """Whether the outermost boxes, each of which begins with its length, are all there."""
    position = 0
    while position < len(content):
        length = int.from_bytes(content[position : position + 4], "big")
        if length == _LENGTH_FOLLOWS:
            length = int.from_bytes(content[position + 8 : position + 16], "big")
        if length < _HEADER_BYTES:
            return length == _TO_THE_END
        position += length
    return position == len(content)


def picture_extents(content: bytes) -> Iterator[tuple[int, int]]:
    """From where to where each coded picture of the file lies; nothing for a file without any."""
    for outer in boxes(content, 0, len(content)):
        if outer.kind != b"meta":
            continue
        inner = list(boxes(content, outer.begin + _META_VERSION_BYTES, outer.end))
        coded = {
            item for box in inner if box.kind == b"iinf" for item in _coded_items(content, box)
        }
        for box in inner:
            if box.kind == b"iloc":
                yield from _extents(content, box, coded)


def _coded_items(content: bytes, box: Box) -> Iterator[int]:
    version = content[box.begin]
    for entry in boxes(content, box.begin + (6 if version == 0 else 8), box.end):
        body = content[entry.begin : entry.end]
        if entry.kind == b"infe" and body and body[0] >= _LARGE_NUMBERS:
            id_bytes = 2 if body[0] == _LARGE_NUMBERS else 4
            if body[6 + id_bytes : 10 + id_bytes] in _CODED:
                yield int.from_bytes(body[4 : 4 + id_bytes], "big")


def _extents(content: bytes, box: Box, wanted: set[int]) -> Iterator[tuple[int, int]]:
    numbers = _Numbers(content, box.begin, box.end)
    version = numbers.read(4) >> 24
    sizes = numbers.read(2)
    offset_bytes, length_bytes, base_bytes, index_bytes = (sizes >> at & 15 for at in (12, 8, 4, 0))
    id_bytes = 2 if version < _LARGE_NUMBERS else 4
    for _ in range(numbers.read(id_bytes)):
        if numbers.is_over:
            return
        item = numbers.read(id_bytes)
        method = numbers.read(2) & 15 if version else _IN_THE_FILE
        numbers.read(2)
        base = numbers.read(base_bytes)
        for _ in range(numbers.read(2)):
            if numbers.is_over:
                return
            if version:
                numbers.read(index_bytes)
            begin = base + numbers.read(offset_bytes)
            length = numbers.read(length_bytes)
            if item in wanted and method == _IN_THE_FILE and begin < len(content):
                yield begin, min(len(content), begin + length) if length else len(content)


class _Numbers:
    """Big-endian numbers of any size, one after the other; zeros once the box is over."""

    def __init__(self, content: bytes, begin: int, end: int) -> None:
        self._content, self._at, self._end = content, begin, end

    @property
    def is_over(self) -> bool:
        return self._at >= self._end

    def read(self, size: int) -> int:
        part = self._content[self._at : min(self._end, self._at + size)]
        self._at += size
        return int.from_bytes(part, "big")
