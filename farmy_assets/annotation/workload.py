"""Who is least busy: the people of a campaign with what each has, counted on while work is given.

Busy is how much somebody would have with one task more, over the capacity. Of equally busy people
those come first who met the people already chosen least; then chance decides, by a number that
belongs to the image. So the work of equals differs by one task at most.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from farmy_assets.annotation.campaign import Person
from farmy_assets.annotation.sharing_counters import Pair

Places = tuple[int, ...]
"""Positions in the list of people."""


class Workload:
    """The work of some people, in the order in which the campaign names them.

    Args:
        people: Those who may be given work.
        load: How many tasks each has, by name.
        met: How many images each pair shares.
    """

    def __init__(self, people: Sequence[Person], load: Counter[str], met: Counter[Pair]) -> None:
        self._capacity = [person.capacity for person in people]
        self._load = [load[person.name] for person in people]
        self._busy = np.zeros(len(people))
        self._met = np.zeros((len(people), len(people)), np.int64)
        self._alone = [(place,) for place in range(len(people))]
        self._among: Places = ()
        self._places = np.array((), np.intp)
        self._least: list[int] = []
        """Of the people that images are given to now, the least busy ones, ascending."""
        self._is_least = np.zeros(len(people), np.bool_)
        for place in range(len(people)):
            self._give(place, 0)
        places = {person.name: place for place, person in enumerate(people)}
        for (one, other), count in met.items():
            if one in places and other in places:
                self._meet(places[one], places[other], count)

    def give(self, count: int, *, chance: int, among: Places) -> Places:
        """Give one image to so many different people; returns their places, the first first.

        Quickest when images that may be given to the same people come one after the other.

        Args:
            count: How many people; at most as many as may be given it.
            chance: A number that belongs to the image.
            among: The places of those who may be given it, ascending.
        """
        if among is not self._among:
            self._among, self._places, self._least = among, np.array(among, np.intp), []
            self._is_least[:] = False
        if not self._least:
            self._least = self._least_busy().tolist()
            self._is_least[self._least] = True
        start = among[-chance % len(among)]  # whose turn it is
        first = self._least.pop(bisect_left(self._least, start) % len(self._least))
        self._is_least[first] = False
        self._give(first, 1)
        if count == 1:
            return self._alone[first]
        chosen = [first]
        while len(chosen) < count:
            chosen.append(self._next(chosen, chance))
            self._give(chosen[-1], 1)
        for one, other in combinations(chosen, 2):
            self._meet(one, other, 1)
        return tuple(chosen)

    def _next(self, chosen: list[int], chance: int) -> int:
        """Who comes after the people already chosen for an image."""
        is_level = bool(self._least)
        equal = self._is_least.nonzero()[0] if is_level else self._least_busy(besides=chosen)
        met = self._met[chosen[0]][equal]
        for place in chosen[1:]:
            met = met + self._met[place][equal]
        equal = equal[met == met.min()]
        # Their places among those who are left, for the turn of chance.
        ranks = self._places.searchsorted(equal)
        ranks -= np.sort(self._places.searchsorted(chosen)).searchsorted(ranks)
        left = len(self._among) - len(chosen)
        found = int(equal[ranks.searchsorted(-chance % left) % len(equal)])
        if is_level:
            self._least.remove(found)
            self._is_least[found] = False
        return found

    def _least_busy(self, besides: Iterable[int] = ()) -> NDArray[np.intp]:
        """The least busy of the people that images are given to now, without some of them."""
        busy = self._busy[self._places]
        for place in besides:
            busy[self._among.index(place)] = np.inf
        found: NDArray[np.intp] = self._places[busy == busy.min()]
        return found

    def _give(self, place: int, tasks: int) -> None:
        self._load[place] += tasks
        self._busy[place] = (self._load[place] + 1) / self._capacity[place]

    def _meet(self, one: int, other: int, count: int) -> None:
        self._met[one, other] += count
        self._met[other, one] += count
