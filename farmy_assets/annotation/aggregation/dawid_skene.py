"""Dawid and Skene: the true classes, and how each person confuses them, found together.

Expectation and maximisation in turn: from the probabilities of each item's classes follow how
common the classes are and how each person errs; from these follow the probabilities again. The
first probabilities are the shares of the votes. A person needs some 20 to 50 votes a class; with
fewer, `wawa` is safer.

Source: A. Dawid and A. Skene, "Maximum likelihood estimation of observer error-rates using the EM
algorithm", Applied Statistics 28 (1979).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from farmy_assets.annotation.aggregation.ballots import Ballot, Shares

Array = NDArray[np.float64]

ROUNDS = 500
TOLERANCE = 1e-9
_SMALLEST = 1e-300


@dataclass(frozen=True)
class DawidSkene:
    """What was found.

    Attributes:
        labels: The classes, sorted.
        shares: Item to the probability of each class.
        prevalence: How common each class is, 0 to 1.
        confusion: Person to a matrix of the probability (columns) of each class that he or she
            gives, by the true one (rows); a row of zeros where nothing is known of it.
        log_likelihood: Of all votes; the higher the better they are explained.
        rounds: How many rounds it took.
    """

    labels: tuple[str, ...]
    shares: dict[str, Shares]
    prevalence: Shares
    confusion: dict[str, Array]
    log_likelihood: float
    rounds: int

    def accuracy_of(self, person: str) -> float:
        """How probable it is that a person gives an item its true class, 0 to 1."""
        right = np.diagonal(self.confusion[person])
        return float(right @ np.array(list(self.prevalence.values())))


def dawid_skene(
    ballots: Sequence[Ballot],
    *,
    times: Mapping[str, int] | None = None,
    rounds: int = ROUNDS,
    tolerance: float = TOLERANCE,
) -> DawidSkene:
    """Find true classes and people's errors from their votes.

    Each round reads every vote once.

    Args:
        ballots: The votes.
        times: How often an item is there, with the same votes; once when it is not given.
        rounds: After how many rounds it ends at the latest.
        tolerance: It ends when the log-likelihood grows by less than this share of itself.

    Raises:
        ValueError: There are no votes.
    """
    if not ballots:
        msg = "there are no votes to learn from"
        raise ValueError(msg)
    items, people, labels = (sorted(set(column)) for column in zip(*ballots, strict=True))
    item, person, label = _places(ballots, items, people, labels)
    # Which cell of (person, given class) a vote is in.
    cell, cells = person * len(labels) + label, len(people) * len(labels)
    truth: Array = np.zeros((len(items), len(labels)))
    np.add.at(truth, (item, label), 1)
    truth = _normed(truth)
    weights = np.array([times[name] if times else 1 for name in items], dtype=float)
    likelihood, done = -np.inf, 0
    while done < rounds:
        done += 1
        weighted = truth * weights[:, None]
        prevalence = weighted.sum(axis=0) / weights.sum()
        given = np.stack([np.bincount(cell, of_class[item], cells) for of_class in weighted.T])
        confusion = _normed(given.astype(float).reshape(len(labels), len(people), len(labels)))
        logs = np.log(np.maximum(confusion, _SMALLEST)).reshape(len(labels), cells)
        joint = np.stack([np.bincount(item, of_class[cell], len(items)) for of_class in logs]).T
        joint += np.log(np.maximum(prevalence, _SMALLEST))
        highest = joint.max(axis=1, keepdims=True)
        each = np.exp(joint - highest)
        truth = _normed(each)
        of_items = np.log(each.sum(axis=1)) + highest[:, 0]
        before, likelihood = likelihood, float(weights @ of_items)
        if likelihood - before < tolerance * max(1.0, abs(likelihood)):
            break
    return DawidSkene(
        labels=tuple(labels),
        shares={item: _shares(labels, row) for item, row in zip(items, truth, strict=True)},
        prevalence=_shares(labels, prevalence),
        confusion=dict(zip(people, confusion.swapaxes(0, 1), strict=True)),
        log_likelihood=likelihood,
        rounds=done,
    )


def _places(ballots: Sequence[Ballot], *names: list[str]) -> tuple[NDArray[np.int64], ...]:
    """For each column of the votes the places of their values in the sorted names."""
    columns = zip(*ballots, strict=True)
    places = [{name: n for n, name in enumerate(of_column)} for of_column in names]
    return tuple(
        np.array([of[value] for value in column], dtype=np.int64)
        for of, column in zip(places, columns, strict=True)
    )


def _normed(rows: Array) -> Array:
    """Each row divided by its sum; a row of zeros stays."""
    totals = rows.sum(axis=-1, keepdims=True)
    divided: Array = np.divide(rows, totals, out=np.zeros_like(rows), where=totals > 0)
    return divided


def _shares(labels: Sequence[str], row: Array) -> Shares:
    return dict(zip(labels, row.tolist(), strict=True))
