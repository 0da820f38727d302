"""What the first bytes of a file say that it is, and whether its last bytes are missing.

The file's name is never asked: names lie, and the raw zone has none.
"""

import re
from enum import StrEnum

from farmy_assets.catalog.signatures import media_type_of
from farmy_assets.cleansing import boxes, tiff_pages
from farmy_assets.cleansing.jpeg_stream import read_stream


class FileFormat(StrEnum):
    """The formats that are decoded here, by Pillow's names for them."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    TIFF = "TIFF"
    BMP = "BMP"
    GIF = "GIF"
    AVIF = "AVIF"
    HEIC = "HEIF"


_EXTENSIONS = {
    FileFormat.JPEG: {"jpg", "jpeg", "jpe", "jfif", "mpo"},
    FileFormat.TIFF: {"tif", "tiff"},
    FileFormat.BMP: {"bmp", "dib"},
    FileFormat.HEIC: {"heic", "heif", "hif"},
}
_DECODED_MEDIA_TYPES = {f"image/{name.name.lower()}": name for name in FileFormat}
_DIB_HEADER_SIZES = frozenset({12, 40, 52, 56, 64, 108, 124})
# Pictures for sure, but none that we decode: JPEG 2000, JPEG XL, Photoshop, icons, OpenEXR, PDF,
# SVG, and the portable maps below.
_FOREIGN_STARTS = (
    b"\x00\x00\x00\x0cjP  ",
    b"\xff\x4f\xff\x51",
    b"\x00\x00\x00\x0cJXL ",
    b"\xff\x0a",
    b"8BPS",
    b"\x00\x00\x01\x00",
    b"\x76\x2f\x31\x01",
    b"%PDF-",
    b"<svg",
)
_FOREIGN_MAPS = re.compile(rb"P[1-7]\s")


def recognised_format(content: bytes) -> FileFormat | None:
    """The format that the first bytes announce, if it is one that we decode."""
    found = _DECODED_MEDIA_TYPES.get(media_type_of(content))
    if found is FileFormat.BMP:
        # Two letters are not enough to tell a bitmap from a text about a car maker.
        dib_header_size = int.from_bytes(content[14:18], "little")
        return found if dib_header_size in _DIB_HEADER_SIZES else None
    return found


def has_wrong_extension(name: str, file_format: FileFormat) -> bool:
    """Whether a file's name ends in an extension that belongs to another format.

    A name without an extension claims nothing.
    """
    _, dot, extension = name.rpartition(".")
    fitting = _EXTENSIONS.get(file_format, {file_format.value.lower()})
    return bool(dot) and extension.lower() not in fitting


def is_foreign_picture(content: bytes) -> bool:
    """Whether the first bytes announce a picture in a format that we do not decode."""
    return content.startswith(_FOREIGN_STARTS) or _FOREIGN_MAPS.match(content) is not None


def is_cut_short(content: bytes, file_format: FileFormat) -> bool:
    """Whether the end of the file is missing, as far as the format lets one see it cheaply.

    Asked of files that cannot be decoded. For BMP and GIF the decoder itself is the judge.
    """
    match file_format:
        case FileFormat.JPEG:
            return not read_stream(content).has_end_mark
        case FileFormat.PNG:
            return b"IEND" not in content[-4096:]
        case FileFormat.WEBP:
            return int.from_bytes(content[4:8], "little") + 8 > len(content)
        case FileFormat.TIFF:
            return not tiff_pages.has_its_pixels(content)
        case FileFormat.AVIF | FileFormat.HEIC:
            return not boxes.end_with_the_file(content)
        case _:
            return False
