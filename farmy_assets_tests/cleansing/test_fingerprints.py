"""Fingerprints are those of the known library, and follow the picture when it is turned."""

import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dct

from farmy_assets.cleansing.fingerprints import (
    hash_numbers,
    hash_text,
    hashes_of_text,
    perceptual_hashes,
    turned_text,
)
from farmy_assets.cleansing.patterns import ORIENTATIONS
from farmy_assets.cleansing.views import views_of
from farmy_assets_tests.cleansing.drawing import plants

SIZES = [(400, 300), (64, 64), (97, 133)]


def turned(image: Image.Image, orientation: int) -> Image.Image:
    if orientation & 1:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if orientation & 2:
        image = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    return image.transpose(Image.Transpose.TRANSPOSE) if orientation & 4 else image


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("seed", range(5))
def test_both_hashes_are_those_of_imagehash(seed: int, size: tuple[int, int]) -> None:
    views = views_of(plants(seed, size))
    looked_at = views.coarse.convert("L") if min(views.coarse.size) >= 48 else views.grey

    found = perceptual_hashes(views)[0]

    assert found == (imagehash.phash(looked_at), imagehash.dhash(looked_at))


@given(levels=arrays(np.uint8, (40, 52, 3)))
@settings(deadline=None, max_examples=40)
def test_of_any_pixels_the_hashes_are_those_of_imagehash(levels: NDArray[np.uint8]) -> None:
    views = views_of(Image.fromarray(levels))

    found = perceptual_hashes(views)[0]

    assert found.dhash == imagehash.dhash(views.reduced)
    # A coefficient at the median to within rounding may come out on either side of it.
    low = dct(dct(views.small_levels.astype(np.float64), axis=0), axis=1)[:8, :8]
    is_clear = np.abs(low - np.median(low)) > 1e-6 * np.abs(low).max()
    wanted = imagehash.phash(views.reduced).hash
    assert (found.phash.hash == wanted)[is_clear].all()


@given(values=st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=16))
def test_texts_and_numbers_of_hashes_are_those_of_imagehash(values: list[int]) -> None:
    text = "".join(f"{value:016x}" for value in values)

    hashes = hashes_of_text(text)

    assert list(hashes) == [imagehash.hex_to_hash(f"{value:016x}") for value in values]
    assert hash_text(*hashes) == "".join(map(str, hashes)) == text
    assert hash_numbers(hashes).tolist() == values


@pytest.mark.parametrize("orientation", range(ORIENTATIONS))
@pytest.mark.parametrize("seed", range(5))
def test_the_hashes_of_a_turned_picture_are_known_before_it_is_turned(
    seed: int, orientation: int
) -> None:
    image = plants(seed, (320, 320))

    foretold = perceptual_hashes(views_of(image))[orientation]
    found = perceptual_hashes(views_of(turned(image, orientation)))[0]

    # Rounding while a picture is scaled down may turn a bit that was on the edge.
    assert foretold.distance_bits(found) <= 2


def test_the_text_of_the_turned_hashes_holds_16_digits_for_each() -> None:
    hashes = perceptual_hashes(views_of(plants()))
    text = turned_text(hashes)

    assert hashes_of_text(text) == tuple(value for pair in hashes[1:] for value in pair)
    assert len(text) == 7 * 2 * 16


def test_a_blank_picture_has_hashes() -> None:
    assert len(perceptual_hashes(views_of(Image.fromarray(np.zeros((8, 8, 3), np.uint8))))) == 8
