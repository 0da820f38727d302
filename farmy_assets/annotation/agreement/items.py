"""What coefficients are computed from: items, each of units, each distinct unit kept once.

A unit is what several people gave a value; an item is what is drawn by chance for an interval. Of
many items most units are alike, so each distinct one is looked at once, however many items have it.
"""

from collections.abc import Callable, Hashable, Iterable
from itertools import repeat
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Unit = tuple[Hashable, ...]
"""The values that people gave one unit; a person without a value is left out."""

Places = NDArray[np.int64]


class Items(NamedTuple):
    """Items, each with at least one unit.

    Attributes:
        units: The distinct units.
        places: For each unit of each item, item after item, its place in `units`.
        starts: Where each item begins in `places`.
        times: How often each item is there.
    """

    units: tuple[Unit, ...]
    places: Places
    starts: Places
    times: Places

    @classmethod
    def listed(cls, items: Iterable[Iterable[Unit]], times: Iterable[int] | None = None) -> "Items":
        """The items as arrays; those without a unit are left out.

        Args:
            items: The units of each.
            times: How often each item is there; once when it is not given.
        """
        known: dict[Unit, int] = {}
        places: list[int] = []
        starts: list[int] = []
        counts: list[int] = []
        for item, count in zip(items, repeat(1) if times is None else times, strict=False):
            start = len(places)
            places += [known.setdefault(unit, len(known)) for unit in item]
            if len(places) > start:
                starts.append(start)
                counts.append(count)
        return cls(
            tuple(known),
            np.array(places, np.int64),
            np.array(starts, np.int64),
            np.array(counts, np.int64),
        )

    def with_units(self, change: Callable[[Unit], Unit]) -> "Items":
        """The same items with each distinct unit changed."""
        return self._replace(units=tuple(map(change, self.units)))

    def sums(self, of_units: NDArray[np.float64]) -> NDArray[np.float64]:
        """For each item the sum of its units' rows, of one row for each distinct unit."""
        if not len(self.starts):
            return np.zeros((0, of_units.shape[1]))
        summed: NDArray[np.float64] = np.add.reduceat(of_units[self.places], self.starts, axis=0)
        return summed


def distinct(rows: NDArray[np.float64], times: Places) -> tuple[NDArray[np.float64], Places]:
    """The distinct rows, and how often each is there."""
    found, inverse = np.unique(rows, axis=0, return_inverse=True)
    counted = np.bincount(inverse.ravel(), times, len(found))
    return found, counted.astype(np.int64)
