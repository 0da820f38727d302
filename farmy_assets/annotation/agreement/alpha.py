"""Krippendorff's alpha: 1 is complete agreement, 0 what chance would give.

    alpha = 1 - observed disagreement / expected disagreement

A unit is what several people gave a value; who gave none is missing, and a unit with fewer than two
values says nothing. Values can be anything that is hashable, and how far two of them differ is a
distance from 0 to 1: other or the same (nominal), Jaccard's or MASI for sets.

Source: K. Krippendorff, Content Analysis (4th edition), chapter 12; the form by units is in
"Computing Krippendorff's Alpha-Reliability" (2011), section C. MASI: R. Passonneau, "Measuring
Agreement on Set-valued Items" (LREC 2006).
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Unit = Sequence[Hashable]
"""The values that people gave one unit; a person without a value is left out."""

Distance = Callable[[Any, Any], float]

_MASI_SUBSET = 2 / 3
_MASI_CROSSING = 1 / 3
_MIN_VALUES = 2


def nominal(first: Hashable, second: Hashable) -> float:
    """0 for the same value, else 1."""
    return float(first != second)


def jaccard(first: frozenset[Any], second: frozenset[Any]) -> float:
    """1 - shared / all members of two sets; 0 for two empty ones."""
    union = first | second
    return 1 - len(first & second) / len(union) if union else 0.0


def masi(first: frozenset[Any], second: frozenset[Any]) -> float:
    """1 - Jaccard's index times 1 (equal), 2/3 (one within the other), 1/3 (crossing) or 0."""
    if first == second:
        return 0.0
    shared = first & second
    if not shared:
        return 1.0
    is_within = first <= second or second <= first
    return 1 - len(shared) / len(first | second) * (_MASI_SUBSET if is_within else _MASI_CROSSING)


class Alpha:
    """The alpha of some items, each of one or more units; an item is what is drawn by chance.

    Boxes of one image are not independent of each other: there the image is the item.
    """

    def __init__(self, items: Iterable[Iterable[Unit]], distance: Distance = nominal) -> None:
        """Count each item's values, and how far they differ. Equal items are kept once.

        Args:
            items: The units of each item.
            distance: How far two values differ; symmetric, 0 for a value and itself.
        """
        counted = [[Counter(unit) for unit in item if len(unit) >= _MIN_VALUES] for item in items]
        values = {value: n for n, value in enumerate(dict.fromkeys(_values(counted)))}
        self._distances = np.array([[distance(a, b) for b in values] for a in values]).reshape(
            len(values), len(values)
        )
        # A row an item: how often each value was given, and last how far they differ.
        rows = np.zeros((len(counted), len(values) + 1))
        for number, units in enumerate(counted):
            for unit in units:
                places = [values[value] for value in unit]
                of_unit = np.array(list(unit.values()), dtype=float)
                apart = of_unit @ self._distances[np.ix_(places, places)] @ of_unit
                rows[number, -1] += apart / (of_unit.sum() - 1)
                rows[number, places] += of_unit
        self._rows, self.times = np.unique(rows, axis=0, return_counts=True)

    def value(self, weights: NDArray[np.int64] | None = None) -> float | None:
        """Alpha, with each distinct item as often as its weight says; None when it is undefined.

        It is undefined where only one value was given, or no unit has two.
        """
        summed = (self.times if weights is None else weights) @ self._rows
        counts = summed[:-1]
        expected = float(counts @ self._distances @ counts)
        if expected <= 0:
            return None
        return 1 - (float(counts.sum()) - 1) * float(summed[-1]) / expected


def _values(counted: Iterable[Iterable[Counter[Hashable]]]) -> Iterable[Hashable]:
    return (value for item in counted for unit in item for value in unit)


def alpha(units: Iterable[Unit], distance: Distance = nominal) -> float | None:
    """The alpha of units, each an item of its own; None when it is undefined."""
    return Alpha(([unit] for unit in units), distance).value()
