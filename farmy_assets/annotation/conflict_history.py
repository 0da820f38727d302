"""What became of each conflict on an image: opened, settled by whom and how, opened again.

Votes are never changed, so the history is replayed from them, in the order of their submission and
by the present rules: it needs no record of its own, and is the same whenever it is asked for.
"""

import hashlib
from collections.abc import Iterable
from enum import StrEnum

from pydantic import AwareDatetime

from farmy_assets.annotation.aggregation.annotator_skills import AnnotatorSkills
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.conflicts import Conflict, ConflictKind
from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus, judge_image
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.votes import Vote, age
from farmy_assets.catalog.records import Record

_ID_DIGITS = 16


class ConflictState(StrEnum):
    """Whether a conflict waits for somebody."""

    OPEN = "open"
    SETTLED = "settled"
    REOPENED = "reopened"


class Settling(StrEnum):
    """How a conflict was settled."""

    DECISION = "decision"
    """The adjudicator said what is there."""
    LEFT_OUT = "left_out"
    """The adjudicator said that the image cannot be labelled."""
    QUORUM = "quorum"
    """Enough other people said the same."""
    OTHER_ANSWER = "other_answer"
    """Somebody changed, or took back, an answer."""


class TrackedConflict(Record):
    """A conflict with what became of it.

    Attributes:
        conflict_id: The same as long as the same people differ by the same regions.
        kind: How they differ.
        people: Who differ.
        state: Whether it waits for somebody.
        opened_at: When the vote was submitted with which it came up.
        times_reopened: How often it was open again after it had been settled.
        settled_at: When the vote was submitted that settled it.
        settled_by: Whose vote that was; None where a quorum settled it.
        settled_how: How.
    """

    conflict_id: str
    kind: ConflictKind
    people: tuple[str, ...]
    state: ConflictState
    opened_at: AwareDatetime
    times_reopened: int = 0
    settled_at: AwareDatetime | None = None
    settled_by: str | None = None
    settled_how: Settling | None = None


def conflict_id(conflict: Conflict) -> str:
    """The name of a conflict: of its image, kind and people, and of what each of them drew."""
    said = conflict.model_dump_json(exclude={"likeness"})
    return hashlib.sha256(said.encode()).hexdigest()[:_ID_DIGITS]


def conflict_history(
    image: EvaluatedImage, campaign: Campaign, skills: AnnotatorSkills | None = None
) -> tuple[TrackedConflict, ...]:
    """Every conflict that an image ever had, in the order in which they came up.

    Judges the image once for each vote where there may have been a conflict, else not at all.

    Args:
        image: All that is known of it.
        campaign: The present rules, which it is judged by throughout.
        skills: What is known of the annotators, where the campaign weighs their votes.
    """
    judgement = image.consensus
    if judgement is None or not _may_have_differed(image, judgement):
        return ()
    known: dict[str, TrackedConflict] = {}
    votes = sorted(image.votes, key=age)
    for count, vote in enumerate(votes, start=1):
        now = judge_image(
            image.image_id, assignments=image.assignments, votes=votes[:count], campaign=campaign,
            skills=skills,
        )  # fmt: skip
        if now.status is not ConsensusStatus.WAITING:
            _follow(known, now, vote)
    return tuple(known.values())


def _may_have_differed(image: EvaluatedImage, judgement: ImageConsensus) -> bool:
    return bool(
        judgement.conflicts or judgement.outvoted or len(image.votes) > len(judgement.vote_ids)
    )


def _follow(known: dict[str, TrackedConflict], now: ImageConsensus, vote: Vote) -> None:
    """Take one more judgement into account, which `vote` has led to."""
    is_open = now.status is ConsensusStatus.IN_CONFLICT
    waiting = _by_id(now.conflicts if is_open else ())
    decided = _by_id(() if is_open else now.conflicts)
    outvoted = _by_id(now.outvoted)
    for name, conflict in {**waiting, **decided, **outvoted}.items():
        if name not in known:
            known[name] = TrackedConflict(
                conflict_id=name, kind=conflict.kind, people=conflict.people,
                state=ConflictState.OPEN, opened_at=vote.submitted_at,
            )  # fmt: skip
    for name, before in known.items():
        if name in waiting:
            if before.state is ConflictState.SETTLED:
                known[name] = _reopened(before)
        elif before.state is not ConflictState.SETTLED:
            is_left_out = now.status is ConsensusStatus.EXCLUDED
            how, by = Settling.OTHER_ANSWER, vote.voter
            if name in decided:
                how = Settling.LEFT_OUT if is_left_out else Settling.DECISION
                by = now.decided_by or vote.voter
            elif name in outvoted:
                how = Settling.QUORUM
            known[name] = before.model_copy(
                update={
                    "state": ConflictState.SETTLED,
                    "settled_at": vote.submitted_at,
                    "settled_by": None if how is Settling.QUORUM else by,
                    "settled_how": how,
                }
            )


def _reopened(before: TrackedConflict) -> TrackedConflict:
    return before.model_copy(
        update={
            "state": ConflictState.REOPENED,
            "times_reopened": before.times_reopened + 1,
            "settled_at": None,
            "settled_by": None,
            "settled_how": None,
        }
    )


def _by_id(conflicts: Iterable[Conflict]) -> dict[str, Conflict]:
    return {conflict_id(conflict): conflict for conflict in conflicts}
