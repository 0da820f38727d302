"""Sharp parts of a soft picture: where they may lie, how small they may be, what is none."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from farmy_assets.cleansing.policy import CleansingPolicy
from farmy_assets.cleansing.quality import assess
from farmy_assets_tests.cleansing.drawing import blurred, moved, plants, stored


def is_blurry(image: Image.Image) -> bool:
    quality = assess("one", stored(image), policy=CleansingPolicy())
    return "blurry" in quality.reasons


@pytest.mark.parametrize("size", [(533, 400), (400, 533), (1600, 1200)])
@pytest.mark.parametrize("share", [0.01, 0.02])
def test_a_small_sharp_subject_counts_wherever_it_lies(size: tuple[int, int], share: float) -> None:
    sharp = plants(size=size)
    soft, side = blurred(sharp, 0.02), round((share * size[0] * size[1]) ** 0.5)
    assert is_blurry(soft)

    for tenth in range(1, 9):
        left, top = size[0] * tenth // 10, size[1] * (9 - tenth) // 10
        photograph = soft.copy()
        photograph.paste(sharp.crop((left, top, left + side, top + side)), (left, top))
        assert not is_blurry(photograph), (left, top)


@pytest.mark.parametrize("lean_px", [-120, -40, 40, 120])
def test_a_thin_slanted_stalk_makes_a_soft_photograph_of_use(lean_px: int) -> None:
    sharp, stalk = plants(size=(533, 400)), Image.new("L", (533, 400))
    line = (266 - lean_px, 60, 266 + lean_px, 340)
    ImageDraw.Draw(stalk).line(line, fill="white", width=10)

    assert not is_blurry(Image.composite(sharp, blurred(sharp, 0.02), stalk))


def test_leaves_whose_veins_run_across_each_other_are_sharp_and_blurry_once_moved() -> None:
    levels = np.full((600, 800), 120, np.uint8)
    levels[:300, :400] += (np.arange(400) // 6 % 2 * 40).astype(np.uint8)
    levels[300:, 400:] += (np.arange(300) // 6 % 2 * 40).astype(np.uint8)[:, None]
    leaves = Image.fromarray(levels).convert("RGB")

    assert not is_blurry(leaves)
    assert is_blurry(moved(leaves, 0.02))


def test_stripes_along_one_direction_alone_may_be_a_movement() -> None:
    levels = np.full((600, 800), 120, np.uint8)
    levels[:, :] += (np.arange(800) // 8 % 2 * 40).astype(np.uint8)

    assert is_blurry(Image.fromarray(levels).convert("RGB"))


@pytest.mark.parametrize("place", [(0, 0), (640, 520), (700, 562), (1571, 1171)])
def test_a_speck_on_any_border_of_tiles_leaves_a_soft_photograph_blurry(
    place: tuple[int, int],
) -> None:
    sharp = plants(size=(1600, 1200))
    photograph = blurred(sharp, 0.02)
    photograph.paste(sharp.crop((0, 0, 29, 29)), place)

    assert is_blurry(photograph)
