"""From bytes to one upright sRGB picture, or to the reason why there is none.

Every door to Pillow's decoders is in this module, since whatever they raise or warn about must
become a reason here. No global switch of Pillow is touched; HEIC, which Pillow does
not know, is made known to it.
"""

import io
import re
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pi_heif
from PIL import Image, ImageCms

from farmy_assets.cleansing.checks import decompression_bomb, truncated, unreadable
from farmy_assets.cleansing.damage import Damage, damage_of
from farmy_assets.cleansing.file_formats import (
    FileFormat,
    is_cut_short,
    is_foreign_picture,
    recognised_format,
)
from farmy_assets.cleansing.flattening import plain_picture
from farmy_assets.cleansing.jpeg_reading import load_jpeg
from farmy_assets.cleansing.orientation import orientation_of
from farmy_assets.cleansing.png_chunks import Slim, slimmed
from farmy_assets.cleansing.policy import CleansingPolicy

pi_heif.register_heif_opener()

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
_PIXELS_IN_ERROR = re.compile(r"\((\d+) pixels\)")
_BOMB_ERRORS = (Image.DecompressionBombError, Image.DecompressionBombWarning)

_CAMERA_TAGS = (0x010F, 0x0110)  # make and model
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
_WITH_COMPANIONS = frozenset({"MPO", "HEIF"})
SMALL_PX = 1_500_000
"""So many pixels take little time and memory, all of them."""

# With less of it missing a picture may still be of use: a person decides.
_CUT_SHARE = 0.02
_SRGB = ImageCms.createProfile("sRGB")


EnoughPx = int | Callable[[int], int] | None


class Stored(NamedTuple):
    """How a picture was stored.

    `luma_table` has the 64 steps with which a JPEG's brightness was quantised, row by row; it is
    empty for other formats. `turn` is how it was turned when it was decoded, by its metadata.
    """

    luma_table: tuple[int, ...] = ()
    is_camera_named: bool = False
    turn: Image.Transpose | None = None


class Decoded(NamedTuple):
    """A picture as a person sees it.

    `image` is RGB in sRGB, upright, without any metadata; it may be smaller than the original.
    `width_px` and `height_px` are those of the original, upright; `mode` is Pillow's name for its
    channels. Of several `frames` (an animation, a TIFF with pages) it is the first. `damage` is
    what the decoder had to make up for, or what is odd about the file's end. `whole` is a picture
    of few pixels as it was stored, where only `image` was reduced.
    """

    image: Image.Image
    width_px: int
    height_px: int
    file_format: FileFormat
    mode: str
    frames: int
    stored: Stored = Stored()
    damage: Damage | None = None
    whole: Image.Image | None = None


class Undecodable(NamedTuple):
    """Why there is no picture: the name of the check that failed, and what exactly it found."""

    check: str
    detail: str
    value: float | None = None
    threshold: float | None = None


def decode(
    content: bytes,
    *,
    policy: CleansingPolicy,
    enough_px: EnoughPx = None,
    is_brightness_enough: bool = False,
) -> Decoded | Undecodable:
    """Decodes any bytes; never warns.

    Not for two threads of one process at once: Python's warning filters, which are changed
    meanwhile, belong to all threads. Our own callers decode in the one thread of a child process.

    Args:
        content: A whole file.
        policy: Gives the number of pixels that a file may declare.
        enough_px: A long side that is enough for the caller, or what it is for each long side. A
            picture of twice that or more comes back reduced by a whole number, which is quick, and
            never below it.
        is_brightness_enough: Leave out colours where that is quicker.

    Raises:
        MemoryError: Nothing else, and this only of the process's own limit.
    """
    if not content:
        return Undecodable(unreadable.CHECK.name, "empty file")
    file_format = recognised_format(content)
    if file_format is None:
        foreign = is_foreign_picture(content)
        return Undecodable(
            unreadable.CHECK.name, "unsupported format" if foreign else "not an image"
        )
    try:
        with _silenced_warnings():
            mode = "L" if is_brightness_enough else None
            return _decode(content, file_format, mode, policy=policy, enough_px=enough_px)
    except _BOMB_ERRORS as error:
        pixels = _PIXELS_IN_ERROR.search(str(error))
        return Undecodable(
            decompression_bomb.CHECK.name,
            "more pixels than can be decoded safely",
            value=float(pixels.group(1)) if pixels else None,
            threshold=policy.max_pixels,
        )
    except _DECODER_ERRORS as error:
        cut_short = is_cut_short(content, file_format) or "truncated" in str(error).lower()
        if cut_short:
            return Undecodable(truncated.CHECK.name, f"{file_format.value} without its end")
        return Undecodable(unreadable.CHECK.name, f"damaged {file_format.value}")


class _Refused(Exception):  # noqa: N818 - no error: an answer that is known before the decoding
    """There will be no picture; the answer says why."""

    def __init__(self, answer: Undecodable) -> None:
        super().__init__(answer.detail)
        self.answer = answer


class _Facts(NamedTuple):
    """What is known of a picture before it is loaded."""

    size: tuple[int, int]
    mode: str
    frames: int


