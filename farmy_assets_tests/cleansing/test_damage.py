"""Half-destroyed files are noticed although their decoders say nothing; whole ones are not."""

import random
import struct
import zlib
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from farmy_assets.cleansing.decoding import Decoded, decode
from farmy_assets.cleansing.jpeg_stream import read_stream
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import ImageQuality, assess
from farmy_assets.cleansing.verdicts import Status
from farmy_assets_tests.cleansing.drawing import plants, stored

POLICY = CleansingPolicy()
NOTICED = {"damaged", "truncated", "unreadable"}
END_MARK = b"\xff\xd9"
JPEGS: Mapping[str, Mapping[str, object]] = {
    "baseline": {},
    "optimised": {"optimize": True},
    "4:4:4": {"subsampling": 0, "quality": 95},
    "grey": {},
    "restarts": {"restart_marker_rows": 1},
    "progressive": {"progressive": True},
}
OTHERS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "WebP": ("WEBP", {}),
    "WebP, lossless": ("WEBP", {"lossless": True}),
    "AVIF": ("AVIF", {}),
    "PNG": ("PNG", {}),
    "GIF": ("GIF", {}),
    "BMP": ("BMP", {}),
    "TIFF": ("TIFF", {}),
    "TIFF, LZW": ("TIFF", {"compression": "tiff_lzw"}),
    "TIFF, deflate": ("TIFF", {"compression": "tiff_adobe_deflate"}),
}
FLAT_PARTS = [(0, 150, 400, 300), (0, 0, 400, 120), (300, 0, 400, 300)]


def jpeg(kind: str, image: Image.Image | None = None) -> bytes:
    image = image or plants()
    return stored(image.convert("L") if kind == "grey" else image, "JPEG", **JPEGS[kind])


def quality_of(content: bytes) -> ImageQuality:
    return assess("x", content, policy=POLICY)


def is_noticed(content: bytes) -> bool:
    return bool(NOTICED.intersection(quality_of(content).reasons))


def decoded(content: bytes) -> Decoded:
    found = decode(content, policy=POLICY)
    assert isinstance(found, Decoded), found
    return found


def holed(content: bytes, begin: float, share: float) -> bytes:
    size, at = int(len(content) * share), int(len(content) * begin)
    return content[:at] + bytes(size) + content[at + size :]


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("end", [END_MARK, b""], ids=["with an end mark", "without one"])
def test_a_cut_jpeg_is_truncated(kind: str, share: float, end: bytes) -> None:
    whole = jpeg(kind)

    found = quality_of(whole[: int(len(whole) * share)] + end)

    assert found.reasons == ("truncated",)


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("begin", [0.3, 0.5])
@pytest.mark.parametrize("share", [0.03, 0.2, 0.5])
def test_a_jpeg_with_a_hole_of_zeros_is_noticed(kind: str, begin: float, share: float) -> None:
    found = quality_of(holed(jpeg(kind), begin, share))

    assert NOTICED.intersection(found.reasons), found.checks
    assert found.detail


