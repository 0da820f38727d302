"""Every mode of Pillow, crossed with transparency, shows what the original shows.

Files are written byte by byte where Pillow itself cannot write them. Each has a left and a right
half, and the measures, the normalised copy and the thumbnail are made from the same picture.
"""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from farmy_assets.cleansing.decoding import Decoded, Undecodable, decode
from farmy_assets.cleansing.normalise import NormalisedCopy, normalised_copy
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets_tests.cleansing.drawing import opened, stored

POLICY = CleansingPolicy()
SIDE = 32
WHITE = (255, 255, 255)
BLUE, RED = (9, 90, 200), (200, 60, 50)

Colour = tuple[int, int, int]
Pixel = float | tuple[int, ...]


def grey(level: int) -> Colour:
    return (level, level, level)


def halves(mode: str, left: Pixel, right: Pixel) -> Image.Image:
    image = Image.new(mode, (SIDE, SIDE), left)
    image.paste(right, (SIDE // 2, 0, SIDE, SIDE))
    return image


def png(
    bits: int, colour_type: int, row: bytes, *, trns: bytes | None = None, palette: bytes = b""
) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + check

    header = struct.pack(">IIBBBBB", SIDE, SIDE, bits, colour_type, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            chunk(b"PLTE", palette) if palette else b"",
            chunk(b"tRNS", trns) if trns is not None else b"",
            chunk(b"IDAT", zlib.compress((b"\0" + row) * SIDE)),
            chunk(b"IEND", b""),
        ]
    )


def packed(bits: int, left: int, right: int) -> bytes:
    """One row of samples of so many bits."""
    text = "".join(format(value, f"0{bits}b") * (SIDE // 2) for value in (left, right))
    return int(text, 2).to_bytes(len(text) // 8, "big")


def tiff(bits: int, photometric: int, row: bytes, *, order: str = "<") -> bytes:
    """A grey TIFF of one strip."""
    tags = [
        (256, 4, SIDE), (257, 4, SIDE), (258, 3, bits), (259, 3, 1), (262, 3, photometric),
        (273, 4, 8), (277, 3, 1), (278, 4, SIDE), (279, 4, len(row) * SIDE),
    ]  # fmt: skip
    pixels = row * SIDE
    entries = b"".join(
        struct.pack(f"{order}HHI", tag, kind, 1)
        + (struct.pack(f"{order}HH", value, 0) if kind == 3 else struct.pack(f"{order}I", value))
        for tag, kind, value in tags
    )
    mark = b"II*\0" if order == "<" else b"MM\0*"
    start = struct.pack(f"{order}I", 8 + len(pixels))
    return mark + start + pixels + struct.pack(f"{order}H", len(tags)) + entries + bytes(4)


def bitmap_with_alpha(left: int, right: int) -> bytes:
    """A 32-bit BMP with a version-5 header that declares an alpha mask."""
    pixels = bytes([200, 90, 9, left]) * (SIDE // 2) + bytes([50, 60, 200, right]) * (SIDE // 2)
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    info = struct.pack("<IiiHHIIiiII", 124, SIDE, SIDE, 1, 32, 3, 0, 2835, 2835, 0, 0) + masks
    info = info.ljust(124, b"\0")
    body = pixels * SIDE
    return b"BM" + struct.pack("<IHHI", 14 + 124 + len(body), 0, 0, 138) + info + body


def in_lab(image: Image.Image) -> Image.Image:
    srgb, lab = (ImageCms.createProfile(name) for name in ("sRGB", "LAB"))
    converted = ImageCms.profileToProfile(image, srgb, lab, outputMode="LAB")
    assert converted
    return converted


def with_palette(alpha: bytes | None) -> bytes:
    image = halves("P", 0, 1)
    image.putpalette([*BLUE, *RED])
    return stored(image, "PNG", **({"transparency": alpha} if alpha else {}))


def grey_png(bits: int, left: int, right: int, key: int | None) -> bytes:
    trns = None if key is None else struct.pack(">H", key)
    return png(bits, 0, packed(bits, left, right), trns=trns)


def rgb_png(bits: int, key: Colour | None) -> bytes:
    scale, form = (257, ">3H") if bits == 16 else (1, ">3B")
    left, right = (struct.pack(form, *(level * scale for level in c)) for c in (BLUE, RED))
    trns = struct.pack(">3H", *(level * scale for level in key)) if key else None
    return png(bits, 2, left * (SIDE // 2) + right * (SIDE // 2), trns=trns)


def sixteen_bits(mode: str) -> Image.Image:
    levels = np.full((SIDE, SIDE), 60 * 257, dtype=">u2" if mode == "I;16B" else "<u2")
    levels[:, SIDE // 2 :] = 200 * 257
    return Image.frombytes(mode, (SIDE, SIDE), levels.tobytes())


BLUE_RED = stored(halves("RGB", BLUE, RED), "PNG")
FILES: dict[str, tuple[bytes, Colour, Colour]] = {
    # PNG: every depth of grey; one level may be transparent.
    **{
        f"PNG grey, {bits} bits, transparent {key}": (
            grey_png(bits, low, high, {"none": None, "left": low, "right": high}[key]),
            WHITE if key == "left" else grey(low * 255 // (2**bits - 1)),
            WHITE if key == "right" else grey(high * 255 // (2**bits - 1)),
        )
        for bits, low, high in ((1, 0, 1), (2, 1, 2), (4, 3, 9), (8, 60, 200), (16, 15420, 51400))
        for key in ("none", "left", "right")
    },
    **{
        f"PNG RGB, {bits} bits, transparent {key}": (
            rgb_png(bits, key), WHITE if key == BLUE else BLUE, RED
        )
        for bits in (8, 16)
        for key in (None, BLUE)
    },
    **{
        f"PNG grey with alpha, {8 * len(top)} bits": (
            png(8 * len(top), 4, (b"\x50" * len(top) + top) * 16 + (b"\x50" * len(top) + low) * 16),
            grey(80), WHITE,
        )
        for top, low in ((b"\xff", b"\x00"), (b"\xff\xff", b"\x00\x00"))
    },
    "PNG RGBA": (stored(halves("RGBA", (*BLUE, 255), (*RED, 0)), "PNG"), BLUE, WHITE),
    "PNG palette": (with_palette(None), BLUE, RED),
    "PNG palette with alpha": (with_palette(bytes([0, 255])), WHITE, RED),
    # TIFF: what else Pillow reads.
    "TIFF 1": (stored(halves("1", 0, 1), "TIFF"), grey(0), WHITE),
    "TIFF L": (stored(halves("L", 60, 200), "TIFF"), grey(60), grey(200)),
    "TIFF LA": (stored(halves("LA", (60, 255), (60, 0)), "TIFF"), grey(60), WHITE),
    "TIFF PA": (stored(opened(with_palette(None)).convert("PA"), "TIFF"), BLUE, RED),
    "TIFF RGB": (stored(halves("RGB", BLUE, RED), "TIFF"), BLUE, RED),
    "TIFF RGBA": (stored(halves("RGBA", (*BLUE, 255), (*RED, 0)), "TIFF"), BLUE, WHITE),
    "TIFF RGBX": (stored(halves("RGBX", (*BLUE, 0), (*RED, 0)), "TIFF"), BLUE, RED),
    "TIFF CMYK": (
        stored(halves("CMYK", (255, 0, 0, 0), (0, 0, 0, 255)), "TIFF"), (0, 255, 255), grey(0)
    ),
    "TIFF YCbCr": (stored(opened(BLUE_RED).convert("YCbCr"), "TIFF"), BLUE, RED),
    "TIFF LAB": (stored(in_lab(halves("RGB", (120, 90, 100), RED)), "TIFF"), (120, 90, 100), RED),
    "TIFF I;16": (stored(sixteen_bits("I;16"), "TIFF"), grey(60), grey(200)),
    "TIFF I;16B": (stored(sixteen_bits("I;16B"), "TIFF"), grey(60), grey(200)),
    "TIFF, white is 0, 8 bits": (tiff(8, 0, bytes([195] * 16 + [55] * 16)), grey(60), grey(200)),
    "TIFF, white is 0, 16 bits": (
        tiff(16, 0, struct.pack("<H", 195 * 257) * 16 + struct.pack("<H", 55 * 257) * 16),
        grey(60), grey(200),
    ),
    # BMP, GIF, WebP, AVIF.
    "BMP with alpha": (bitmap_with_alpha(255, 0), BLUE, WHITE),
    "BMP with alpha 0 everywhere": (bitmap_with_alpha(0, 0), BLUE, RED),
    "GIF, transparent": (stored(halves("RGBA", (*BLUE, 255), (*RED, 0)), "GIF"), BLUE, WHITE),
    "WebP RGBA": (
        stored(halves("RGBA", (*BLUE, 255), (*RED, 0)), "WEBP", lossless=True), BLUE, WHITE
    ),
    "AVIF RGBA": (
        stored(halves("RGBA", (*BLUE, 255), (*RED, 0)), "AVIF", quality=100, subsampling="4:4:4"),
        BLUE, WHITE,
    ),
}  # fmt: skip


def colours(image: Image.Image) -> tuple[Colour, Colour]:
    pixels = np.asarray(image.convert("RGB"))
    left, right = (tuple(pixels[SIDE // 2, x].tolist()) for x in (3, SIDE - 4))
    return left, right


@pytest.mark.parametrize(("content", "left", "right"), FILES.values(), ids=FILES)
def test_every_mode_shows_what_the_original_shows(
    content: bytes, left: Colour, right: Colour
) -> None:
    decoded = decode(content, policy=POLICY)
    copy = normalised_copy(content, policy=POLICY)

    assert isinstance(decoded, Decoded), decoded
    assert isinstance(copy, NormalisedCopy)
    for found in (decoded.image, Image.open(io.BytesIO(copy.content))):
        for seen, expected in zip(colours(found), (left, right), strict=True):
            assert seen == pytest.approx(expected, abs=6)


@pytest.mark.parametrize(("mode", "value"), [("I", 70_000), ("F", 0.3)])
def test_measurements_are_no_photographs(mode: str, value: float) -> None:
    found = decode(stored(Image.new(mode, (SIDE, SIDE), value), "TIFF"), policy=POLICY)

    assert isinstance(found, Undecodable)
    assert found.detail == f"mode {mode} is no photograph's"
