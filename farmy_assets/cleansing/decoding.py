"""From bytes to one upright sRGB picture, or to the reason why there is none.

Every door to Pillow's decoders is in this module, since whatever they raise or warn about must
become a reason here. No global switch of Pillow is touched.
"""

import io
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageCms

from farmy_assets.cleansing.file_formats import (
    FileFormat,
    is_cut_short,
    is_foreign_picture,
    recognised_format,
)
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.verdicts import Reason

# Pillow's decoders promise no closed list of errors, and hostile bytes find all of these.
_DECODER_ERRORS = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RuntimeError,
    struct.error,
    zlib.error,
)
_BOMB_ERRORS = (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError)

_ORIENTATION_TAG = 0x0112
_UPRIGHT_BY = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = {_UPRIGHT_BY[orientation] for orientation in (5, 6, 7, 8)}
_READY_MODES = frozenset({"L", "RGB", "CMYK"})
_CONVERTIBLE_MODES = frozenset({"1", "P", "LA", "PA", "La", "RGBA", "RGBa", "RGBX", "YCbCr"})
_SRGB = ImageCms.createProfile("sRGB")

# `warnings` keeps its filters for the whole process: two threads must not swap them at once.
_WARNING_FILTERS = threading.RLock()


class Decoded(NamedTuple):
    """A picture as a person sees it.

    `image` is RGB in sRGB, upright, without any metadata; it may be smaller than the original.
    `width_px` and `height_px` are those of the original, upright.
    """

    image: Image.Image
    width_px: int
    height_px: int


def decode(
    content: bytes, *, policy: CleansingPolicy, enough_px: int | None = None
) -> Decoded | Reason:
    """Decodes any bytes; never raises and never warns.

    Args:
        content: A whole file.
        policy: Gives the number of pixels that a file may declare.
        enough_px: A long side that is enough for the caller. A picture of twice that or more comes
            back reduced by a whole number, which is quick, and never below it.
    """
    if not content:
        return Reason.EMPTY_FILE
    file_format = recognised_format(content)
    if file_format is None:
        foreign = is_foreign_picture(content)
        return Reason.UNSUPPORTED_FORMAT if foreign else Reason.NOT_AN_IMAGE
    try:
        with _silenced_warnings():
            return _decode(content, file_format, policy=policy, enough_px=enough_px)
    except _BOMB_ERRORS:
        return Reason.DECOMPRESSION_BOMB
    except _DECODER_ERRORS as error:
        cut_short = is_cut_short(content, file_format) or "truncated" in str(error).lower()
        return Reason.TRUNCATED if cut_short else Reason.DAMAGED


def _decode(
    content: bytes, file_format: FileFormat, *, policy: CleansingPolicy, enough_px: int | None
) -> Decoded | Reason:
    with Image.open(io.BytesIO(content), formats=(file_format,)) as opened:
        if opened.width * opened.height > policy.max_pixels:
            return Reason.DECOMPRESSION_BOMB
        # Phones put depth maps and previews behind the photograph (MPO): the first one counts.
        if opened.format != "MPO" and getattr(opened, "is_animated", False):
            return Reason.MULTI_PAGE if file_format is FileFormat.TIFF else Reason.ANIMATED
        if file_format is FileFormat.JPEG and is_cut_short(content, file_format):
            return Reason.TRUNCATED
        full_size = opened.size
        if file_format is FileFormat.JPEG and enough_px:
            # Leaves out the fine detail while decoding; the whole file is read all the same.
            opened.draft(None, _at_scale(full_size, _whole_factor(full_size, enough_px)))
            opened.load()
        else:
            opened.load()
            full_size = opened.size  # a TIFF turns itself upright while it loads
        turn = _UPRIGHT_BY.get(_orientation(opened))
        icc_profile = opened.info.get("icc_profile")
        plain = _plain(opened)
    if plain is None:
        return Reason.UNSUPPORTED_FORMAT
    if enough_px and (factor := _whole_factor(plain.size, enough_px)) > 1:
        plain = plain.reduce(factor)
    image = _in_srgb(plain, icc_profile)
    if turn is not None:
        image = image.transpose(turn)
    image.info = {}
    return Decoded(image, *(full_size[::-1] if turn in _SIDEWAYS else full_size))


@contextmanager
def _silenced_warnings() -> Iterator[None]:
    with _WARNING_FILTERS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _whole_factor(size: tuple[int, int], enough_px: int) -> int:
    return max(1, max(size) // enough_px)


def _at_scale(size: tuple[int, int], factor: int) -> tuple[int, int]:
    return max(1, size[0] // factor), max(1, size[1] // factor)


def _orientation(opened: Image.Image) -> int:
    """The EXIF orientation; 1 (upright) when the EXIF block is missing or broken."""
    try:
        return int(opened.getexif().get(_ORIENTATION_TAG, 1))
    except _DECODER_ERRORS:
        return 1


def _plain(opened: Image.Image) -> Image.Image | None:
    """The picture in mode L, RGB or CMYK, transparency laid on white; None if it has no colours.

    Floating-point and 32-bit rasters are measurements rather than photographs: nobody can tell
    which of their values would be white.
    """
    if opened.has_transparency_data:
        over = opened.convert("RGBA")
        white = Image.new("RGBA", over.size, "white")
        return Image.alpha_composite(white, over).convert("RGB")
    if opened.mode in _READY_MODES:
        return opened
    if opened.mode in _CONVERTIBLE_MODES:
        return opened.convert("L" if opened.mode == "1" else "RGB")
    if opened.mode.startswith("I;16"):
        levels = np.asarray(opened).astype(np.uint16)
        return Image.fromarray((levels >> 8).astype(np.uint8))
    return None


def _in_srgb(plain: Image.Image, icc_profile: bytes | None) -> Image.Image:
    """The picture in sRGB; an unreadable or unfitting colour profile is as good as none."""
    if icc_profile:
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))
            converted = ImageCms.profileToProfile(plain, profile, _SRGB, outputMode="RGB")
        except (ImageCms.PyCMSError, *_DECODER_ERRORS):
            return plain.convert("RGB")
        if converted is not None:
            return converted
    return plain.convert("RGB")
