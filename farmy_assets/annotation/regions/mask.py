"""Masks: which pixels of the image are of one object."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from farmy_assets.annotation import mask_runs, outlines
from farmy_assets.annotation.contours import line_around
from farmy_assets.annotation.mask_runs import Edges
from farmy_assets.annotation.nearest import nearest_to_all
from farmy_assets.annotation.region import Bounds, Point, Region
from farmy_assets.annotation.regions.box import EDGE_TOLERANCE_PX

_OPEN = 1  # of a pixel that some have; one that nobody has is 0, one that all have 2
_SIDES = (2, 0)

Length = Annotated[int, Field(gt=0, lt=2**15)]


class Mask(Region):
    """The pixels of one object; there may be several parts and holes.

    Attributes:
        width_px: Width of the image that it is a mask of.
        height_px: Height of that image.
        counts: COCO's compressed counts: lengths of runs down the columns.
    """

    kind: ClassVar[str] = "mask"
    plural: ClassVar[str] = "masks"

    width_px: Length
    height_px: Length
    counts: str

    @model_validator(mode="after")
    def _has_pixels(self) -> Self:
        if not self.edges.size:
            msg = "a mask must have at least one pixel"
            raise ValueError(msg)
        return self

    @classmethod
    def of_edges(cls, edges: Edges, *, label: str, size_px: tuple[int, int]) -> Self:
        """The mask of these edges, down the columns of an image of this width and height.

        Raises:
            ValidationError: There is no pixel in it.
        """
        width_px, height_px = size_px
        text = mask_runs.counted_text(edges, width_px * height_px)
        return cls(label=label, width_px=width_px, height_px=height_px, counts=text)

    @property
    def edges(self) -> Edges:
        """Where its runs begin and end, down the columns; see `mask_runs`. Not to be written to."""
        return _edges(self.counts, self.width_px * self.height_px)

    @property
    def area_px(self) -> int:
        """How many pixels it has."""
        return _area(self.counts, self.width_px * self.height_px)

    @property
    def bounds_px(self) -> Bounds:
        """The smallest upright rectangle of whole pixels around it."""
        return _bounds(self.counts, self.width_px, self.height_px)

    @property
    def outline_px(self) -> tuple[Point, ...]:
        """A line around its largest part, within a pixel unless that takes too many corners."""
        first, top, last, bottom = mask_runs.bounds_of(self.edges, self.height_px)
        columns = mask_runs.unpacked(self.edges, self.height_px, (first, last))
        line = line_around(columns[:, top:bottom].T)
        return tuple((x + first, y + top) for x, y in line)

    @property
    def place(self) -> tuple[object, ...]:
        """The order of all kinds, then that of the counts."""
        return *super().place, self.width_px, self.height_px, self.counts

    def likeness(self, other: Self) -> float:
        """The pixels of both over those of either, from 0 (apart) to 1 (the same)."""
        if (self.width_px, self.height_px) != (other.width_px, other.height_px):
            return 0.0
        if not outlines.overlap(self.bounds_px, other.bounds_px):
            return 0.0
        ordered = sorted((self.counts, other.counts))
        shared = _shared(ordered[0], ordered[1], self.width_px * self.height_px)
        return shared / (self.area_px + other.area_px - shared)

    def is_within_tolerance(self, other: Self) -> bool:
        """Whether they overlap, and no pixel is over `EDGE_TOLERANCE_PX` from the other mask."""
        edges = zip(self.bounds_px, other.bounds_px, strict=True)
        if max(abs(one - another) for one, another in edges) > EDGE_TOLERANCE_PX:
            return False
        return self.likeness(other) > 0 and _near(self, other) and _near(other, self)

    @classmethod
    def fused(cls, regions: Sequence[Self], *, label: str) -> Self:
        """The pixels that more than half of them have.

        Pixels that exactly half of them have, as of two people, are taken when they are at least as
        near to those as to the pixels that fewer have. Where nothing is common to more than half
        (or they are masks of images of other sizes) it is the one that is most like the others.
        """
        first, *others = regions
        size_px = first.width_px, first.height_px
        inner = mask_runs.covered_by([mask.edges for mask in regions], len(regions) // 2 + 1)
        if not inner.size or any((m.width_px, m.height_px) != size_px for m in others):
            return nearest_to_all(regions).model_copy(update={"label": label})
        outer = mask_runs.covered_by([mask.edges for mask in regions], (len(regions) + 1) // 2)
        if outer.size != inner.size or (outer != inner).any():
            inner = _between(inner, outer, first.height_px)
        return cls.of_edges(inner, label=label, size_px=size_px)

    def faults(self, width_px: int, height_px: int) -> Iterator[str]:
        """That it is a mask of an image of another size."""
        if (self.width_px, self.height_px) != (width_px, height_px):
            size = f"{self.width_px} x {self.height_px} px"
            yield f"is of an image of {size}, not of {width_px} x {height_px} px"


@lru_cache(maxsize=512)
def _edges(counts: str, size_px: int) -> Edges:
    edges = mask_runs.edges_of_text(counts, size_px)
    edges.setflags(write=False)
    return edges


@lru_cache(maxsize=4096)
def _area(counts: str, size_px: int) -> int:
    return mask_runs.pixel_count(_edges(counts, size_px))


@lru_cache(maxsize=4096)
def _shared(counts: str, other: str, size_px: int) -> int:
    """Kept, because the same two are compared for matching, for conflicts and for fusing."""
    return mask_runs.shared_count(_edges(counts, size_px), _edges(other, size_px))


@lru_cache(maxsize=4096)
def _bounds(counts: str, width_px: int, height_px: int) -> Bounds:
    edges = _edges(counts, width_px * height_px)
    x_min, y_min, x_max, y_max = mask_runs.bounds_of(edges, height_px)
    return float(x_min), float(y_min), float(x_max), float(y_max)


def _near(mask: Mask, other: Mask) -> bool:
    """Whether each pixel of the mask is within the tolerance of one of the other's."""
    from scipy.ndimage import maximum_filter  # noqa: PLC0415 - slow to import

    reach = int(EDGE_TOLERANCE_PX)
    height_px = mask.height_px
    bounds = [mask_runs.bounds_of(each.edges, height_px) for each in (mask, other)]
    columns = min(each[0] for each in bounds), max(each[2] for each in bounds)
    pixels, wide = (mask_runs.unpacked(m.edges, height_px, columns) for m in (mask, other))
    wide = maximum_filter(wide, size=2 * reach + 1, mode="constant")
    return not (pixels & ~wide).any()


