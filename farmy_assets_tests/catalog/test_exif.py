from datetime import UTC, datetime
from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from farmy_assets.catalog.exif import CaptureFacts, read_capture_facts
from farmy_assets_tests.arrivals import jpeg


def photograph() -> bytes:
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model] = "Fairphone", "Fairphone 5"
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = "2026:05:14 08:12:33"
    exif.get_ifd(IFD.GPSInfo).update(
        {
            GPS.GPSLatitudeRef: "S",
            GPS.GPSLatitude: (1.0, 30.0, 0.0),
            GPS.GPSLongitudeRef: "E",
            GPS.GPSLongitude: (36.0, 0.0, 36.0),
        }
    )
    buffer = BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def test_time_device_and_place_are_read_from_a_photograph() -> None:
    facts = read_capture_facts(photograph())
    assert facts.captured_at == datetime(2026, 5, 14, 8, 12, 33, tzinfo=UTC)
    assert facts.device == "Fairphone 5"
    assert facts.position is not None
    assert facts.position.latitude_deg == -1.5
    assert facts.position.longitude_deg == 36.01


def test_a_photograph_without_exif_tells_nothing() -> None:
    assert read_capture_facts(jpeg()) == CaptureFacts()


@given(st.binary(max_size=300), st.integers(0, 400))
def test_no_bytes_make_reading_fail(noise: bytes, place: int) -> None:
    content = photograph()
    read_capture_facts(content[:place] + noise + content[place + len(noise) :])
    read_capture_facts(noise)
