"""Pictures for the tests, drawn from a seed, and the files they are stored in."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageFilter


def plants(seed: int = 0, size: tuple[int, int] = (400, 300)) -> Image.Image:
    """Something like plants on soil: coarse patches with fine texture, no two seeds alike."""
    rng = np.random.default_rng(seed)
    width, height = size
    coarse = Image.fromarray(rng.integers(40, 200, (7, 9, 3), dtype=np.uint8))
    patches = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC), dtype=np.float32)
    fine = rng.normal(0, 25, (max(1, height // 2), max(1, width // 2)))
    texture = Image.fromarray(np.clip(128 + fine, 0, 255).astype(np.uint8)).resize(size)
    pixels = patches + np.asarray(texture, dtype=np.float32)[:, :, None] - 128
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def stored(image: Image.Image, file_format: str = "JPEG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def blurred(image: Image.Image, share_of_long_side: float) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(max(image.size) * share_of_long_side))


def moved(image: Image.Image, share_of_long_side: float) -> Image.Image:
    """Blurred from left to right, as by a moving hand."""
    length = round(max(image.size) * share_of_long_side)
    pixels = np.asarray(image, dtype=np.float32)
    summed = np.cumsum(pixels, axis=1)
    return Image.fromarray(((summed[:, length:] - summed[:, :-length]) / length).astype(np.uint8))


def exposed(image: Image.Image, factor: float) -> Image.Image:
    return image.point([min(255, round(level * factor)) for level in range(256)] * 3)


def png_that_declares(width: int, height: int, *, compressed_pixels: bytes) -> bytes:
    """A PNG file whose header says what it is told to, whatever follows."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", compressed_pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
