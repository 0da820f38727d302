"""How fast people answer, and when they will be done at that speed."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.catalog.records import Record

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SHORTEST = timedelta(minutes=10)
"""A first answer a moment ago tells no speed."""


class Pace(Record):
    """Answers in the last hour and day, and how many an hour that makes.

    The speed is that of the last day, or of the time since the first answer where that is shorter:
    nights and pauses count, so that an end foreseen from it is one that people can keep to.
    """

    last_hour: int = 0
    last_day: int = 0
    per_hour: float = 0.0

    def hours_for(self, tasks: int) -> float | None:
        """How long so many tasks take; None while nobody answers."""
        if not tasks:
            return 0.0
        return tasks / self.per_hour if self.per_hour else None


def paces(votes: Iterable[Vote], *, now: datetime) -> tuple[dict[str, Pace], Pace]:
    """The pace of each annotator, and of all together.

    Args:
        votes: All votes of a campaign; a task counts with the first answer of its inbox's person.
        now: The time.
    """
    first: dict[tuple[str, str], datetime] = {}
    for vote in votes:
        is_own = vote.person == vote.inbox_person
        if vote.phase is Phase.ANNOTATION and vote.outcome is not Outcome.WITHDRAWN and is_own:
            key = vote.inbox_person, vote.task_key
            first[key] = min(vote.submitted_at, first.get(key, vote.submitted_at))
    hour = Counter(person for (person, _), at in first.items() if now - at <= HOUR)
    day = Counter(person for (person, _), at in first.items() if now - at <= DAY)
    began: dict[str, datetime] = {}
    for (person, _), at in first.items():
        began[person] = min(at, began.get(person, at))
    each = {person: _pace(hour[person], day[person], began[person], now) for person in began}
    together = _pace(hour.total(), day.total(), min(began.values(), default=now), now)
    return dict(sorted(each.items())), together


def _pace(last_hour: int, last_day: int, began: datetime, now: datetime) -> Pace:
    span = min(max(now - began, SHORTEST), DAY)
    return Pace(last_hour=last_hour, last_day=last_day, per_hour=last_day / (span / HOUR))
