"""What the first bytes of a file say that it is, and whether its last bytes are missing.

The file's name is never asked: names lie, and the raw zone has none.
"""

import re
import struct
from enum import StrEnum

from farmy_assets.catalog.signatures import media_type_of


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

# In a JPEG scan, 0xFF before 0x00 is a data byte, 0xD0-0xD7 restart the coder, 0xFF is padding.
_NEXT_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")
_START_OF_IMAGE, _END_OF_IMAGE = 0xD8, 0xD9
# Lengths of a box that mean something else, as HEIC and AVIF have them.
_TO_THE_END, _LENGTH_FOLLOWS, _BOX_HEADER_BYTES = 0, 1, 8
_TIFF_PIXELS = (273, 324, 279, 325)  # where strips and tiles begin, and how long they are
_TIFF_NUMBERS = {3: "H", 4: "I"}
_TIFF_HELD_INLINE = 4  # bytes


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

    An upload that broke off may also be padded with zeros; a JPEG decoder then fills the rest of
    the picture with grey and says nothing. For BMP and GIF the decoder itself is the judge.
    """
    match file_format:
        case FileFormat.JPEG:
            return not _jpeg_reaches_its_end(content)
        case FileFormat.PNG:
            return b"IEND" not in content[-4096:]
        case FileFormat.WEBP:
            return int.from_bytes(content[4:8], "little") + 8 > len(content)
        case FileFormat.TIFF:
            return not _tiff_has_its_pixels(content)
        case FileFormat.AVIF | FileFormat.HEIC:
            return not _boxes_end_with_the_file(content)
        case _:
            return False


def _jpeg_reaches_its_end(content: bytes) -> bool:
    """Walks from segment to segment, because thumbnails and attached films hold end marks too."""
    position = 2
    while found := _NEXT_MARKER.search(content, position):
        marker, position = found.group(1)[0], found.end()
        if marker == _END_OF_IMAGE:
            return True
        if marker == _START_OF_IMAGE:
            continue
        # The length counts itself. A scan's data follow its header: the search skips them.
        position += int.from_bytes(content[position : position + 2], "big")
    return False


def _boxes_end_with_the_file(content: bytes) -> bool:
    """Whether the outermost boxes, each of which begins with its length, are all there."""
    position = 0
    while position < len(content):
        length = int.from_bytes(content[position : position + 4], "big")
        if length == _LENGTH_FOLLOWS:
            length = int.from_bytes(content[position + 8 : position + 16], "big")
        if length < _BOX_HEADER_BYTES:
            return length == _TO_THE_END
        position += length
    return position == len(content)


def _tiff_has_its_pixels(content: bytes) -> bool:
    """Whether the first page's directory, and the strips or tiles that it names, are all there."""
    order = "<" if content.startswith(b"II") else ">"
    try:
        (start,) = struct.unpack_from(f"{order}I", content, 4)
        (count,) = struct.unpack_from(f"{order}H", content, start)
        found = {}
        for place in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, number = struct.unpack_from(f"{order}HHI", content, place)
            form = _TIFF_NUMBERS.get(kind)
            if tag in _TIFF_PIXELS and form:
                form = f"{order}{number}{form}"
                at = place + 8
                if struct.calcsize(form) > _TIFF_HELD_INLINE:
                    (at,) = struct.unpack_from(f"{order}I", content, at)
                found[tag] = struct.unpack_from(form, content, at)
    except struct.error:
        return False
    offsets, lengths = _TIFF_PIXELS[:2], _TIFF_PIXELS[2:]
    return all(
        begin + length <= len(content)
        for of, long in zip(offsets, lengths, strict=True)
        for begin, length in zip(found.get(of, ()), found.get(long, ()), strict=False)
    )
