"""Stored patterns that may show what an asked picture shows, looked up by their coarse bits.

They lie in the order of their lowest bits, so that those with the same ones are looked up rather
than compared. Asked is with a picture's views, also with one of its least certain bits changed.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from farmy_assets.cleansing.patterns import (
    COARSE_BITS,
    ORDER,
    Levels,
    Words,
    coarse_coefficients,
    cut_steps,
    flips,
    signs,
)
from farmy_assets.cleansing.small_pictures import Indices

ASKED_CUTS = tuple(map(cut_steps, (0.0135, 0.0405)))
_KEY_BITS = 16
_UNSURE_BITS = 6
_FLIPS_TRANSPOSED = [0, 2, 1, 3]
_COARSE_MAX_BITS = 20
_CANDIDATES_AT_ONCE = 2_000_000


class Candidates(NamedTuple):
    """Pairs that may match, with the number of the asked view; each of shape (pairs,)."""

    asked: Indices
    stored: Indices
    orientations: Indices
    views: Indices
    distance_bits: Indices


class Table:
    """Stored patterns in the order of their lowest bits."""

    def __init__(self, coarse: Words) -> None:
        # Of 16 bits: numpy sorts these by their digits, many times as quickly.
        keys = (coarse >> np.uint64(COARSE_BITS - _KEY_BITS)).astype(np.uint16)
        self.order = np.argsort(keys, kind="stable")
        self.coarse = coarse[self.order]
        counts = np.bincount(keys, minlength=1 << _KEY_BITS)
        self.ends = np.cumsum(counts)
        self.starts = self.ends - counts


def candidates(levels: Levels, numbers: Indices, table: Table) -> Candidates:
    """The stored patterns whose coarse bits are near to a view's, with the nearest view of each."""
    words, keys = _asked_words(levels)
    starts, counts = table.starts[keys], table.ends[keys] - table.starts[keys]
    probes = np.flatnonzero(counts)
    found: list[NDArray[np.int64]] = []
    portions = np.cumsum(counts.ravel()[probes]) // _CANDIDATES_AT_ONCE
    for some in np.split(probes, np.flatnonzero(np.diff(portions)) + 1):
        count = counts.ravel()[some]
        ends = np.cumsum(count)
        within = np.arange(count.sum()) - np.repeat(ends - count, count)
        rows = np.repeat(starts.ravel()[some], count) + within
        views = np.repeat(some // (_UNSURE_BITS + 1), count)
        bits = np.bitwise_count(words.ravel()[views] ^ table.coarse[rows])
        near = np.flatnonzero(bits <= _COARSE_MAX_BITS)
        found.append(np.stack([views[near], rows[near], bits[near].astype(np.int64)]))
    views, rows, bits = np.concatenate(found, axis=1)
    pictures, orientations, cut = np.unravel_index(views, words.shape)
    nearest = np.lexsort((cut, bits, orientations, rows, pictures))
    pairs = np.stack([pictures, rows, orientations])[:, nearest]
    first = np.ones(len(nearest), np.bool_)
    first[1:] = (pairs[:, 1:] != pairs[:, :-1]).any(axis=0)
    kept = nearest[first]
    return Candidates(
        numbers[pictures[kept]], table.order[rows[kept]], orientations[kept], cut[kept], bits[kept]
    )


def _asked_words(levels: Levels) -> tuple[Words, Indices]:
    """The coarse bits of each picture, orientation and view, and the lowest of them to look up.

    Returns:
        Shape (pictures, 8, views), and (pictures, 8, views, 3): as they are, and with one of the
        least certain bits changed.
    """
    views = coarse_coefficients(levels, ASKED_CUTS)
    unsure = _least_certain(views[:_KEY_BITS])
    bits = views > 0
    words: list[Words] = []
    changes: list[Indices] = []
    for order, places in (
        (slice(None), unsure),
        (ORDER.transposed[:COARSE_BITS], ORDER.transposed[unsure]),
    ):
        word = signs(np.moveaxis(bits[order], 0, -1))[..., 0]
        flipped = flips() if not words else flips()[_FLIPS_TRANSPOSED]
        words.append(word[:, None] ^ flipped[:, None])
        changed = np.int64(1) << (_KEY_BITS - 1 - places)
        changes += [np.concatenate([np.zeros_like(changed[:1]), changed])] * len(flipped)
    turned_words = np.concatenate(words, axis=1)
    keys = (turned_words >> np.uint64(COARSE_BITS - _KEY_BITS)).astype(np.int64)
    return turned_words, keys[..., None] ^ np.stack(changes).transpose(2, 0, 3, 1)


def _least_certain(found: Levels) -> Indices:
    """Which coefficients are smallest for their frequency: (bits, ...) to (`_UNSURE_BITS`, ...)."""
    frequencies = np.hypot(ORDER.down, ORDER.across)[: len(found)].astype(np.float32)
    sizes = np.abs(found) * frequencies.reshape(-1, *[1] * (found.ndim - 1))
    least = []
    for _ in range(_UNSURE_BITS):
        smallest = sizes.argmin(axis=0)
        least.append(smallest)
        np.put_along_axis(sizes, smallest[None], np.inf, axis=0)
    return np.stack(least)
