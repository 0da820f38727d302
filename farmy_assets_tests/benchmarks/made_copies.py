"""Copies made of a photograph: cut, framed, turned, made smaller, and saved again."""

import io
import random
from collections.abc import Callable, Mapping, Sequence

from PIL import Image, ImageDraw

Make = Callable[[Image.Image, random.Random], bytes]
_WRITING = "Field 12, north side, 2026-05-04"
_COLOURS = ("white", "black", "#888888", "#1f6f3a", "#c02020")


def cut(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    """Without these shares of the sides."""
    width, height = image.size
    return image.crop(
        (
            round(width * left),
            round(height * top),
            round(width * (1 - right)),
            round(height * (1 - bottom)),
        )
    )


def framed(image: Image.Image, widths: Sequence[float], colour: str) -> Image.Image:
    """Within a border; the widths are shares of the sides: left, top, right, bottom."""
    width, height = image.size
    left, top, right, bottom = (
        round(share * side)
        for share, side in zip(widths, (width, height, width, height), strict=True)
    )
    found = Image.new("RGB", (width + left + right, height + top + bottom), colour)
    found.paste(image, (left, top))
    return found


def stored(image: Image.Image, quality: int = 90, file_format: str = "JPEG") -> bytes:
    """The picture as a file."""
    file = io.BytesIO()
    image.save(file, file_format, quality=quality)
    return file.getvalue()


def _even_cut(share: float) -> Make:
    return lambda image, _: stored(cut(image, *[share] * 4))


def _uneven_cut(image: Image.Image, chance: random.Random) -> bytes:
    sides = [chance.choice((0.0, chance.uniform(0, 0.05))) for _ in range(3)]
    return stored(cut(image, chance.uniform(0.01, 0.05), *sides), chance.choice((60, 75, 90)))


def _turned_cut(image: Image.Image, chance: random.Random) -> bytes:
    sides = [chance.uniform(0, 0.05) for _ in range(4)]
    return stored(cut(image, *sides).transpose(chance.choice(list(Image.Transpose))), 80)


def _even_frame(share: float, colour: str, quality: int = 90) -> Make:
    return lambda image, _: stored(framed(image, [share] * 4, colour), quality)


def _uneven_frame(image: Image.Image, chance: random.Random) -> bytes:
    widths = [chance.choice((0.0, chance.uniform(0.01, 0.1))) for _ in range(3)]
    colour = chance.choice(_COLOURS)
    return stored(framed(image, [chance.uniform(0.01, 0.1), *widths], colour), 75)


def _narrow_frame(share: float, quality: int) -> Make:
    return lambda image, chance: stored(
        framed(image, [share] * 4, chance.choice(_COLOURS)), quality
    )


def _frame_on_one_side(image: Image.Image, chance: random.Random) -> bytes:
    widths = [0.0, 0.0, 0.0, chance.uniform(0.02, 0.12)]
    chance.shuffle(widths)
    return stored(framed(image, widths, chance.choice(_COLOURS)), 85)


def _written_frame(image: Image.Image, chance: random.Random) -> bytes:
    paper, ink = chance.choice((("white", "black"), ("black", "white")))
    page = framed(image, (0.03, 0.03, 0.03, 0.12), paper)
    line, left = round(image.height * 0.12), round(image.width * 0.06)
    ImageDraw.Draw(page).text(
        (left, page.height - 4 * line // 5), _WRITING, fill=ink, font_size=max(8, line // 2)
    )
    return stored(page, 92)


def _rounded_frame(image: Image.Image, _: random.Random) -> bytes:
    corners = Image.new("L", image.size, 0)
    radius = min(image.size) // 16
    ImageDraw.Draw(corners).rounded_rectangle((0, 0, *image.size), radius=radius, fill=255)
    rounded = Image.composite(image, Image.new("RGB", image.size, "white"), corners)
    return stored(framed(rounded, [0.05] * 4, "white"), 92)


def _smaller(image: Image.Image) -> Image.Image:
    return image.resize((image.width * 3 // 4, image.height * 3 // 4))


def _smaller_cut(image: Image.Image, chance: random.Random) -> bytes:
    return stored(_smaller(cut(image, *[chance.uniform(0, 0.05) for _ in range(4)])), 92)


def _turned(quality: int) -> Make:
    turns = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)
    return lambda image, chance: stored(image.transpose(chance.choice(turns)), quality)


FOUND: Mapping[str, Make] = {
    "2 % cut off each side": _even_cut(0.02),
    "3 % cut off each side": _even_cut(0.03),
    "5 % cut off each side": _even_cut(0.05),
    "up to 5 % cut off, unevenly": _uneven_cut,
    "the same, and turned or mirrored": _turned_cut,
    "a white border of 2.5 %": _even_frame(0.025, "white"),
    "a black border of 5 %": _even_frame(0.05, "black", 60),
    "a green border of 10 %": _even_frame(0.10, "#1f6f3a"),
    "an uneven border, 1 to 10 %": _uneven_frame,
    "a border with a line of writing": _written_frame,
    "rounded corners in a border": _rounded_frame,
}
BETTER: Mapping[str, Make] = {
    "JPEG quality 25": lambda image, _: stored(image, 25),
    "JPEG quality 50": lambda image, _: stored(image, 50),
    "saved again at 85": lambda image, _: stored(image, 85),
    "saved again at 95": lambda image, _: stored(image, 95),
    "turned, saved at 90": _turned(90),
    "turned, saved at 95": _turned(95),
    "2 % cut off each side, at 95": lambda image, _: stored(cut(image, *[0.02] * 4), 95),
    "5 % cut off each side, at 95": lambda image, _: stored(cut(image, *[0.05] * 4), 95),
    "a border of 5 %, at 95": lambda image, _: stored(framed(image, [0.05] * 4, "white"), 95),
    "a border of 1 %, at 90": _narrow_frame(0.01, 90),
    "a border of 2 %, at 60": _narrow_frame(0.02, 60),
    "a border on one side, at 85": _frame_on_one_side,
    "an uneven border, 1 to 10 %": _uneven_frame,
    "a border with a line of writing": _written_frame,
    "rounded corners in a border": _rounded_frame,
    "a border of 5 %, three quarters of the size": lambda image, _: stored(
        _smaller(framed(image, [0.05] * 4, "black")), 92
    ),
    "cut, saved at 60": lambda image, chance: stored(
        cut(image, *[chance.uniform(0, 0.05) for _ in range(4)]), 60
    ),
    "cut, three quarters of the size": _smaller_cut,
    "cut, and turned or mirrored": _turned_cut,
    "three quarters of the size, at 95": lambda image, _: stored(_smaller(image), 95),
    "a PNG of it": lambda image, _: stored(image, file_format="PNG"),
}