@pytest.mark.parametrize("kind", ["optimised", "progressive"])
@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_a_hole_that_decodes_as_an_even_background_is_noticed(kind: str, share: float) -> None:
    wall = Image.linear_gradient("L").resize((448, 448)).point(lambda level: 150 + level // 4)
    wall = wall.convert("RGB")
    wall.paste(plants(size=(120, 120)), (150, 30))
    wall.paste(plants(2, size=(100, 100)), (200, 300))
    whole = jpeg(kind, wall)

    assert not is_noticed(whole)
    for begin in (0.12, 0.2, 0.3, 0.4, 0.45):
        assert is_noticed(holed(whole, begin, share)), begin


@pytest.mark.parametrize(("file_format", "options"), OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("begin", [0.3, 0.5])
def test_other_formats_with_zeros_inside_are_noticed(
    file_format: str, options: Mapping[str, object], begin: float
) -> None:
    whole = stored(plants(), file_format, **options)

    assert not is_noticed(whole)
    assert is_noticed(holed(whole, begin, 0.5))


def test_a_phones_heic_photograph_with_zeros_inside_is_noticed() -> None:
    content = Path(__file__).with_name("drawn.heic").read_bytes()

    assert not is_noticed(content)
    assert is_noticed(holed(content, 0.5, 0.5))


def test_a_photograph_that_lost_its_last_blocks_waits_for_a_person() -> None:
    whole = jpeg("baseline", plants(size=(1600, 1200)))

    found = quality_of(whole[: int(len(whole) * 0.995)] + END_MARK)

    assert found.status is Status.HELD
    assert "damaged" in found.reasons


TRAILERS = {
    "a film": END_MARK + b"\x00\x00\x00\x18ftypmp42" + bytes(5000),
    "a panorama's data, without an end mark": random.Random(1).randbytes(60_000) + b"SEFT",
    "another photograph, without an end mark": stored(plants(3, (80, 60))),
    "zeros": END_MARK + bytes(4096),
    "zeros, without an end mark": bytes(4096),
    "zeros, then an end mark": bytes(300) + END_MARK,
    "nothing, not even an end mark": b"",
}


@pytest.mark.parametrize("trailer", TRAILERS.values(), ids=TRAILERS)
@pytest.mark.parametrize("kind", JPEGS)
def test_a_whole_photograph_passes_whatever_lies_behind_it(kind: str, trailer: bytes) -> None:
    whole = jpeg(kind)
    content = whole.removesuffix(END_MARK) + trailer

    assert decoded(content).image.tobytes() == decoded(whole).image.tobytes()
    assert not is_noticed(content)


@pytest.mark.parametrize("kind", JPEGS)
def test_markers_that_stand_behind_a_photograph_by_chance_are_none_of_its(kind: str) -> None:
    whole = jpeg(kind)
    picture = decoded(whole).image.tobytes()
    chance = [random.Random(seed).randbytes(60_000) for seed in range(12)]
    tables = b"\xff\xc4\x00\x16" + bytes(20) + b"\xff\xdb\x00\x43" + bytes(65)
    restarts = b"".join(b"\xff%c%c" % (0xD0 + n % 5, n) for n in range(200))
    for trailer in (*chance, tables * 3, restarts, b"\xff\xff\x6b" * 40, b"\xff\xda" * 40):
        content = whole.removesuffix(END_MARK) + trailer + b"SEFT"
        assert decoded(content).image.tobytes() == picture
        assert not is_noticed(content)


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("begin", [0.2, 0.35, 0.5])
def test_a_jpeg_with_an_erased_block_inside_is_noticed(kind: str, begin: float) -> None:
    whole = jpeg(kind)
    size, at = len(whole) // 5, int(len(whole) * begin)

    assert is_noticed(whole[:at] + b"\xff" * size + whole[at + size :])


def test_filling_before_the_end_mark_is_no_erased_block() -> None:
    for kind in JPEGS:
        whole = jpeg(kind)
        assert not is_noticed(whole.removesuffix(END_MARK) + b"\xff" * 500 + END_MARK)


@pytest.mark.parametrize("colours", ["RGB", "L"])
def test_a_progressive_jpeg_that_lost_a_whole_scan_is_noticed(colours: str) -> None:
    whole = stored(plants().convert(colours), progressive=True)
    scans = read_stream(whole).scans
    for before, lost in pairwise(scans):
        content = whole[: before.end] + whole[lost.end :]
        assert is_noticed(content), lost


def test_a_missing_end_mark_is_a_warning() -> None:
    found = quality_of(jpeg("baseline").removesuffix(END_MARK))

    assert "damaged" in found.warnings
    assert found.detail == "JPEG without an end mark"


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF"])
@pytest.mark.parametrize("colour", ["black", "white", "#808080"])
def test_a_really_flat_part_is_no_damage(file_format: str, colour: str) -> None:
    for box in FLAT_PARTS:
        image = plants()
        ImageDraw.Draw(image).rectangle(box, fill=colour)
        assert not is_noticed(stored(image, file_format))
        if file_format == "JPEG":
            assert not is_noticed(stored(image, optimize=True))
            assert not is_noticed(stored(image, progressive=True))


def test_a_one_coloured_picture_is_no_damage() -> None:
    for file_format in ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "AVIF"):
        content = stored(Image.new("RGB", (400, 300), "black"), file_format)
        assert not is_noticed(content), file_format


def with_chunk(name: bytes, body: bytes, *, crc_off: int = 0) -> bytes:
    whole = stored(plants(), "PNG")
    check = struct.pack(">I", zlib.crc32(name + body) ^ crc_off)
    chunk = struct.pack(">I", len(body)) + name + body + check
    return whole[:33] + chunk + whole[33:]


@pytest.mark.parametrize(
    "content",
    [
        with_chunk(b"iCCP", b"large\0\0" + zlib.compress(random.Random(2).randbytes(3_000_000))),
        with_chunk(b"iCCP", b"bomb\0\0" + zlib.compress(bytes(200_000_000))),
        with_chunk(b"zTXt", b"bomb\0\0" + zlib.compress(bytes(200_000_000))),
        with_chunk(b"iTXt", b"bomb\0\1\0\0\0" + zlib.compress(bytes(200_000_000))),
        with_chunk(b"tEXt", b"long\0" + b"x" * 5_000_000),
        with_chunk(b"tEXt", b"odd\0" + b"x" * 50, crc_off=1),
        with_chunk(b"pHYs", b"\0\0\x0b\x13", crc_off=0),
        with_chunk(b"pHYs", b"\0\0\x0b\x13\0\0\x0b\x13\1", crc_off=1),
        with_chunk(b"gAMA", b""),
        with_chunk(b"cHRM", bytes(7)),
        with_chunk(b"sRGB", b""),
        with_chunk(b"tRNS", b"\0"),
        with_chunk(b"eXIf", b"MM\0", crc_off=1),
        with_chunk(b"caBX", bytes(20), crc_off=1),
    ],
    ids=[
        "large profile", "profile bomb", "zTXt bomb", "iTXt bomb", "long text", "bad checksum",
        "short pHYs", "bad pHYs", "empty gAMA", "short cHRM", "empty sRGB", "short tRNS",
        "bad eXIf", "bad caBX",
    ],
)  # fmt: skip
def test_texts_and_profiles_of_a_png_reject_nothing(content: bytes) -> None:
    assert decoded(content).image.tobytes() == plants().tobytes()
