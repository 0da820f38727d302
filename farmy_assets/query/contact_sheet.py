"""Found images on one page that needs nothing else: pictures with what people drew on them."""

import base64
from collections.abc import Mapping, Sequence
from io import BytesIO
from itertools import cycle
from typing import NamedTuple

from PIL import Image

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import PALETTE
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.execution.page_templates import page_template
from farmy_assets.execution.thumbnails import thumbnails
from farmy_assets.lake import keys
from farmy_assets.lake.lake import Lake
from farmy_assets.lake.objects import in_threads
from farmy_assets.query.image_annotations import (
    AnnotationReader,
    Drawn,
    ImageAnnotations,
    classes_of,
)
from farmy_assets.query.layer import QueryLayer
from farmy_assets.query.search_filters import these_images_sql

_AT_ONCE = 200
Place = tuple[str, str]
"""An image id, and a campaign that has the image."""


class Outline(NamedTuple):
    """A region on the page, in pixels of the copy; one that is not settled is dashed.

    `points` has the corners as SVG writes them.
    """

    points: str
    colour: str
    label: str
    is_settled: bool


class Card(NamedTuple):
    """One image of the page.

    Attributes:
        picture: A data address, or empty when there is no copy.
        size: Width and height of the copy, in pixels.
        regions: What was drawn on it.
        classes: Name and colour of each class that was drawn.
        conflicts: A sentence for each difference between the votes.
        links: Title and URL of its tasks.
        lines: Its metadata, one value a line; the first is its name.
    """

    picture: str
    size: tuple[int, int]
    regions: tuple[Outline, ...]
    classes: tuple[tuple[str, str], ...]
    conflicts: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    lines: tuple[str, ...]


class FoundImages(NamedTuple):
    """Found images, each in a campaign, and what is known of them there.

    Attributes:
        rows: What was found; each has an `image_id`.
        places: Image id and campaign of each row.
        annotations: Image id and campaign to what people drew.
        assignments: Image id and campaign to who was asked.
    """

    rows: Sequence[Mapping[str, object]]
    places: Sequence[Place]
    annotations: Mapping[Place, ImageAnnotations]
    assignments: Mapping[Place, Sequence[Assignment]]


def look_up(lake: Lake, found: Sequence[Mapping[str, object]]) -> FoundImages:
    """What people drew on found images, and who was asked about them.

    Args:
        lake: Where they are.
        found: Rows with an `image_id`, and maybe a `campaign`, whose answers are looked up; without
            one, those of the campaign that the image came for.
    """
    ids = list(dict.fromkeys(str(row["image_id"]) for row in found))
    reader = AnnotationReader(lake)
    batch_of: dict[Place, str] = {}
    own: dict[str, str] = {}
    for start in range(0, len(ids), _AT_ONCE):
        answer = QueryLayer(lake).engine.query(these_images_sql(ids[start : start + _AT_ONCE]))
        for row in answer.to_pylist():
            image_id, campaign = row["image_id"], row["campaign"] or ""
            own.setdefault(image_id, campaign)  # its own comes first
            batch_of[image_id, campaign] = row["batch_id"] or ""
    places = []
    for row in found:
        image_id = str(row["image_id"])
        named = image_id, str(row.get("campaign") or "")
        places.append(named if named in batch_of else (image_id, own.get(image_id, "")))
    reader.read(places)
    return FoundImages(
        rows=found,
        places=places,
        annotations={place: reader.of(*place) for place in places},
        assignments={
            place: reader.assignments(*place, batch_of[place])
            for place in places
            if place in batch_of
        },
    )


def contact_sheet(
    lake: Lake,
    title: str,
    found: FoundImages,
    *,
    links: Mapping[Place, Sequence[tuple[str, str]]] | None = None,
) -> bytes:
    """The page, as HTML.

    Args:
        lake: Where the normalised copies are; an image without one has no picture.
        title: The page's title.
        found: Rows with an `image_id`; their other values are shown, except missing ones.
        links: Image id and campaign to the title and the address of each of its tasks.
    """
    ids = list(dict.fromkeys(image_id for image_id, _ in found.places))
    copies = dict(
        zip(ids, in_threads(lambda i: lake.cleansed.find(keys.cleansed_image(i)), ids), strict=True)
    )
    there = [(image_id, copy) for image_id, copy in copies.items() if copy]
    pictures = thumbnails(there, policy=CleansingPolicy())
    sizes = {image_id: _size_px(copy) for image_id, copy in there if image_id in pictures}
    labels = sorted({name for known in found.annotations.values() for name in _labels(known)})
    colours = dict(zip(labels, cycle(PALETTE), strict=False))
    cards = []
    for row, place in zip(found.rows, found.places, strict=True):
        image_id, known = place[0], found.annotations.get(place, ImageAnnotations())
        cards.append(
            Card(
                picture=_data_address(pictures.get(image_id)),
                size=sizes.get(image_id, (4, 3)),
                regions=tuple(_outline(drawn, colours) for drawn in _shown(known)),
                classes=tuple((name, colours[name]) for name in classes_of(_shown(known))),
                conflicts=tuple(known.conflicts),
                links=tuple((links or {}).get(place, ())),
                lines=_lines(row, known),
            )
        )
    template = page_template(__package__, "contact_sheet.html.jinja")
    return template.render(title=title, cards=cards).encode()


def _shown(known: ImageAnnotations) -> Sequence[Drawn]:
    """What is settled; before that, what each person drew."""
    return known.settled or known.votes


def _labels(known: ImageAnnotations) -> list[str]:
    return classes_of([*known.settled, *known.votes])


def _outline(drawn: Drawn, colours: Mapping[str, str]) -> Outline:
    region = drawn.region
    label = f"{region.label} ({drawn.person})" if drawn.person else region.label
    points = " ".join(f"{x:g},{y:g}" for x, y in region.outline_px)
    return Outline(points, colours[region.label], label, drawn.person is None)


def _size_px(copy: bytes) -> tuple[int, int]:
    """Width and height in the header of a copy that the image work wrote."""
    with Image.open(BytesIO(copy)) as image:
        return image.size


def _data_address(picture: bytes | None) -> str:
    encoded = base64.b64encode(picture).decode() if picture else ""
    return f"data:image/jpeg;base64,{encoded}" if picture else ""


def _lines(row: Mapping[str, object], known: ImageAnnotations) -> tuple[str, ...]:
    values = [f"{name}: {value}" for name, value in row.items() if _is_shown(name, value)]
    status = [f"annotation: {known.status.replace('_', ' ')}"] if known.status else []
    return (str(row.get("original_name") or row["image_id"]), *status, *values)


def _is_shown(name: str, value: object) -> bool:
    return name != "original_name" and value is not None and value == value and value != ""  # noqa: PLR0124 - NaN is unequal to itself
