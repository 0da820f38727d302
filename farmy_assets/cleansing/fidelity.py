"""How much of a photograph its file kept: what tells an original from copies of the same size.

A JPEG says how coarsely it was stored, in its quantisation table. That is not the whole truth:
who saves a copy again at a higher quality gets a larger file of the same coarse picture, and a PNG
of a JPEG looks lossless. The coarseness is in the picture, though: the coefficients of its blocks
lie near multiples of the earlier steps. Source of the idea: Fan, de Queiroz, "Identification of
bitmap compression history", IEEE Transactions on Image Processing 12 (2003).
"""

import math
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from farmy_assets.cleansing.decoding import SMALL_PX, Decoded, decode
from farmy_assets.cleansing.file_formats import FileFormat
from farmy_assets.cleansing.policy import CleansingPolicy

LOSSLESS = 100

_TYPICAL_QUALITY = {FileFormat.WEBP: 80, FileFormat.HEIC: 90, FileFormat.AVIF: 90}
_PALETTE_QUALITY = 60
_LOST_BY_SAVING_AGAIN = 5  # more than an earlier quality is mistaken by
# Steps of the luminance table from which qualities are estimated: ITU-T T.81, annex K.1.
_STANDARD_SUM = 3689
_STANDARD_STEPS = {
    (0, 1): 11, (1, 0): 12, (1, 1): 12, (0, 2): 10, (2, 0): 14,
    (1, 2): 14, (2, 1): 13, (2, 2): 16, (0, 3): 16, (3, 0): 14,
}  # fmt: skip
_DOWN, _ACROSS = np.array(list(_STANDARD_STEPS)).T
_STANDARD = np.array(list(_STANDARD_STEPS.values()))
_BLOCK = 8
_SCALES = (1, 2)  # of a picture reduced further too few coefficients are left
_BLOCKS_LOOKED_AT = 600
_STEPS = np.arange(3, 41)
_BINS_PER_LEVEL, _LARGEST = 4, 160
_COARSER_BY = 1.4  # than the file's own steps
_LEAST_COEFFICIENTS, _LEAST_PATTERN, _LEAST_FREQUENCIES = 30, 0.5, 2
# All frequencies together: 100 photographs saved once, at 85 and at 92, come to 0 at most; 50 saved
# at 75 and again at 85 to 0.34 at least.
_LEAST_COEFFICIENTS_OF_ALL, _LEAST_PATTERN_OF_ALL, _LEAST_FREQUENCIES_OF_ALL = 150, 0.3, 3
_QUALITIES = range(30, 96)
_FINE_QUALITY = 80  # what is stored more coarsely is most often stored for the first time

Levels = NDArray[np.uint8]


def kept_quality(
    content: bytes, decoded: Decoded, levels: Levels, *, policy: CleansingPolicy
) -> int:
    """How much is left of the photograph, on libjpeg's scale from 1 to 100 (nothing was lost).

    Args:
        content: The whole file; decoded again only where nothing else can tell.
        decoded: The picture and how it was stored.
        levels: Its brightness, upright, as it was decoded.
        policy: For decoding.
    """
    stored = _stored_quality(decoded)
    if stored < _FINE_QUALITY or decoded.stored.is_camera_named:
        return stored
    earlier = _earlier_quality(decoded, levels)
    if earlier is None and _needs_the_whole(decoded, levels, stored):
        whole = _whole_levels(content, decoded, policy)
        earlier = None if whole is None else _earlier_quality(decoded, whole)
    return stored if earlier is None else max(1, min(stored, earlier) - _LOST_BY_SAVING_AGAIN)


def _stored_quality(decoded: Decoded) -> int:
    """What the file itself tells."""
    if decoded.stored.luma_table:
        return _quality(100 * sum(decoded.stored.luma_table) / _STANDARD_SUM)
    if decoded.mode == "P":
        return _PALETTE_QUALITY
    return _TYPICAL_QUALITY.get(decoded.file_format, LOSSLESS)


