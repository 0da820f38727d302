"""Fingerprints are those of the known library, and follow the picture when it is turned."""

import imagehash
import numpy as np
import pytest
from PIL import Image

from farmy_assets.cleansing.fingerprints import perceptual_hashes, turned_text
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

    assert f"{found.phash:016x}" == str(imagehash.phash(looked_at))
    assert f"{found.dhash:016x}" == str(imagehash.dhash(looked_at))


@pytest.mark.parametrize("orientation", range(ORIENTATIONS))
@pytest.mark.parametrize("seed", range(5))
def test_the_hashes_of_a_turned_picture_are_known_before_it_is_turned(
    seed: int, orientation: int
) -> None:
    image = plants(seed, (320, 320))

    foretold = perceptual_hashes(views_of(image))[orientation]
    found = perceptual_hashes(views_of(turned(image, orientation)))[0]

    # Rounding while a picture is scaled down may turn a bit that was on the edge.
    assert (foretold.phash ^ found.phash).bit_count() <= 2
    assert (foretold.dhash ^ found.dhash).bit_count() <= 2


def test_the_text_of_the_turned_hashes_holds_16_digits_for_each() -> None:
    hashes = perceptual_hashes(views_of(plants()))
    text = turned_text(hashes)

    read = [int(text[place : place + 16], 16) for place in range(0, len(text), 16)]
    assert read == [value for pair in hashes[1:] for value in pair]


def test_a_blank_picture_has_hashes() -> None:
    assert len(perceptual_hashes(views_of(Image.fromarray(np.zeros((8, 8, 3), np.uint8))))) == 8
