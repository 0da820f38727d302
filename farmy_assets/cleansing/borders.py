"""One-coloured borders around a picture: frames, letterboxes, the white of a page.

A photograph's plain background is no border. What tells them apart is how a border is drawn: of
one level all along, or ending at once along all of its inner edge.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_LEVELS_APART = 3  # JPEG's noise; sky, walls and paper vary more from one end to the other
_SAME_SHARE = 0.985  # of a line: a border is still one with a date stamp in it
_DRAWN_LEVELS_APART = 1  # where no edge is near JPEG stores one level as one level
_NOISY_LEVELS_APART = 12  # the noise of a coarse JPEG's blocks that hold a part of the edge
_NOISY_SHARE = 0.9
_WITHIN_SHARE = 0.5  # of the first line within: a picture has little of its border's colour
_MAY_BE_WITHIN_SHARE = 0.6  # the same by some of its pixels
_BLURRED_PX = 1  # between border and picture
_TEXT_SHARE = 0.35  # of a line with dense writing in it; of a line of a picture less is
_MOST_TEXT = 0.08  # of a side
_LOOKED_AT_APART = 16  # pixels of the first line
_OF_LINES_APART = 4  # pixels of further lines
_LEAST_SHARE = 0.006  # of a side: below, a border is no border but a defect of the edge
_LEAST_LEFT = 0.3  # of each side

Lines = NDArray[np.uint8]


class Box(NamedTuple):
    """A part of a picture, in pixels."""

    left: int
    top: int
    right: int
    bottom: int


def within_border(levels: Lines) -> Box | None:
    """What is within a picture's border; None when it has none, or nothing else.

    Each side may be as wide as it likes, or missing, and have a line of writing in it; where JPEG
    blurred the edge to the picture, a pixel or two of the border may be left.

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


def _border_px(lines: Lines) -> int:
    """How many lines from the first on are of the first one's colour, all of them."""
    length = lines.shape[1]
    if not _may_be_plain(lines[0, ::_LOOKED_AT_APART].tobytes(), length):
        return 0
    colour = int(np.sort(lines[0])[length // 2])
    is_drawn = _is_drawn(lines[0], colour)
    if not is_drawn and not _may_end(lines, colour):
        return 0
    found = _run(lines, colour) if is_drawn else 0
    if found == len(lines):
        return found
    reached = _with_noise_and_text(lines, found, colour)
    if _ends_at_once(lines, reached, colour):
        found = reached
    elif is_drawn:
        # The picture is of the border's colour there: what is plain beyond any writing counts.
        more = _shares(lines[found:reached], colour, _LEVELS_APART) >= _SAME_SHARE
        found += int(np.flatnonzero(more)[-1]) + 1 if more.any() else 0
    return found if found >= max(1, _LEAST_SHARE * len(lines)) else 0


def _may_end(lines: Lines, colour: int) -> bool:
    """Whether a narrow border may end among the first lines, by a quarter of their pixels."""
    some = lines[: int(_MOST_TEXT * len(lines)) + _BLURRED_PX + 1, ::_OF_LINES_APART]
    return bool(_shares(some, colour, _NOISY_LEVELS_APART).min() <= _MAY_BE_WITHIN_SHARE)


def _with_noise_and_text(lines: Lines, found: int, colour: int) -> int:
    """Where a border ends that goes on with noise, as near its edge, or with lines of writing."""
    most, is_narrow = max(1, int(_MOST_TEXT * len(lines))), not found
    while found < len(lines):
        shares = _shares(lines[found : found + most], colour, _NOISY_LEVELS_APART)
        is_within = shares < (_TEXT_SHARE if found else _NOISY_SHARE)
        end = int(is_within.argmax()) if is_within.any() else len(shares)
        plain = np.flatnonzero(shares[:end] >= _NOISY_SHARE)
        if not plain.size:
            break
        found += int(plain[-1]) + 1
        if is_narrow:  # a wider one has lines without noise
            break
    return found


def _run(lines: Lines, colour: int) -> int:
    lines_at_once, found = 1, 0
    while found < len(lines):
        some = lines[found : found + lines_at_once]
        is_plain = _shares(some, colour, _LEVELS_APART) >= _SAME_SHARE
        if not is_plain.all():
            return found + int(is_plain.argmin())
        found += len(some)
        lines_at_once *= 2
    return found


def _is_drawn(line: Lines, colour: int) -> bool:
    return bool(_shares(line[None], colour, _DRAWN_LEVELS_APART)[0] >= _SAME_SHARE)


def _ends_at_once(lines: Lines, found: int, colour: int) -> bool:
    """Whether there is a border and most of the first line after it is of other colours."""
    after = lines[found + _BLURRED_PX : found + _BLURRED_PX + 1]
    return found > 0 and bool((_shares(after, colour, _NOISY_LEVELS_APART) <= _WITHIN_SHARE).all())


def _shares(lines: Lines, colour: int, levels_apart: int) -> NDArray[np.float64]:
    """Of each line the share that is of a colour."""
    least = max(0, colour - levels_apart)
    span = np.uint8(min(255, colour + levels_apart) - least)
    # Below the least level this wraps around, and comes out too large as well.
    same = np.count_nonzero(lines - np.uint8(least) <= span, axis=1)
    return np.asarray(same / lines.shape[1])


def _may_be_plain(some: bytes, length: int) -> bool:
    """Whether a line may be of one colour, by some of its levels: most lines are not."""
    others = int((1 - _NOISY_SHARE) * length / _LOOKED_AT_APART) + 1
    ordered = sorted(some)
    inner = ordered[others : len(ordered) - others]
    return not inner or inner[-1] - inner[0] <= 2 * _NOISY_LEVELS_APART
