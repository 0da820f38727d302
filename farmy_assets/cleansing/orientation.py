"""How a stored picture has to be turned: by its EXIF block, else by its XMP packet."""

import re
from collections.abc import Mapping
from typing import Any

from farmy_assets.catalog.exif_blocks import exif_block
from farmy_assets.catalog.exif_tags import read_tags
from farmy_assets.cleansing.file_formats import FileFormat

UPRIGHT = 1
_TURNED_WHILE_LOADING = frozenset({FileFormat.HEIC, FileFormat.TIFF})
_IN_XMP = re.compile(rb'tiff:Orientation(?:="|>)([1-8])')
_XMP_FIELDS = ("XML:com.adobe.xmp", "xmp")


def orientation_of(content: bytes, file_format: FileFormat, info: Mapping[Any, Any]) -> int:
    """The EXIF orientation, 1 (upright) to 8; 1 when there is none of use.

    Args:
        content: A whole file.
        file_format: What it is.
        info: What the decoder tells beside the picture. HEIC and AVIF say in tables of their own
            how they lie, which count more than their EXIF block: the decoder turns HEIC, and hands
            out a block that agrees with AVIF's. TIFF is turned by the decoder as well.
    """
    block: bytes | None = None
    if file_format is FileFormat.AVIF:
        block = _handed_out(info)
    elif file_format not in _TURNED_WHILE_LOADING:
        block = exif_block(content)
    orientation = read_tags(block).orientation if block else None
    return orientation or _in_xmp(info)


def _handed_out(info: Mapping[Any, Any]) -> bytes | None:
    """The block that a decoder hands out, from its TIFF header on."""
    block = info.get("exif")
    return block.removeprefix(b"Exif\x00\x00") if isinstance(block, bytes) else None


def _in_xmp(info: Mapping[Any, Any]) -> int:
    for name in _XMP_FIELDS:
        packet = info.get(name) or b""
        found = _IN_XMP.search(packet.encode() if isinstance(packet, str) else packet)
        if found:
            return int(found[1])
    return UPRIGHT
