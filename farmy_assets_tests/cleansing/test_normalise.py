"""The copy that leaves the house: upright, sRGB, bounded, and silent about its origin."""

import hashlib

import pytest
from PIL import Image

from farmy_assets.cleansing.decoding import Undecodable
from farmy_assets.cleansing.normalise import NormalisedCopy, normalised_copy
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.previews import Mark, contact_sheet
from farmy_assets_tests.cleansing.drawing import opened, plants, stored

POLICY = CleansingPolicy()


def copy_of(content: bytes, policy: CleansingPolicy = POLICY) -> NormalisedCopy:
    copy = normalised_copy(content, policy=policy)
    assert isinstance(copy, NormalisedCopy)
    return copy


def telltale_exif(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "MakerOfPhones"
    exif.get_ifd(0x8769)[0xA431] = "SERIAL-4711"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 36.0)})
    return exif


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_position_serial_and_comment_are_gone(file_format: str) -> None:
    options = {"comment": b"SECRET remark"} if file_format == "JPEG" else {}
    content = stored(plants(), file_format, exif=telltale_exif(), **options)
    assert b"MakerOfPhones" in content

    copy = copy_of(content)

    assert not opened(copy.content).getexif()
    for trace in (b"SERIAL-4711", b"MakerOfPhones", b"SECRET", b"Exif", b"http", b"ICC_PROFILE"):
        assert trace not in copy.content


def test_the_copy_is_a_baseline_jpeg_and_says_its_size_and_digest() -> None:
    copy = copy_of(stored(plants(), "PNG"))
    image = opened(copy.content)

    assert image.format == "JPEG"
    assert "progressive" not in image.info
    assert image.size == (copy.width_px, copy.height_px) == (400, 300)
    assert hashlib.sha256(copy.content).hexdigest() == copy.sha256


def test_a_turned_photograph_lies_upright_in_the_copy() -> None:
    copy = copy_of(stored(plants(size=(400, 300)), exif=telltale_exif(orientation=6)))

    assert opened(copy.content).size == (copy.width_px, copy.height_px) == (300, 400)


@pytest.mark.parametrize("size", [(1000, 601), (601, 1000), (3000, 8), (500, 500)])
def test_the_long_side_is_limited_and_the_shape_is_kept(size: tuple[int, int]) -> None:
    policy = CleansingPolicy(max_long_side_px=250)
    copy = copy_of(stored(plants(size=size)), policy)

    assert max(copy.width_px, copy.height_px) == 250
    assert copy.width_px == max(1, round(size[0] * 250 / max(size)))
    assert opened(copy.content).size == (copy.width_px, copy.height_px)


def test_a_small_photograph_is_not_enlarged() -> None:
    copy = copy_of(stored(plants(size=(224, 224))))

    assert (copy.width_px, copy.height_px) == (224, 224)


def test_the_same_bytes_give_the_same_copy() -> None:
    content = stored(plants(size=(2500, 1000)), exif=telltale_exif())

    assert copy_of(content) == copy_of(content)


def test_what_cannot_be_decoded_has_a_reason_instead_of_a_copy() -> None:
    result = normalised_copy(b"text", policy=POLICY)

    assert isinstance(result, Undecodable)
    assert result.check == "unreadable"


def test_a_contact_sheet_is_small_and_leaves_room_for_broken_images() -> None:
    images = [stored(plants(seed)) for seed in range(7)] + [b"broken"]

    sheet = contact_sheet(images, policy=POLICY)

    assert len(sheet) <= 30_000
    assert opened(sheet).size == (4 * 128, 2 * 128)


def test_a_contact_sheet_of_nothing_is_still_a_picture() -> None:
    assert opened(contact_sheet([], policy=POLICY)).size == (128, 128)


def test_a_contact_sheet_shows_marks_where_they_lie() -> None:
    grey = stored(Image.new("RGB", (400, 200), (90, 90, 90)), "PNG")
    mark = Mark(0.5, 0.0, 1.0, 1.0, "#ff0000")
    sheet = opened(contact_sheet([grey, grey], policy=POLICY, marks=[[mark]]))
    reds = [x for x in range(256) if (p := sheet.getpixel((x, 64)))[0] > 150 and p[1] < 110]  # type: ignore[index]
    assert reds
    assert all(60 <= x < 128 for x in reds)
