"""In which way one of two pictures is a cut or framed copy of the other one."""

from collections import defaultdict
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from farmy_assets.cleansing.cut_copies import matches
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
    """One picture as a copy of another one; `orientation` is how it has to be turned for that."""

    change: CopyChange
    distance_bits: int
    orientation: int


_INVERSE = {
    CopyChange.CUT: CopyChange.UNCUT,
    CopyChange.UNCUT: CopyChange.CUT,
    CopyChange.FRAMED: CopyChange.UNFRAMED,
    CopyChange.UNFRAMED: CopyChange.FRAMED,
}
_CHANGES = {
    (False, Shown.WHOLE): CopyChange.UNCUT,
    (False, Shown.CUT): CopyChange.CUT,
    (False, Shown.WITHIN_BORDER): CopyChange.UNFRAMED,
    (False, Shown.WITHIN_BORDER_CUT): CopyChange.UNFRAMED,
    (True, Shown.WHOLE): CopyChange.FRAMED,
    (True, Shown.CUT): CopyChange.FRAMED,
    (True, Shown.WITHIN_BORDER): CopyChange.REFRAMED,
    (True, Shown.WITHIN_BORDER_CUT): CopyChange.REFRAMED,
}
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
    for place, pattern, orientation, bits in zip(
        *(column.tolist() for column in matches(asked, stored, are_the_same=are_the_same)),
        strict=True,
    ):
        shown = Shown(int(stored.shown[pattern]))
        change = _CHANGES[bool(asked.is_within_border[place]), shown]
        pair = int(asked.numbers[place]), int(stored.owners[pattern])
        copy = ChangedCopy(change, bits, orientation)
        known = found[pair].get(change, copy)
        found[pair][change] = min(known, copy, key=_nearest_first)
    return dict(found)


def likeliest(ways: Ways, ways_back: Ways) -> ChangedCopy:
    """Of several ways to explain a copy a border, unless either picture may be the framed one.

    The plain background of a photograph looks like a border, too: then both pictures have one.

    Args:
        ways: What the picture may be.
        ways_back: What the other one may be as a copy of this one; one of both is not empty.
    """
    copies = dict(ways)
    for copy in map(inverse, ways_back.values()):
        copies[copy.change] = min(copies.get(copy.change, copy), copy, key=_nearest_first)
    framed = [copies[c] for c in (CopyChange.FRAMED, CopyChange.UNFRAMED) if c in copies]
    cut = [copies[c] for c in (CopyChange.CUT, CopyChange.UNCUT) if c in copies]
    if len(framed) == 1 and not (cut and CopyChange.REFRAMED in copies):
        return framed[0]
    if framed and not cut:
        return min(framed, key=_nearest_first)._replace(change=CopyChange.REFRAMED)
    return min(cut or copies.values(), key=_nearest_first)


def inverse(copy: ChangedCopy) -> ChangedCopy:
    """What the other picture is as a copy of this one."""
    turn = copy.orientation
    if turn & _TRANSPOSED:  # first transposed, then mirrored: the other way round
        turn = _TRANSPOSED | (turn & 1) << 1 | (turn & 2) >> 1
    return ChangedCopy(_INVERSE.get(copy.change, copy.change), copy.distance_bits, turn)


def _nearest_first(copy: ChangedCopy) -> tuple[int, int, str]:
    return copy.distance_bits, copy.orientation, copy.change.value
