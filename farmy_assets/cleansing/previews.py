"""A small picture of many pictures, for people who look at a run."""

import io
from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageOps

from farmy_assets.cleansing.decoding import Undecodable, decode
from farmy_assets.cleansing.policy import CleansingPolicy

_BACKGROUND = (238, 238, 238)
_QUALITIES = (80, 65, 50, 35, 20, 10)
_LINE_SHARE = 100  # a mark's line is the picture's long side divided by this


THUMBNAIL_PX = 160
_THUMBNAIL_QUALITY = 70


class Mark(NamedTuple):
    """A rectangle to draw: edges as fractions of the upright picture, and an #rrggbb colour."""

    x_min: float
    y_min: float
    x_max: float
    y_max: float
    colour: str


def small_jpeg(picture: Image.Image, *, long_side_px: int = THUMBNAIL_PX) -> bytes:
    """The picture, RGB, as a JPEG with a long side of at most so many pixels."""
    scale = min(1.0, long_side_px / max(picture.size))
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    written = io.BytesIO()
    small = picture.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
    small.save(written, "JPEG", quality=_THUMBNAIL_QUALITY)
    return written.getvalue()


def contact_sheet(
    images: Sequence[bytes],
    *,
    policy: CleansingPolicy,
    marks: Sequence[Sequence[Mark]] = (),
    columns: int = 4,
    thumbnail_px: int = 128,
    max_bytes: int = 30_000,
) -> bytes:
    """One JPEG with a thumbnail of each image, whole, in squares row by row.

    Args:
        images: Files of any kind; one that cannot be decoded leaves its place empty.
        policy: Says which files are too large to be decoded.
        marks: Rectangles to draw, for each image; none for the images that it does not reach.
        columns: Thumbnails in a row.
        thumbnail_px: The side of a thumbnail.
        max_bytes: The quality is lowered as far as it takes; at the lowest it may still be missed.
    """
    rows = max(1, -(-len(images) // columns))
    across = min(columns, max(1, len(images)))
    sheet = Image.new("RGB", (across * thumbnail_px, rows * thumbnail_px), _BACKGROUND)
    for index, content in enumerate(images):
        row, column = divmod(index, columns)
        decoded = decode(content, policy=policy, enough_px=2 * thumbnail_px)
        if not isinstance(decoded, Undecodable):
            picture = _marked(decoded.image, marks[index] if index < len(marks) else ())
            square = (thumbnail_px, thumbnail_px)
            thumbnail = ImageOps.pad(picture, square, color=_BACKGROUND)
            sheet.paste(thumbnail, (column * thumbnail_px, row * thumbnail_px))
    written = b""
    for quality in _QUALITIES:
        file = io.BytesIO()
        sheet.save(file, "JPEG", quality=quality, optimize=True)
        written = file.getvalue()
        if len(written) <= max_bytes:
            break
    return written


def _marked(picture: Image.Image, marks: Sequence[Mark]) -> Image.Image:
    if not marks:
        return picture
    drawn = picture.copy()
    brush = ImageDraw.Draw(drawn)
    line_px = max(2, max(drawn.size) // _LINE_SHARE)
    for mark in marks:
        edges = (
            mark.x_min * drawn.width,
            mark.y_min * drawn.height,
            mark.x_max * drawn.width,
            mark.y_max * drawn.height,
        )
        brush.rectangle(edges, outline=mark.colour, width=line_px)
    return drawn
