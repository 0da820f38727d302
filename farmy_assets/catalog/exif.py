"""What a camera wrote into a photograph: when, with what, where."""

import struct
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from farmy_assets.catalog.exif_blocks import exif_block
from farmy_assets.catalog.metadata import Position, time_of_a_photograph
from farmy_assets.catalog.records import Record

# What Pillow raises on hostile blocks.
BLOCK_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, AttributeError, AssertionError,
    ArithmeticError, RuntimeError, struct.error, MemoryError, EOFError, Warning,
)  # fmt: skip


class CaptureFacts(Record):
    """The camera's own words; what it did not say, or said badly, is None."""

    captured_at: datetime | None = None
    device: str | None = None
    position: Position | None = None


def read_capture_facts(content: bytes) -> CaptureFacts:
    """The capture facts in an image's EXIF block; empty for files that have none.

    A camera that tells no time zone is taken at its word in UTC: the order of its photographs
    is kept, which is what the time is used for. Only the block is read, no picture. Never raises.
    """
    block = exif_block(content)
    if block is None:
        return CaptureFacts()
    try:
        exif = Image.Exif()
        exif.load(block)
        base, camera = dict(exif), exif.get_ifd(IFD.Exif)
        place = exif.get_ifd(IFD.GPSInfo)
    except BLOCK_ERRORS:
        return CaptureFacts()
    return CaptureFacts(
        captured_at=_captured_at(base, camera),
        device=_device(base),
        position=_position(place),
    )


def _words(value: object) -> str:
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value or "")
    return "".join(c for c in text if c.isprintable()).strip()


def _captured_at(base: dict[int, Any], camera: dict[int, Any]) -> datetime | None:
    told = _words(camera.get(Base.DateTimeOriginal) or base.get(Base.DateTime))
    try:
        time = datetime.strptime(told[:19], "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC)
        time = time_of_a_photograph(time)
    except ValueError:
        return None
    offset = _words(camera.get(Base.OffsetTimeOriginal))
    try:
        hours, minutes = int(offset[:3]), int(offset[4:6])
        zone = timezone(timedelta(hours=hours, minutes=minutes if hours >= 0 else -minutes))
    except ValueError:
        return time
    return time.replace(tzinfo=zone)


def _device(base: dict[int, Any]) -> str | None:
    make, model = _words(base.get(Base.Make)), _words(base.get(Base.Model))
    name = model if model.lower().startswith(make.lower()) else f"{make} {model}"
    return name.strip()[:200].strip() or None


def _position(place: dict[int, Any]) -> Position | None:
    try:
        return Position(
            latitude_deg=_degrees(place[GPS.GPSLatitude], place[GPS.GPSLatitudeRef], "S"),
            longitude_deg=_degrees(place[GPS.GPSLongitude], place[GPS.GPSLongitudeRef], "W"),
        )
    except BLOCK_ERRORS:
        return None


def _degrees(parts: Any, direction: object, negative: str) -> float:  # noqa: ANN401 - EXIF gives anything
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    return -value if _words(direction).upper() == negative else value
