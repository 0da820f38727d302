"""Answers: one form and one order, merged by majority and median."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from farmy_assets.annotation.question_answers import (
    AnswerValue,
    Pairs,
    answers_of,
    in_words,
    merged,
    say_the_same,
    value_in,
)
from farmy_assets.annotation.regions.box import Box
from farmy_assets_tests.annotation.examples import box
from farmy_assets_tests.annotation.questions import weed

values = st.one_of(
    st.sampled_from(["young", "old"]),
    st.sets(st.sampled_from(["a", "b", "c"]), min_size=1).map(lambda s: tuple(sorted(s))),
    st.integers(0, 5).map(float),
)
several_answers = st.lists(
    st.fixed_dictionaries({}, optional={"one": values, "other": values}).map(answers_of),
    min_size=1, max_size=5,
)  # fmt: skip


def test_answers_are_written_as_an_object_and_read_again() -> None:
    drawn = weed(stage="young", leaves=7, damage=("spots", "holes"), remark="no 7")
    text = drawn.model_dump_json()
    assert '"attributes":{"damage":["holes","spots"],"leaves":7,"remark":"no 7","stage":' in text
    assert Box.model_validate_json(text) == drawn


def test_a_region_without_answers_is_written_as_before() -> None:
    assert box(1, 2).model_dump_json() == (
        '{"label":"weed","x_min":1.0,"y_min":2.0,"x_max":101.0,"y_max":102.0}'
    )


@pytest.mark.parametrize("value", [None, True, float("nan"), [], [1], {"a": 1}])
def test_what_is_no_answer_is_not_stored(value: object) -> None:
    with pytest.raises(ValidationError):
        Box.model_validate(box(0, 0).model_dump() | {"attributes": {"x": value}})


def test_the_order_of_answers_and_of_values_makes_no_other_answer() -> None:
    assert answers_of({"b": "x", "a": ("2", "1")}) == answers_of({"a": ("1", "2"), "b": "x"})


def test_numbers_are_the_same_within_their_tolerance_and_nothing_is_not_zero() -> None:
    assert say_the_same([7.0, 8.0, 7.5], tolerance=1)
    assert not say_the_same([7.0, 8.1], tolerance=1)
    assert not say_the_same([0.0, None], tolerance=1)
    assert say_the_same([None, None])


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ([{"a": "x"}, {"a": "y"}, {"a": "y"}], {"a": "y"}),
        ([{"n": 3.0}, {"n": 5.0}, {"n": 100.0}], {"n": 5.0}),
        ([{"n": 3.0}, {"n": 4.0}], {"n": 3.5}),
        ([{"s": ("a", "b")}, {"s": ("b", "c")}, {"s": ("b",)}], {"s": ("b",)}),
        ([{"s": ("a",)}, {"s": ("b",)}], {}),
        ([{"a": "x"}, {"a": "y"}], {}),
        ([{"a": "x"}, {}], {"a": "x"}),
        ([{"a": "x"}, {}, {}], {}),
        ([{}, {}], {}),
    ],
    ids=[
        "majority",
        "median of three",
        "mean of two",
        "value by value",
        "none common",
        "a tie",
        "half",
        "few",
        "nobody",
    ],
)
def test_several_peoples_answers_become_one(
    given: list[dict[str, AnswerValue]], wanted: dict[str, AnswerValue]
) -> None:
    assert merged([answers_of(each) for each in given]) == answers_of(wanted)


@given(several_answers, st.randoms(use_true_random=False))
def test_merging_does_not_depend_on_the_order_of_people(
    given: list[Pairs], chance: random.Random
) -> None:
    shuffled = list(given)
    chance.shuffle(shuffled)
    assert merged(given) == merged(shuffled)


@given(several_answers)
def test_what_all_say_stays_as_it_is(given: list[Pairs]) -> None:
    first = given[0]
    assert merged([first] * len(given)) == first


def test_answers_are_told_in_words() -> None:
    said = [in_words(v) for v in ("young", 7.0, ("a", "b"), None)]
    assert said == ['"young"', "7", '"a, b"', "no answer"]
    assert value_in(answers_of({"a": "x"}), "b") is None
