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
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from farmy_assets.annotation.agreement.items import Items, distinct

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

    Attributes:
        times: How often each distinct item is there.
    """

    def __init__(self, items: Items, distance: Distance = nominal) -> None:
        """Count each item's values, and how far they differ. Equal items are kept once.

        Args:
            items: The items.
            distance: How far two values differ; symmetric, 0 for a value and itself.
        """
        counted = [Counter(unit) if len(unit) >= _MIN_VALUES else Counter() for unit in items.units]
        values = {v: n for n, v in enumerate(dict.fromkeys(v for unit in counted for v in unit))}
        self._distances = np.array([[distance(a, b) for b in values] for a in values]).reshape(
            len(values), len(values)
        )
        # A row a unit: how often each value was given, and last how far they differ.
        of_units = np.zeros((len(counted), len(values) + 1))
        for row, unit in zip(of_units, counted, strict=True):
            places = [values[value] for value in unit]
            given = np.array(list(unit.values()), dtype=float)
            row[places] = given
            if unit:
                apart = given @ self._distances[np.ix_(places, places)] @ given
                row[-1] = apart / (given.sum() - 1)
        self._rows, self.times = distinct(items.sums(of_units), items.times)

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

    def by_item(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The alpha of each distinct item that has two values, and how often it is there.

        An item on which all values are the same counts as 1, although its alpha is undefined.
        """
        counts = self._rows[:, :-1]
        totals = counts.sum(axis=1)
        expected = np.einsum("ij,jk,ik->i", counts, self._distances, counts)
        found = np.ones(len(totals))
        differ = expected > 0
        apart = (totals[differ] - 1) * self._rows[differ, -1]
        found[differ] = 1 - apart / expected[differ]
        asked = totals > 0
        return found[asked], self.times[asked]
