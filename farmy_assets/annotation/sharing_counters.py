"""Counters of everything a campaign ever gave out: what sharing out needs to know of other batches.

They are a sum over the batches' pages, so a page that changes changes them by its own difference,
and all of them can be counted anew from the pages with the same result. An image is in one batch,
so no image is counted twice.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from pydantic import Field

from farmy_assets.catalog.records import Record

Pair = tuple[str, str]
_PAIR = 2


class Given(Protocol):
    """An image that somebody has, as an assignment tells it."""

    @property
    def image_id(self) -> str:
        """The image."""

    @property
    def person(self) -> str:
        """Who has it."""


class SharingCounters(Record):
    """What a campaign has given out in one phase.

    Attributes:
        images: How many images somebody has.
        doubled: How many of them two people have.
        tasks: How many images each person has, by name; people without any are left out.
        meetings: How many images each person shares with those who come after him or her in
            `tasks`, in their order, with spaces between; zeros at the end are left out. Short,
            because 500 people make 125,000 pairs.
    """

    images: int = 0
    doubled: int = 0
    tasks: dict[str, int] = Field(default_factory=dict)
    meetings: dict[str, str] = Field(default_factory=dict)

    def tally(self) -> "Tally":
        """The same, to be counted on."""
        met: Counter[Pair] = Counter()
        people = list(self.tasks)
        for place, first in enumerate(people):
            counts = self.meetings.get(first, "").split()
            for second, count in zip(people[place + 1 :], counts, strict=False):
                if count != "0":
                    met[first, second] = int(count)
        return Tally(self.images, self.doubled, Counter(self.tasks), met)

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

    def count(self, given: Iterable[Given], *, times: int = 1) -> None:
        """Count all that one page gives out; -1 times takes it out again."""
        holders: dict[str, list[str]] = defaultdict(list)
        for one in given:
            holders[one.image_id].append(one.person)
            self.tasks[one.person] += times
        self.images += times * len(holders)
        for people in holders.values():
            self.doubled += times * (len(people) > 1)
            if len(pair := set(people)) == _PAIR:
                self.met[pair_of(*pair)] += times

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
        )


class Earlier(NamedTuple):
    """What was given out before: of the campaign the counters, of the batch at hand the images."""

    counters: SharingCounters
    in_batch: frozenset[str]


def pair_of(one: str, other: str) -> Pair:
    """Two people in the order of their names."""
    return (one, other) if one < other else (other, one)


def counted(pages: Iterable[Iterable[Given]]) -> SharingCounters:
    """The counters of all pages of a campaign and phase."""
    tally = Tally()
    for page in pages:
        tally.count(page)
    return tally.counters()
