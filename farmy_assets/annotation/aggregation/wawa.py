"""Wawa, "worker agreement with aggregate": a vote weighs as much as its author is usually right.

The skill of a person is the share of his or her votes that agree with the majority; where classes
share the first place, the first by name counts as the majority. Votes can then be counted with the
skills as weights (`ballots.shares`). Source: the method of this name in Appen's and Toloka's
documentation.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from farmy_assets.annotation.aggregation.ballots import Ballot, shares


def skills(
    ballots: Sequence[Ballot], *, times: Mapping[str, int] | None = None
) -> dict[str, float]:
    """Each person's share of votes that agree with the majority, 0 to 1; sorted by name.

    Args:
        ballots: The votes.
        times: How often an item is there, with the same votes; once when it is not given.
    """
    majority = {item: max(found, key=found.__getitem__) for item, found in shares(ballots).items()}
    votes: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for item, person, label in ballots:
        number = times[item] if times else 1
        votes[person] += number
        right[person] += number * (label == majority[item])
    return {person: right[person] / votes[person] for person in sorted(votes)}
