"""Regions as units that coefficients can compare: one an object, with "nothing drawn" as a value.

Regions of several people are matched (`matching.py`); each object is a unit, whose values are the
classes that people gave it, and `NOTHING` for those who did not draw it. An image on which nobody
drew anything is one unit of `NOTHING` alone: that nothing is there is an answer, too.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from farmy_assets.annotation.agreement.alpha import Alpha
from farmy_assets.annotation.agreement.items import Items
from farmy_assets.annotation.matching import RegionGroup

NOTHING = None
"""The value of a person who drew nothing there."""

Value = str | None


class DrawnImage(NamedTuple):
    """What people gave the objects of one image, wherever these lie: equal images are one value.

    Attributes:
        people: Who answered, sorted; who was not asked, or skipped it, is not among them.
        units: For each object the class that each of `people` gave it, or `NOTHING`; sorted.
    """

    people: tuple[str, ...]
    units: tuple[tuple[Value, ...], ...]


def drawn_image(groups: Sequence[RegionGroup], *, people: Iterable[str]) -> DrawnImage:
    """The units of one image; one that nobody answered has none.

    Args:
        groups: Its objects, from `group_regions`.
        people: Who answered.
    """
    answered = tuple(sorted(people))
    units = [
        tuple(group[person].label if person in group else NOTHING for person in answered)
        for group in groups
    ]
    if not units and answered:
        units = [(NOTHING,) * len(answered)]
    return DrawnImage(answered, tuple(sorted(units, key=_order)))


def without(image: DrawnImage, person: str) -> DrawnImage:
    """The image as if one person had not been asked; what he or she alone drew is no unit then."""
    if person not in image.people:
        return image
    place = image.people.index(person)
    people = image.people[:place] + image.people[place + 1 :]
    others = [unit[:place] + unit[place + 1 :] for unit in image.units]
    drawn = [unit for unit in others if any(value is not NOTHING for value in unit)]
    units = drawn or others[: len(people) and 1]
    return DrawnImage(people, tuple(sorted(units, key=_order)))


def items_of(images: Mapping[DrawnImage, int]) -> Items:
    """Images as items, and their objects as units of values; who gave them is left out."""
    return Items.listed((image.units for image in images), images.values())


class ImageMeanAlpha:
    """The mean of each image's own alpha: large images count no more than small ones.

    An image on which all values are the same counts as 1, although its own alpha is undefined.
    Images that fewer than two people answered are left out.
    """

    def __init__(self, overall: Alpha) -> None:
        """Compute the alpha of each image from that of all of them."""
        self._own, self.times = overall.by_item()

    def value(self, weights: NDArray[np.int64] | None = None) -> float | None:
        """The mean, with each distinct image as often as its weight says; None without any."""
        weights = self.times if weights is None else weights
        return float(np.average(self._own, weights=weights)) if len(self.times) else None


def _order(unit: tuple[Value, ...]) -> tuple[tuple[bool, str], ...]:
    """A total order of units; nothing comes before every class."""
    return tuple((value is not NOTHING, value or "") for value in unit)
