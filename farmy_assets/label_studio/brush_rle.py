"""The run-length coding of Label Studio's brush, in both directions.

A list of bytes, read as bits: 32 bits with the number of values, 5 with the bits of a value less
one, four times 4 with the bits of a length less one. Then blocks: a bit that says whether the block
is one value repeated, 2 bits that say which of the four lengths follows, the count less one, and
the value once, or as many values as the count says. Values are the four channels of each pixel, row
by row; a pixel is painted when its last channel, alpha, is not 0.

Source: label_studio_sdk/converter/brush.py, and thi.ng/rle-pack, which Label Studio uses.
"""

import numpy as np

from farmy_assets.annotation.mask_runs import Edges, Pixels, covered_by
from farmy_assets.errors import InvalidInputError

CHANNELS = 4
MAX_BYTES_PER_PIXEL = 5
"""Values that are never repeated take a little over four."""

MAX_BLOCKS = 200_000
"""A second's work. The mask of a whole plant has some thousands."""

_HEADER_BITS = 32 + 5 + 4 * 4
_LENGTH_BITS = (3, 4, 8, 16)
_WINDOW_BYTES = 8


def painted_edges(rle: object, *, width_px: int, height_px: int) -> Edges:
    """Where runs of painted pixels begin and end, along the rows; see `annotation.mask_runs`.

    It takes no more time than `MAX_BLOCKS` allow, and memory by the bytes given, whatever they say.

    Raises:
        InvalidInputError: It is no such list, it is cut off, or of an image of another size.
    """
    data = _bytes_of(rle, width_px * height_px)
    reader = _Bits(data)
    value_count = reader.read(32)
    if value_count != CHANNELS * width_px * height_px:
        msg = f"is not of {width_px} x {height_px} pixels"
        raise InvalidInputError(msg)
    word_bits = reader.read(5) + 1
    length_bits = [reader.read(4) + 1 for _ in range(4)]
    runs: list[Edges] = []
    ends: list[int] = []
    place, block = 0, 0
    while place < value_count:
        is_repeated = reader.read(1)
        count = 1 + reader.read(length_bits[reader.read(2)])
        block += 1
        if place + count > value_count or block > MAX_BLOCKS:
            why = "is too finely divided" if block > MAX_BLOCKS else "goes on beyond its image"
            raise InvalidInputError(why)
        if not is_repeated:
            runs.append(_alpha_runs(reader.flags(count, word_bits), place))
        elif reader.read(word_bits):
            # Pixels whose last channel is among the values from `place` on, without the last.
            ends += [place // CHANNELS, (place + count) // CHANNELS]
        place += count
    edges = np.concatenate([np.array(ends, np.int64), *runs])
    return covered_by([edges[np.argsort(edges, kind="stable")]], 1) if edges.size else edges


def rle_of_edges(edges: Edges, *, width_px: int, height_px: int) -> list[int]:
    """The bytes for runs of painted pixels along the rows; painted channels are 255."""
    size = width_px * height_px
    bounds = np.concatenate([[0], edges, [size]])
    bits = [f"{CHANNELS * size:032b}{7:05b}", *(f"{each - 1:04b}" for each in _LENGTH_BITS)]
    for number, length in enumerate(np.diff(bounds).tolist()):
        value = "11111111" if number % 2 else "00000000"
        left = CHANNELS * length
        while left > 0:
            count = min(left, 1 << _LENGTH_BITS[-1])
            which = next(n for n, each in enumerate(_LENGTH_BITS) if count <= 1 << each)
            bits.append(f"1{which:02b}{count - 1:0{_LENGTH_BITS[which]}b}{value}")
            left -= count
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))


class _Bits:
    """Reads bits from the front; what is not there is refused."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def read(self, count: int) -> int:
        """The next bits as a number, at most 32 of them."""
        first = self._place >> 3
        window = self._data[first : first + _WINDOW_BYTES]
        spare = 8 * len(window) - (self._place & 7) - count
        if spare < 0:
            msg = "is cut off"
            raise InvalidInputError(msg)
        self._place += count
        return (int.from_bytes(window, "big") >> spare) & ((1 << count) - 1)

    def flags(self, count: int, word_bits: int) -> Pixels:
        """For each of the next values whether it is not 0."""
        first, skipped = self._place >> 3, self._place & 7
        wanted = count * word_bits
        window = self._data[first : first + (skipped + wanted + 7) // 8]
        bits = np.unpackbits(np.frombuffer(window, np.uint8))[skipped : skipped + wanted]
        if len(bits) < wanted:
            msg = "is cut off"
            raise InvalidInputError(msg)
        self._place += wanted
        found: Pixels = np.logical_or.reduce(bits.reshape(count, word_bits), axis=1)
        return found


def _alpha_runs(flags: Pixels, place: int) -> Edges:
    """Runs of painted pixels among values that begin at this place."""
    alpha = flags[(CHANNELS - 1 - place) % CHANNELS :: CHANNELS]
    changes = np.flatnonzero(np.diff(alpha, prepend=False, append=False))
    return changes.astype(np.int64) + place // CHANNELS


def _bytes_of(rle: object, size: int) -> bytes:
    if not isinstance(rle, list | tuple):
        msg = "has no list of bytes"
        raise InvalidInputError(msg)
    if len(rle) > MAX_BYTES_PER_PIXEL * size + _HEADER_BITS:
        msg = "is longer than its image"
        raise InvalidInputError(msg)
    try:
        return bytes(rle)
    except (TypeError, ValueError) as error:
        msg = "has other things than bytes in its list"
        raise InvalidInputError(msg) from error