def _needs_the_whole(decoded: Decoded, levels: Levels, stored: int) -> bool:
    """Whether the whole picture can tell more than its half, and is worth decoding.

    The blocks of a picture that was turned and stored again begin at its other end. Halving mixes
    two of them where the side is odd in pixels. Formats other than JPEG that lose something have
    blocks of other kinds, which leave little of earlier ones.
    """
    is_odd = decoded.width_px % 2 == 1 or decoded.height_px % 2 == 1
    is_cheap = decoded.width_px * decoded.height_px <= SMALL_PX
    is_traceable = bool(decoded.stored.luma_table) or stored == LOSSLESS
    return is_odd and is_cheap and is_traceable and _scale(decoded, levels) > 1


def _whole_levels(content: bytes, decoded: Decoded, policy: CleansingPolicy) -> Levels | None:
    """The brightness of all pixels, upright; None when that cannot be had."""
    if decoded.whole is not None:
        grey, turn = decoded.whole.convert("L"), decoded.stored.turn
        return np.asarray(grey if turn is None else grey.transpose(turn))
    whole = decode(content, policy=policy, is_brightness_enough=True)
    return np.asarray(whole.image.convert("L")) if isinstance(whole, Decoded) else None


def _scale(decoded: Decoded, levels: Levels) -> int:
    return round(max(decoded.width_px, decoded.height_px) / max(levels.shape))


