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
from farmy_assets_tests.exif_writing import (
    ASCII,
    SIGNED,
    UNDEFINED,
    Written,
    block,
    in_jpeg,
    photographed,
    rationals,
    taken_at,
    text,
)


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


def facts_of(exif: bytes) -> CaptureFacts:
    return read_capture_facts(in_jpeg(jpeg(), exif))


def moment(exif: bytes) -> str | None:
    time = facts_of(exif).captured_at
    return time.isoformat() if time else None


TEXT = "2025:07:01 12:00:00"


@pytest.mark.parametrize(
    ("offset", "zone"),
    [
        ("-5:00", "-05:00"), ("-05:00", "-05:00"), ("+0530", "+05:30"), ("+05", "+05:00"),
        ("-3:30", "-03:30"), ("-00:30", "-00:30"), ("Z", "+00:00"), ("UTC", "+00:00"),
        ("+14:00", "+14:00"), (" +02:00 ", "+02:00"), ("+530", "+05:30"),
        ("UTC+2", "+02:00"), ("GMT-03:30", "-03:30"), ("utc +0530", "+05:30"),
        ("+05:30:00", "+05:30"),
        # Of no use, so that the time is taken for UTC:
        ("+15:00", "+00:00"), ("-13:00", "+00:00"), ("+02:75", "+00:00"), ("   :  ", "+00:00"),
        ("02:00", "+00:00"), ("", "+00:00"), ("+\xb2:00", "+00:00"),
    ],
)  # fmt: skip
def test_an_offset_is_read_as_cameras_write_it(offset: str, zone: str) -> None:
    expected = f"2025-07-01T12:00:00{zone}"
    assert moment(photographed(TEXT, OffsetTimeOriginal=offset)) == expected
    if offset.strip():
        assert moment(photographed(TEXT + offset)) == expected
        assert moment(photographed(f"{TEXT}.25 {offset.strip()}")) == expected


def test_an_offset_with_a_minus_of_mathematics_is_read() -> None:
    written = "\u2212" + "05:30"
    content = written.encode() + b"\0"
    exif = block(camera={
        Base.DateTimeOriginal: text(TEXT),
        Base.OffsetTimeOriginal: (ASCII, len(content), content),
    })  # fmt: skip
    assert moment(exif) == "2025-07-01T12:00:00-05:30"


def test_an_offset_in_the_text_counts_before_that_of_the_tag() -> None:
    exif = photographed(f"{TEXT}+0200", OffsetTimeOriginal="-07:00")
    assert moment(exif) == "2025-07-01T12:00:00+02:00"


OFFSETS = {
    "OffsetTimeOriginal": "+01:00", "OffsetTimeDigitized": "+02:00", "OffsetTime": "+03:00",
}  # fmt: skip


@pytest.mark.parametrize(
    ("tag", "its_own"),
    [
        (Base.DateTimeOriginal, "OffsetTimeOriginal"),
        (Base.DateTimeDigitized, "OffsetTimeDigitized"),
        (Base.DateTime, "OffsetTime"),
    ],
)
def test_the_offset_is_that_of_the_tag_that_was_used(tag: Base, its_own: str) -> None:
    assert moment(photographed(TEXT, tag, **OFFSETS)) == f"2025-07-01T12:00:00{OFFSETS[its_own]}"
    others = {name: text for name, text in OFFSETS.items() if name != its_own}
    assert moment(photographed(TEXT, tag, **others)) == "2025-07-01T12:00:00+00:00"


UNUSABLE = [
    "0000:00:00 00:00:00", "    :  :     :  :  ", "", "2025:02:30 12:00:00", "2025:13:01 12:00:00",
    "2025:07:01 25:00:00", "yesterday", "0001:01:01 00:00:00", "9999:12:31 23:59:59",
    "\xff\xff\xff\xff",
]  # fmt: skip


