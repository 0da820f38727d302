"""How a JPEG file is built, as far as it shows whether its coded data are all there.

Only markers and tables are read; nothing is decoded. Names and numbers: ITU-T T.81, annex B.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

# In a scan, 0xFF before 0x00 is a data byte, 0xD0-0xD7 restart the coder, 0xFF is padding.
_NEXT_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_NOT_ZERO = re.compile(rb"[^\x00]")
_SOI, _EOI, _SOS, _DQT, _DHT, _DRI = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD
_SEQUENTIAL, _PROGRESSIVE = frozenset({0xC0, 0xC1}), 0xC2
_FRAMES = frozenset(range(0xC0, 0xD0)) - {_DHT, 0xC8, 0xCC}
_AC_TABLE = 0x10
_COEFFICIENTS = 64
_CODE_LENGTHS = 16
_END_OF_BLOCK = 0

ZERO_RUN_BYTES = 32
"""No coder of a photograph writes so many zero bytes in a row (of 2,211 real ones none wrote 8)."""
_ZEROS = bytes(ZERO_RUN_BYTES)
_PADDING_BYTES = 16


class Component(NamedTuple):
    """One colour channel: its number in the file, and how finely it is sampled."""

    number: int
    across: int
    down: int


class Scan(NamedTuple):
    """One piece of coded data, from `begin` to `end`.

    It holds the coefficients `first` to `last` of some components; a scan that `refines` adds one
    bit to what is known of them, `lowest_bit` is the last bit that is known then.
    `is_flat_when_zero` says whether zero bits stand for blocks without any detail.
    """

    begin: int
    end: int
    components: tuple[int, ...]
    first: int
    last: int
    refines: bool
    lowest_bit: int
    is_flat_when_zero: bool


class JpegStream(NamedTuple):
    """The frame and its scans; `frame` is the number of the marker that began it, 0 if none did."""

    frame: int
    width_px: int
    height_px: int
    components: tuple[Component, ...]
    scans: tuple[Scan, ...]
    restart_interval: int
    has_end_mark: bool
    has_broken_tables: bool

    @property
    def is_one_sequential_scan(self) -> bool:
        """Whether the picture is decoded from its top to its bottom in one go."""
        return (
            self.frame in _SEQUENTIAL
            and len(self.scans) == 1
            and len(self.scans[0].components) == len(self.components)
        )

    @property
    def is_understood(self) -> bool:
        """Whether it is of a kind that is looked into here."""
        is_known = self.frame in _SEQUENTIAL or self.frame == _PROGRESSIVE
        return is_known and bool(self.scans)


def read_stream(content: bytes) -> JpegStream:
    """What the markers say, up to the picture's end mark; hostile bytes do no harm.

    Walks from segment to segment, because thumbnails and attached films hold end marks too.
    """
    position, frame, restart_interval = 2, b"", 0
    scans: list[Scan] = []
    first_symbols: dict[int, int] = {}
    has_end_mark = has_broken_tables = False
    following = _NEXT_MARKER.search(content, position)
    while found := following:
        marker, position = found.group(1)[0], found.end()
        if marker == _EOI:
            has_end_mark = True
            break
        if marker == _SOI:
            if scans:  # another picture begins: this one has no end mark
                break
            following = _NEXT_MARKER.search(content, position)
            continue
        # The length counts itself. A scan's data follow its header: the search skips them.
        length = int.from_bytes(content[position : position + 2], "big")
        body = content[position + 2 : position + length]
        position += length
        following = _NEXT_MARKER.search(content, position)
        if marker in _FRAMES and not frame:
            frame = bytes([marker]) + body
        elif marker in (_DQT, _DHT):
            has_broken_tables |= _is_broken_table(marker, body)
            first_symbols |= dict(_first_symbols(body)) if marker == _DHT else {}
        elif marker == _DRI:
            restart_interval = int.from_bytes(body[:2], "big")
        elif marker == _SOS:
            end = following.start() if following else len(content)
            scans += _scan(body, position, end, first_symbols)
            # Zeros at the very end of the file are never meant; before an end mark they may be.
            if scans and not (scans[-1].is_flat_when_zero and following):
                scans[-1] = _without_padding(content, scans[-1])
    return JpegStream(
        frame=frame[0] if frame else 0,
        height_px=int.from_bytes(frame[2:4], "big"),
        width_px=int.from_bytes(frame[4:6], "big"),
        components=tuple(
            Component(frame[at], frame[at + 1] >> 4, frame[at + 1] & 15)
            for at in range(7, len(frame) - 2, 3)
        ),
        scans=tuple(scans),
        restart_interval=restart_interval,
        has_end_mark=has_end_mark,
        has_broken_tables=has_broken_tables,
    )


def zero_bytes(content: bytes, begin: int, end: int) -> int:
    """How many bytes between two places lie in long runs of zeros."""
    return sum(zero_runs(content, begin, end))


def zero_runs(content: bytes, begin: int, end: int) -> Iterator[int]:
    """The lengths in bytes of the long runs of zeros between two places."""
    while (begin := content.find(_ZEROS, begin, end)) >= 0:
        other = _NOT_ZERO.search(content, begin, end)
        stop = other.start() if other else end
        yield stop - begin
        begin = stop


def overwritten_share(content: bytes, stream: JpegStream, *, even_if_flat: bool = False) -> float:
    """The share of the coded data that are zeros and cannot be meant, 0 to 1.

    Args:
        content: The file.
        stream: How it is built.
        even_if_flat: Count zeros as well that could stand for a flat part of the picture.
    """
    zeros = sum(
        zero_bytes(content, scan.begin, scan.end)
        for scan in stream.scans
        if even_if_flat or not scan.is_flat_when_zero
    )
    return zeros / max(1, sum(scan.end - scan.begin for scan in stream.scans))


def lost_restarts_share(content: bytes, stream: JpegStream) -> float:
    """The share of the restart marks that are not there, 0 to 1; more than 1 if there are others.

    Only of a picture in one scan, in which their number follows from its size.
    """
    if not (stream.restart_interval and stream.is_one_sequential_scan):
        return 0.0
    expected = max(0, -(-_units(stream) // stream.restart_interval) - 1)
    scan = stream.scans[0]
    found = sum(1 for _ in _RESTART.finditer(content, scan.begin, scan.end))
    return abs(expected - found) / max(1, expected)


def lacks_scans(stream: JpegStream) -> bool:
    """Whether some bits of some coefficients of some component are not there.

    Each scan that refines takes up where another one has left off (T.81, G.1.1.1.1).
    """
    bits: dict[int, list[int | None]] = {
        component.number: [None] * _COEFFICIENTS for component in stream.components
    }
    for scan in stream.scans:
        for number in scan.components:
            for place in range(scan.first, min(scan.last, _COEFFICIENTS - 1) + 1):
                if number not in bits:
                    continue
                if scan.refines and bits[number][place] != scan.lowest_bit + 1:
                    return True
                bits[number][place] = scan.lowest_bit
    return any(bit != 0 for of_component in bits.values() for bit in of_component)


def _units(stream: JpegStream) -> int:
    """How many units (MCU) a scan of all components has."""
    if len(stream.components) == 1:
        across = down = 1
    else:
        across = max((c.across for c in stream.components), default=1)
        down = max((c.down for c in stream.components), default=1)
    rows = -(-stream.height_px // (8 * max(1, down)))
    return rows * -(-stream.width_px // (8 * max(1, across)))


def _without_padding(content: bytes, scan: Scan) -> Scan:
    """The scan without the zeros that were put behind its data."""
    if not content.endswith(_ZEROS[:_PADDING_BYTES], scan.begin, scan.end):
        return scan
    kept = len(content[scan.begin : scan.end].rstrip(b"\x00"))
    return scan._replace(end=scan.begin + kept)


def _is_broken_table(marker: int, body: bytes) -> bool:
    """Whether zeros lie where none can be: as a divisor, or as all lengths of a code."""
    if marker == _DHT:
        return _ZEROS[:_CODE_LENGTHS] in body
    return any(0 in divisors for divisors in _quantisers(body))


def _quantisers(body: bytes) -> Iterable[bytes]:
    """The divisors of every table of 8 bits; none of them may be 0."""
    while body and body[0] >> 4 == 0:
        yield body[1 : 1 + _COEFFICIENTS]
        body = body[1 + _COEFFICIENTS :]


def _first_symbols(body: bytes) -> Iterable[tuple[int, int]]:
    """Of each Huffman table, its number and the symbol whose code is all zeros."""
    while len(body) > 1 + _CODE_LENGTHS:
        yield body[0], body[1 + _CODE_LENGTHS]
        body = body[1 + _CODE_LENGTHS + sum(body[1 : 1 + _CODE_LENGTHS]) :]


def _scan(body: bytes, begin: int, end: int, first_symbols: dict[int, int]) -> Iterable[Scan]:
    """The scan that a header announces; none if the header is too short."""
    count = body[0] if body else 0
    if len(body) < 4 + 2 * count:
        return
    first, last, bits = body[1 + 2 * count : 4 + 2 * count]
    tables = body[2 : 2 + 2 * count : 2]
    zero_symbols = set()
    if first == 0:
        zero_symbols |= {first_symbols.get(table >> 4) for table in tables}
    if last > 0:
        zero_symbols |= {first_symbols.get(_AC_TABLE | table & 15) for table in tables}
    # An encoder joins the ends of blocks that follow each other when it codes detail by itself.
    is_flat_when_zero = zero_symbols == {_END_OF_BLOCK} and first == 0
    is_raw = first == 0 and bits >> 4 != 0  # one bit a block, without a code
    yield Scan(
        begin, end, tuple(body[1 : 1 + 2 * count : 2]), first, last, refines=bits >> 4 != 0,
        lowest_bit=bits & 15, is_flat_when_zero=is_flat_when_zero or is_raw,
    )  # fmt: skip
