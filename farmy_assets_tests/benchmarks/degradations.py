"""Real photographs, spoilt or changed in known ways.

Between sound and spoilt lies a gap that nobody is judged on: a blur of 0.1 % of the long side, say,
which some eyes see and some do not.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Change = Callable[[Image.Image], Image.Image]


class Variant(NamedTuple):
    """A file made of a photograph: which check should fire on it; None for harmless changes."""

    name: str
    fires: str | None
    content: bytes


def spoilt(image: Image.Image) -> Iterator[Variant]:
    """Variants on which one check each should fire."""
    for check, changes in _SPOILT.items():
        for name, change in changes.items():
            yield Variant(name, check, stored(change(image)))


def copies(image: Image.Image) -> Iterator[Variant]:
    """Variants that show the same: no check should fire, and they are duplicates."""
    for quality in (10, 30, 50, 70, 90):
        yield Variant(f"JPEG quality {quality}", None, stored(image, quality=quality))
    for name, change in _COPIES.items():
        yield Variant(name, None, stored(change(image)))


def stored(image: Image.Image, *, quality: int = 92) -> bytes:
    """The picture as JPEG."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def _blurred(share: float) -> Change:
    return lambda image: image.filter(ImageFilter.GaussianBlur(share * max(image.size)))


def _moved(share: float, angle_deg: float) -> Change:
    """Blurred along a line, as by a moving hand; turned corners are cut off."""

    def move(image: Image.Image) -> Image.Image:
        turned = image.rotate(angle_deg, Image.Resampling.BICUBIC)
        pixels = np.asarray(turned, dtype=np.float32)
        length = max(2, round(share * max(image.size)))
        summed = np.cumsum(np.pad(pixels, ((0, 0), (length, 0), (0, 0)), mode="edge"), axis=1)
        mean = (summed[:, length:] - summed[:, :-length]) / length
        moved = Image.fromarray(mean.clip(0, 255).astype(np.uint8))
        width, height = image.size
        return moved.rotate(-angle_deg, Image.Resampling.BICUBIC).crop(
            (width // 6, height // 6, width * 5 // 6, height * 5 // 6)
        )

    return move


def _exposed(factor: float, offset: float = 0.0) -> Change:
    return lambda image: image.point(
        [round(min(255.0, max(0.0, level * factor + offset))) for level in range(256)] * 3
    )


def _dark_but_for(light: float, share: float) -> Change:
    """Dark, with something bright at the lower edge: a date stamp, a lamp, a reflector."""

    def darken(image: Image.Image) -> Image.Image:
        dark = _exposed(light)(image)
        side = (share * image.width * image.height) ** 0.5
        left, top = round(image.width * 0.6), round(image.height * 0.9 - side / 2)
        dark.paste("white", (left, top, round(left + side * 2), round(top + side / 2)))
        return dark

    return darken


def _strip(ratio: float) -> Change:
    """The upper part, so many times as wide as high."""
    return lambda image: image.crop((0, 0, image.width, max(1, round(image.width / ratio))))


def _scaled(factor: float) -> Change:
    return lambda image: image.resize(
        (max(1, round(image.width * factor)), max(1, round(image.height * factor))),
        Image.Resampling.LANCZOS,
    )


def _cut(share: float) -> Change:
    """Without a strip of that share on each side."""
    return lambda image: image.crop(
        (
            round(image.width * share),
            round(image.height * share),
            round(image.width * (1 - share)),
            round(image.height * (1 - share)),
        )
    )


def _bordered(image: Image.Image) -> Image.Image:
    framed = Image.new("RGB", (image.width * 21 // 20, image.height * 21 // 20), "white")
    framed.paste(image, (image.width // 40, image.height // 40))
    return framed


def _watermarked(image: Image.Image) -> Image.Image:
    marked = image.copy()
    brush = ImageDraw.Draw(marked)
    size = max(10, image.height // 14)
    brush.text((image.width // 20, image.height - 2 * size), "plot 7", "white", font_size=size)
    return marked


_SPOILT: Mapping[str, Mapping[str, Change]] = {
    "blurry": {
        "blur 0.4 %": _blurred(0.004),
        "blur 1 %": _blurred(0.01),
        "blur 3 %": _blurred(0.03),
        "motion 2 %": _moved(0.02, 0),
        "motion 3 % slanted": _moved(0.03, 30),
    },
    "dark": {
        "a sixth of the light": _exposed(1 / 6),
        "a tenth of the light": _exposed(0.1),
        "a sixth of the light and a date stamp": _dark_but_for(1 / 6, 0.015),
        "a tenth of the light and a lamp": _dark_but_for(0.1, 0.03),
    },
    "bright": {
        "three quarters white": _exposed(0.22, 205),
        "washed out": _exposed(0.5, 190),
    },
    "low_information": {
        "hardly anything": lambda image: image.resize((2, 2)).resize(image.size, 0).quantize(3)
        .convert("RGB"),
    },
    "odd_aspect_ratio": {  # no camera's single frame is longer than 21:9
        "a strip": _strip(5),
        "a panorama": _strip(2.7),
    },
    "too_small": {"a thumbnail": lambda image: _scaled(100 / max(image.size))(image)},
    "no_colour": {"black and white": lambda image: image.convert("L").convert("RGB")},
}  # fmt: skip
_COPIES: Mapping[str, Change] = {
    "half the size": _scaled(0.5),
    "three quarters of the size": _scaled(0.75),
    "one and a half times the size": _scaled(1.5),
    "turned by 90 degrees": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "turned by 180 degrees": lambda image: image.transpose(Image.Transpose.ROTATE_180),
    "turned by 270 degrees": lambda image: image.transpose(Image.Transpose.ROTATE_270),
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "2 % cut off each side": _cut(0.02),
    "5 % cut off each side": _cut(0.05),
    "a border": _bordered,
    "a watermark": _watermarked,
}
HARMLESS = frozenset(
    {
        "JPEG quality 50", "JPEG quality 70", "JPEG quality 90", "three quarters of the size",
        "turned by 90 degrees", "turned by 180 degrees", "turned by 270 degrees", "mirrored",
    }
)  # fmt: skip
"""The copies that are as good as the photograph itself: no check may fire on them."""
