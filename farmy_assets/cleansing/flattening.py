"""Any of Pillow's pictures as one without transparency, in colours that can be seen.

Pillow's own conversions do not serve everywhere: they cut 16 bits off at 255 in place of scaling
them, and compare a transparent colour, as a PNG file names it, with levels of another scale.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

_READY = frozenset({"L", "RGB", "CMYK"})
_CONVERTIBLE = {"1": "L", "P": "RGB", "RGBX": "RGB", "YCbCr": "RGB", "HSV": "RGB"}
_WITH_ALPHA = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
_SRGB = ImageCms.createProfile("sRGB")
_LAB = ImageCms.createProfile("LAB")
_BYTE_BITS = 8
_WHITE = 255
_TIFF_BITS, _TIFF_PHOTOMETRIC, _WHITE_IS_ZERO = 258, 262, 0
_PNG_BITS_AT = 24  # in the file: its first chunk begins the same in every PNG


def plain_picture(opened: Image.Image, content: bytes) -> Image.Image | None:
    """The picture in mode L, RGB or CMYK, transparency laid on white; None if it has no colours.

    Floating-point and 32-bit rasters are measurements rather than photographs: nobody can tell
    which of their values would be white.

    Args:
        opened: A loaded picture, as its file holds it.
        content: The file.
    """
    bits = _bits_per_sample(opened, content)
    plain = _without_alpha(opened, bits)
    if plain is None or opened.mode in _WITH_ALPHA:
        return plain
    key = opened.info.get("transparency")
    if key is None or opened.mode == "P":
        return plain
    return _laid_on_white(plain, _equals(opened, key, bits))


def _without_alpha(opened: Image.Image, bits: int) -> Image.Image | None:
    mode = opened.mode
    if mode in _WITH_ALPHA or (mode == "P" and opened.has_transparency_data):
        return _over_white(opened)
    if mode.startswith("I;16"):
        return _in_eight_bits(opened, bits)
    if mode == "LAB":
        return ImageCms.profileToProfile(opened, _LAB, _SRGB, outputMode="RGB")
    if mode in _READY:
        return opened
    return opened.convert(_CONVERTIBLE[mode]) if mode in _CONVERTIBLE else None


def _in_eight_bits(opened: Image.Image, bits: int) -> Image.Image:
    levels = np.asarray(opened).astype(np.uint16)
    grey = (levels >> max(0, bits - _BYTE_BITS)).clip(0, _WHITE).astype(np.uint8)
    is_inverted = _tiff_tag(opened, _TIFF_PHOTOMETRIC, 1) == _WHITE_IS_ZERO
    return Image.fromarray(_WHITE - grey if is_inverted else grey)


def _over_white(opened: Image.Image) -> Image.Image:
    over = opened.convert("RGBA")
    if opened.format == "BMP" and over.getchannel("A").getextrema() == (0, 0):
        # Many programs leave the fourth byte of a bitmap at 0 and mean nothing by it.
        return over.convert("RGB")
    white = Image.new("RGBA", over.size, "white")
    return Image.alpha_composite(white, over).convert("RGB")


def _equals(opened: Image.Image, key: object, bits: int) -> NDArray[np.bool_]:
    """Where the picture is of the one colour that its file calls transparent."""
    levels = np.asarray(opened)
    if isinstance(key, int):
        return np.asarray(levels == _as_level(key, opened.mode, bits))
    if isinstance(key, tuple) and levels.ndim == 3 and len(key) == levels.shape[2]:  # noqa: PLR2004
        wanted = [_as_level(int(part), opened.mode, bits) for part in key]
        return np.asarray((levels == np.array(wanted)).all(axis=2))
    return np.zeros(levels.shape[:2], dtype=np.bool_)


def _as_level(value: int, mode: str, bits: int) -> int:
    """A level of the file in the levels of the picture, which has one bit, 16, or else 8."""
    if mode == "1" or mode.startswith("I;16"):
        return value
    if bits > _BYTE_BITS:
        return value >> (bits - _BYTE_BITS)
    return value * _WHITE // ((1 << bits) - 1)


def _laid_on_white(plain: Image.Image, is_transparent: NDArray[np.bool_]) -> Image.Image:
    if not is_transparent.any():
        return plain
    laid = plain.copy()
    laid.paste("white" if plain.mode == "RGB" else _WHITE, mask=Image.fromarray(is_transparent))
    return laid


def _bits_per_sample(opened: Image.Image, content: bytes) -> int:
    if opened.format == "PNG":
        return content[_PNG_BITS_AT]
    fallback = 16 if opened.mode.startswith("I;16") else _BYTE_BITS
    bits = _tiff_tag(opened, _TIFF_BITS, fallback)
    return bits if 0 < bits <= 16 else fallback  # noqa: PLR2004 - no more fit into such a picture


def _tiff_tag(opened: Image.Image, tag: int, fallback: int) -> int:
    tags: Mapping[int, object] = getattr(opened, "tag_v2", {})
    found = tags.get(tag)
    if isinstance(found, tuple) and found:
        first: object = found[0]
        found = first
    return found if isinstance(found, int) else fallback
