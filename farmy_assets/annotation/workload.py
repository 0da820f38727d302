"""Who is least busy: the people of a campaign with what each has, counted on while work is given.

Busy is how much somebody would have with one task more, over the capacity. Of equally busy people
those come first who met the people already chosen least; then chance decides, by a number that
belongs to the image. So the work of equals differs by one task at most.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from farmy_assets.annotation.campaign import Person
from farmy_assets.annotation.sharing_counters import Pair

Places = NDArray[np.intp]
"""Positions in the list of people, ascending; of shape (people,)."""


class Workload:
    """The work of some people, in the order in which the campaign names them.

    Args:
        people: Those who may be given work.
        load: How many tasks each has, by name.
        met: How many images each pair shares.
    """

    def __init__(self, people: Sequence[Person], load: Counter[str], met: Counter[Pair]) -> None:
        self.people = people
        self._capacity = [person.capacity for person in people]
        self._load = [load[person.name] for person in people]
        self._busy = np.array(
            [
                (tasks + 1) / capacity
                for tasks, capacity in zip(self._load, self._capacity, strict=True)
            ]
        )
        self._met = np.zeros((len(people), len(people)), np.int64)
        places = {person.name: place for place, person in enumerate(people)}
        for (one, other), count in met.items():
            if one in places and other in places:
                self._meet(places[one], places[other], count)

    def give(self, count: int, *, chance: int, among: Places | None = None) -> tuple[int, ...]:
        """Give one image to so many different people; returns their places, the first first.

        Args:
            count: How many people; at most as many as may be given it.
            chance: A number that belongs to the image.
            among: The places of those who may be given it; None for everybody.
        """
        busy = self._busy if among is None else self._busy[among]
        chosen: list[int] = []
        for _ in range(count):
            candidates = busy
            if chosen:
                candidates = busy.copy()
                candidates[chosen] = np.inf
            equal = np.flatnonzero(candidates == candidates.min())
            ranks = equal
            if chosen:
                here = [place if among is None else int(among[place]) for place in chosen]
                there = equal if among is None else among[equal]
                meetings = self._met[here][:, there].sum(axis=0)
                equal = equal[meetings == meetings.min()]
                # The place among those who are left, for the turn of chance.
                ranks = equal - np.searchsorted(np.sort(chosen), equal)
            turn = ranks.searchsorted(-chance % (len(busy) - len(chosen)))
            chosen.append(int(equal[turn % len(equal)]))
        given = tuple(place if among is None else int(among[place]) for place in chosen)
        for place in given:
            self._load[place] += 1
            self._busy[place] = (self._load[place] + 1) / self._capacity[place]
        for one, other in combinations(given, 2):
            self._meet(one, other, 1)
        return given

    def _meet(self, one: int, other: int, count: int) -> None:
        self._met[one, other] += count
        self._met[other, one] += count
