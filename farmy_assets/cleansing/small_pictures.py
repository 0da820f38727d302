"""A picture as 32 by 32 levels of grey, and the patterns of it that are kept."""

import base64
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from farmy_assets.cleansing.patterns import (
    SIDE,
    WORDS,
    Levels,
    Words,
    coefficients,
    cut_steps,
    signs,
)

STORED_CUT = 0.05
_PATTERN_BYTES = 8 * WORDS
_CUTS = (0, cut_steps(STORED_CUT))

Indices = NDArray[np.int64]


class Shown(IntEnum):
    """What of a picture a stored pattern is of, in the order in which they are stored."""

    WHOLE = 0
    CUT = 1
    WITHIN_BORDER = 2
    WITHIN_BORDER_CUT = 3


class SmallPicture(NamedTuple):
    """The levels of a picture and of what is within its border, in base64; None where unknown."""

    whole: str | None
    within_border: str | None = None


class AskedPictures(NamedTuple):
    """Levels of some pictures: the number of each, and whether it is without its border."""

    numbers: Indices
    is_within_border: NDArray[np.bool_]
    levels: Levels


class StoredPatterns(NamedTuple):
    """Patterns of many pictures: whose, of what, and the bits; (n,), (n,) and (n, 3)."""

    owners: Indices
    shown: Indices
    words: Words


def small_text(grey: Image.Image, box: tuple[float, float, float, float] | None = None) -> str:
    """The levels of a picture, or of a part of it, as text.

    Args:
        grey: In mode L.
        box: Left, top, right and bottom of the part in pixels.
    """
    small = grey.resize((SIDE, SIDE), Image.Resampling.LANCZOS, box)
    return base64.b64encode(small.tobytes()).decode()


def levels_text(levels: NDArray[np.uint8]) -> str:
    """Levels of shape (32, 32) as text."""
    return base64.b64encode(levels.tobytes()).decode()


def asked_pictures(pictures: Sequence[SmallPicture]) -> AskedPictures:
    """All that is known of these pictures, each without its border after those with theirs."""
    numbers, texts, within = [], [], []
    for is_within_border in (False, True):
        for number, picture in enumerate(pictures):
            text = picture.within_border if is_within_border else picture.whole
            if text is not None:
                numbers.append(number)
                texts.append(text)
                within.append(is_within_border)
    content = b"".join(map(base64.b64decode, texts))
    levels = np.frombuffer(content, np.uint8).reshape(len(texts), SIDE, SIDE)
    return AskedPictures(
        np.array(numbers, np.int64), np.array(within, np.bool_), levels.astype(np.float32)
    )


def kept_patterns(pictures: Sequence[SmallPicture]) -> list[bytes]:
    """The patterns to keep of each picture, one for each of `Shown`; nothing where unknown."""
    asked = asked_pictures(pictures)
    parts = []
    for cut in _CUTS:
        cuts = np.full((len(asked.levels), 4), cut, np.int64)
        parts.append(signs(coefficients(asked.levels, cuts)).astype("<u8"))
    content = [b""] * len(pictures)
    for number, *words in zip(asked.numbers.tolist(), *parts, strict=True):
        content[number] += b"".join(word.tobytes() for word in words)
    return content


def stored_cuts(shown: Indices) -> Indices:
    """What was cut off each side of stored patterns, in `cut_steps`."""
    return np.array(_CUTS)[shown % len(_CUTS)]


def stored_patterns(contents: Sequence[bytes | None]) -> StoredPatterns:
    """What `kept_patterns` gave; the owner is the place in the list."""
    known = [content or b"" for content in contents]
    counts, parts = np.divmod(np.fromiter(map(len, known), np.int64, len(known)), _PATTERN_BYTES)
    if parts.any():
        known = [c[: n * _PATTERN_BYTES] for c, n in zip(known, counts.tolist(), strict=True)]
    words = np.frombuffer(b"".join(known), "<u8").astype(np.uint64).reshape(-1, WORDS)
    ends = np.cumsum(counts)
    places = np.arange(len(words))
    owners = np.repeat(np.arange(len(counts)), counts)
    shown = places - np.repeat(ends - counts, counts)
    return StoredPatterns(owners, shown, words)