def _earlier_quality(decoded: Decoded, levels: Levels) -> int | None:
    """The quality of the JPEG that the picture was before; None where it shows nothing of one."""
    scale = _scale(decoded, levels)
    if scale not in _SCALES:
        return None
    table = decoded.stored.luma_table
    own = np.array([table[_BLOCK * d + a] if table else 1 for d, a in _STANDARD_STEPS])
    blocks, steps_known = [], []
    for down, across in product({0, decoded.height_px % _BLOCK}, {0, decoded.width_px % _BLOCK}):
        if down % scale or across % scale:
            continue
        some = _blocks(levels[down // scale :, across // scale :], _BLOCK // scale)
        if len(some) >= _LEAST_COEFFICIENTS:
            is_own = not (down or across) or decoded.stored.turn is not None
            blocks.append(some)
            steps_known.append(own if is_own else np.ones_like(own))
    if not blocks:
        return None
    patterns = _patterns(blocks, np.stack(steps_known))
    steps = _steps(patterns)
    is_shown = np.count_nonzero(steps, axis=1) >= _LEAST_FREQUENCIES
    if not is_shown.any():
        return _quality_of_all(patterns)
    percents = (100 * steps / _STANDARD)[is_shown]
    return _quality(float(np.median(percents[percents > 0])))


def _blocks(levels: Levels, side: int) -> Levels:
    """Some of a picture's blocks from its first pixel on, shape (blocks, pixels)."""
    rows, columns = levels.shape[0] // side, levels.shape[1] // side
    count = rows * columns
    places = np.arange(0, count, max(1, count // _BLOCKS_LOOKED_AT))
    tiled = levels[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return tiled[places // max(1, columns), :, places % max(1, columns)].reshape(-1, side * side)


class _Patterns(NamedTuple):
    """How near coefficients lie to multiples of each step; shape (lists, frequencies, steps).

    `sums` has 1 for each that lies on a multiple and -1 for each between two, `counts` how many
    were looked at; both are 0 where the file's own steps explain it.
    """

    sums: NDArray[np.float32]
    counts: NDArray[np.float32]


def _patterns(blocks: list[Levels], own: NDArray[np.int64]) -> _Patterns:
    """What shows of earlier steps.

    Args:
        blocks: Several lists of blocks, each of shape (blocks, pixels).
        own: For each list and frequency the step that the file itself explains.
    """
    bins = np.concatenate(blocks).astype(np.float32) @ _transforms(math.isqrt(blocks[0].shape[1]))
    np.abs(bins, out=bins)
    bins *= _BINS_PER_LEVEL
    np.minimum(bins, _BINS_PER_LEVEL * _LARGEST, out=bins)
    places = np.rint(bins, out=bins).astype(np.int64)
    starts = np.arange(own.size).reshape(own.shape) * _bin_count()
    places += np.repeat(starts, [len(some) for some in blocks], axis=0)
    counts = np.bincount(places.ravel(), minlength=own.size * _bin_count())
    combed = counts.reshape(own.size, _bin_count()).astype(np.float32) @ _combs()
    combed = combed.reshape(*own.shape, -1) * np.tile(_COARSER_BY * own[..., None] <= _STEPS, 2)
    return _Patterns(combed[..., : len(_STEPS)], combed[..., len(_STEPS) :])


def _steps(patterns: _Patterns) -> NDArray[np.int64]:
    """The step of which the coefficients of each frequency are multiples, or 0."""
    shares = patterns.sums / np.maximum(patterns.counts, 1)
    shares[patterns.counts < _LEAST_COEFFICIENTS] = 0
    best = shares.argmax(axis=2)
    return np.asarray(np.where(shares.max(axis=2) >= _LEAST_PATTERN, _STEPS[best], 0))


def _quality_of_all(patterns: _Patterns) -> int | None:
    """The quality whose steps all frequencies together show; None where they show none.

    A later quality that is only a little finer blurs the pattern of each frequency by itself.
    """
    steps = _steps_by_quality()
    is_known = (steps >= _STEPS[0]) & (steps <= _STEPS[-1])
    places = np.where(is_known, steps - _STEPS[0], 0)
    frequencies = np.arange(len(_STANDARD))
    counts = patterns.counts[:, frequencies, places] * is_known
    sums = (patterns.sums[:, frequencies, places] * is_known).sum(axis=2)
    is_enough = np.count_nonzero(counts, axis=2) >= _LEAST_FREQUENCIES_OF_ALL
    looked_at = counts.sum(axis=2)
    is_enough &= looked_at >= _LEAST_COEFFICIENTS_OF_ALL
    shares = np.where(is_enough, sums / np.maximum(looked_at, 1), 0).max(axis=0)
    best = int(shares.argmax())
    return _QUALITIES[best] if shares[best] >= _LEAST_PATTERN_OF_ALL else None


@cache
def _steps_by_quality() -> NDArray[np.int64]:
    """The steps that libjpeg uses, shape (qualities, frequencies)."""
    percents = np.array([5000 // q if q < 50 else 200 - 2 * q for q in _QUALITIES])  # noqa: PLR2004
    return np.asarray(np.maximum(1, (percents[:, None] * _STANDARD + 50) // 100))


@cache
def _transforms(side: int) -> NDArray[np.float32]:
    """What takes a block's pixels to its coefficients, shape (pixels, frequencies).

    Each pixel of a reduced picture is the mean of some, which weakens the higher frequencies.
    """
    scale = _BLOCK // side
    frequency, place = np.arange(4)[:, None], np.arange(side)[None]
    rows = np.sqrt(2 / side) * np.cos(math.pi * frequency * (2 * place + 1) / (2 * side))
    rows[0] /= math.sqrt(2)
    angle = math.pi * frequency / (2 * _BLOCK)
    weakened = np.where(frequency, np.sin(scale * angle) / (scale * np.sin(angle + 1e-12)), 1.0)
    rows *= math.sqrt(scale) / weakened
    taken = rows[_DOWN][:, :, None] * rows[_ACROSS][:, None, :]
    return np.ascontiguousarray(taken.reshape(len(_DOWN), -1).T, dtype=np.float32)


def _bin_count() -> int:
    return _BINS_PER_LEVEL * _LARGEST + 1


@cache
def _combs() -> NDArray[np.float32]:
    """For each size: 1 on a multiple of a step, -1 between two, for all steps; then what counts.

    Shape (bins, 2 steps).
    """
    sizes = np.arange(_bin_count())[:, None] / _BINS_PER_LEVEL
    taken = (sizes > 0.35 * _STEPS) & (sizes < np.minimum(10 * _STEPS, _LARGEST))
    waves = np.cos(2 * math.pi * sizes / _STEPS) * taken
    return np.asarray(np.concatenate([waves, taken], axis=1), dtype=np.float32)


def _quality(percent: float) -> int:
    """From steps in percent of the standard ones: the inverse of libjpeg's scaling."""
    quality = 5000 / percent if percent > LOSSLESS else LOSSLESS - percent / 2
    return min(LOSSLESS, max(1, round(quality)))
