"""One reader, as forgiving as Pillow's, and blocks found wherever Pillow finds them."""

import warnings
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.ExifTags import IFD, Base

from farmy_assets.catalog.exif_blocks import exif_block
from farmy_assets.catalog.exif_tags import read_tags
from farmy_assets_tests.arrivals import jpeg
from farmy_assets_tests.exif_writing import (
    ASCII,
    BYTE,
    LONG,
    SHORT,
    UNDEFINED,
    Written,
    block,
    in_jpeg,
    in_png,
    number,
    rationals,
    raw_profile,
    text,
)

TEXT = "2025:07:01 12:00:00"


def whole(order: str = "<") -> bytes:
    return block(
        {Base.Orientation: number(6, order=order), Base.Model: text("Fairphone 5"),
         Base.Make: text("F")},
        {Base.DateTimeOriginal: text(TEXT)},
        order=order,
    )  # fmt: skip


def png() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "PNG")
    return buffer.getvalue()


def orientation(content: bytes) -> int | None:
    found = exif_block(content)
    return read_tags(found).orientation if found else None


@pytest.mark.parametrize("order", ["<", ">"], ids=["little-endian", "big-endian"])
@pytest.mark.parametrize(
    "kind", [BYTE, SHORT, LONG, UNDEFINED, ASCII], ids=["byte", "short", "long", "any", "text"]
)
def test_an_orientation_of_any_type_is_read(kind: int, order: str) -> None:
    value: Written = text("6") if kind == ASCII else number(6, kind, order=order)
    assert read_tags(block({Base.Orientation: value}, order=order)).orientation == 6


def test_an_orientation_as_a_fraction_or_several_times_is_read() -> None:
    assert read_tags(block({Base.Orientation: rationals(6)})).orientation == 6
    twice = (SHORT, 2, b"\x06\0\x03\0")
    assert read_tags(block({Base.Orientation: twice})).orientation == 6


@pytest.mark.parametrize("value", [number(0), number(9), text("up"), rationals((6, 0))])
def test_an_orientation_that_means_nothing_is_none(value: Written) -> None:
    assert read_tags(block({Base.Orientation: value})).orientation is None


def test_a_directory_that_is_cut_short_counts_so_far() -> None:
    exif = whole()
    assert read_tags(exif[: 8 + 2 + 12 * 3]).orientation == 6
    assert read_tags(exif[:20]).orientation is None


@pytest.mark.parametrize("pointer", [b"\xff\xff\xff\x7f", bytes(4), b"\x08\0\0\0"])
def test_a_pointer_to_nowhere_costs_only_its_own_directory(pointer: bytes) -> None:
    base: dict[int, Written] = {Base.Orientation: number(6), IFD.Exif: (LONG, 1, pointer)}
    assert read_tags(block(base)).orientation == 6


def test_exif_that_comes_in_several_segments_is_one_block() -> None:
    exif = whole()
    for cut in (9, 40, len(exif) - 5):
        content = in_jpeg(jpeg(), exif[:cut], exif[cut:])
        assert exif_block(content) == exif
        assert read_tags(exif).camera[Base.DateTimeOriginal].text == TEXT


def test_of_two_blocks_the_first_counts_unless_it_is_none() -> None:
    other = block({Base.Orientation: number(3)})
    assert orientation(in_jpeg(jpeg(), other, whole())) == 3
    assert orientation(in_jpeg(jpeg(), b"", whole())) == 6
    assert orientation(in_jpeg(jpeg(), b"no block at all", whole())) == 6
    assert orientation(in_jpeg(jpeg(), b"Exif\0\0" + whole())) == 6


@pytest.mark.parametrize("between", [b"\0\0\0", b"junk", b"\xff\xff\xff", b"\xff\0"])
def test_bytes_between_segments_hide_no_block(between: bytes) -> None:
    assert orientation(in_jpeg(jpeg(), whole(), between=between)) == 6


def test_every_way_in_which_a_png_holds_a_block_is_known() -> None:
    exif, keyword = whole(), b"Raw profile type exif\0"
    digits = raw_profile(exif)
    ways = [
        (b"eXIf", exif),
        (b"eXIf", b"Exif\0\0" + exif),
        (b"tEXt", keyword + digits),
        (b"zTXt", keyword + b"\0" + zlib.compress(digits)),
        (b"iTXt", keyword + b"\0\0\0\0" + digits),
        (b"iTXt", keyword + b"\1\0en\0\0" + zlib.compress(digits)),
        (b"zTXt", keyword.replace(b"exif", b"APP1") + b"\0" + zlib.compress(digits)),
    ]
    for kind, body in ways:
        assert orientation(in_png(png(), kind, body)) == 6
    bomb = zlib.compress(b"0" * 50_000_000)
    assert orientation(in_png(png(), b"zTXt", keyword + b"\0" + bomb)) is None
    assert orientation(in_png(png(), b"zTXt", keyword + b"\0" + b"no zlib")) is None


EDITS = st.lists(st.tuples(st.integers(0, 200), st.binary(min_size=1, max_size=4)), max_size=4)


def by_pillow(exif: bytes) -> dict[int, object]:
    """What Pillow makes of a block; nothing where it gives up."""
    found: dict[int, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tags = Image.Exif()
            tags.load(exif)
            camera = tags.get_ifd(IFD.Exif)
        except Exception:  # noqa: BLE001 - it promises no closed list
            return found
        for tag, value in ((Base.Orientation, tags), (Base.Model, tags),
                          (Base.DateTimeOriginal, camera)):  # fmt: skip
            try:
                found[tag] = value.get(tag)
            except Exception:  # noqa: BLE001 - likewise, by tag
                continue
    return found


@given(st.sampled_from("<>"), EDITS, st.integers(0, 200))
def test_what_pillow_reads_is_read(order: str, edits: list[tuple[int, bytes]], cut: int) -> None:
    exif = bytearray(whole(order))
    for place, noise in edits:
        exif[place : place + len(noise)] = noise
    value = bytes(exif[: max(8, len(exif) - cut)])
    theirs, ours = by_pillow(value), read_tags(value)
    turned = theirs.get(Base.Orientation)
    if isinstance(turned, int) and 1 <= turned <= 8:
        assert ours.orientation == turned
    for tag, tags in ((Base.Model, ours.base), (Base.DateTimeOriginal, ours.camera)):
        words = theirs.get(tag)
        if isinstance(words, str) and words.isascii() and words.isprintable():
            assert tags[tag].text == words.strip()


@given(st.binary(max_size=300), st.sampled_from([b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]))
def test_no_block_makes_reading_fail(noise: bytes, head: bytes) -> None:
    for exif in (noise, head + noise, head + b"\x08\0\0\0" + noise):
        tags = read_tags(exif)
        for value in (*tags.base.values(), *tags.camera.values(), *tags.place.values()):
            assert isinstance(value.text, str)
            assert all(isinstance(n, float) for n in value.numbers)
            assert value.number is None or isinstance(value.number, int)
