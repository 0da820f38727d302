"""Why a campaign cannot be released yet, in words."""

from collections.abc import Callable, Iterable
from itertools import islice

from farmy_assets.annotation.consensus import ConsensusStatus
from farmy_assets.catalog.wording import counted, verb
from farmy_assets.lake.evaluations import EvaluationSummary
from farmy_assets.workflow.progress import Flagged

NAMED = 3
"""So many images or problems are named; the others are counted."""


def blockers(
    state: EvaluationSummary | None,
    *,
    open_batches: int,
    flagged: Flagged,
    named: Callable[[ConsensusStatus], Iterable[str]],
) -> list[str]:
    """Why a campaign cannot be released yet, each reason in words; none when it can.

    Args:
        state: How far the campaign is.
        open_batches: How many of its batches are not in the inboxes yet.
        flagged: What rulings leave to do.
        named: Tells images of a status; the first few are named.
    """
    if state is None or not state.counts.judged:
        return ["none of its images was annotated yet"]
    reasons = []
    if open_batches:
        undone = counted(open_batches, "batch", "batches")
        reasons.append(f"{undone} {verb(open_batches, 'is', 'are')} not in the inboxes yet")
    if flagged.held:
        held = counted(flagged.held, "flagged photograph")
        reasons.append(f"{held} {verb(flagged.held, 'waits', 'wait')} for an answer in triage")
    if redo := len(flagged.to_redo):
        batches = counted(redo, "batch", "batches")
        reasons.append(f"{batches} {verb(redo, 'is', 'are')} to be cleansed anew after rulings")
    for status, one, many in (
        (ConsensusStatus.IN_CONFLICT, "has an open conflict", "have an open conflict"),
        (ConsensusStatus.IN_REVIEW, "waits for a review", "wait for a review"),
        (ConsensusStatus.WAITING, "waits for answers", "wait for answers"),
    ):
        if count := state.counts.count_of(status):
            some = ", ".join(islice(named(status), NAMED)) + (", ..." if count > NAMED else "")
            images = f"{counted(count, 'image')} {verb(count, one, many)}"
            reasons.append(f"{images} ({some})")
    if not reasons and not state.is_settled:
        reasons.append("the adjudicator excluded every image")
    return reasons
