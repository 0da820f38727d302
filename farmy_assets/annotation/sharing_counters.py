"""Counters of everything a campaign ever gave out: what sharing out needs to know of other batches.

They are a sum over the batches' pages, so a page that changes changes them by its own difference,
and all of them can be counted anew from the pages with the same result. An image is in one batch,
so no image is counted twice.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from typing import NamedTuple, Protocol

from pydantic import Field

from farmy_assets.catalog.records import Record

Pair = tuple[str, str]


class Given(Protocol):
    """An image that somebody has, as an assignment tells it."""

    @property
    def image_id(self) -> str:
        """The image."""

    @property
    def person(self) -> str:
        """Who has it."""

    @property
    def replaces(self) -> str | None:
        """Whose place the person takes: somebody who has skipped the image; else None."""

    @property
    def from_day(self) -> date | None:
        """The first day on which it lies in the inbox; None where days do not count."""


class SharingCounters(Record):
    """What a campaign has given out in one phase.

    Attributes:
        images: How many images somebody has.
        doubled: How many of them two people have, or more; who was replaced does not count.
        tasks: How many images each person has, by name; people without any are left out.
        meetings: How many images each person shares with those who come after him or her in
            `tasks`, in their order, with spaces between; zeros at the end are left out. Short,
            because 500 people make 125,000 pairs.
        days: How many tasks of each person lie in the inbox from which day on, as `20260601:50`
            with spaces between, where days count.
    """

    images: int = 0
    doubled: int = 0
    tasks: dict[str, int] = Field(default_factory=dict)
    meetings: dict[str, str] = Field(default_factory=dict)
    days: dict[str, str] = Field(default_factory=dict)

    def tally(self) -> "Tally":
        """The same, to be counted on."""
        met: Counter[Pair] = Counter()
        people = list(self.tasks)
        for place, first in enumerate(people):
            counts = self.meetings.get(first, "").split()
            for second, count in zip(people[place + 1 :], counts, strict=False):
                if count != "0":
                    met[first, second] = int(count)
        days = {name: _days_in(text) for name, text in self.days.items()}
        return Tally(self.images, self.doubled, Counter(self.tasks), met, days)

    def changed(self, before: Iterable[Given], after: Iterable[Given]) -> "SharingCounters":
        """The counters after a page changed.

        Args:
            before: What the page gave out; nothing for a new one.
            after: What it gives out now.
        """
        tally = self.tally()
        tally.count(before, times=-1)
        tally.count(after)
        return tally.counters()


@dataclass
class Tally:
    """Counters that are being counted on; `met` has each pair of people in the order of names."""

    images: int = 0
    doubled: int = 0
    tasks: Counter[str] = field(default_factory=Counter)
    met: Counter[Pair] = field(default_factory=Counter)
    days: dict[str, Counter[date]] = field(default_factory=dict)

    def count(self, given: Iterable[Given], *, times: int = 1) -> None:
        """Count all that one page gives out; -1 times takes it out again."""
        holders: dict[str, set[str]] = defaultdict(set)
        replaced: dict[str, set[str]] = defaultdict(set)
        for one in given:
            holders[one.image_id].add(one.person)
            self.tasks[one.person] += times
            if one.replaces:
                replaced[one.image_id].add(one.replaces)
            if one.from_day:
                self.days.setdefault(one.person, Counter())[one.from_day] += times
        self.images += times * len(holders)
        for image_id, people in holders.items():
            if len(people) > 1:
                judged = people - replaced.get(image_id, set())
                self.doubled += times * (len(judged) > 1)
                for pair in combinations(sorted(judged), 2):
                    self.met[pair] += times

    def counters(self) -> SharingCounters:
        """The record of it; the same counts make the same bytes."""
        people = sorted(name for name, count in self.tasks.items() if count)
        places = {name: place for place, name in enumerate(people)}
        rows: dict[str, dict[int, int]] = defaultdict(dict)
        for (first, second), count in self.met.items():
            if count:
                rows[first][places[second] - places[first]] = count
        return SharingCounters(
            images=self.images,
            doubled=self.doubled,
            tasks={name: self.tasks[name] for name in people},
            meetings={
                name: " ".join(str(rows[name].get(n, 0)) for n in range(1, max(rows[name]) + 1))
                for name in people
                if name in rows
            },
            days={
                name: text for name in sorted(self.days) if (text := _days_text(self.days[name]))
            },
        )


class Earlier(NamedTuple):
    """What was given out before: of the campaign the counters, of the batch at hand the images."""

    counters: SharingCounters
    in_batch: frozenset[str]


def _days_in(text: str) -> Counter[date]:
    pairs = (part.split(":") for part in text.split())
    return Counter({date.fromisoformat(day): int(count) for day, count in pairs})


def _days_text(days: Counter[date]) -> str:
    return " ".join(f"{day:%Y%m%d}:{days[day]}" for day in sorted(days) if days[day])


def pair_of(one: str, other: str) -> Pair:
    """Two people in the order of their names."""
    return (one, other) if one < other else (other, one)


def counted(pages: Iterable[Iterable[Given]]) -> SharingCounters:
    """The counters of all pages of a campaign and phase."""
    tally = Tally()
    for page in pages:
        tally.count(page)
    return tally.counters()
