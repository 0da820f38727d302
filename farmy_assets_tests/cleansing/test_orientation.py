"""Pictures are turned by the same reader that reads their facts."""

from io import BytesIO

import pytest
from PIL import Image
from PIL.ExifTags import Base

from farmy_assets.cleansing.decoding import Decoded, decode
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets_tests.exif_writing import (
    ASCII,
    BYTE,
    LONG,
    Written,
    block,
    in_jpeg,
    in_png,
    number,
    raw_profile,
    text,
)

XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


def lying(form: str = "JPEG", **options: object) -> bytes:
    """A picture, wider than high, that has to be turned by a quarter."""
    buffer = BytesIO()
    Image.new("RGB", (64, 48), "green").save(buffer, form, **options)
    return buffer.getvalue()


def size(content: bytes) -> tuple[int, int]:
    found = decode(content, policy=CleansingPolicy())
    assert isinstance(found, Decoded)
    return found.image.size


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [BYTE, LONG, ASCII], ids=["byte", "long", "text"])
def test_a_wrong_type_turns_as_well(kind: int, order: str) -> None:
    told: Written = text("6") if kind == ASCII else number(6, kind, order=order)
    assert size(in_jpeg(lying(), block({Base.Orientation: told}, order=order))) == (48, 64)


def test_a_broken_tag_beside_it_does_not_keep_a_picture_lying() -> None:
    base: dict[int, Written] = {
        Base.Make: (2, 4000, b"\xff\xff\xff\x7f"),
        Base.Orientation: number(6),
    }
    assert size(in_jpeg(lying(), block(base))) == (48, 64)


def test_an_empty_block_before_the_real_one_does_not_keep_a_picture_lying() -> None:
    assert size(in_jpeg(lying(), b"", block({Base.Orientation: number(6)}))) == (48, 64)


def test_a_png_with_a_raw_profile_is_turned() -> None:
    body = b"Raw profile type exif\0" + raw_profile(block({Base.Orientation: number(6)}))
    assert size(in_png(lying("PNG"), b"tEXt", body)) == (48, 64)


def test_xmp_tells_where_exif_does_not() -> None:
    assert size(lying(xmp=XMP)) == (48, 64)
    assert size(in_jpeg(lying(xmp=XMP), block({Base.Orientation: number(3)}))) == (64, 48)
    assert size(in_png(lying("PNG"), b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)) == (48, 64)


@pytest.mark.parametrize("form", ["TIFF", "AVIF", "WEBP"])
def test_no_picture_is_turned_twice(form: str) -> None:
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    assert size(lying(form, exif=exif)) == (48, 64)
