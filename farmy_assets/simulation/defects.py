"""What goes wrong with photographs on their way from the field: each defect as one function.

Pictures in, pictures out, or bytes in, bytes out; what to do with which file is decided in
`collection.py`.
"""

import io
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

_BLUR_REFERENCE_PX = 1280
_OUT_OF_FOCUS_SHARE = 0.5

Pixels = NDArray[np.uint8]


class Defect(StrEnum):
    """Why a file of a simulated collection must not reach the annotators."""

    BLURRED = "blurred"
    DARK = "dark"
    OVEREXPOSED = "overexposed"
    TRUNCATED = "truncated"
    NOT_AN_IMAGE = "not_an_image"
    EXACT_DUPLICATE = "exact_duplicate"
    NEAR_DUPLICATE = "near_duplicate"
    TOO_SMALL = "too_small"


def blurred(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Out of focus, or shaken while the shutter was open; plants can no longer be distinguished."""
    scale = max(image.size) / _BLUR_REFERENCE_PX
    if rng.random() < _OUT_OF_FOCUS_SHARE:
        return image.filter(ImageFilter.GaussianBlur(rng.uniform(13, 20) * scale))
    steps = 48
    length, angle = rng.uniform(75, 120) * scale, rng.uniform(0, 2 * np.pi)
    total = np.zeros((image.height, image.width, 3), dtype=np.float32)
    for way in np.linspace(-0.5, 0.5, steps):
        bow = 0.35 * length * way**2  # a hand shakes in an arc, not along a ruler
        shift_x = length * way * np.cos(angle) - bow * np.sin(angle)
        shift_y = length * way * np.sin(angle) + bow * np.cos(angle)
        total += _shifted(image, round(shift_x), round(shift_y))
    shaken = Image.fromarray((total / steps).astype(np.uint8))
    return shaken.filter(ImageFilter.GaussianBlur(6 * scale))


def _shifted(image: Image.Image, shift_x: int, shift_y: int) -> Pixels:
    """The picture moved by whole pixels, its edge repeated where nothing is left."""
    pixels = np.asarray(image)
    rows = np.clip(np.arange(image.height) - shift_y, 0, image.height - 1)
    columns = np.clip(np.arange(image.width) - shift_x, 0, image.width - 1)
    moved: Pixels = pixels[rows][:, columns]
    return moved


def darkened(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Taken with a finger over the lens or after dusk: almost black, and noisy."""
    gain = rng.uniform(0.08, 0.15)
    pixels = np.asarray(image, dtype=np.float32) * gain
    pixels = pixels + rng.normal(0, 2.5, pixels.shape)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def overexposed(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Metered on a dark spot: the ground is burnt out, the plants are pale ghosts."""
    pixels = np.asarray(image, dtype=np.float32) * rng.uniform(1.25, 1.7) + rng.uniform(135, 155)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def shrunk(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A thumbnail that was sent in place of the photograph."""
    width = int(rng.integers(88, 140))
    height = round(width * image.height / image.width)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def truncated(content: bytes, rng: np.random.Generator) -> bytes:
    """The first part of a file whose upload broke off, header included."""
    return content[: round(len(content) * rng.uniform(0.3, 0.7))]


def not_an_image(rng: np.random.Generator, *, turn: int) -> bytes:
    """Something else under a photograph's name; `turn` chooses among three kinds."""
    if turn % 3 == 0:
        page = (
            "<html><head><title>504 Gateway Time-out</title></head><body>upstream</body></html>\n"
        )
        return page.encode() * int(rng.integers(1, 5))
    if turn % 3 == 1:
        return rng.bytes(int(rng.integers(20_000, 60_000)))
    lines = (f"plot {row},{rng.uniform(5, 40):.1f},ok\n" for row in range(1, 40))
    return ("plot,height_cm,note\n" + "".join(lines)).encode()


def sent_again(image: Image.Image, rng: np.random.Generator, *, turn: int) -> Image.Image:
    """The same photograph as another app passes it on; `turn` chooses what that app changes."""
    if turn % 3 == 0:
        return image.copy()  # only encoded anew, at another quality
    if turn % 3 == 1:
        share = rng.uniform(0.8, 0.93)
        size = (round(image.width * share), round(image.height * share))
        return image.resize(size, Image.Resampling.LANCZOS)
    gain = rng.uniform(1.04, 1.09)
    return image.point([min(255, round(level * gain)) for level in range(256)] * 3)


def as_jpeg(image: Image.Image, *, quality: int, exif: Image.Exif | None = None) -> bytes:
    """The picture as a JPEG file."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, exif=exif or Image.Exif())
    return buffer.getvalue()
