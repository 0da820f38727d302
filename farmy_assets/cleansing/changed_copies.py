"""In which way one of two pictures is a cut or framed copy of the other one."""

from collections import defaultdict
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from farmy_assets.cleansing.cut_copies import LEAST_AGREEMENT, matches
from farmy_assets.cleansing.patterns import cut_steps
from farmy_assets.cleansing.small_pictures import AskedPictures, Shown, StoredPatterns


class CopyChange(StrEnum):
    """What a picture shows of what another one shows."""

    NONE = "none"  # the same
    CUT = "cut"  # a part of it
    UNCUT = "uncut"  # more than that
    FRAMED = "framed"  # the same, or nearly all of it, with a border around
    UNFRAMED = "unframed"  # the same without the other one's border
    REFRAMED = "reframed"  # the same within another border


class ChangedCopy(NamedTuple):
    """One picture as a copy of another one; `orientation` is how it has to be turned for that.

    `is_same_part` tells whether both show the same, borders left aside, and `agreement` how far
    the signs of their patterns agree as if nothing were cut off.
    """

    change: CopyChange
    distance_bits: int
    orientation: int
    is_same_part: bool = False
    agreement: float = 0.0


_INVERSE = {
    CopyChange.CUT: CopyChange.UNCUT,
    CopyChange.UNCUT: CopyChange.CUT,
    CopyChange.FRAMED: CopyChange.UNFRAMED,
    CopyChange.UNFRAMED: CopyChange.FRAMED,
}
_FRAMED = (CopyChange.FRAMED, CopyChange.UNFRAMED)
_CUT = (CopyChange.CUT, CopyChange.UNCUT)
_SAME_PART = cut_steps(0.01)  # a border's last pixels may be left, and adjusting is not exact
_TRANSPOSED = 4


Ways = Mapping[CopyChange, ChangedCopy]
"""The ways in which a picture may be a copy of another one."""


def changed_copies(
    asked: AskedPictures, stored: StoredPatterns, *, are_the_same: bool = False
) -> dict[tuple[int, int], Ways]:
    """By the numbers of the asked and of the stored picture what the asked one may be.

    Args:
        asked: The pictures to look for.
        stored: Where to look for them.
        are_the_same: Whether both are of the same pictures; none is then compared with itself.
    """
    found: dict[tuple[int, int], dict[CopyChange, ChangedCopy]] = defaultdict(dict)
    for place, pattern, orientation, bits, more, less, agreement in zip(
        *(column.tolist() for column in matches(asked, stored, are_the_same=are_the_same)),
        strict=True,
    ):
        is_stored_within = int(stored.shown[pattern]) >= Shown.WITHIN_BORDER
        is_same_part = max(more, less) <= _SAME_PART or agreement >= LEAST_AGREEMENT
        within = bool(asked.is_within_border[place]), is_stored_within
        change = _change(*within, more - less, is_same_part=is_same_part)
        pair = int(asked.numbers[place]), int(stored.owners[pattern])
        copy = ChangedCopy(change, bits, orientation, is_same_part, agreement)
        known = found[pair].get(change, copy)
        found[pair][change] = min(known, copy, key=_likeliest_first)
    return dict(found)


def _change(
    is_asked_within: bool, is_stored_within: bool, beyond: int, *, is_same_part: bool
) -> CopyChange:
    """What an asked picture is whose view shows so much beyond the stored one's.

    What is taken for a border may be the plain end of a photograph: of which more is to be seen
    within it, that one is the photograph.
    """
    if is_asked_within and is_stored_within:
        return CopyChange.REFRAMED
    if is_asked_within and (beyond <= 0 or is_same_part):
        return CopyChange.FRAMED
    if is_stored_within and (beyond >= 0 or is_same_part):
        return CopyChange.UNFRAMED
    return CopyChange.UNCUT if beyond > 0 else CopyChange.CUT


def likeliest(ways: Ways, ways_back: Ways) -> ChangedCopy:
    """Of several ways to explain a copy a border, unless either picture may be the framed one.

    The plain background of a photograph looks like a border, too: then both pictures have one,
    unless what is within the one is just what all of the other one shows.

    Args:
        ways: What the picture may be.
        ways_back: What the other one may be as a copy of this one; one of both is not empty.
    """
    copies = _both_ways(ways, ways_back)
    framed = [copies[c] for c in _FRAMED if c in copies]
    cut = [copies[c] for c in _CUT if c in copies]
    exact = [copy for copy in framed if copy.is_same_part]
    if len(exact) == 1:
        return exact[0]
    if len(framed) == 1 and not (cut and CopyChange.REFRAMED in copies):
        return framed[0]
    if framed and not cut:
        return min(framed, key=_nearest_first)._replace(change=CopyChange.REFRAMED)
    return min(cut or copies.values(), key=_nearest_first)


def narrowly_framed(ways: Ways, ways_back: Ways) -> ChangedCopy | None:
    """Of two pictures that look the same the way in which one has a narrow border around it.

    None where they agree as well with it.
    """
    copies = _both_ways(ways, ways_back)
    exact = [copies[c] for c in _FRAMED if c in copies and copies[c].is_same_part]
    if len(exact) != 1:
        return None
    whole = [copies[c].agreement for c in _CUT if c in copies]
    return exact[0] if exact[0].agreement > max(whole, default=0.0) else None


def _both_ways(ways: Ways, ways_back: Ways) -> Ways:
    copies = dict(ways)
    for copy in map(inverse, ways_back.values()):
        copies[copy.change] = min(copies.get(copy.change, copy), copy, key=_likeliest_first)
    return copies


def inverse(copy: ChangedCopy) -> ChangedCopy:
    """What the other picture is as a copy of this one."""
    turn = copy.orientation
    if turn & _TRANSPOSED:  # first transposed, then mirrored: the other way round
        turn = _TRANSPOSED | (turn & 1) << 1 | (turn & 2) >> 1
    return copy._replace(change=_INVERSE.get(copy.change, copy.change), orientation=turn)


def _likeliest_first(copy: ChangedCopy) -> tuple[bool, float, int]:
    return not copy.is_same_part, -copy.agreement, copy.orientation


def _nearest_first(copy: ChangedCopy) -> tuple[int, int, str]:
    return copy.distance_bits, copy.orientation, copy.change.value
