"""Drawn photographs: repeatable, unlike each other, and their boxes tell the truth."""

import imagehash
import numpy as np
import pytest

from farmy_assets.annotation.regions.box import iou
from farmy_assets.simulation.photographs import MIN_SIDE_PX, Photograph, draw_photograph

SMALL = {"width_px": 480, "height_px": 360}


@pytest.fixture(scope="module")
def photographs() -> list[Photograph]:
    return [draw_photograph(seed, **SMALL) for seed in range(24)]


def test_the_same_seed_draws_the_same_photograph(photographs: list[Photograph]) -> None:
    again = draw_photograph(3, **SMALL)
    assert again.content.tobytes() == photographs[3].content.tobytes()
    assert again.boxes == photographs[3].boxes


def test_a_photograph_does_not_depend_on_what_was_drawn_before_it() -> None:
    draw_photograph(77, **SMALL)
    after_another = draw_photograph(5, **SMALL)
    assert after_another.content.tobytes() == draw_photograph(5, **SMALL).content.tobytes()


def test_a_photograph_has_the_size_asked_for() -> None:
    content = draw_photograph(1, width_px=640, height_px=400).content
    assert (content.size, content.mode) == ((640, 400), "RGB")


def test_boxes_lie_inside_the_picture_in_whole_pixels(photographs: list[Photograph]) -> None:
    for photograph in photographs:
        for box in photograph.boxes:
            edges = (box.x_min, box.y_min, box.x_max, box.y_max)
            assert all(edge == round(edge) for edge in edges)
            assert box.x_max <= 480
            assert box.y_max <= 360


def test_no_box_is_a_sliver(photographs: list[Photograph]) -> None:
    sides = [
        min(box.x_max - box.x_min, box.y_max - box.y_min)
        for photograph in photographs
        for box in photograph.boxes
    ]
    assert min(sides) >= MIN_SIDE_PX


def test_each_photograph_shows_four_to_twelve_plants(photographs: list[Photograph]) -> None:
    assert all(4 <= len(photograph.boxes) <= 12 for photograph in photographs)


def test_the_collection_knows_crop_and_weed_and_has_enough_of_both(
    photographs: list[Photograph],
) -> None:
    labels = [box.label for photograph in photographs for box in photograph.boxes]
    assert set(labels) == {"crop", "weed"}
    assert min(labels.count("crop"), labels.count("weed")) > len(labels) / 5


def test_every_box_contains_more_green_than_the_ground(photographs: list[Photograph]) -> None:
    for photograph in photographs:
        pixels = np.asarray(photograph.content, dtype=np.float64)
        green = 3 * pixels[..., 1] / np.maximum(pixels.sum(axis=2), 1) - 1
        outside = np.ones(green.shape, dtype=bool)
        for box in photograph.boxes:
            outside[int(box.y_min) : int(box.y_max), int(box.x_min) : int(box.x_max)] = False
        ground = float(np.median(green[outside]))
        for box in photograph.boxes:
            within = green[int(box.y_min) : int(box.y_max), int(box.x_min) : int(box.x_max)]
            assert np.mean(within > ground + 0.1) > 0.03


def test_boxes_are_tight_around_the_green(photographs: list[Photograph]) -> None:
    for photograph in photographs:
        pixels = np.asarray(photograph.content, dtype=np.float64)
        green = 3 * pixels[..., 1] / np.maximum(pixels.sum(axis=2), 1) - 1
        ground = float(np.median(green))
        for box in photograph.boxes:
            within = green[int(box.y_min) : int(box.y_max), int(box.x_min) : int(box.x_max)]
            rows = np.flatnonzero((within > ground + 0.08).any(axis=1))
            columns = np.flatnonzero((within > ground + 0.08).any(axis=0))
            assert rows[-1] - rows[0] + 1 > 0.7 * within.shape[0]
            assert columns[-1] - columns[0] + 1 > 0.7 * within.shape[1]


def test_plants_seldom_overlap_heavily(photographs: list[Photograph]) -> None:
    pairs = [
        iou(a, b)
        for photograph in photographs
        for index, a in enumerate(photograph.boxes)
        for b in photograph.boxes[:index]
    ]
    assert np.mean(np.array(pairs) > 0.3) < 0.01


def test_different_seeds_do_not_look_like_copies_of_each_other(
    photographs: list[Photograph],
) -> None:
    for measure in (imagehash.phash, imagehash.dhash):
        hashes = np.stack([measure(photograph.content).hash.ravel() for photograph in photographs])
        distances = (hashes[:, None] != hashes[None]).sum(axis=2)
        assert distances[np.triu_indices(len(hashes), 1)].min() > 10
