"""What a quorum settles of one image: objects with the votes behind them, and differences."""

from collections import Counter
from collections.abc import Iterable, Sequence

from farmy_assets.annotation.conflicts import Conflict, ConflictKind
from farmy_assets.annotation.judging_rules import JudgingRules
from farmy_assets.annotation.matching import RegionGroup
from farmy_assets.annotation.quorum import (
    FEWEST_FOR_A_QUORUM,
    Opinion,
    fused_region,
    nearest_region,
    opinions,
)
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions import AnyRegion
from farmy_assets.annotation.votes import Vote
from farmy_assets.catalog.records import Record

_SCORE_DECIMALS = 4
_OF_ONE_PLACE = frozenset(
    {ConflictKind.OTHER_CLASS, ConflictKind.MISSED, ConflictKind.EXTRA, ConflictKind.LOOSE}
)
"""Kinds of conflicts that are over once it is settled what is at their place."""


class SettledRegion(Record):
    """What a quorum settled of one object; the released region is one of both.

    Attributes:
        fused: What those who drew it say together.
        nearest: The drawn region that is most like it.
        people: Who drew it, in whatever class.
        vote_ids: Their votes.
        score: How many of the people who answered speak for it in this class, as a share.
    """

    fused: AnyRegion
    nearest: AnyRegion
    people: tuple[str, ...]
    vote_ids: tuple[str, ...]
    score: float

    def released(self, rules: JudgingRules) -> Region:
        """The region that counts under these rules."""
        is_drawn = rules.consensus is not None and rules.consensus.shape == "nearest"
        return self.nearest if is_drawn else self.fused


def opinions_on(
    judged: Sequence[Vote], groups: Sequence[RegionGroup], rules: JudgingRules
) -> tuple[Opinion, ...] | None:
    """What a quorum makes of each object; None where it has nothing to say."""
    clean = sum(vote.is_clean for vote in judged)
    policy = rules.consensus
    if policy is None or len(judged) < FEWEST_FOR_A_QUORUM or clean < policy.quorum:
        return None
    return opinions(groups, people=clean, rules=rules)


def without_outvoted(
    conflicts: Iterable[Conflict], given: Iterable[Opinion], rules: JudgingRules
) -> tuple[tuple[Conflict, ...], tuple[Conflict, ...]]:
    """The conflicts that a quorum has not settled, and those that it has.

    A skip is settled when enough others answered, an answer to a question when enough people gave
    it; what is unreadable never is.
    """
    settled = {id(r) for opinion in given if opinion.is_settled for r in opinion.group.values()}
    left: list[Conflict] = []
    outvoted: list[Conflict] = []
    for conflict in conflicts:
        drawn = next(filter(None, conflict.regions), None)
        is_of_place = conflict.kind in _OF_ONE_PLACE and id(drawn) in settled
        is_skip = conflict.kind is ConflictKind.SKIPPED
        is_settled = is_of_place or is_skip or _has_an_answer(conflict, rules)
        (outvoted if is_settled else left).append(conflict)
    return tuple(left), tuple(outvoted)


def _has_an_answer(conflict: Conflict, rules: JudgingRules) -> bool:
    """Whether enough people gave one and the same answer to a question."""
    given = Counter(value for value in conflict.answers if value is not None)
    most = max(given.values(), default=0)
    return rules.consensus is not None and most >= rules.consensus.quorum


def settled_regions(judged: Iterable[Vote], given: Iterable[Opinion]) -> tuple[SettledRegion, ...]:
    """What is behind each object that a quorum settled to be there."""
    votes = {vote.voter: vote.vote_id for vote in judged}
    return tuple(
        SettledRegion(
            fused=fused_region(opinion),
            nearest=nearest_region(opinion),
            people=tuple(sorted(opinion.group)),
            vote_ids=tuple(sorted(votes[voter] for voter in opinion.group)),
            score=round(opinion.support / len(votes), _SCORE_DECIMALS),
        )
        for opinion in given
        if opinion.is_there
    )
