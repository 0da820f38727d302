"""How far a figure of few items may be from that of many: intervals by the bootstrap.

Items are drawn with replacement, as many as there are; the middle 95 of 100 results are the
interval. Source: B. Efron and R. Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13.
"""

from typing import Annotated, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from farmy_assets.catalog.records import Record

ROUNDS = 1000
FEWEST_ROUNDS = 200
_MOST_READ = 4_000_000  # items in all rounds: about a second
_TAIL_PERCENT = 2.5
_MIN_DEFINED = 0.5


class Statistic(Protocol):
    """A figure of items that can be drawn by chance; equal items are counted, not repeated.

    Attributes:
        times: How often each distinct item is there.
    """

    times: NDArray[np.int64]

    def value(self, weights: NDArray[np.int64] | None = None) -> float | None:
        """The figure with each distinct item so often, `times` if not given; None if undefined."""


class Estimate(Record):
    """A figure with its 95 % interval.

    Attributes:
        value: None when it is undefined.
        low: None when the figure, or more than half of the drawn ones, is undefined.
        high: Likewise.
        items: How many items it was made of; with fewer than about 30 the interval is wide.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    items: Annotated[int, Field(ge=0)]


def estimate(statistic: Statistic, *, seed: int, rounds: int = ROUNDS) -> Estimate:
    """The figure and its interval; the same for the same seed.

    Reads every distinct item once a round. Of very many there are fewer rounds, down to
    `FEWEST_ROUNDS`: their interval is narrow, and its ends move little.

    Args:
        statistic: The figure.
        seed: Of the drawing.
        rounds: How often items are drawn at most; 0 for no interval.
    """
    value, items = statistic.value(), int(statistic.times.sum())
    if value is None:
        return Estimate(value=None, items=items)
    if rounds:
        rounds = min(rounds, max(FEWEST_ROUNDS, _MOST_READ // max(len(statistic.times), 1)))
    chance = np.random.default_rng(seed)
    shares = statistic.times / items
    drawn = (chance.multinomial(items, shares) for _ in range(rounds))
    found = [statistic.value(weights) for weights in drawn]
    defined = [one for one in found if one is not None]
    if not rounds or len(defined) < _MIN_DEFINED * rounds:
        return Estimate(value=value, items=items)
    low, high = np.percentile(defined, [_TAIL_PERCENT, 100 - _TAIL_PERCENT])
    return Estimate(value=value, low=float(low), high=float(high), items=items)
