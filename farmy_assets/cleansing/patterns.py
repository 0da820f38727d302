"""A picture's coarse pattern of light as bits, also of the picture cut a little at its sides.

The bits are the signs of the lowest coefficients of the discrete cosine transform (type II) of 32
by 32 levels, as for pHash, but three times as many of them and in the order of their frequency.
They are linear in the levels: what a cut picture would give follows from the uncut one by a matrix
for its rows and one for its columns, and no picture is cut.
"""

import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SIDE = 32
WORDS = 3  # of 64 bits
COARSE_BITS = 64
BITS = COARSE_BITS * WORDS
ORIENTATIONS = 8

_FREQUENCIES = 16
_STEPS = 512  # sides are cut by multiples of one 512th
_LEAST, _MOST = -10, 42

Levels = NDArray[np.float32]
Words = NDArray[np.uint64]
Cuts = NDArray[np.int64]
"""How much is cut off at the left, right, top and bottom, in `cut_steps`; shape (pictures, 4)."""


class _Order(NamedTuple):
    """Which coefficient each bit is: its frequency down and across, and where its mirror is."""

    down: NDArray[np.int64]
    across: NDArray[np.int64]
    transposed: NDArray[np.int64]


def _in_order_of_frequency() -> _Order:
    groups = sorted(
        {tuple(sorted({(a, b), (b, a)})) for a in range(16) for b in range(16) if a or b},
        key=lambda group: (group[0][0] ** 2 + group[0][1] ** 2, group),
    )
    chosen: list[tuple[int, int]] = []
    for word in range(1, WORDS + 1):
        for group in groups:  # a word holds both of two that change places when it is transposed
            if group[0] not in chosen and len(chosen) + len(group) <= 64 * word:
                chosen += group
    places = {place: number for number, place in enumerate(chosen)}
    transposed = [places[across, down] for down, across in chosen]
    down, across = np.array(chosen).T
    return _Order(down, across, np.array(transposed))


ORDER = _in_order_of_frequency()


def cut_steps(share: float) -> int:
    """A share of a side as the whole number that `Cuts` hold; it is between -0.02 and 0.08."""
    return round(share * _STEPS)


def coefficients(levels: Levels, cuts: Cuts, count: int = BITS) -> Levels:
    """The lowest coefficients of cut pictures, shape (pictures, count).

    Args:
        levels: Shape (pictures, 32, 32).
        cuts: Shape (pictures, 4).
        count: How many coefficients.
    """
    left, right, top, bottom = np.clip(cuts, _LEAST, _MOST).T - _LEAST
    table = _transforms()
    found = table[top, bottom] @ levels @ table[left, right].swapaxes(1, 2)
    chosen: Levels = found[:, ORDER.down[:count], ORDER.across[:count]]
    return chosen


def coarse_coefficients(levels: Levels, cuts: Sequence[int]) -> Levels:
    """The 64 lowest coefficients of pictures with each side cut by each of some amounts.

    Args:
        levels: Shape (pictures, 32, 32).
        cuts: What is cut off, in `cut_steps`.

    Returns:
        Shape (64, pictures, views); the views in the order of `every_cut`.
    """
    count, places = len(cuts) ** 2, np.array(cuts) - _LEAST
    frequencies = int(ORDER.down[:COARSE_BITS].max()) + 1
    sides = _transforms()[places[:, None], places[None, :], :frequencies].reshape(-1, SIDE)
    found = (sides @ levels @ sides.T).reshape(-1, count, frequencies, count, frequencies)
    down, across = ORDER.down[:COARSE_BITS], ORDER.across[:COARSE_BITS]
    chosen = np.asarray(found[:, :, down, :, across], dtype=np.float32)
    return chosen.reshape(COARSE_BITS, len(levels), -1)


def every_cut(cuts: Sequence[int]) -> Cuts:
    """Each combination of amounts on the four sides, the order that of `coarse_coefficients`."""
    top, bottom, left, right = np.meshgrid(*[np.array(cuts)] * 4, indexing="ij")
    return np.stack([left, right, top, bottom], axis=-1).reshape(-1, 4)


def signs(found: NDArray[np.generic]) -> Words:
    """Which coefficients are positive, the lowest frequency first: (..., 64 n) to (..., n)."""
    packed = np.packbits(np.greater(found, 0), axis=-1)
    return np.ascontiguousarray(packed).view(">u8").astype(np.uint64)


