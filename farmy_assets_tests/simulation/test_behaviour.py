"""Simulated annotators err as often as they are told to, and in the ways that people err."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farmy_assets.annotation.regions.box import Box, iou
from farmy_assets.simulation.behaviour import (
    Answer,
    ErrorRates,
    answer,
    score,
    score_all,
    seconds_needed,
)

WIDTH, HEIGHT = 1280, 960
LABELS = ("crop", "weed")
FLAWLESS = ErrorRates(wrong_class=0, miss=0, extra=0, jitter=0, loose=0, skip=0)
TRUTH = (
    Box(label="crop", x_min=100, y_min=80, x_max=300, y_max=260),
    Box(label="weed", x_min=500, y_min=300, x_max=580, y_max=420),
    Box(label="crop", x_min=900, y_min=600, x_max=1280, y_max=960),
)


def answered(rates: ErrorRates, seed: int, truth: tuple[Box, ...] = TRUTH) -> Answer:
    return answer(truth, width_px=WIDTH, height_px=HEIGHT, labels=LABELS, rates=rates, seed=seed)


def flawed(**rates: float) -> ErrorRates:
    return ErrorRates(**{**FLAWLESS.model_dump(), **rates})


@st.composite
def true_boxes(draw: st.DrawFn) -> tuple[Box, ...]:
    boxes = []
    for _ in range(draw(st.integers(0, 6))):
        x_min, y_min = draw(st.integers(0, WIDTH - 12)), draw(st.integers(0, HEIGHT - 12))
        boxes.append(
            Box(
                label=draw(st.sampled_from(LABELS)),
                x_min=x_min,
                y_min=y_min,
                x_max=draw(st.integers(x_min + 12, WIDTH)),
                y_max=draw(st.integers(y_min + 12, HEIGHT)),
            )
        )
    return tuple(boxes)


def test_who_never_errs_draws_the_truth() -> None:
    assert answered(FLAWLESS, 1) == Answer(boxes=TRUTH, skipped=False)


def test_the_same_seed_gives_the_same_answer_and_another_seed_another() -> None:
    assert answered(ErrorRates(), 7) == answered(ErrorRates(), 7)
    assert answered(ErrorRates(), 7) != answered(ErrorRates(), 8)


@settings(deadline=None, max_examples=60)
@given(
    truth=true_boxes(),
    seed=st.integers(-(2**70), 2**70),
    rates=st.builds(
        ErrorRates,
        wrong_class=st.floats(0, 1),
        miss=st.floats(0, 1),
        extra=st.floats(0, 1),
        jitter=st.floats(0, 1),
        loose=st.floats(0, 1),
        skip=st.floats(0, 1),
    ),
)
def test_whatever_the_rates_every_box_is_valid_and_inside_the_image(
    truth: tuple[Box, ...], seed: int, rates: ErrorRates
) -> None:
    given_answer = answered(rates, seed, truth)
    assert len(given_answer.boxes) <= 2 * len(truth)
    assert not (given_answer.skipped and given_answer.boxes)
    for box in given_answer.boxes:
        assert box.label in LABELS
        assert box.x_max <= WIDTH
        assert box.y_max <= HEIGHT


def test_a_normal_hand_draws_boxes_that_overlap_the_truth_well() -> None:
    overlaps = [
        iou(drawn, true)
        for seed in range(300)
        for drawn, true in zip(answered(flawed(jitter=0.02), seed).boxes, TRUTH, strict=True)
    ]
    assert 0.9 < np.mean(overlaps) < 0.96
    assert np.percentile(overlaps, 2) > 0.85


def test_a_careless_box_overlaps_the_truth_by_half_to_three_quarters() -> None:
    overlaps = [
        iou(drawn, true)
        for seed in range(200)
        for drawn, true in zip(answered(flawed(loose=1), seed).boxes, TRUTH, strict=True)
    ]
    assert min(overlaps) > 0.5
    assert max(overlaps) < 0.75


def test_extra_boxes_lie_away_from_all_plants() -> None:
    for seed in range(50):
        drawn = answered(flawed(extra=1), seed).boxes
        extras = [box for box in drawn if box not in TRUTH]
        assert len(extras) == 3
        assert all(iou(extra, other) == 0 for extra in extras for other in drawn if other != extra)


def test_a_plant_that_fills_the_image_leaves_no_room_for_an_extra_box() -> None:
    whole = (Box(label="crop", x_min=0, y_min=0, x_max=WIDTH, y_max=HEIGHT),)
    assert answered(flawed(extra=1), 1, whole).boxes == whole


def test_with_a_single_class_there_is_no_wrong_one() -> None:
    drawn = answer(
        TRUTH[:1],
        width_px=WIDTH,
        height_px=HEIGHT,
        labels=["crop"],
        rates=flawed(wrong_class=1),
        seed=1,
    )
    assert drawn.boxes == TRUTH[:1]


@pytest.mark.parametrize("name", ["wrong_class", "miss", "extra"])
def test_errors_come_as_often_as_configured(name: str) -> None:
    rate, images = 0.1, 1500
    happened = 0
    for seed in range(images):
        drawn = answered(flawed(**{name: rate}), seed).boxes
        right = sum(box in TRUTH for box in drawn)
        happened += len(drawn) - 3 if name == "extra" else 3 - right
    assert happened / (3 * images) == pytest.approx(rate, abs=0.015)


def test_images_are_skipped_as_often_as_configured() -> None:
    skipped = [answered(flawed(skip=0.2), seed).skipped for seed in range(2000)]
    assert np.mean(skipped) == pytest.approx(0.2, abs=0.03)


def test_more_boxes_take_more_time_and_a_skip_takes_little() -> None:
    one = Answer(boxes=TRUTH[:1], skipped=False)
    three = Answer(boxes=TRUTH, skipped=False)
    nothing = Answer(boxes=(), skipped=True)
    times = {
        name: np.mean([seconds_needed(a, seed) for seed in range(300)])
        for name, a in (("one", one), ("three", three), ("nothing", nothing))
    }
    assert 2 < times["nothing"] < times["one"] < times["three"] < 25
    assert seconds_needed(three, 5) == seconds_needed(three, 5)


def test_the_truth_scores_full_marks() -> None:
    marks = score(TRUTH, TRUTH)
    assert (marks.precision, marks.recall, marks.class_accuracy) == (1, 1, 1)
    assert marks.mean_iou == pytest.approx(1)


def test_a_missed_an_extra_and_a_wrong_box_each_lower_their_own_mark() -> None:
    wrong = TRUTH[1].model_copy(update={"label": "crop"})
    elsewhere = Box(label="weed", x_min=10, y_min=700, x_max=60, y_max=760)
    marks = score((TRUTH[0], wrong, elsewhere), TRUTH)
    assert marks.precision == pytest.approx(2 / 3)
    assert marks.recall == pytest.approx(2 / 3)
    assert marks.class_accuracy == pytest.approx(1 / 2)


def test_nothing_found_where_nothing_is_has_no_fault() -> None:
    marks = score((), ())
    assert (marks.precision, marks.recall, marks.class_accuracy) == (1, 1, 1)


def test_nothing_found_where_plants_are_has_no_recall() -> None:
    assert score((), TRUTH).recall == 0


def test_over_many_images_every_box_counts_the_same() -> None:
    marks = score_all([(TRUTH, TRUTH), ((), TRUTH[:1])])
    assert marks.recall == pytest.approx(3 / 4)
    assert marks.precision == 1