def _decode(
    content: bytes,
    file_format: FileFormat,
    mode: str | None,
    *,
    policy: CleansingPolicy,
    enough_px: EnoughPx,
) -> Decoded | Undecodable:
    facts = _Facts((0, 0), "", 1)
    enough: int | None = None

    def prepare(opened: Image.Image) -> None:
        nonlocal facts, enough
        facts = _facts(opened, policy)
        enough = enough_px(max(facts.size)) if callable(enough_px) else enough_px
        if file_format is FileFormat.JPEG and (enough or mode):
            # Leaves out the fine detail while decoding; the whole file is read all the same.
            factor = _whole_factor(facts.size, enough) if enough else 1
            opened.draft(mode, _at_scale(facts.size, factor))

    try:
        loaded = _loaded(content, file_format, prepare)
    except _Refused as refused:
        return refused.answer
    with loaded.image as opened:
        if loaded.damage and loaded.damage.is_cut and loaded.damage.share >= _CUT_SHARE:
            detail = f"{loaded.damage.detail} ({loaded.damage.share:.0%} of it)"
            return Undecodable(truncated.CHECK.name, detail)
        # A TIFF turns itself upright while it loads.
        full_size = facts.size if file_format is FileFormat.JPEG else opened.size
        turn = _UPRIGHT_BY.get(orientation_of(content, file_format, opened.info))
        icc_profile = loaded.icc_profile or opened.info.get("icc_profile")
        stored = Stored(_luma_table(opened), _is_camera_named(opened), turn)
        plain = plain_picture(opened, content)
    if plain is None:
        return Undecodable(unreadable.CHECK.name, f"mode {facts.mode} is no photograph's")
    whole = None
    if enough and (factor := _whole_factor(plain.size, enough)) > 1:
        is_small = file_format is not FileFormat.JPEG and plain.width * plain.height <= SMALL_PX
        whole = plain if is_small else None
        plain = plain.reduce(factor)
    image = _in_srgb(plain, icc_profile)
    if turn is not None:
        image = image.transpose(turn)
    elif image is loaded.image:  # which knows the file's metadata
        image = image.copy()
    image.info = {}
    width_px, height_px = full_size[::-1] if turn in _SIDEWAYS else full_size
    return Decoded(
        image, width_px, height_px, file_format, facts.mode, facts.frames, stored, loaded.damage,
        whole,
    )  # fmt: skip


class _Loaded(NamedTuple):
    """A picture as Pillow gives it, and what the bytes around it say."""

    image: Image.Image
    damage: Damage | None
    icc_profile: bytes | None = None


def _loaded(
    content: bytes, file_format: FileFormat, prepare: Callable[[Image.Image], None]
) -> _Loaded:
    if file_format is FileFormat.JPEG:
        return _Loaded(*load_jpeg(content, prepare))
    slim = slimmed(content) if file_format is FileFormat.PNG else Slim(content, None)
    opened = Image.open(io.BytesIO(slim.content), formats=(file_format,))
    prepare(opened)
    opened.load()
    return _Loaded(opened, damage_of(content, file_format), slim.icc_profile)


def _facts(opened: Image.Image, policy: CleansingPolicy) -> _Facts:
    pixels = opened.width * opened.height
    if pixels > policy.max_pixels:
        raise _Refused(
            Undecodable(
                decompression_bomb.CHECK.name,
                f"{opened.width} x {opened.height} pixels",
                value=pixels,
                threshold=policy.max_pixels,
            )
        )
    # Phones put depth maps and previews beside the photograph: the photograph counts.
    is_one = opened.format in _WITH_COMPANIONS
    return _Facts(opened.size, opened.mode, 1 if is_one else getattr(opened, "n_frames", 1))


@contextmanager
def _silenced_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _whole_factor(size: tuple[int, int], enough_px: int) -> int:
    return max(1, max(size) // enough_px)


def _at_scale(size: tuple[int, int], factor: int) -> tuple[int, int]:
    return max(1, size[0] // factor), max(1, size[1] // factor)


def _luma_table(opened: Image.Image) -> tuple[int, ...]:
    tables = getattr(opened, "quantization", None) or {}
    return tuple(tables.get(0, ()))


def _is_camera_named(opened: Image.Image) -> bool:
    """Whether the EXIF block says which camera took the picture: few programs write that anew."""
    try:
        exif = opened.getexif()
        return any(str(exif.get(tag, "")).strip(" \0") for tag in _CAMERA_TAGS)
    except _DECODER_ERRORS:
        return False


def _in_srgb(plain: Image.Image, icc_profile: bytes | None) -> Image.Image:
    """The picture in sRGB; an unreadable or unfitting colour profile is as good as none."""
    if icc_profile:
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))
            converted = ImageCms.profileToProfile(plain, profile, _SRGB, outputMode="RGB")
        except (ImageCms.PyCMSError, *_DECODER_ERRORS):
            converted = None
        if converted is not None:
            return converted
    return plain if plain.mode == "RGB" else plain.convert("RGB")
