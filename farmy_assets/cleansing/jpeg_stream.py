"""How a JPEG file is built, as far as it shows whether its coded data are all there.

Only markers and tables are read; nothing is decoded. Names and numbers: ITU-T T.81, annex B.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

# In a scan, 0xFF before 0x00 is a data byte, 0xD0-0xD7 restart the coder, 0xFF is padding.
_NEXT_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")
_SOI, _EOI, _SOS, _DQT, _DHT, _DRI = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD
_SEQUENTIAL, _PROGRESSIVE = frozenset({0xC0, 0xC1}), 0xC2
_FRAMES = frozenset(range(0xC0, 0xD0)) - {_DHT, 0xC8, 0xCC}
_BETWEEN_SCANS = frozenset({_DQT, _DHT, _DRI, 0xDC, 0xFE, *range(0xE0, 0xF0)})
_MOST_IN_SCAN = 4  # components
_LENGTH_BYTES = 2
_MOST_SCANS = 500  # of a picture; encoders write some ten
_AC_TABLE = 0x10
COEFFICIENTS = 64
_CODE_LENGTHS = 16
_END_OF_BLOCK = 0

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
    progress = _Progress()
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
        is_next = _is_segment(marker, length, body, content[position + length :][:1])
        if not is_next and progress.is_complete(frame, scans):
            break  # all of the picture has come: these are other data, and no end mark
        position += length
        following = _NEXT_MARKER.search(content, position)
        if marker in _FRAMES and not frame:
            frame = bytes([marker]) + body
        elif marker in (_DQT, _DHT):
            has_broken_tables |= _is_broken_table(marker, body)
            first_symbols |= _first_symbols(marker, body)
        elif marker == _DRI:
            restart_interval = int.from_bytes(body[:2], "big")
        elif marker == _SOS:
            end = following.start() if following else len(content)
            # Zeros at the very end of the file are never meant; before an end mark they may be.
            scans += [
                scan if scan.is_flat_when_zero and following else _without_padding(content, scan)
                for scan in _scan(body, position, end, first_symbols)
            ]
    return JpegStream(
        frame=frame[0] if frame else 0,
        height_px=int.from_bytes(frame[2:4], "big"),
        width_px=int.from_bytes(frame[4:6], "big"),
        components=_components(frame),
        scans=tuple(scans),
        restart_interval=restart_interval,
        has_end_mark=has_end_mark,
        has_broken_tables=has_broken_tables,
    )


def _components(frame: bytes) -> tuple[Component, ...]:
    return tuple(
        Component(frame[at], frame[at + 1] >> 4, frame[at + 1] & 15)
        for at in range(7, len(frame) - 2, 3)
    )


def lacks_scans(stream: JpegStream) -> bool:
    """Whether some coefficients of some component are not there to their last bit."""
    return _lacks_bits((component.number for component in stream.components), stream.scans)


def _lacks_bits(components: Iterable[int], scans: Iterable[Scan]) -> bool:
    bits: dict[int, list[int | None]] = {number: [None] * COEFFICIENTS for number in components}
    for scan in scans:
        for number in scan.components:
            for place in range(scan.first, min(scan.last, COEFFICIENTS - 1) + 1):
                if number in bits:
                    bits[number][place] = scan.lowest_bit
    return any(bit != 0 for of_component in bits.values() for bit in of_component)


class _Progress:
    """Whether all of a picture has come; worked out once after each scan."""

    def __init__(self) -> None:
        self._scans = 0
        self._is_complete = False

    def is_complete(self, frame: bytes, scans: Sequence[Scan]) -> bool:
        if self._scans != len(scans) <= _MOST_SCANS:
            numbers = (component.number for component in _components(frame))
            self._scans, self._is_complete = len(scans), not _lacks_bits(numbers, scans)
        return self._is_complete


def _is_segment(marker: int, length: int, body: bytes, following: bytes) -> bool:
    """Whether a marker behind coded data begins what may stand there; chance writes hardly any."""
    if marker == _SOS:
        return bool(body) and 1 <= body[0] <= _MOST_IN_SCAN and length == 6 + 2 * body[0]
    if marker in (_DQT, _DHT) and _is_broken_table(marker, body):
        return False
    return marker in _BETWEEN_SCANS and length >= _LENGTH_BYTES and following == b"\xff"


def _without_padding(content: bytes, scan: Scan) -> Scan:
    """The scan without the zeros that were put behind its data."""
    if not content.endswith(bytes(_PADDING_BYTES), scan.begin, scan.end):
        return scan
    kept = len(content[scan.begin : scan.end].rstrip(b"\x00"))
    return scan._replace(end=scan.begin + kept)


def _is_broken_table(marker: int, body: bytes) -> bool:
    """Whether zeros lie where none can be: as a divisor, or as all lengths of a code."""
    if marker == _DHT:
        return bytes(_CODE_LENGTHS) in body
    return any(0 in divisors for divisors in _quantisers(body))


def _quantisers(body: bytes) -> Iterable[bytes]:
    """The divisors of every table of 8 bits; none of them may be 0."""
    while body and body[0] >> 4 == 0:
        yield body[1 : 1 + COEFFICIENTS]
        body = body[1 + COEFFICIENTS :]


def _first_symbols(marker: int, body: bytes) -> dict[int, int]:
    """Of each Huffman table, its number and the symbol whose code is all zeros."""
    found: dict[int, int] = {}
    while marker == _DHT and len(body) > 1 + _CODE_LENGTHS:
        found[body[0]] = body[1 + _CODE_LENGTHS]
        body = body[1 + _CODE_LENGTHS + sum(body[1 : 1 + _CODE_LENGTHS]) :]
    return found


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
