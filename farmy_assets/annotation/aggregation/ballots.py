"""Ballots: who gave which item which class; and the share of the votes that each class has."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import fsum
from typing import NamedTuple

_ROUNDING = 1e-9


class Ballot(NamedTuple):
    """One vote of one person; a person may vote on an item more than once."""

    item: str
    person: str
    label: str


Shares = dict[str, float]
"""Class to its share of the votes on one item; the shares sum to 1."""


def shares(
    ballots: Iterable[Ballot], *, weights: Mapping[str, float] | None = None
) -> dict[str, Shares]:
    """The share of each class in the votes on each item, items and classes sorted.

    Args:
        ballots: The votes.
        weights: What a vote of each person counts; 1 for everybody when not given. An item on
            which only votes of no weight were given is counted as if all had the same.
    """
    votes: dict[str, list[Ballot]] = defaultdict(list)
    for ballot in ballots:
        votes[ballot.item].append(ballot)
    found = {}
    for item in sorted(votes):
        of_item = [(b.label, 1.0 if weights is None else weights[b.person]) for b in votes[item]]
        if not any(weight for _, weight in of_item):
            of_item = [(label, 1.0) for label, _ in of_item]
        counted: dict[str, list[float]] = defaultdict(list)
        for label, weight in of_item:
            counted[label].append(weight)
        total = fsum(weight for _, weight in of_item)  # exact: the order of votes does not matter
        found[item] = {label: fsum(counted[label]) / total for label in sorted(counted)}
    return found


def winner(of_item: Shares) -> str | None:
    """The class with the largest share; None when two classes share the first place."""
    best = max(of_item.values())
    leading = [label for label, share in of_item.items() if share >= best - _ROUNDING]
    return leading[0] if len(leading) == 1 else None