@pytest.mark.parametrize("bad", UNUSABLE)
def test_the_first_usable_time_counts(bad: str) -> None:
    original, digitized, changed = (
        Base.DateTimeOriginal, Base.DateTimeDigitized, Base.DateTime,
    )  # fmt: skip
    offset: dict[int, Written] = {Base.OffsetTime: text("+03:00")}
    second, third = "2024:01:02 03:04:05", "2011:09:25 14:36:54"
    tags: dict[int, Written] = {original: text(bad), digitized: text(second), **offset}
    assert moment(block({changed: text(third)}, tags)) == "2024-01-02T03:04:05+00:00"
    tags[digitized] = text(bad)
    assert moment(block({changed: text(third)}, tags)) == "2011-09-25T14:36:54+03:00"
    assert moment(block({changed: text(bad)}, tags)) is None


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2025-07-01 12:00:00", "2025-07-01T12:00:00+00:00"),
        ("2025/07/01 12:00", "2025-07-01T12:00:00+00:00"),
        ("2025-07-01T12:00:00Z", "2025-07-01T12:00:00+00:00"),
        ("2025:07:01 03:12:00 PM", "2025-07-01T15:12:00+00:00"),
        ("2025:07:01 12:12:00am", "2025-07-01T00:12:00+00:00"),
        ("2025:07:01 12:00:00\0+05:00", "2025-07-01T12:00:00+00:00"),
        ("2025:07:01 12:00:00 GMT+02:00", "2025-07-01T12:00:00+02:00"),
    ],
)
def test_times_that_are_written_otherwise_are_read(text: str, read: str) -> None:
    assert moment(photographed(text)) == read


FAR_SOUTH, EAST = rationals(38, 1, 31.123), rationals(11, 30, 0)


@pytest.mark.parametrize(
    ("latitude", "longitude", "north_south", "east_west"),
    [
        (FAR_SOUTH, EAST, "South", "E"),
        (FAR_SOUTH, EAST, "s", "E"),
        (FAR_SOUTH, EAST, "", "E"),
        (FAR_SOUTH, EAST, "E", "N"),
        (FAR_SOUTH, EAST, "N", "O"),
        (rationals(-38.0253, 0, 0, kind=SIGNED), EAST, "S", "E"),
        (FAR_SOUTH, rationals(11, -30, 0, kind=SIGNED), "S", "E"),
        (rationals(0, 0, 0), rationals(0, 0, 0), "N", "E"),
        (rationals(0, 0, 0), rationals(0, 0, 0), "S", "W"),
        (rationals(90, 0, 1), EAST, "N", "E"),
        (FAR_SOUTH, rationals(180, 0, 1), "N", "E"),
        (rationals(38, 60, 0), EAST, "N", "E"),
        (rationals(38, 0, 60), EAST, "N", "E"),
        (rationals(38, 1, (0, 0)), EAST, "N", "E"),
        (rationals((38, 0), 1, 1), EAST, "N", "E"),
        (rationals(38, 1), EAST, "N", "E"),
        (rationals(38, 1, 1, 1), EAST, "N", "E"),
        (text("38.5"), EAST, "N", "E"),
    ],
)
def test_a_position_that_is_in_any_doubt_is_none(
    latitude: Written, longitude: Written, north_south: str, east_west: str
) -> None:
    exif = taken_at(latitude, longitude, north_south=north_south, east_west=east_west)
    assert facts_of(exif).position is None


@pytest.mark.parametrize(
    ("north_south", "east_west", "signs"),
    [("N", "E", (1, 1)), ("S", "E", (-1, 1)), ("N", "W", (1, -1)), ("S", "W", (-1, -1))],
)
def test_the_four_directions(north_south: str, east_west: str, signs: tuple[int, int]) -> None:
    exif = taken_at(FAR_SOUTH, EAST, north_south=north_south, east_west=east_west)
    position = facts_of(exif).position
    assert position is not None
    assert position.latitude_deg == pytest.approx(signs[0] * 38.025312, abs=1e-6)
    assert position.longitude_deg == signs[1] * 11.5


def test_the_equator_and_greenwich_are_places() -> None:
    for latitude, longitude in ((rationals(0, 0, 0), EAST), (FAR_SOUTH, rationals(0, 0, 0))):
        assert facts_of(taken_at(latitude, longitude)).position is not None


def test_one_broken_tag_takes_no_other_with_it() -> None:
    beyond = (UNDEFINED, 4000, b"\0\0\0\x7f")
    exif = block(
        {Base.Make: (99, 9, b"????"), Base.Model: text("Fairphone 5"), Base.DateTime: text(TEXT)},
        {Base.DateTimeOriginal: beyond, Base.MakerNote: beyond},
        {GPS.GPSLatitudeRef: text("N"), GPS.GPSLatitude: beyond},
    )
    facts = facts_of(exif)
    assert (facts.device, facts.position) == ("Fairphone 5", None)
    assert facts.captured_at == datetime(2025, 7, 1, 12, tzinfo=UTC)
