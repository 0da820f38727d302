"""Regions as units that coefficients can compare: one an object, with "nothing drawn" as a value.

Regions of several people are matched (`matching.py`); each object is a unit, whose values are the
classes that people gave it, and `NOTHING` for those who did not draw it. An image on which nobody
drew anything is one unit of `NOTHING` alone: that nothing is there is an answer, too.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from farmy_assets.annotation.agreement.alpha import Alpha
from farmy_assets.annotation.matching import RegionGroup

NOTHING = None
"""The value of a person who drew nothing there."""

DrawnUnit = Mapping[str, str | None]
"""The class that each person gave one object, or `NOTHING`."""


def units_of(groups: Sequence[RegionGroup], *, people: Iterable[str]) -> tuple[DrawnUnit, ...]:
    """The units of one image.

    Args:
        groups: Its objects, from `group_regions`.
        people: Who answered; who was not asked, or skipped it, is not among them.
    """
    answered = sorted(people)
    if not groups:
        return (dict.fromkeys(answered, NOTHING),) if answered else ()
    return tuple(
        {person: group[person].label if person in group else NOTHING for person in answered}
        for group in groups
    )


def without(images: Iterable[Sequence[DrawnUnit]], person: str) -> list[list[DrawnUnit]]:
    """The units as if one person had not been asked; what he or she alone drew is no unit then."""
    left: list[list[DrawnUnit]] = []
    for units in images:
        others: list[DrawnUnit] = [
            {p: value for p, value in unit.items() if p != person} for unit in units
        ]
        drawn = [unit for unit in others if any(value is not NOTHING for value in unit.values())]
        left.append(drawn or others[:1])
    return left


def region_alpha(images: Iterable[Sequence[DrawnUnit]]) -> Alpha:
    """Krippendorff's alpha over the units of all images; an image is one item."""
    return Alpha([[tuple(unit.values()) for unit in units] for units in images])


class ImageMeanAlpha:
    """The mean of each image's own alpha: large images count no more than small ones.

    An image on which all values are the same counts as 1, although its own alpha is undefined.
    Images that fewer than two people answered are left out.
    """

    def __init__(self, images: Iterable[Sequence[DrawnUnit]]) -> None:
        """Compute the alpha of each image."""
        asked = (units for units in images if any(len(unit) > 1 for unit in units))
        own = (region_alpha([units]).value() for units in asked)
        values = np.array([1.0 if value is None else value for value in own])
        self._own, self.times = np.unique(values, return_counts=True)

    def value(self, weights: NDArray[np.int64] | None = None) -> float | None:
        """The mean, with each distinct image as often as its weight says; None without any."""
        weights = self.times if weights is None else weights
        return float(np.average(self._own, weights=weights)) if len(self.times) else None
