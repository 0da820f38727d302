"""Labelled images and versions to test with: few by name, endless ones by strategy."""

import hashlib
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from farmy_assets.annotation.campaign import Splits
from farmy_assets.annotation.regions.box import Box
from farmy_assets.datasets.versions import DatasetClass, DatasetVersion, LabelledImage, freeze

# Gaps between the ids, an id order that is not the order of names, and names beyond ASCII.
CLASSES = (
    DatasetClass(id=7, name="unreif"),
    DatasetClass(id=2, name="überreif"),
    DatasetClass(id=40, name="熟した 🍓"),
)
SHARES = Splits(train=0.6, val=0.2, test=0.2)
WIDTH_PX, HEIGHT_PX = 640, 480

# No deadlines: how fast a busy machine draws examples says nothing about the code.
quick = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def an_image(number: int, *boxes: Box, **facts: Any) -> LabelledImage:  # noqa: ANN401 (any field)
    """The image of a number: of a group of its own, unless the facts say otherwise."""
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    given: dict[str, Any] = {
        "image_id": f"{digest[:32]}-{number:012x}",
        "sha256": digest,
        "width_px": WIDTH_PX,
        "height_px": HEIGHT_PX,
        "boxes": boxes,
        "settled_by": "single",
        "vote_ids": (f"vote-{number}",),
        "group": f"field {number}",
    }
    if "regions" in facts:
        del given["boxes"]
    return LabelledImage.model_validate(given | facts)


def a_box(
    label: str = "unreif",
    corners: tuple[float, float, float, float] = (10, 20, 110, 70),
) -> Box:
    """A box from its corners: x_min, y_min, x_max, y_max."""
    x_min, y_min, x_max, y_max = corners
    return Box(label=label, x_min=x_min, y_min=y_min, x_max=x_max, y_max=y_max)


def a_version(*images: LabelledImage, **facts: Any) -> DatasetVersion:  # noqa: ANN401 (any field)
    """A frozen version of these images."""
    given: dict[str, Any] = {
        "campaign": "strawberries",
        "campaign_version": 3,
        "classes": CLASSES,
        "shares": SHARES,
        "number": 1,
    }
    return freeze(images, **(given | facts))


@st.composite
def boxes_within(draw: st.DrawFn, width_px: int, height_px: int) -> Box:
    """Any box of at least a pixel inside an image."""
    x_min = draw(st.floats(0, width_px - 1))
    y_min = draw(st.floats(0, height_px - 1))
    corners = (
        x_min,
        y_min,
        draw(st.floats(min(x_min + 1, width_px), width_px)),
        draw(st.floats(min(y_min + 1, height_px), height_px)),
    )
    return a_box(draw(st.sampled_from([each.name for each in CLASSES])), corners)


def moments() -> st.SearchStrategy[datetime]:
    """Any moment that a camera may tell, in any time zone."""
    hours = st.integers(-12, 14).map(lambda hour: timezone(timedelta(hours=hour)))
    return st.datetimes(min_value=datetime(1990, 1, 1), timezones=hours)  # noqa: DTZ001 (asked for)


@st.composite
def labelled_images(draw: st.DrawFn, number: int) -> LabelledImage:
    """Any settled image of some size: with at most one box a class, so that none is repeated."""
    width_px, height_px = draw(st.integers(2, 5000)), draw(st.integers(2, 5000))
    boxes = draw(
        st.lists(boxes_within(width_px, height_px), max_size=3, unique_by=lambda b: b.label)
    )
    return an_image(
        number,
        *boxes,
        width_px=width_px,
        height_px=height_px,
        settled_by=draw(st.sampled_from(["single", "agreed", "adjudicated"])),
        group=draw(st.sampled_from(["north", "south", "east", f"field {number}"])),
        licence=draw(st.sampled_from([None, "CC-BY-4.0", "CC0-1.0"])),
        captured_at=draw(st.none() | moments()),
    )


@st.composite
def image_lists(draw: st.DrawFn) -> list[LabelledImage]:
    """Up to six images, in no order."""
    count = draw(st.integers(0, 6))
    images = [draw(labelled_images(number)) for number in range(count)]
    return draw(st.permutations(images))
