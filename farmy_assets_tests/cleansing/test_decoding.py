"""Bytes of every kind become one upright sRGB picture or one named reason."""

import io
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from farmy_assets.cleansing.decoding import Decoded, Undecodable, decode
from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets_tests.cleansing.drawing import plants, png_that_declares, stored

POLICY = CleansingPolicy()
RED, BLUE = (255, 0, 0), (0, 0, 255)


def decoded(content: bytes, *, enough_px: int | None = None) -> Decoded:
    result = decode(content, policy=POLICY, enough_px=enough_px)
    assert isinstance(result, Decoded), result
    return result


def failed_check(content: bytes, *, enough_px: int | None = None) -> str:
    result = decode(content, policy=POLICY, enough_px=enough_px)
    assert isinstance(result, Undecodable), result
    return result.check


def red_above_blue() -> Image.Image:
    image = Image.new("RGB", (40, 64), BLUE)
    image.paste(RED, (0, 0, 40, 32))
    return image


def sixteen_bit_png() -> bytes:
    levels = np.full((64, 64), 40_000, dtype=np.uint16)
    return stored(Image.fromarray(levels), "PNG")


def animation(file_format: str) -> bytes:
    frames = [plants(seed, (64, 64)) for seed in range(3)]
    return stored(frames[0], file_format, save_all=True, append_images=frames[1:])


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF"])
def test_every_accepted_format_is_decoded_to_rgb(file_format: str) -> None:
    result = decoded(stored(plants(), file_format))

    assert result.image.mode == "RGB"
    assert result.image.size == (result.width_px, result.height_px) == (400, 300)
    assert result.image.info == {}


@pytest.mark.parametrize(
    ("content", "check", "detail"),
    [
        pytest.param(b"", "unreadable", "empty file", id="empty"),
        pytest.param(b"<html>404 Not Found</html>", "unreadable", "not an image", id="a page"),
        pytest.param(
            b"BMW is a maker of cars, and this is a text",
            "unreadable",
            "not an image",
            id="text",
        ),
        pytest.param(b"\x00" * 5000, "unreadable", "not an image", id="zeros"),
        pytest.param(
            b"\x00\x00\x00\x18ftypheic" + b"\x00" * 99, "unreadable", "damaged HEIF", id="HEIC"
        ),
        pytest.param(b"%PDF-1.7 ...", "unreadable", "unsupported format", id="PDF"),
        pytest.param(
            stored(Image.fromarray(np.ones((9, 9), dtype=np.float32)), "TIFF"),
            "unreadable",
            "mode F is no photograph's",
            id="floating point",
        ),
        pytest.param(
            b"\xff\xd8\xff\xe0", "truncated", "JPEG without its end", id="four bytes of a JPEG"
        ),
        pytest.param(
            png_that_declares(50_000, 50_000, compressed_pixels=zlib.compress(b"\x00")),
            "decompression_bomb",
            "more pixels than can be decoded safely",
            id="bomb",
        ),
        pytest.param(
            png_that_declares(12_000, 9_000, compressed_pixels=zlib.compress(b"\x00")),
            "decompression_bomb",
            "12000 x 9000 pixels",
            id="above our limit, below Pillow's",
        ),
    ],
)
def test_what_is_no_picture_gets_its_reason(content: bytes, check: str, detail: str) -> None:
    result = decode(content, policy=POLICY)

    assert isinstance(result, Undecodable)
    assert (result.check, result.detail) == (check, detail)


@pytest.mark.parametrize(
    ("content", "frames"),
    [
        pytest.param(animation("GIF"), 3, id="GIF film"),
        pytest.param(animation("WEBP"), 3, id="WebP film"),
        pytest.param(animation("PNG"), 3, id="PNG film"),
        pytest.param(
            stored(
                plants(size=(30, 30)),
                "TIFF",
                save_all=True,
                append_images=[plants(i, (30, 30)) for i in range(19)],
            ),
            20,
            id="20 pages",
        ),
    ],
)
def test_of_several_frames_the_first_is_seen_and_all_are_counted(
    content: bytes, frames: int
) -> None:
    assert decoded(content).frames == frames


