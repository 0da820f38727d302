from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from farmy_assets.catalog.exif import CaptureFacts, read_capture_facts
from farmy_assets.catalog.exif_blocks import exif_block
from farmy_assets_tests.arrivals import jpeg


def photograph(form: str = "JPEG", taken: str = "2026:05:14 08:12:33") -> bytes:
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model] = "Fairphone", "Fairphone 5"
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = taken
    exif.get_ifd(IFD.GPSInfo).update(
        {
            GPS.GPSLatitudeRef: "S",
            GPS.GPSLatitude: (1.0, 30.0, 0.0),
            GPS.GPSLongitudeRef: "E",
            GPS.GPSLongitude: (36.0, 0.0, 36.0),
        }
    )
    buffer = BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, form, exif=exif)
    return buffer.getvalue()


def heic(block: bytes) -> bytes:
    """The boxes around an EXIF block, with no picture in them."""

    def box(kind: bytes, body: bytes) -> bytes:
        return (len(body) + 8).to_bytes(4) + kind + body

    infe = box(b"infe", b"\x02\0\0\0" + b"\0\x05\0\0" + b"Exif\0")
    brand = box(b"ftyp", b"heic\0\0\0\0heicmif1")
    item = bytes(4) + block

    def meta(place: int) -> bytes:
        extent = place.to_bytes(4) + len(item).to_bytes(4)
        iloc = b"\0\0\0\0\x44\0\0\x01" + b"\0\x05\0\0\0\x01" + extent
        inside = box(b"iinf", b"\0\0\0\0\0\x01" + infe) + box(b"iloc", iloc)
        return box(b"meta", bytes(4) + inside)

    return brand + meta(len(brand + meta(0)) + 8) + box(b"mdat", item)


def block_of(content: bytes) -> bytes:
    found = exif_block(content)
    assert found is not None
    return found


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF", "HEIC"])
def test_time_device_and_place_are_read_from_a_photograph(form: str) -> None:
    content = heic(block_of(photograph())) if form == "HEIC" else photograph(form)
    facts = read_capture_facts(content)
    assert facts.captured_at == datetime(2026, 5, 14, 8, 12, 33, tzinfo=UTC)
    assert facts.device == "Fairphone 5"
    assert facts.position is not None
    assert facts.position.latitude_deg == -1.5
    assert facts.position.longitude_deg == 36.01


def test_the_block_of_a_real_heic_is_found() -> None:
    drawn = Path(__file__).parents[1] / "cleansing" / "drawn.heic"
    exif = Image.Exif()
    exif.load(block_of(drawn.read_bytes()))
    assert dict(exif) == {Base.Orientation: 6}


def test_no_picture_is_decoded_and_none_is_too_large_for_its_facts() -> None:
    for form in ("JPEG", "PNG", "WEBP", "AVIF"):
        content = photograph(form)
        end = content.index(block_of(content)) + len(block_of(content))
        assert read_capture_facts(content[:end]).device == "Fairphone 5"
    size = (60_000).to_bytes(4)
    bomb = photograph("PNG").replace((8).to_bytes(4) * 2, size * 2)
    assert read_capture_facts(bomb).device == "Fairphone 5"


@pytest.mark.parametrize(
    "taken", ["0000:00:00 00:00:00", "0001:01:01 00:00:00", "9999:12:31 23:59:59"]
)
def test_a_time_at_which_there_were_no_photographs_is_none(taken: str) -> None:
    facts = read_capture_facts(photograph(taken=taken))
    assert (facts.captured_at, facts.device) == (None, "Fairphone 5")


def test_a_photograph_without_exif_tells_nothing() -> None:
    assert read_capture_facts(jpeg()) == CaptureFacts()


PHOTOGRAPHS = {form: photograph(form) for form in ("JPEG", "PNG", "WEBP", "AVIF", "TIFF")}
PHOTOGRAPHS["HEIC"] = heic(block_of(PHOTOGRAPHS["JPEG"]))


@given(st.sampled_from(sorted(PHOTOGRAPHS)), st.binary(max_size=300), st.integers(0, 400))
def test_no_bytes_make_reading_fail(form: str, noise: bytes, place: int) -> None:
    content = PHOTOGRAPHS[form]
    read_capture_facts(content[:place] + noise + content[place + len(noise) :])
    read_capture_facts(noise)
