"""EXIF blocks written byte by byte, right or wrong in any way, and files around them."""

import struct
import zlib
from collections.abc import Mapping
from fractions import Fraction

from PIL.ExifTags import GPS, IFD, Base

Written = tuple[int, int, bytes]  # type, count, bytes
BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SIGNED = 1, 2, 3, 4, 5, 7, 10


def text(told: str, kind: int = ASCII) -> Written:
    content = told.encode("latin-1") + b"\0"
    return kind, len(content), content


def number(value: int, kind: int = SHORT, *, order: str = "<") -> Written:
    form = {BYTE: "B", SHORT: "H", LONG: "I", UNDEFINED: "B"}[kind]
    return kind, 1, struct.pack(order + form, value)


def rationals(*values: float | tuple[int, int], kind: int = RATIONAL, order: str = "<") -> Written:
    pairs = [
        v if isinstance(v, tuple) else Fraction(v).limit_denominator(10_000).as_integer_ratio()
        for v in values
    ]
    form = "2i" if kind == SIGNED else "2I"
    return kind, len(pairs), b"".join(struct.pack(order + form, *pair) for pair in pairs)


def block(
    base: Mapping[int, Written] | None = None,
    camera: Mapping[int, Written] | None = None,
    place: Mapping[int, Written] | None = None,
    *,
    order: str = "<",
) -> bytes:
    """An EXIF block with three directories, from its TIFF header on."""
    base = dict(base or {})
    head = b"II*\0" if order == "<" else b"MM\0*"
    out = bytearray(head + struct.pack(order + "I", 8))
    pointers = {IFD.Exif: camera, IFD.GPSInfo: place}
    base |= {tag: (LONG, 1, bytes(4)) for tag, tags in pointers.items() if tags}
    at = _directory(out, base, order)
    for tag, tags in pointers.items():
        if tags:
            out[at[tag] : at[tag] + 4] = struct.pack(order + "I", len(out))
            _directory(out, tags, order)
    return bytes(out)


def _directory(out: bytearray, tags: Mapping[int, Written], order: str) -> dict[int, int]:
    """Append a directory; returns where the value of each tag stands."""
    out += struct.pack(order + "H", len(tags))
    start = len(out)
    out += bytes(12 * len(tags) + 4)
    places = {}
    for n, (tag, (kind, count, content)) in enumerate(sorted(tags.items())):
        entry = start + 12 * n
        places[tag] = entry + 8
        held = content.ljust(4, b"\0")
        if len(content) > 4:
            held = struct.pack(order + "I", len(out))
            out += content
        out[entry : entry + 12] = struct.pack(order + "HHI", tag, kind, count) + held
    return places


def photographed(told: str, tag: int = Base.DateTimeOriginal, **camera: str) -> bytes:
    """A block with one time, and offsets by the names of their tags."""
    tags = {tag: text(told), **{Base[name].value: text(value) for name, value in camera.items()}}
    return block(camera=tags)


def taken_at(
    latitude: Written, longitude: Written, *, north_south: str = "N", east_west: str = "E"
) -> bytes:
    return block(
        place={
            GPS.GPSLatitudeRef: text(north_south), GPS.GPSLatitude: latitude,
            GPS.GPSLongitudeRef: text(east_west), GPS.GPSLongitude: longitude,
        }
    )  # fmt: skip


def in_jpeg(picture: bytes, *segments: bytes, between: bytes = b"") -> bytes:
    """A JPEG with these segments of EXIF after a comment, each after other bytes."""
    comment = b"\xff\xfe\0\4hi"
    parts = [between + b"\xff\xe1" + (len(s) + 8).to_bytes(2) + b"Exif\0\0" + s for s in segments]
    return picture[:2] + comment + b"".join(parts) + picture[2:]


def in_png(picture: bytes, kind: bytes, body: bytes) -> bytes:
    """A PNG with one chunk more, after its header."""
    chunk = len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)
    return picture[:33] + chunk + picture[33:]


def raw_profile(exif: bytes) -> bytes:
    """A block as ImageMagick writes it into a text chunk."""
    content = b"Exif\0\0" + exif
    digits = content.hex()
    lines = [digits[i : i + 72] for i in range(0, len(digits), 72)]
    return f"\nexif\n{len(content):8}\n{chr(10).join(lines)}\n".encode()
