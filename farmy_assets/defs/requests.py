"""What to ask for next: the pure decisions of the sensors, from what is not yet done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=5)


@dataclass(frozen=True)
class EarlierRun:
    """A run that was asked for before, for the same partition."""

    is_over: bool
    succeeded: bool
    ended_at: datetime | None


def pause_after(failures: int) -> timedelta:
    """How long to wait before work that failed so often is tried again."""
    doublings = max(min(failures, 16) - 1, 0)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def may_request_run(earlier: Sequence[EarlierRun], *, now: datetime) -> bool:
    """Whether undone work may be asked for now, given its earlier runs, the newest first.

    Not while a run is under way. After failures in a row only when a pause is over, which grows
    with their number: a server that is down for the night costs a few runs, not thousands.
    """
    if any(not run.is_over for run in earlier):
        return False
    failures = 0
    for run in earlier:
        if run.succeeded:
            break
        failures += 1
    if failures == 0:
        return True
    ended_at = earlier[0].ended_at
    return ended_at is None or now - ended_at >= pause_after(failures)
