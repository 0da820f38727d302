"""Sets of pixels as runs: counting, comparing and fusing masks without unpacking them.

The pixels of an image are numbered along its lines (rows or columns), line after line. A set is an
array of edges, strictly increasing and even in number: where a run of pixels begins, where it
ends (the first pixel that is no longer in it), where the next begins.

`counted_text` is COCO's compressed form: lengths of runs down the columns, those outside and inside
of the mask by turns, six bits a character. Source: cocodataset.org/#format-data, and maskApi.c of
pycocotools.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Edges = npt.NDArray[np.int64]
Pixels = npt.NDArray[np.bool_]

_FIRST_CHARACTER = 48
_BITS, _MORE, _SIGN = 5, 32, 16
_MOST_DIGITS = 7


def counted_text(edges: Edges, size_px: int) -> str:
    """Edges as COCO's compressed counts, of an image of so many pixels."""
    counts = np.diff(edges, prepend=0)
    if not edges.size or edges[-1] < size_px:
        counts = np.append(counts, size_px - (edges[-1] if edges.size else 0))
    values = counts.copy()
    values[3:] -= counts[1:-2]
    digits = np.zeros((len(values), _MOST_DIGITS), np.uint8)
    used = np.zeros(digits.shape, np.bool_)
    going_on = np.ones(len(values), np.bool_)
    for place in range(_MOST_DIGITS):
        digit = values & (_MORE - 1)
        values >>= _BITS
        used[:, place] = going_on
        going_on = going_on & (values != np.where(digit & _SIGN, -1, 0))
        digits[:, place] = _FIRST_CHARACTER + digit + _MORE * going_on
    return digits[used].tobytes().decode("ascii")


def edges_of_text(text: str, size_px: int) -> Edges:
    """The edges that COCO's compressed counts say.

    Raises:
        ValueError: They are no counts, or not of so many pixels.
    """
    written = np.frombuffer(text.encode("utf-8"), np.uint8).astype(np.int64) - _FIRST_CHARACTER
    if not written.size or written.min() < 0 or written.max() >= 2 * _MORE:
        msg = "counts are written with other characters"
        raise ValueError(msg)
    last = np.flatnonzero(written < _MORE)
    first = np.concatenate([[0], last[:-1] + 1])
    lengths = last - first + 1
    if not last.size or last[-1] != len(written) - 1 or lengths.max() > _MOST_DIGITS:
        msg = "counts end within a number, or are too large"
        raise ValueError(msg)
    places = np.arange(len(written)) - np.repeat(first, lengths)
    counts = np.add.reduceat((written & (_MORE - 1)) << (_BITS * places), first)
    counts -= np.where(written[last] & _SIGN, 1, 0) << (_BITS * lengths)
    # From the fourth on, each is told as the difference to the one before the one before.
    counts[1::2] = np.cumsum(counts[1::2])
    counts[2::2] = np.cumsum(counts[2::2])
    if counts.min() < 0 or counts[1:].min(initial=1) < 1 or counts.sum() != size_px:
        msg = f"counts are not of {size_px} pixels"
        raise ValueError(msg)
    edges = np.cumsum(counts)
    return edges[:-1] if len(edges) % 2 else edges


def pixel_count(edges: Edges) -> int:
    """How many pixels are in a set."""
    return int(edges[1::2].sum() - edges[::2].sum())


def shared_count(first: Edges, second: Edges) -> int:
    """How many pixels are in both of two sets."""
    if not first.size or not second.size:
        return 0
    inside = np.diff(second)
    inside[1::2] = 0
    counted = np.concatenate([[0], np.cumsum(inside)])
    # Up to an edge of the first: how many pixels of the second. Between edges that grows evenly.
    before = np.interp(first, second, counted)
    return int(before[1::2].sum() - before[::2].sum())


def covered_by(sets: Sequence[Edges], at_least: int) -> Edges:
    """The pixels that so many of the sets have."""
    edges = np.concatenate(list(sets))
    steps = np.concatenate([np.where(np.arange(len(each)) % 2, -1, 1) for each in sets])
    order = np.argsort(edges, kind="stable")
    edges, depth = edges[order], np.cumsum(steps[order])
    # Where several edges meet, only what holds after the last of them counts.
    is_last = np.diff(edges, append=edges[-1:] + 1) > 0
    edges, deep = edges[is_last], depth[is_last] >= at_least
    changes: Edges = edges[np.diff(deep, prepend=False)]
    return changes


def bounds_of(edges: Edges, line_px: int) -> tuple[int, int, int, int]:
    """First line, first place in a line, and behind the last of both, of a set with pixels."""
    starts, ends = edges[::2], edges[1::2] - 1
    first, last = int(starts[0] // line_px), int(ends[-1] // line_px) + 1
    if (starts // line_px != ends // line_px).any():
        return first, 0, last, line_px
    return first, int((starts % line_px).min()), last, int((ends % line_px).max()) + 1


def unpacked(edges: Edges, line_px: int, lines: tuple[int, int]) -> Pixels:
    """The pixels of some lines, from the first to before the second; all of the set is there."""
    first, last = lines
    steps = np.zeros((last - first) * line_px + 1, np.int8)
    steps[edges[::2] - first * line_px] = 1
    steps[edges[1::2] - first * line_px] = -1
    flat = np.cumsum(steps[:-1], dtype=np.int8).astype(np.bool_)
    return flat.reshape(last - first, line_px)


def unpacked_part(
    edges: Edges, line_px: int, lines: tuple[int, int], places: tuple[int, int]
) -> npt.NDArray[np.int8]:
    """1 for each pixel of the set in a part of the image that holds all of it, else 0.

    Around the part is a border of one pixel of zeros. A small part of long lines takes a fraction
    of the time of whole lines.

    Args:
        edges: The set.
        line_px: Pixels in a line of the image.
        lines: The first line of the part, and the one behind the last.
        places: The same of the places in a line.
    """
    (first, last), (start, stop) = lines, places
    starts, ends = edges[::2], edges[1::2] - 1
    if (starts // line_px != ends // line_px).any():  # a run goes on into the next line
        inside = unpacked(edges, line_px, lines)[:, start:stop].astype(np.int8)
        return np.pad(inside, 1)
    width = stop - start + 2
    steps = np.zeros((last - first + 2) * width, np.int8)
    for each, step, behind in ((starts, 1, 0), (ends, -1, 1)):
        line, place = np.divmod(each, line_px)
        steps[(line - first + 1) * width + place - start + 1 + behind] = step
    return np.cumsum(steps, dtype=np.int8).reshape(-1, width)


def packed(pixels: Pixels, line_px: int, first: tuple[int, int]) -> Edges:
    """The set of these pixels, which begin at this line, and at this place of each line."""
    line_count, length = pixels.shape
    if length == line_px:
        return _changes(pixels.ravel()) + first[0] * line_px
    # With an empty place after each line no run goes on into the next.
    spaced = np.zeros((line_count, length + 1), np.bool_)
    spaced[:, :length] = pixels
    line, place = np.divmod(_changes(spaced.ravel()), length + 1)
    edges: Edges = (line + first[0]) * line_px + place + first[1]
    return edges


def transposed(edges: Edges, line_px: int, line_count: int) -> Edges:
    """The same pixels numbered across the lines: rows become columns, columns become rows."""
    if not edges.size:
        return edges
    first, _, last, _ = bounds_of(edges, line_px)
    return packed(unpacked(edges, line_px, (first, last)).T, line_count, (0, first))


def _changes(flat: Pixels) -> Edges:
    return np.flatnonzero(np.diff(flat, prepend=False, append=False)).astype(np.int64)
