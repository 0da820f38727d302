"""Whether parts of a file that can be decoded were lost or overwritten, whatever its format.

Decoders make up for what is missing, most of them without a word. What they cannot hide is in the
bytes: coded photographs hold no long runs of zeros, checksums fit, and a picture's rows do not
turn black in the middle of one. JPEG files are looked into while they are decoded:
`jpeg_reading.py`.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from farmy_assets.cleansing.boxes import picture_extents
from farmy_assets.cleansing.byte_runs import zero_bytes, zero_runs
from farmy_assets.cleansing.file_formats import FileFormat
from farmy_assets.cleansing.tiff_pages import Strips, first_page

_RAW, _DEFLATE = 1, frozenset({8, 32946})  # TIFF's numbers for how strips are packed
_PNG_PICTURE = frozenset({b"IHDR", b"PLTE", b"IDAT"})
_WEBP_PICTURE = frozenset({b"VP8 ", b"VP8L"})
_WEBP_FRAME, _WEBP_FRAME_HEADER = b"ANMF", 16
_RIFF_HEADER_BYTES = 12
_BESIDE_A_STEP = 0.95  # of the bytes beside the edge of a hole are not zero
_STEP_BYTES = 16
# Of the coded data: a drawn, wholly even half of a picture comes to 0.017 in WebP.
_MEANT_ZEROS = 0.018

Extent = tuple[int, int]


class Damage(NamedTuple):
    """What is wrong: the share of the coded data, 0 to 1; 0 when the picture itself is whole.

    `is_cut` says that its end is missing, beyond doubt.
    """

    share: float
    detail: str
    is_cut: bool = False


def damage_of(content: bytes, file_format: FileFormat) -> Damage | None:
    """What the bytes of a file that was decoded tell; None when nothing is wrong with them.

    Args:
        content: The whole file.
        file_format: Its format; JPEG is not examined here.
    """
    look = _LOOKS.get(file_format)
    return look(content) if look else None


def _overwritten(content: bytes, extents: Iterable[Extent], name: str) -> Damage | None:
    total = zeros = longest = 0
    for begin, end in extents:
        total += end - begin
        for run in zero_runs(content, begin, end):
            zeros += run
            longest = max(longest, run)
    if longest <= _MEANT_ZEROS * total:
        return None
    return Damage(zeros / total, f"{name} overwritten with zeros")


def _png_damage(content: bytes) -> Damage | None:
    """What the checksums say of the chunks that hold the picture."""
    position, broken, whole = 8, 0, 0
    while position + 12 <= len(content):
        length = int.from_bytes(content[position : position + 4], "big")
        end = position + 8 + length
        if content[position + 4 : position + 8] in _PNG_PICTURE and end + 4 <= len(content):
            expected = int.from_bytes(content[end : end + 4], "big")
            if zlib.crc32(memoryview(content)[position + 4 : end]) == expected:
                whole += length
            else:
                broken += length
        position = end + 4
    return Damage(broken / (broken + whole), "PNG whose checksums do not fit") if broken else None


def _webp_damage(content: bytes) -> Damage | None:
    return _overwritten(content, _webp_extents(content, _RIFF_HEADER_BYTES, len(content)), "WebP")


def _boxed_damage(content: bytes) -> Damage | None:
    return _overwritten(content, picture_extents(content), "HEIC or AVIF")


def _webp_extents(content: bytes, begin: int, end: int) -> Iterator[Extent]:
    """The coded pictures among a WebP file's chunks, those of a film's frames included."""
    while begin + 8 <= end:
        name, length = content[begin : begin + 4], content[begin + 4 : begin + 8]
        body, after = begin + 8, min(end, begin + 8 + int.from_bytes(length, "little"))
        if name in _WEBP_PICTURE:
            yield body, after
        elif name == _WEBP_FRAME:
            yield from _webp_extents(content, body + _WEBP_FRAME_HEADER, after)
        begin = after + (after - body) % 2


def _tiff_damage(content: bytes) -> Damage | None:
    page = first_page(content)
    if page is None:
        return None
    if page.compression == _RAW:
        raw = b"".join(content[begin:end] for begin, end in page.extents)
        return _stepped_hole(raw, page.row_bytes, "TIFF")
    if page.compression in _DEFLATE:
        return _broken_deflate(content, page)
    return _overwritten(content, page.extents, "TIFF")


def _broken_deflate(content: bytes, page: Strips) -> Damage | None:
    """Zeros may be meant in this coding; then each strip's own checksum fits."""
    total = broken = 0
    for begin, end in page.extents:
        total += end - begin
        if zero_bytes(content, begin, end):
            try:
                zlib.decompress(memoryview(content)[begin:end])
            except zlib.error:
                broken += end - begin
    return Damage(broken / total, "TIFF overwritten with zeros") if broken else None


def _bmp_damage(content: bytes) -> Damage | None:
    """Of a bitmap without compression; its header is of the kind that all programs write."""
    begin, header_bytes = (int.from_bytes(content[at : at + 4], "little") for at in (10, 14))
    if header_bytes < 40:  # noqa: PLR2004 - the one before it has other fields
        return None
    width_px = abs(int.from_bytes(content[18:22], "little", signed=True))
    bits, packing = int.from_bytes(content[28:30], "little"), content[30]
    if packing not in (0, 3):
        return None
    return _stepped_hole(content[begin:], -(-width_px * bits // 32) * 4, "BMP")


def _stepped_hole(raw: bytes, row_bytes: int, name: str) -> Damage | None:
    """Zeros over more than a row that begin or end in the middle of one, and do so alone.

    A black border, sky or object is not like this: above its first black pixel, to the right, or
    below its last one, to the left, lies black as well.
    """
    if row_bytes < 4 * _STEP_BYTES or len(raw) < 2 * row_bytes:
        return None
    zeros, position, hole = 0, 0, bytes(row_bytes)
    levels = np.frombuffer(raw, np.uint8)
    while (begin := raw.find(hole, position)) >= 0:
        rest = np.flatnonzero(levels[begin:])
        end = begin + int(rest[0]) if rest.size else len(raw)
        if _is_step(levels, begin, row_bytes) or _is_step(levels[::-1], len(raw) - end, row_bytes):
            zeros += end - begin
        position = end
    return Damage(zeros / len(raw), f"{name} overwritten with zeros") if zeros else None


def _is_step(levels: NDArray[np.uint8], at: int, row_bytes: int) -> bool:
    column = at % row_bytes
    if at < row_bytes or not _STEP_BYTES <= column <= row_bytes - _STEP_BYTES:
        return False
    before, above = levels[at - column : at], levels[at - row_bytes : at - column]
    return all(np.count_nonzero(part) >= _BESIDE_A_STEP * part.size for part in (before, above))


_LOOKS: Mapping[FileFormat, Callable[[bytes], Damage | None]] = {
    FileFormat.PNG: _png_damage,
    FileFormat.WEBP: _webp_damage,
    FileFormat.AVIF: _boxed_damage,
    FileFormat.HEIC: _boxed_damage,
    FileFormat.TIFF: _tiff_damage,
    FileFormat.BMP: _bmp_damage,
}
