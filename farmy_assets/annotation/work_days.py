"""On which day a task comes into the inbox: the first one that has room for it.

A day is one of UTC. What was given out for a day counts, whether or not it was answered.
"""

from collections.abc import Mapping
from datetime import date, timedelta

from farmy_assets.annotation.campaign import Campaign, Person

_DAY = timedelta(days=1)


def counts_days(campaign: Campaign) -> bool:
    """Whether it matters in a campaign since when somebody has a task."""
    return campaign.lease_days is not None or any(p.tasks_a_day for p in campaign.annotators)


class WorkDays:
    """The days of a campaign's people, counted on while work is given.

    Args:
        campaign: Its present rules.
        booked: Name to day to how many tasks were given out for it.
        today: The first day that something can be given out for.

    Raises:
        ValueError: Days count in the campaign, and nobody says which day it is.
    """

    def __init__(
        self, campaign: Campaign, booked: Mapping[str, Mapping[date, int]], today: date | None
    ) -> None:
        self._is_counted = counts_days(campaign)
        if self._is_counted and today is None:
            msg = f"campaign {campaign.name} counts days; say which day it is"
            raise ValueError(msg)
        self._today = today
        self._booked = {name: dict(days) for name, days in booked.items()}
        self._next: dict[str, date] = {}

    def book(self, person: Person) -> date | None:
        """The day for one task more of a person; None where days do not count."""
        if not self._is_counted or self._today is None:
            return None
        if person.tasks_a_day is None:
            return self._today
        booked = self._booked.setdefault(person.name, {})
        day = self._next.get(person.name, self._today)
        while booked.get(day, 0) >= person.tasks_a_day:
            day += _DAY
        booked[day] = booked.get(day, 0) + 1
        self._next[person.name] = day
        return day
