"""Cohen's kappa for two people, Fleiss's for any equal number of answers an item.

Both compare the share of equal answers with the share that chance would give, from how often each
value was given. Both are undefined where chance gives complete agreement: only one value was given.

Sources: J. Cohen, "A coefficient of agreement for nominal scales" (1960); J. Fleiss, "Measuring
nominal scale agreement among many raters" (1971).
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from farmy_assets.annotation.agreement.items import distinct

_CERTAIN = 1 - 1e-12


class CohenKappa:
    """The kappa of two people over items that both of them answered."""

    def __init__(self, given: Mapping[tuple[Any, Any], int]) -> None:
        """Keep what each of both gave.

        Args:
            given: How often each two values were given.
        """
        values = {value: n for n, value in enumerate(dict.fromkeys(v for p in given for v in p))}
        self._places = np.array([[values[a], values[b]] for a, b in given], int).reshape(-1, 2)
        self._values = len(values)
        self.times = np.array(list(given.values()), dtype=np.int64)

    def value(self, weights: NDArray[np.int64] | None = None) -> float | None:
        """Kappa, with each distinct item as often as its weight says; None when undefined."""
        if not len(self.times):
            return None
        weights = self.times if weights is None else weights
        first, second = self._places.T
        total = weights.sum()
        given = [np.bincount(side, weights, self._values) / total for side in (first, second)]
        return _kappa(float(weights @ (first == second) / total), float(given[0] @ given[1]))


class FleissKappa:
    """The kappa of items that have the same number of answers, from whomever."""

    def __init__(self, units: Mapping[tuple[Any, ...], int]) -> None:
        """Count the values of each item; equal items are kept once.

        Args:
            units: How often each item is there with these values.

        Raises:
            ValueError: Items have different numbers of answers, or fewer than two.
        """
        counted = [Counter(unit) for unit in units]
        numbers = {unit.total() for unit in counted}
        if len(numbers) > 1 or min(numbers, default=2) < 2:  # noqa: PLR2004 - two people to compare
            msg = "Fleiss's kappa needs the same number of answers for each item, two at least"
            raise ValueError(msg)
        values = {value: n for n, value in enumerate(dict.fromkeys(v for u in counted for v in u))}
        rows = np.zeros((len(counted), len(values)))
        for number, unit in enumerate(counted):
            for value, count in unit.items():
                rows[number, values[value]] = count
        self._counts, self.times = distinct(rows, np.array(list(units.values()), np.int64))

    def value(self, weights: NDArray[np.int64] | None = None) -> float | None:
        """Kappa, with each distinct item as often as its weight says; None when undefined."""
        if not len(self.times):
            return None
        weights = self.times if weights is None else weights
        answers = float(self._counts[0].sum())
        equal = ((self._counts**2).sum(axis=1) - answers) / (answers * (answers - 1))
        shares = weights @ self._counts / (weights.sum() * answers)
        return _kappa(float(weights @ equal / weights.sum()), float(shares @ shares))


def _kappa(observed: float, by_chance: float) -> float | None:
    return None if by_chance >= _CERTAIN else (observed - by_chance) / (1 - by_chance)
