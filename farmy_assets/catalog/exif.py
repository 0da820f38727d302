"""What a camera wrote into a photograph: when, with what, where."""

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from PIL.ExifTags import GPS, Base

from farmy_assets.catalog.exif_blocks import exif_block
from farmy_assets.catalog.exif_tags import ExifTags, Tags, read_tags
from farmy_assets.catalog.metadata import Position, time_of_a_photograph
from farmy_assets.catalog.records import Record

# The times that a photograph tells, best first, each with the tag of its own offset from UTC.
TIMES = (
    (Base.DateTimeOriginal, Base.OffsetTimeOriginal),
    (Base.DateTimeDigitized, Base.OffsetTimeDigitized),
    (Base.DateTime, Base.OffsetTime),
)
TIME = re.compile(
    r"(?P<day>\d{4}[:/.-]\d{1,2}[:/.-]\d{1,2})[ T]+(?P<clock>\d{1,2}:\d{1,2}(:\d{1,2})?)"
    r"([.,]\d+)?\s*(?P<half>[ap])?(?(half)\.?m\.?)\s*(?P<rest>.*)",
    re.IGNORECASE | re.ASCII,
)
OFFSET = re.compile(
    r"(UTC|GMT)?\s*(?P<sign>[+-])\s*(?P<hours>\d{1,2})(:?(?P<minutes>\d{2})(:00)?)?",
    re.IGNORECASE | re.ASCII,
)
UTC_NAMES = {"Z", "UTC", "GMT"}
MINUS = "\u2212"  # the sign of mathematics, which some programs write
WESTMOST, EASTMOST = timedelta(hours=-12), timedelta(hours=14)
HALF_DAY_HOURS = 12
MINUTES_OF_DEGREE = SECONDS_OF_MINUTE = MINUTES_OF_HOUR = 60


class CaptureFacts(Record):
    """What the camera recorded; a value that is absent or not valid is None."""

    captured_at: datetime | None = None
    device: str | None = None
    position: Position | None = None


def read_capture_facts(content: bytes) -> CaptureFacts:
    """The capture facts in an image's EXIF block; empty for files that have none.

    A time without a zone is read as UTC: the order of the photographs is kept, which is what the
    time is used for. Only the block is read, no picture. Never raises.
    """
    block = exif_block(content)
    if block is None:
        return CaptureFacts()
    tags = read_tags(block)
    return CaptureFacts(
        captured_at=next(_times(tags), None),
        device=_device(tags.base),
        position=_position(tags.place),
    )


def _text(tags: Tags, tag: int) -> str:
    value = tags.get(tag)
    return value.text if value else ""


def _times(tags: ExifTags) -> Iterator[datetime]:
    """The valid times, most reliable first; zeros, blanks and impossible dates are left out."""
    for time_tag, offset_tag in TIMES:
        for text in (_text(tags.camera, time_tag), _text(tags.base, time_tag)):
            offset = _text(tags.camera, offset_tag) or _text(tags.base, offset_tag)
            time = _time(text, offset)
            if time is not None:
                yield time


def _time(text: str, offset: str) -> datetime | None:
    """A time as cameras write it; the offset in its own text counts before the tag's."""
    found = TIME.fullmatch(text)
    if not found:
        return None
    year, month, day = map(int, re.split(r"\D", found["day"]))
    hour, minute, second = map(int, (*found["clock"].split(":"), "0")[:3])
    if found["half"] and 1 <= hour <= HALF_DAY_HOURS:
        hour = hour % HALF_DAY_HOURS + (HALF_DAY_HOURS if found["half"] in "pP" else 0)
    zone = _zone(found["rest"]) or _zone(offset) or UTC
    try:
        return time_of_a_photograph(datetime(year, month, day, hour, minute, second, tzinfo=zone))
    except ValueError:
        return None


def _zone(text: str) -> tzinfo | None:
    text = text.strip().replace(MINUS, "-")
    if text.upper() in UTC_NAMES:
        return UTC
    found = OFFSET.fullmatch(text)
    if not found or int(found["minutes"] or 0) >= MINUTES_OF_HOUR:
        return None
    size = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
    offset = -size if found["sign"] == "-" else size
    return timezone(offset) if WESTMOST <= offset <= EASTMOST else None


def _device(base: Tags) -> str | None:
    make, model = _text(base, Base.Make), _text(base, Base.Model)
    name = model if model.lower().startswith(make.lower()) else f"{make} {model}"
    return name.strip()[:200].strip() or None


def _position(place: Tags) -> Position | None:
    """The place, unless any part of it is in doubt: a wrong place is worse than none.

    Zero degrees of both is what devices without a position write.
    """
    latitude = _degrees(place, GPS.GPSLatitude, GPS.GPSLatitudeRef, "NS", most=90)
    longitude = _degrees(place, GPS.GPSLongitude, GPS.GPSLongitudeRef, "EW", most=180)
    if latitude is None or longitude is None or latitude == longitude == 0:
        return None
    return Position(latitude_deg=latitude, longitude_deg=longitude)


def _degrees(
    place: Tags, value_tag: int, direction_tag: int, directions: str, *, most: int
) -> float | None:
    """Degrees, minutes and seconds as one number, the second of both directions negative."""
    direction, value = _text(place, direction_tag), place.get(value_tag)
    parts = value.numbers if value else ()
    if len(direction) != 1 or direction not in directions or len(parts) != len(("d", "m", "s")):
        return None
    degrees, minutes, seconds = parts
    if not all(math.isfinite(part) and part >= 0 for part in parts):
        return None
    if minutes >= MINUTES_OF_DEGREE or seconds >= SECONDS_OF_MINUTE:
        return None
    angle = degrees + minutes / 60 + seconds / 3600
    if angle > most:
        return None
    return -angle if direction == directions[1] else angle