def as_signs(words: Words) -> Levels:
    """Bits to -1 and 1: (pictures, words) to (pictures, 64 words)."""
    packed = np.ascontiguousarray(words.astype(">u8")).view(np.uint8)
    return np.unpackbits(packed, axis=-1).astype(np.float32) * 2 - 1


def agreeing(found: Levels, wanted: Levels) -> Levels:
    """-1 to 1: how far the signs of coefficients are the wanted ones, each counted by its size."""
    agreeing = np.einsum("ij,ij->i", found, wanted)
    sizes = np.maximum(np.abs(found).sum(axis=1), np.float32(1e-6))
    return np.asarray(agreeing / sizes, dtype=np.float32)


def flips() -> Words:
    """What mirroring changes in the first word, by orientation number without the transposing."""
    odd_across, odd_down = ORDER.across[:64] % 2 == 1, ORDER.down[:64] % 2 == 1
    return np.array([signs(_xor(n, odd_across, odd_down))[0] for n in range(4)], dtype=np.uint64)


def _xor(number: int, across: NDArray[np.bool_], down: NDArray[np.bool_]) -> NDArray[np.int8]:
    changed = (across & bool(number & 1)) ^ (down & bool(number & 2))
    return changed.astype(np.int8)


def turned(levels: Levels, orientations: NDArray[np.int64]) -> Levels:
    """Pictures in other orientations, numbered as in `fingerprints.perceptual_hashes`."""
    found = levels.copy()
    for bit, turn in ((1, lambda p: p[:, :, ::-1]), (2, lambda p: p[:, ::-1]), (4, _transposed)):
        some = orientations & bit > 0
        found[some] = turn(found[some])
    return found


def turned_coefficients(found: Levels, orientations: NDArray[np.int64]) -> Levels:
    """Coefficients of pictures, shape (pictures, 192), as those of the same pictures turned."""
    turned_ones: Levels = found * _mirrored_signs()[orientations & 3]
    some = orientations & 4 > 0
    turned_ones[some] = turned_ones[some][:, ORDER.transposed]
    return turned_ones


def turned_cuts(cuts: Cuts, orientations: NDArray[np.int64]) -> Cuts:
    """Where the sides that were cut are once the pictures are turned."""
    found = cuts.copy()
    for bit, places in ((1, [1, 0, 2, 3]), (2, [0, 1, 3, 2]), (4, [2, 3, 0, 1])):
        some = orientations & bit > 0
        found[some] = found[some][:, places]
    return found


@cache
def _mirrored_signs() -> Levels:
    """By orientation number without the transposing: -1 where mirroring changes the sign."""
    odd_across, odd_down = ORDER.across % 2 == 1, ORDER.down % 2 == 1
    changed = np.stack([_xor(number, odd_across, odd_down) for number in range(4)])
    return np.asarray(1 - 2 * changed, dtype=np.float32)


def _transposed(levels: Levels) -> Levels:
    return levels.swapaxes(1, 2)


@cache
def _transforms() -> Levels:
    """For what is cut at both ends of a side, the transform of what is left: (n, n, 16, 32)."""
    steps = np.arange(_LEAST, _MOST + 1) / _STEPS
    starts, ends = steps[:, None, None], steps[None, :, None]
    wanted = (np.arange(SIDE) + 0.5) / SIDE
    places = SIDE * (starts + wanted * (1 - starts - ends)) - 0.5
    before = np.floor(places).astype(np.int64)
    part = places - before
    # Cubic interpolation: Keys, "Cubic convolution interpolation", IEEE ASSP 29 (1981).
    weights = (
        -0.5 * part + part**2 - 0.5 * part**3,
        1 - 2.5 * part**2 + 1.5 * part**3,
        0.5 * part + 2 * part**2 - 1.5 * part**3,
        -0.5 * part**2 + 0.5 * part**3,
    )
    taken = np.zeros((*places.shape, SIDE))
    for number, weight in enumerate(weights):
        near = np.clip(before - 1 + number, 0, SIDE - 1)[..., None]
        np.put_along_axis(
            taken, near, np.take_along_axis(taken, near, -1) + weight[..., None], axis=-1
        )
    frequency, place = np.arange(_FREQUENCIES)[:, None], np.arange(SIDE)[None]
    waves = np.cos(math.pi * frequency * (2 * place + 1) / (2 * SIDE))
    cosines = waves / np.linalg.norm(waves, axis=1, keepdims=True)
    return np.asarray(cosines @ taken, dtype=np.float32)
