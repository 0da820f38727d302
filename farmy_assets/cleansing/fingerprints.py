"""Ways to recognise an image again, from "the same bytes" to "looks the same, however turned".

pHash and dHash are those of the library imagehash, bit for bit and in its own type, taken of a
picture that was reduced first; its own functions would spend most of the time on reducing. Records
hold them as the hexadecimal digits that imagehash writes, searches over many as 64-bit numbers.
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from imagehash import ImageHash
from numpy.typing import NDArray
from PIL import Image

from farmy_assets.cleansing.borders import within_border
from farmy_assets.cleansing.small_pictures import SmallPicture, levels_text, small_text
from farmy_assets.cleansing.views import SMALL_SIDE, Views

HASH_BITS = 64

_SIDE = 8
_frequency, _place = np.arange(_SIDE)[:, None], np.arange(SMALL_SIDE)[None, :]
# The first rows of the discrete cosine transform of type II.
_COSINES = 2 * np.cos(math.pi * _frequency * (2 * _place + 1) / (2 * SMALL_SIDE))
# Mirroring a picture changes the signs of every second coefficient, across or down.
_ODD = np.where(np.arange(_SIDE) % 2, -1.0, 1.0)
_SIGNS = np.stack([np.ones((_SIDE, _SIDE)), *np.broadcast_arrays(_ODD, _ODD[:, None])])
_SIGNS = np.concatenate([_SIGNS, _SIGNS[1:2] * _SIGNS[2:3]])


class PerceptualHash(NamedTuple):
    """pHash (the coarse pattern of light) and dHash (where it gets brighter), 64 bits each."""

    phash: ImageHash
    dhash: ImageHash

    def distance_bits(self, other: "PerceptualHash") -> int:
        """In how many bits those differ that differ more."""
        return max(int(self.phash - other.phash), int(self.dhash - other.dhash))


def content_sha256(content: bytes) -> str:
    """The hex digest of a file's bytes."""
    return hashlib.sha256(content).hexdigest()


def pixel_hash(views: Views, *, width_px: int, height_px: int) -> str:
    """The hex digest of what is to be seen: the working picture and the original's upright size.

    Taken of means over 4 x 4 pixels, in which pictures that differ to the eye differ as well. The
    same for a file whose metadata were changed, and for a lossless copy in another format;
    different for one-coloured pictures of different shapes.
    """
    digest = hashlib.sha256(f"{width_px}x{height_px}:{views.levels.shape}:".encode())
    digest.update(views.coarse_levels.tobytes())
    return digest.hexdigest()


def small_picture(views: Views) -> SmallPicture:
    """The levels by which cut and framed copies are found."""
    whole, box = levels_text(views.small_levels), within_border(views.levels)
    if box is None:
        return SmallPicture(whole)
    scale = views.reduced.width / views.grey.width, views.reduced.height / views.grey.height
    part = (box.left * scale[0], box.top * scale[1], box.right * scale[0], box.bottom * scale[1])
    return SmallPicture(whole, small_text(views.reduced, part))


def perceptual_hashes(views: Views) -> tuple[PerceptualHash, ...]:
    """The hashes of a picture as it is, then of the picture in its seven other orientations.

    Orientation number: bit 0 mirrored left to right, bit 1 top to bottom, bit 2 then transposed.
    """
    low = _COSINES @ views.small_levels.astype(np.float64) @ _COSINES.T
    mirrored = low * _SIGNS
    ordered = np.sort(mirrored.reshape(len(_SIGNS), HASH_BITS), axis=1)
    median = (ordered[:, HASH_BITS // 2 - 1] + ordered[:, HASH_BITS // 2]) / 2
    coarse = mirrored > median[:, None, None]
    lanczos = Image.Resampling.LANCZOS
    wide = np.asarray(views.reduced.resize((_SIDE + 1, _SIDE), lanczos))
    high = np.asarray(views.reduced.resize((_SIDE, _SIDE + 1), lanczos)).T
    # Where it gets brighter to the right and downwards; mirrored, to the left and upwards.
    right, left = wide[:, 1:] > wide[:, :-1], (wide[:, :-1] > wide[:, 1:])[:, ::-1]
    down, up = high[:, 1:] > high[:, :-1], (high[:, :-1] > high[:, 1:])[:, ::-1]
    phashes = (*coarse, *coarse.swapaxes(1, 2))
    dhashes = (right, left, right[::-1], left[::-1], down, down[::-1], up, up[::-1])
    return tuple(
        PerceptualHash(ImageHash(phash), ImageHash(dhash))
        for phash, dhash in zip(phashes, dhashes, strict=True)
    )


def hash_text(*hashes: ImageHash) -> str:
    """64-bit hashes as 16 hex digits each: what `str` of each gives, in a tenth of the time."""
    return _packed(hashes).tobytes().hex()


def turned_text(hashes: Sequence[PerceptualHash]) -> str:
    """The hashes of the seven turned pictures, as hex digits: pHash and dHash of each in turn."""
    return hash_text(*(value for pair in hashes[1:] for value in pair))


def hashes_of_text(text: str) -> tuple[ImageHash, ...]:
    """The hashes that `hash_text` wrote."""
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(text), np.uint8))
    return tuple(ImageHash(one) for one in bits.astype(np.bool_).reshape(-1, _SIDE, _SIDE))


def hash_numbers(hashes: Iterable[ImageHash]) -> NDArray[np.uint64]:
    """Hashes as numbers, the first bit the highest: the form in which many are compared."""
    return _packed(hashes).view(">u8")[:, 0].astype(np.uint64)


def _packed(hashes: Iterable[ImageHash]) -> NDArray[np.uint8]:
    """The bits of each hash in eight bytes, shape (hashes, 8)."""
    bits = np.stack([one.hash for one in hashes])
    return np.packbits(bits.reshape(len(bits), HASH_BITS), axis=1)