def _between(inner: Edges, outer: Edges, height_px: int) -> Edges:
    """The inner pixels, and of the outer ones those that are nearer to them than to the outside.

    Near is counted in steps from pixel to pixel: both sides grow into what is between them, by one
    pixel at a time. (Exact distances take some twenty times as long.)
    """
    first, top, last, bottom = mask_runs.bounds_of(outer, height_px)
    line = bottom - top + 2  # a pixel that nobody has lies on every side
    taken, whole = (
        mask_runs.unpacked_part(edges, height_px, (first, last), (top, bottom))
        for edges in (inner, outer)
    )
    state = (taken + whole).ravel()
    steps = np.array([[-line], [line], [-1], [1]])
    open_places = np.flatnonzero(state == _OPEN)
    # Only pixels at the edge of what is open are looked at, and then those beside them.
    around = state[open_places + steps]
    edges = [open_places[(around == side).any(axis=0)] for side in _SIDES]
    first_of = np.empty(len(state), np.int64)
    while edges[0].size or edges[1].size:
        for number, side in enumerate(_SIDES):
            reached = edges[number]
            reached = reached[state[reached] == _OPEN]
            state[reached] = side
            beside = (reached + steps).ravel()
            beside = beside[state[beside] == _OPEN]
            order = np.arange(len(beside))
            first_of[beside] = order  # of a pixel that is beside several, one stays
            edges[number] = beside[first_of[beside] == order]
    kept = (state == _SIDES[0]).reshape(-1, line)
    return mask_runs.packed(kept[1:-1, 1:-1], height_px, (first, top))


REGION = Mask
