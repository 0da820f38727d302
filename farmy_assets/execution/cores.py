"""This machine's processor cores, for searches that numpy does without Python's lock."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from farmy_assets.cleansing.hamming import Cores

Item = TypeVar("Item")
Result = TypeVar("Result")


class AllCores(Cores):
    """All that the machine has, a thread on each."""

    @property
    def count(self) -> int:
        """How many there are."""
        return os.cpu_count() or 1

    def map(self, work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """What the work makes of each item, in their order."""
        with ThreadPoolExecutor(self.count) as pool:
            return list(pool.map(work, items))
