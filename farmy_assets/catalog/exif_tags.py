"""The tags of an EXIF block: the one reader, for capture facts and for orientation.

A block is a small TIFF file. What cannot be read is passed over, tag by tag, and the rest counts:
cameras and editors write wrong types, lengths and places, and leave directories cut short. Every
value that Pillow reads is read here (a test compares the two), but nothing warns, and a broken tag
takes no other with it.

Sources: TIFF 6.0, section 2; EXIF 3.0, 4.6; BigTIFF as libtiff reads it.
"""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from PIL.ExifTags import IFD, Base

ORDERS = {b"II*\0": "<", b"II\0*": "<", b"II+\0": "<", b"MM\0*": ">", b"MM*\0": ">", b"MM\0+": ">"}
BIG = {b"II+\0", b"MM\0+"}
TEXTS = {1, 2, 6, 7}  # BYTE, ASCII, SBYTE, UNDEFINED
RATIONALS = {5: "I", 10: "i"}
NUMBERS = {
    1: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I", 16: "Q",
}  # fmt: skip
BYTES_OF = {2: 1, **{kind: struct.calcsize(f"<{f}") for kind, f in NUMBERS.items()}, 5: 8, 10: 8}
ASCII = 2
MOST_NUMBERS = 16
MOST_TAGS = 65_535  # of a directory: BigTIFF could tell more


@dataclass(frozen=True)
class Value:
    """The bytes of one tag, and their declared type."""

    kind: int
    order: str
    content: bytes

    @property
    def text(self) -> str:
        """The printable characters up to the first null character."""
        if self.kind not in TEXTS:
            return ""
        head = self.content.partition(b"\0")[0]
        try:
            text = head.decode()
        except UnicodeDecodeError:
            text = head.decode("latin-1")
        return "".join(c for c in text if c.isprintable()).strip()

    @property
    def numbers(self) -> tuple[float, ...]:
        """The first few numbers; not a number is what is divided by zero, or no number at all."""
        if self.kind == ASCII:
            return (_number_in(self.text),)
        size = BYTES_OF[self.kind]
        content = self.content[: min(len(self.content) // size, MOST_NUMBERS) * size]
        if form := RATIONALS.get(self.kind):
            found = _unpacked(self.order, form, content)
            pairs = zip(found[::2], found[1::2], strict=True)
            return tuple(above / below if below else math.nan for above, below in pairs)
        return tuple(map(float, _unpacked(self.order, NUMBERS[self.kind], content)))

    @property
    def number(self) -> int | None:
        """The first number, if it is a whole one."""
        first = next(iter(self.numbers), math.nan)
        return int(first) if math.isfinite(first) and first == int(first) else None


Tags = Mapping[int, Value]
NO_TAGS: Tags = MappingProxyType({})


@dataclass(frozen=True)
class ExifTags:
    """The tags of an EXIF block, by directory.

    Attributes:
        base: Tags of any TIFF file: device, orientation, time of change.
        camera: Tags that cameras add.
        place: Where it was taken.
    """

    base: Tags = field(default_factory=dict)
    camera: Tags = field(default_factory=dict)
    place: Tags = field(default_factory=dict)

    @property
    def orientation(self) -> int | None:
        """The orientation, 1 (upright) to 8; None where there is no valid value."""
        value = self.base.get(Base.Orientation)
        number = value.number if value else None
        return number if number is not None and 1 <= number <= 8 else None  # noqa: PLR2004


NO_EXIF = ExifTags()


def is_readable(block: bytes) -> bool:
    """Whether a block begins as one does."""
    return block[:4] in ORDERS


def read_tags(block: bytes) -> ExifTags:
    """All that can be read of an EXIF block, from its TIFF header on; never raises."""
    if not is_readable(block):
        return NO_EXIF
    order, is_big = ORDERS[block[:4]], block[:4] in BIG
    start = block[8:16] if is_big else block[4:8]
    base = _directory(block, _whole(order, start), order, is_big=is_big)

    def directory_at(tag: int) -> Tags:
        value = base.get(tag)
        place = value.number if value else None
        return NO_TAGS if place is None else _directory(block, place, order, is_big=is_big)

    return ExifTags(base, directory_at(IFD.Exif), directory_at(IFD.GPSInfo))


def _directory(block: bytes, place: int, order: str, *, is_big: bool) -> Tags:
    """Each tag with its first readable value; a directory that is cut short counts so far."""
    of_count, of_offset = (8, 8) if is_big else (2, 4)
    of_entry = 4 + 2 * of_offset
    found: dict[int, Value] = {}
    if not 0 <= place <= len(block):
        return found
    entries = min(_whole(order, block[place : place + of_count]), MOST_TAGS)
    place += of_count
    last = min(place + entries * of_entry, len(block))
    for at in range(place, last - of_entry + 1, of_entry):
        tag, kind = struct.unpack_from(f"{order}HH", block, at)
        count = _whole(order, block[at + 4 : at + 4 + of_offset])
        held = block[at + 4 + of_offset : at + of_entry]
        size = count * BYTES_OF.get(kind, 0)
        if tag in found or not size:
            continue
        if size > of_offset:
            offset = _whole(order, held)
            held = block[offset : offset + size]
        if len(held) >= size:
            found[tag] = Value(kind, order, held[:size])
    return found


def _whole(order: str, content: bytes) -> int:
    return int.from_bytes(content, "little" if order == "<" else "big")


def _unpacked(order: str, form: str, content: bytes) -> tuple[float, ...]:
    return struct.unpack(f"{order}{len(content) // struct.calcsize(f'<{form}')}{form}", content)


def _number_in(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
