"""Pictures that show a part of another one, or the same within a border.

Of each kept picture a few patterns are stored: of the whole, of the whole cut by a twentieth on
each side, and of both again without its border where it has one. Asked is with a picture's views,
cut by many small amounts. Whatever up to a twentieth of a side was cut off one of two pictures, a
view of one shows nearly the same as something that is stored of the other.

Stored patterns that may match are looked up (`pattern_lookup.py`). Only then the cut is adjusted,
and all bits are compared, each by the size of its coefficient: of pictures that merely have the
same composition the finer bits disagree.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from farmy_assets.cleansing.pattern_lookup import ASKED_CUTS, Candidates, Table, candidates
from farmy_assets.cleansing.patterns import (
    COARSE_BITS,
    Cuts,
    Levels,
    agreeing,
    as_signs,
    coefficients,
    cut_steps,
    every_cut,
    signs,
    turned,
    turned_coefficients,
    turned_cuts,
)
from farmy_assets.cleansing.small_pictures import (
    AskedPictures,
    Indices,
    StoredPatterns,
    stored_cuts,
)

LEAST_AGREEMENT = 0.945
"""Of the signs of two patterns that show the same, each counted by its size."""
_WORTH_ADJUSTING = 0.7
_ADJUSTED_BY = (5, 3, 2, 1)  # `cut_steps`
# What was cut off by a twentieth, and what is measured too much; where each shows what the other
# does not, these are two photographs.
_MOST_CUT, _BOTH_CUT, _CUT_TOGETHER = map(cut_steps, (0.061, 0.025, 0.073))
_ADJUSTED_NEAR_BY = (2, 1)
_LEAST_SPREAD = 2.0  # levels; below, a picture is blank and its pattern is noise
_ASKED_AT_ONCE = 256
_ADJUSTED_AT_ONCE = 8_000


class Matches(NamedTuple):
    """Pairs of an asked picture and a stored pattern; each array has the shape (pairs,).

    `asked` and `stored` are places in what was given; `orientations` tell how the asked picture is
    turned to look like the stored one; `distance_bits` are the differing ones of the coarsest 64.
    `more` and `less` are what the asked picture shows beyond the stored one, and the other way
    round, at the side where that is most: in `cut_steps`, negative where it is so at no side.
    `agreement` is how far the signs agree as if neither showed more, 1 at most.
    """

    asked: Indices
    stored: Indices
    orientations: Indices
    distance_bits: Indices
    more: Indices
    less: Indices
    agreement: Levels


def matches(asked: AskedPictures, stored: StoredPatterns, *, are_the_same: bool = False) -> Matches:
    """The pairs of which one picture shows the other one or a part of it, however it is turned.

    Args:
        asked: The pictures to look for.
        stored: Where to look for them.
        are_the_same: Whether the numbers of the asked ones are the owners of the stored ones: then
            none is compared with itself.
    """
    if not len(stored.words) or not len(asked.levels):
        return _no_matches()
    table = Table(stored.words[:, 0])
    sharp = np.flatnonzero(asked.levels.std(axis=(1, 2)) >= _LEAST_SPREAD)
    found = [
        _adjusted(asked.levels, stored, Candidates(*(column[part] for column in near)))
        for some in _portions(sharp, _ASKED_AT_ONCE)
        for near in [candidates(asked.levels[some], some, table)]
        for others in [
            np.flatnonzero(asked.numbers[near.asked] != stored.owners[near.stored])
            if are_the_same
            else np.arange(len(near.asked))
        ]
        for part in _portions(others, _ADJUSTED_AT_ONCE)
    ]
    return Matches(*map(np.concatenate, zip(*found, strict=True))) if found else _no_matches()


def _adjusted(levels: Levels, stored: StoredPatterns, some: Candidates) -> Matches:
    """Those that agree in all bits once it is found what exactly was cut off."""
    cut, wanted = every_cut(ASKED_CUTS), as_signs(stored.words[some.stored])
    # Many candidates are asked for by the same view: turning its coefficients is quick.
    views, places = np.unique(some.asked * len(cut) + some.views, return_inverse=True)
    found = coefficients(levels[views // len(cut)], cut[views % len(cut)])
    best = agreeing(turned_coefficients(found[places], some.orientations), wanted)
    left = np.flatnonzero(best >= _WORTH_ADJUSTING)
    turns = some.orientations[left]
    pictures = turned(levels[some.asked[left]], turns)
    cuts = turned_cuts(cut[some.views[left]], turns)
    wanted, best = wanted[left], best[left]
    _adjust(pictures, wanted, cuts, best, _ADJUSTED_BY)
    same = np.flatnonzero(best >= LEAST_AGREEMENT)
    pictures, wanted, kept = pictures[same], wanted[same], left[same]
    cuts, best = cuts[same], best[same]
    # What was found may be a lesser one of several maxima: of frames the uncut picture is best.
    _adjust(pictures, wanted, cuts, best, _ADJUSTED_BY)
    uncut = np.repeat(stored_cuts(stored.shown[some.stored[kept]])[:, None], 4, axis=1)
    agreement = agreeing(coefficients(pictures, uncut), wanted)
    near, best_near = uncut.copy(), agreement.copy()
    _adjust(pictures, wanted, near, best_near, _ADJUSTED_NEAR_BY)
    cuts = np.where((best_near >= best)[:, None], near, cuts)
    bits = np.bitwise_count(
        signs(coefficients(pictures, cuts, COARSE_BITS))[:, 0] ^ stored.words[some.stored[kept], 0]
    )
    more, less = (cuts - uncut).max(axis=1), (uncut - cuts).max(axis=1)
    is_copy = agreement >= LEAST_AGREEMENT
    largest, least = np.maximum(more, less), np.minimum(more, less)
    is_copy |= (largest <= _MOST_CUT) & (least <= _BOTH_CUT) & (more + less <= _CUT_TOGETHER)
    kept = kept[is_copy]
    return Matches(
        some.asked[kept],
        some.stored[kept],
        some.orientations[kept],
        bits[is_copy].astype(np.int64),
        more[is_copy],
        less[is_copy],
        agreement[is_copy],
    )


def _adjust(
    pictures: Levels, wanted: Levels, cuts: Cuts, best: Levels, steps: Sequence[int]
) -> None:
    """Changes cuts side by side as long as pictures agree better with what is wanted."""
    for step in steps:
        for side in range(4):
            for change in (-step, step):
                tried = cuts.copy()
                tried[:, side] += change
                agreement = agreeing(coefficients(pictures, tried), wanted)
                better = agreement > best
                cuts[better], best[better] = tried[better], agreement[better]


def _portions(places: Indices, size: int) -> Iterator[Indices]:
    for start in range(0, len(places), size):
        yield places[start : start + size]


def _no_matches() -> Matches:
    no, agreement = np.empty(0, np.int64), np.empty(0, np.float32)
    return Matches(no, no, no, no, no, no, agreement)
