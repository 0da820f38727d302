"""How much of a photograph its file kept: what tells an original from copies of the same size.

A JPEG says how coarsely it was stored, in its quantisation table. That is not the whole truth:
who saves a copy again at a higher quality gets a larger file of the same coarse picture, and a PNG
of a JPEG looks lossless. The coarseness is in the picture, though: the coefficients of its blocks
lie near multiples of the earlier steps. Source of the idea: Fan, de Queiroz, "Identification of
bitmap compression history", IEEE Transactions on Image Processing 12 (2003).
"""

import math
from collections.abc import Callable
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from farmy_assets.cleansing.decoding import Decoded
from farmy_assets.cleansing.file_formats import FileFormat

LOSSLESS = 100

_TYPICAL_QUALITY = {FileFormat.WEBP: 80, FileFormat.HEIC: 90, FileFormat.AVIF: 90}
_PALETTE_QUALITY = 60
_LOST_BY_SAVING_AGAIN = 5  # more than an earlier quality is mistaken by
# Steps of the luminance table that qualities are told by: ITU-T T.81, annex K.1.
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
_FINE_QUALITY = 80  # what is stored more coarsely is most often stored for the first time
_CHEAP_PX = 1_500_000

Levels = NDArray[np.uint8]


def kept_quality(
    decoded: Decoded, levels: Levels, *, whole_levels: Callable[[], Levels | None]
) -> int:
    """How much is left of the photograph, on libjpeg's scale from 1 to 100 (nothing was lost).

    Args:
        decoded: The picture and how it was stored.
        levels: Its brightness, upright, as it was decoded.
        whole_levels: Gives the brightness unreduced; called only where nothing else can tell.
    """
    stored = _stored_quality(decoded)
    if stored < _FINE_QUALITY or decoded.stored.is_camera_named:
        return stored
    earlier = _earlier_quality(decoded, levels)
    if earlier is None and _needs_the_whole(decoded, levels):
        whole = whole_levels()
        earlier = None if whole is None else _earlier_quality(decoded, whole)
    return stored if earlier is None else max(1, min(stored, earlier) - _LOST_BY_SAVING_AGAIN)


def _stored_quality(decoded: Decoded) -> int:
    """What the file itself tells."""
    if decoded.stored.luma_table:
        return _quality(100 * sum(decoded.stored.luma_table) / _STANDARD_SUM)
    if decoded.mode == "P":
        return _PALETTE_QUALITY
    return _TYPICAL_QUALITY.get(decoded.file_format, LOSSLESS)


def _needs_the_whole(decoded: Decoded, levels: Levels) -> bool:
    """Whether the whole picture can tell more than its half, and is worth decoding.

    The blocks of a picture that was turned and stored again begin at its other end. Halving mixes
    two of them where the side is odd in pixels.
    """
    is_odd = decoded.width_px % 2 == 1 or decoded.height_px % 2 == 1
    is_cheap = decoded.width_px * decoded.height_px <= _CHEAP_PX
    return is_odd and is_cheap and _scale(decoded, levels) > 1


def _scale(decoded: Decoded, levels: Levels) -> int:
    return round(max(decoded.width_px, decoded.height_px) / max(levels.shape))


def _earlier_quality(decoded: Decoded, levels: Levels) -> int | None:
    """The quality of the JPEG that the picture was before; None where it shows nothing of one."""
    scale = _scale(decoded, levels)
    if scale not in _SCALES:
        return None
    table = decoded.stored.luma_table
    own = np.array([table[_BLOCK * d + a] for d, a in _STANDARD_STEPS] if table else 1)
    starts = product({0, decoded.height_px % _BLOCK}, {0, decoded.width_px % _BLOCK})
    percents: list[float] = []
    for down, across in starts:
        if down % scale or across % scale:
            continue
        is_own = not (down or across) or decoded.stored.is_turned
        part = levels[down // scale :, across // scale :]
        steps = _steps(part, _BLOCK // scale, own if is_own else np.array(1))
        found = np.flatnonzero(steps)
        if len(found) >= _LEAST_FREQUENCIES:
            percents += (100 * steps[found] / _STANDARD[found]).tolist()
    return _quality(float(np.median(percents))) if percents else None


def _steps(levels: Levels, side: int, own: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each frequency the step of which its coefficients are multiples, or 0.

    Args:
        levels: Brightness, from the first block on.
        side: Of a block, in pixels.
        own: Steps that the file itself explains.
    """
    rows, columns = levels.shape[0] // side, levels.shape[1] // side
    if rows * columns < _LEAST_COEFFICIENTS:
        return np.zeros(len(_STANDARD), np.int64)
    tiled = levels[: rows * side, : columns * side].reshape(rows, side, columns, side)
    every = tiled.swapaxes(1, 2).reshape(-1, side, side)
    blocks = every[:: max(1, len(every) // _BLOCKS_LOOKED_AT)].astype(np.float32)
    coefficients = blocks.reshape(len(blocks), -1) @ _transforms(side)
    bins = np.minimum(np.abs(coefficients) * _BINS_PER_LEVEL, _BINS_PER_LEVEL * _LARGEST)
    shifted = np.rint(bins).astype(np.int64) + np.arange(len(_STANDARD)) * _bin_count()
    counts = np.bincount(shifted.ravel(), minlength=len(_STANDARD) * _bin_count())
    counts = counts.reshape(len(_STANDARD), _bin_count()).astype(np.float32)
    waves, taken = _combs()
    looked_at = counts @ taken
    patterns = (counts @ waves) / np.maximum(looked_at, 1)
    is_explained = _COARSER_BY * own.reshape(-1, 1) > _STEPS
    patterns[is_explained | (looked_at < _LEAST_COEFFICIENTS)] = 0
    best = patterns.argmax(axis=1)
    return np.where(patterns.max(axis=1) >= _LEAST_PATTERN, _STEPS[best], 0)


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
def _combs() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """For each size and step: 1 on a multiple of the step, -1 between two; and what counts."""
    sizes = np.arange(_bin_count())[:, None] / _BINS_PER_LEVEL
    taken = (sizes > 0.35 * _STEPS) & (sizes < np.minimum(10 * _STEPS, _LARGEST))
    waves = np.cos(2 * math.pi * sizes / _STEPS) * taken
    return waves.astype(np.float32), taken.astype(np.float32)


def _quality(percent: float) -> int:
    """From steps in percent of the standard ones: the inverse of libjpeg's scaling."""
    quality = 5000 / percent if percent > LOSSLESS else LOSSLESS - percent / 2
    return min(LOSSLESS, max(1, round(quality)))
