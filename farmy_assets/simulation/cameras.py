"""What a phone writes beside the pixels: capture time, camera, place, orientation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

_FIRST_DAY = datetime(2026, 5, 14, 7, 30)  # noqa: DTZ001 - a phone's EXIF time has no zone
_PLACE_DEG = (15.3647, 75.1240)
_PHONES = (("Terrano", "Field 5"), ("Terrano", "Field 6 Pro"), ("Kestrel", "K-21"))
_TURNED = (3, 6, 8)
_PORTRAIT = (6, 8)
_EVENING_HOUR = 18
_GPS_SHARE, _TURNED_SHARE = 60 / 200, 20 / 200

# How pixels must be stored so that a viewer that obeys the orientation shows them upright.
_STORED = {
    1: None,
    3: Image.Transpose.ROTATE_180,
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
}


@dataclass(frozen=True)
class Shot:
    """One press of the button.

    Attributes:
        captured_at: Local time, without a zone.
        phone: Make and model.
        serial_number: Made up; None when the phone does not write it.
        position: Latitude and longitude in degrees; None when the phone may not tell.
        orientation: EXIF orientation: 1, 3, 6 or 8.
    """

    captured_at: datetime
    phone: tuple[str, str]
    serial_number: str | None
    position: tuple[float, float] | None
    orientation: int

    @property
    def is_portrait(self) -> bool:
        """Whether the phone was held upright: stored rows are columns of the scene."""
        return self.orientation in _PORTRAIT


def take_shots(rng: np.random.Generator, *, sound: Sequence[bool], total: int) -> list[Shot]:
    """One shot for each photograph, in the order of time.

    Args:
        rng: Where chance comes from.
        sound: For each photograph whether it will come through; only these are turned or placed.
        total: How many files the collection has; the shares are of this number.
    """
    indices = rng.permutation(np.flatnonzero(sound))
    turned_count = max(1, round(_TURNED_SHARE * total))
    turned = {int(index): _TURNED[n % 3] for n, index in enumerate(indices[:turned_count])}
    placed = set(rng.permutation(indices)[: max(1, round(_GPS_SHARE * total))].tolist())
    shots, now = [], _FIRST_DAY
    for index in range(len(sound)):
        phone = int(rng.integers(len(_PHONES)))
        now += timedelta(seconds=int(rng.integers(9, 150)))
        if now.hour >= _EVENING_HOUR:
            now = now.replace(hour=7, minute=int(rng.integers(10, 50))) + timedelta(days=1)
        north, east = (float(part) for part in rng.normal(0, 0.0012, 2))
        shots.append(
            Shot(
                captured_at=now,
                phone=_PHONES[phone],
                serial_number=f"TF{5_300_000 + 977 * phone}" if phone != 1 else None,
                position=(_PLACE_DEG[0] + north, _PLACE_DEG[1] + east) if index in placed else None,
                orientation=turned.get(index, 1),
            )
        )
    return shots


def stored_turned(picture: Image.Image, orientation: int) -> Image.Image:
    """The upright picture as a phone stores it under this orientation."""
    way = _STORED[orientation]
    return picture if way is None else picture.transpose(way)


def exif_of(shot: Shot) -> Image.Exif:
    """The shot as EXIF."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = shot.phone
    exif[ExifTags.Base.Orientation] = shot.orientation
    written = f"{shot.captured_at:%Y:%m:%d %H:%M:%S}"
    exif[ExifTags.Base.DateTime] = written
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.DateTimeOriginal] = written
    if shot.serial_number is not None:
        details[ExifTags.Base.BodySerialNumber] = shot.serial_number
    if shot.position is not None:
        latitude, longitude = shot.position
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        gps[ExifTags.GPS.GPSLatitudeRef] = "N" if latitude >= 0 else "S"
        gps[ExifTags.GPS.GPSLatitude] = _degrees_minutes_seconds(abs(latitude))
        gps[ExifTags.GPS.GPSLongitudeRef] = "E" if longitude >= 0 else "W"
        gps[ExifTags.GPS.GPSLongitude] = _degrees_minutes_seconds(abs(longitude))
    return exif


def _degrees_minutes_seconds(degrees: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    hundredths = round(degrees * 360_000)
    return (
        IFDRational(hundredths // 360_000),
        IFDRational(hundredths // 6_000 % 60),
        IFDRational(hundredths % 6_000, 100),
    )
