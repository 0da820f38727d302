"""Four ways to recognise an image again, from "the same bytes" to "looks the same"."""

import hashlib

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from farmy_assets.cleansing.decoding import Decoded

HASH_BITS = 64


def content_sha256(content: bytes) -> str:
    """The hex digest of a file's bytes."""
    return hashlib.sha256(content).hexdigest()


def pixel_hash(decoded: Decoded) -> str:
    """The hex digest of what is to be seen: upright pixels and the original's upright size.

    The same for a file whose metadata were changed, and for a lossless copy in another format;
    different for one-coloured pictures of different shapes.
    """
    image = decoded.image
    shape = f"{decoded.width_px}x{decoded.height_px}:{image.width}x{image.height}:{image.mode}:"
    return hashlib.sha256(shape.encode() + image.tobytes()).hexdigest()


def perceptual_hash(grey: Image.Image) -> int:
    """pHash, 64 bits: the coarse pattern of light, which survives compression and scaling."""
    return _as_number(imagehash.phash(grey).hash)


def difference_hash(grey: Image.Image) -> int:
    """dHash, 64 bits: where it gets brighter from left to right, which survives exposure."""
    return _as_number(imagehash.dhash(grey).hash)


def hash_text(value: int) -> str:
    """A 64-bit hash as 16 hex digits, the form that records hold."""
    return f"{value:016x}"


def _as_number(bits: NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
