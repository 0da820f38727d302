"""One-coloured borders around a picture: frames, letterboxes, the white of a page."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_LEVELS_APART = 3  # JPEG's noise; sky, walls and paper vary more from one end to the other
_SAME_SHARE = 0.985  # of a line: a border is still one with a date stamp in it
_LOOKED_AT_APART = 16  # pixels of the first line
_LEAST_SHARE = 0.006  # of a side: below, a border is no border but a defect of the edge
_LEAST_LEFT = 0.3  # of each side


class Box(NamedTuple):
    """A part of a picture, in pixels."""

    left: int
    top: int
    right: int
    bottom: int


def within_border(levels: NDArray[np.uint8]) -> Box | None:
    """What is within a picture's border; None when it has none, or nothing else.

    Each side may be as wide as it likes, or missing; where JPEG blurred the edge to the picture,
    a pixel or two of the border may be left.

    Args:
        levels: The picture's brightness, shape (height, width).
    """
    height, width = levels.shape
    top, bottom = _border_px(levels), _border_px(levels[::-1])
    middle = levels[top : height - bottom]
    if not middle.size:
        return None
    left, right = _border_px(middle.T), _border_px(middle.T[::-1])
    box = Box(left, top, width - right, height - bottom)
    if not left + right + top + bottom:
        return None
    is_enough = (
        box.right - box.left >= _LEAST_LEFT * width and box.bottom - box.top >= _LEAST_LEFT * height
    )
    return box if is_enough else None


def _border_px(lines: NDArray[np.uint8]) -> int:
    """How many lines from the first on are of the first one's colour, all of them."""
    length = lines.shape[1]
    if not _may_be_plain(lines[0, ::_LOOKED_AT_APART].tobytes(), length):
        return 0
    colour = int(np.sort(lines[0])[length // 2])
    least = max(0, colour - _LEVELS_APART)
    span = np.uint8(min(255, colour + _LEVELS_APART) - least)
    lines_at_once, found = 1, 0
    while found < len(lines):
        some = lines[found : found + lines_at_once]
        # Below the least level this wraps around, and comes out too large as well.
        same = np.count_nonzero(some - np.uint8(least) <= span, axis=1) >= _SAME_SHARE * length
        if not same.all():
            found += int(same.argmin())
            break
        found += len(some)
        lines_at_once *= 2
    return found if found >= max(1, _LEAST_SHARE * len(lines)) else 0


def _may_be_plain(some: bytes, length: int) -> bool:
    """Whether a line may be of one colour, by some of its levels: most lines are not."""
    others = int((1 - _SAME_SHARE) * length) + 1
    ordered = sorted(some)
    inner = ordered[others : len(ordered) - others]
    return not inner or inner[-1] - inner[0] <= 2 * _LEVELS_APART
