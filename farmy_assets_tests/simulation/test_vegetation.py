"""Green patches in photographs: found where plants are, and nowhere else."""

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageDraw

from farmy_assets.annotation.regions.box import Box, iou
from farmy_assets.simulation.photographs import draw_photograph
from farmy_assets.simulation.vegetation import find_vegetation


def ground(size: tuple[int, int] = (800, 600)) -> Image.Image:
    noise = np.random.default_rng(5).normal(0, 9, (size[1], size[0], 1))
    pixels = np.clip(np.array([140, 115, 92]) + noise, 0, 255)
    return Image.fromarray(pixels.astype(np.uint8))


def with_plants(frames: list[tuple[int, int, int, int]]) -> Image.Image:
    image = ground()
    for frame in frames:
        ImageDraw.Draw(image).ellipse(frame, fill=(70, 130, 50))
    return image


def test_bare_ground_has_no_vegetation() -> None:
    assert find_vegetation(ground()) == ()


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (128, 128, 128), (40, 60, 160)])
def test_a_picture_of_one_colour_has_no_vegetation(colour: tuple[int, int, int]) -> None:
    assert find_vegetation(Image.new("RGB", (300, 200), colour)) == ()


def test_a_leaf_that_fills_the_frame_is_one_box() -> None:
    (box,) = find_vegetation(Image.new("RGB", (300, 200), (80, 140, 60)))
    assert (box.x_min, box.y_min, box.x_max, box.y_max) == (0, 0, 300, 200)


def test_each_plant_gets_one_box_the_largest_first() -> None:
    frames = [(60, 60, 160, 140), (400, 250, 640, 480)]
    found = find_vegetation(with_plants(frames), label="plant")
    small, large = (Box(label="plant", x_min=a, y_min=b, x_max=c, y_max=d) for a, b, c, d in frames)
    assert [box.label for box in found] == ["plant", "plant"]
    assert iou(found[0], large) > 0.9
    assert iou(found[1], small) > 0.85


def test_no_more_boxes_than_asked_for() -> None:
    frames = [(x, y, x + 70, y + 70) for x in (50, 250, 450) for y in (50, 250, 450)]
    assert len(find_vegetation(with_plants(frames), max_boxes=4)) == 4


def test_boxes_follow_the_exif_orientation() -> None:
    image = with_plants([(0, 0, 200, 150)])
    image.getexif()[ExifTags.Base.Orientation] = 6
    (box,) = find_vegetation(image)
    assert box.x_max == pytest.approx(600, abs=8)
    assert box.x_min == pytest.approx(450, abs=8)
    assert box.y_max == pytest.approx(200, abs=8)


def test_plants_of_drawn_photographs_are_found() -> None:
    hits = boxes = 0
    for seed in range(8):
        photograph = draw_photograph(seed, width_px=640, height_px=480)
        found = find_vegetation(photograph.content)
        boxes += len(photograph.boxes)
        hits += sum(any(iou(true, box) > 0.4 for box in found) for true in photograph.boxes)
    assert hits > 0.6 * boxes
