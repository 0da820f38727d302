"""PNG files whose texts or colour profile are larger, or worse, than Pillow will read.

Pillow refuses the whole file then (it is afraid of texts that swell while they are unpacked). None
of them is needed for the picture, but the profile, which is unpacked here within a limit. The same
is true of whatever else stands beside the picture, and is broken.
"""

import zlib
from typing import NamedTuple

_SIGNATURE_BYTES, _AROUND_BYTES = 8, 12  # a chunk's length, name and checksum
_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_PROFILE = b"iCCP"
_HEADER_BYTES, _COLOUR_TYPE_AT = 33, 25  # of a file: its signature and its first chunk
# What Pillow needs of the small chunks beside a picture. Source: PNG, third edition, 11.3.
_LEAST_BYTES = {b"pHYs": 9, b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"acTL": 8}
_LEAST_TRANSPARENCY_BYTES = {0: 2, 2: 6}  # by colour type; a palette may say as little as it likes
_TRANSPARENCY = b"tRNS"
_LARGEST_TEXT = 2**20  # Pillow's own limit for one text
_LARGEST_TEXTS = 2**24  # for all of them it has a limit as well
_LARGEST_PROFILE = 2**25
_NAME_BYTES = 80  # of a profile, at most


class Slim(NamedTuple):
    """A PNG file that Pillow reads, and the profile that was taken out of it."""

    content: bytes
    icc_profile: bytes | None


def slimmed(content: bytes) -> Slim:
    """The file without the texts and the profile that would keep Pillow from reading it.

    Args:
        content: A PNG file; it comes back itself when there is nothing to leave out.
    """
    kept, profile, texts_bytes, position = [content[:_SIGNATURE_BYTES]], None, 0, _SIGNATURE_BYTES
    is_changed = False
    while position + _AROUND_BYTES <= len(content):
        length = int.from_bytes(content[position : position + 4], "big")
        name, end = content[position + 4 : position + 8], position + _AROUND_BYTES + length
        body = memoryview(content)[position + 8 : end - 4]
        if name[:1].islower():  # beside the picture, not of it
            is_sound = length >= _least_bytes(name, content) and zlib.crc32(
                body, zlib.crc32(name)
            ) == int.from_bytes(content[end - 4 : end], "big")
            if not is_sound and name != _PROFILE:
                is_changed = True
                position = end
                continue
        if name == _PROFILE or name in _TEXTS:
            unpacked_bytes = _unpacked_bytes(name, bytes(body)) if is_sound else 0
            texts_bytes += unpacked_bytes
            largest = _LARGEST_TEXT if texts_bytes < _LARGEST_TEXTS else 0
            if not is_sound or unpacked_bytes >= largest:
                is_changed = True
                if name == _PROFILE and is_sound:
                    profile = _unpacked(_packed_part(name, bytes(body)), _LARGEST_PROFILE)
                position = end
                continue
        kept.append(content[position:end])
        position = end
    return Slim(b"".join(kept), profile) if is_changed else Slim(content, None)


def _least_bytes(name: bytes, content: bytes) -> int:
    if name == _TRANSPARENCY and len(content) > _HEADER_BYTES:
        return _LEAST_TRANSPARENCY_BYTES.get(content[_COLOUR_TYPE_AT], 0)
    return _LEAST_BYTES.get(name, 0)


def _packed_part(name: bytes, body: bytes) -> bytes:
    """What is behind a chunk's keyword; a text of several languages has more words before it."""
    keyword, _, rest = body.partition(b"\x00")
    if len(keyword) > _NAME_BYTES:
        return b""
    if name != b"iTXt":
        return rest[1:]
    return rest[2:].split(b"\x00", 2)[-1]


def _unpacked_bytes(name: bytes, body: bytes) -> int:
    if len(body) >= _LARGEST_TEXT or name == b"tEXt":
        return len(body)
    unpacked = _unpacked(_packed_part(name, body), _LARGEST_TEXT)
    return _LARGEST_TEXT if unpacked is None else max(len(body), len(unpacked))


def _unpacked(packed: bytes, largest: int) -> bytes | None:
    """None when it would be larger; what is no packed text unpacks to nothing."""
    unpacking = zlib.decompressobj()
    try:
        found = unpacking.decompress(packed, largest)
    except zlib.error:
        return b""
    return None if len(found) >= largest else found