def test_a_bomb_is_reported_with_the_number_of_its_pixels() -> None:
    content = png_that_declares(50_000, 50_000, compressed_pixels=zlib.compress(b"\x00"))

    found = decode(content, policy=POLICY)

    assert isinstance(found, Undecodable)
    assert (found.value, found.threshold) == (2.5e9, POLICY.max_pixels)


def test_a_header_that_promises_more_pixels_than_follow_is_a_cut_file() -> None:
    content = png_that_declares(3000, 3000, compressed_pixels=zlib.compress(b"\x00" * 100))

    assert failed_check(content) in {"truncated", "unreadable"}


def test_a_header_that_promises_less_than_follows_is_no_bomb() -> None:
    many_pixels = zlib.compress(b"\x00" * 30_000_000)

    result = decode(png_that_declares(8, 8, compressed_pixels=many_pixels), policy=POLICY)

    assert isinstance(result, Decoded | Undecodable)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_cut_file_is_noticed_in_every_format(file_format: str, share: float) -> None:
    whole = stored(plants(), file_format)
    cut = whole[: int(len(whole) * share)]

    for enough_px in (None, 64):
        assert failed_check(cut, enough_px=enough_px) == "truncated"


def test_an_upload_padded_with_zeros_is_noticed_although_decoders_accept_it() -> None:
    whole = stored(plants())
    padded = whole[: len(whole) // 2] + bytes(len(whole) // 2)

    assert failed_check(padded) == "truncated"


def test_data_behind_the_end_of_a_photograph_do_no_harm() -> None:
    film_behind_photograph = stored(plants()) + b"\xff\xda\x00\x08 a film" * 9

    assert isinstance(decode(film_behind_photograph, policy=POLICY), Decoded)


def test_a_phone_photograph_with_further_pictures_behind_it_counts_as_one() -> None:
    content = stored(plants(), "MPO", save_all=True, append_images=[plants(1, (80, 60))])

    assert decoded(content).image.size == (400, 300)


@pytest.mark.parametrize("file_format", ["JPEG", "TIFF", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_comes_out_upright(file_format: str, orientation: int) -> None:
    upright = red_above_blue()
    turned_by = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }.get(orientation)
    turned = upright if turned_by is None else upright.transpose(turned_by)
    exif = Image.Exif()
    exif[0x0112] = orientation

    result = decoded(stored(turned, file_format, exif=exif), enough_px=32)

    assert (result.width_px, result.height_px) == (40, 64)
    assert result.image.size == (20, 32)
    red, _, blue = np.asarray(result.image)[3].mean(axis=0)
    assert red > 200
    assert blue < 60


def test_a_broken_exif_block_leaves_the_picture_as_it_lies() -> None:
    content = stored(red_above_blue(), exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")

    assert decoded(content).image.size == (40, 64)


@pytest.mark.parametrize("profile", [None, b"broken"])
def test_a_cmyk_photograph_keeps_its_colours(profile: bytes | None) -> None:
    content = stored(Image.new("RGB", (64, 64), RED).convert("CMYK"), icc_profile=profile)

    red, green, blue = np.asarray(decoded(content).image)[32, 32]

    assert red > 200
    assert max(green, blue) < 60


def test_sixteen_bits_are_scaled_to_eight() -> None:
    assert np.asarray(decoded(sixteen_bit_png()).image).mean() == 40_000 >> 8


def test_transparent_places_are_white() -> None:
    palette = Image.new("P", (64, 64), 0)
    palette.putpalette([255, 0, 0, 0, 0, 255])
    transparent = stored(palette, "PNG", transparency=0)
    half = stored(Image.new("RGBA", (64, 64), (0, 0, 0, 128)), "PNG")

    assert decoded(transparent).image.getpixel((5, 5)) == (255, 255, 255)
    assert decoded(half).image.getpixel((5, 5)) == (127, 127, 127)


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("enough_px", [None, 16])
def test_a_colour_profile_is_applied(enough_px: int | None) -> None:
    names = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}
    red_is_blue = re.sub(rb"[rb]XYZ", lambda found: names[found.group()], srgb_profile())
    content = stored(Image.new("RGB", (64, 64), RED), icc_profile=red_is_blue)

    red, _, blue = np.asarray(decoded(content, enough_px=enough_px).image)[5, 5]

    assert blue > 240
    assert red < 15


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("profile", [b"not a profile", srgb_profile()], ids=["broken", "sRGB"])
def test_a_broken_or_unfitting_colour_profile_is_ignored(mode: str, profile: bytes) -> None:
    grey = Image.new("RGB", (64, 64), (90, 90, 90)).convert(mode)

    result = decoded(stored(grey, icc_profile=profile))

    assert np.asarray(result.image).mean() == pytest.approx(90, abs=3)


def test_a_reduced_picture_is_large_enough_and_remembers_its_size() -> None:
    for file_format in ("JPEG", "PNG"):
        result = decoded(stored(plants(size=(1601, 1203)), file_format), enough_px=400)
        assert (result.width_px, result.height_px) == (1601, 1203)
        assert 400 <= max(result.image.size) < 800


def test_warnings_of_the_decoder_do_not_escape(recwarn: pytest.WarningsRecorder) -> None:
    file = io.BytesIO()
    plants(size=(60, 60)).save(file, "TIFF")
    content = bytearray(file.getvalue())
    for position in range(len(content) - 150, len(content), 7):
        content[position] ^= 0x5A
        decode(bytes(content), policy=POLICY)

    assert not recwarn.list


def test_a_phones_heic_photograph_comes_out_upright() -> None:
    # `plants(size=(96, 64))`, written once by pillow-heif at quality 30 with EXIF orientation 6:
    # the reader that is used here cannot write, and the one that can holds code under the GPL.
    content = Path(__file__).with_name("drawn.heic").read_bytes()

    result = decoded(content)

    assert (result.width_px, result.height_px) == (64, 96)
    turned_back = result.image.transpose(Image.Transpose.ROTATE_90)
    drawn = np.asarray(plants(size=(96, 64)), dtype=np.int16)
    assert np.abs(np.asarray(turned_back, dtype=np.int16) - drawn).mean() < 25


@pytest.mark.parametrize("share", [0.3, 0.5, 0.95])
def test_a_cut_heic_photograph_is_truncated(share: float) -> None:
    content = Path(__file__).with_name("drawn.heic").read_bytes()

    assert failed_check(content[: int(len(content) * share)]) == "truncated"


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "jpeg"])
@pytest.mark.parametrize("share", [0.001, 0.3, 0.95])
def test_a_cut_tiff_is_truncated_however_its_pixels_are_packed(
    compression: str, share: float
) -> None:
    whole = stored(plants(), "TIFF", compression=compression)

    assert failed_check(whole[: max(16, int(len(whole) * share))]) == "truncated"


def test_a_damaged_tiff_that_is_all_there_is_not_called_truncated() -> None:
    whole = bytearray(stored(plants(), "TIFF", compression="tiff_adobe_deflate"))
    whole[len(whole) // 2 :] = bytes(len(whole) - len(whole) // 2)

    assert failed_check(bytes(whole)) == "unreadable"


def test_a_process_without_memory_says_nothing_of_the_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_memory(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Image, "open", no_memory)

    with pytest.raises(MemoryError):  # the guard tries it once more, in a new child
        decode(b"\xff\xd8\xff\xe0" + bytes(64), policy=CleansingPolicy())
