"""Found images on one page that needs nothing else: small pictures, and what is told of each."""

import base64
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from jinja2 import Environment, StrictUndefined

from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.thumbnails import thumbnails
from farmy_assets.lake import keys
from farmy_assets.lake.objects import in_threads

if TYPE_CHECKING:
    from farmy_assets.lake.lake import Lake


class Card(NamedTuple):
    """One image of the page: an address of its picture, and lines of text."""

    picture: str
    lines: tuple[str, ...]


def contact_sheet(lake: "Lake", title: str, found: Sequence[Mapping[str, object]]) -> bytes:
    """The page, as HTML.

    Args:
        lake: Where the normalised copies are; an image without one has no picture.
        title: What was asked for.
        found: Rows with an `image_id`; their other values are told, but for missing ones.
    """
    ids = [str(row["image_id"]) for row in found]
    copies = in_threads(lambda i: lake.cleansed.find(keys.cleansed_image(i)), ids)
    there = ((i, copy) for i, copy in zip(ids, copies, strict=True) if copy)
    pictures = thumbnails(there, policy=CleansingPolicy())
    cards = [_card(row, pictures.get(str(row["image_id"]))) for row in found]
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    text = files(__package__).joinpath("contact_sheet.html.jinja").read_text()
    return environment.from_string(text).render(title=title, cards=cards).encode()


def _card(row: Mapping[str, object], picture: bytes | None) -> Card:
    told = [f"{name}: {value}" for name, value in row.items() if _is_told(name, value)]
    encoded = base64.b64encode(picture).decode() if picture else ""
    address = f"data:image/jpeg;base64,{encoded}" if picture else ""
    return Card(address, (str(row.get("original_name") or row["image_id"]), *told))


def _is_told(name: str, value: object) -> bool:
    return name != "original_name" and value is not None and value == value and value != ""  # noqa: PLR0124 - NaN is unequal to itself
