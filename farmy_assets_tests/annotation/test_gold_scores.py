"""Answers to gold: what is counted as right and wrong, how sure that is, and whom it pauses."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.annotation.campaign import AgreementPolicy, LabelClass
from farmy_assets.annotation.gold import KnownAnswer
from farmy_assets.annotation.gold_counts import (
    Accuracy,
    ClassCounts,
    GoldAnswer,
    GoldSums,
    sums_of,
    wilson_interval,
)
from farmy_assets.annotation.gold_rules import GoldPause
from farmy_assets.annotation.gold_scores import NOTHING, ClassNames, reason_of, scored, surely_below
from farmy_assets.annotation.gold_summary import rows_by_class, rows_by_person, rows_by_version
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets_tests.annotation.examples import IMAGE, NOON, box, campaign, vote
from farmy_assets_tests.annotation.test_gold import gold_image

WEED, CROP = 2, 1
CLASSES = ClassNames([campaign()])


def answer(vote_: Vote, *truth: Box, classes: ClassNames = CLASSES) -> GoldAnswer:
    known = KnownAnswer(3, gold_image(IMAGE, *truth), is_retired=False)
    return scored(vote_, known=known, seen_in=7, policy=AgreementPolicy(), classes=classes)


def counts(found: GoldAnswer) -> dict[int, ClassCounts]:
    return {score.class_id: score.counts for score in found.classes}


def test_every_way_of_being_right_and_wrong_is_counted_with_its_class() -> None:
    truth = box(0, 0), box(200, 0), box(400, 0), box(600, 0, label="crop")
    drawn = box(5, 0), box(205, 0, label="crop"), box(600, 5, label="crop"), box(0, 400)
    found = counts(answer(vote("anna", *drawn), *truth))
    assert found[WEED] == ClassCounts(
        answers=1, objects=3, hits=1, missed=1, other_class=1, extras=1
    )
    assert found[CROP] == ClassCounts(answers=1, objects=1, hits=1, mistaken=1)
    total = answer(vote("anna", *drawn), *truth).counts
    assert (total.trials, total.hits) == (5, 2)
    assert total.f1 == pytest.approx(2 * 2 / (4 + 4))


@pytest.mark.parametrize(
    ("drawn", "outcome", "hits"),
    [((), Outcome.SUBMITTED, 1), ((box(0, 0),), Outcome.SUBMITTED, 0), ((), Outcome.SKIPPED, 0)],
    ids=["nothing drawn", "something drawn", "skipped"],
)
def test_nothing_is_right_where_nothing_is(
    drawn: tuple[Box, ...], outcome: Outcome, hits: int
) -> None:
    found = counts(answer(vote("anna", *drawn, outcome=outcome)))
    assert (found[NOTHING].objects, found[NOTHING].hits) == (1, hits)


def test_a_skip_finds_nothing_and_a_withdrawn_answer_is_none() -> None:
    skipped = answer(vote("anna", outcome=Outcome.SKIPPED), box(0, 0), box(200, 0))
    assert counts(skipped)[WEED] == ClassCounts(answers=1, objects=2, missed=2)
    withdrawn = answer(vote("anna", outcome=Outcome.WITHDRAWN), box(0, 0))
    assert withdrawn.classes == ()
    assert sums_of([skipped, withdrawn])["1"] == GoldSums(
        answers=1, skipped=1, classes={"2": counts(skipped)[WEED]}
    )


def test_a_class_that_was_renamed_is_the_same_class() -> None:
    before = campaign()
    renamed = (before.classes[0], LabelClass(id=2, name="broad-leaved weed"))
    classes = ClassNames([before, before.model_copy(update={"classes": renamed, "version": 2})])
    found = answer(vote("anna", box(0, 0, label="broad-leaved weed")), box(0, 0), classes=classes)
    assert counts(found) == {WEED: ClassCounts(answers=1, objects=1, hits=1)}
    assert found.classes[0].label == "broad-leaved weed"


@pytest.mark.parametrize(
    ("share", "trials", "low", "high"),
    # R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in
    # Medicine 17 (1998), table I, method 3; the last by hand: 1 / (1 + 1.96^2 / 10).
    [(81 / 263, 263, 0.2553, 0.3662), (15 / 148, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611),
     (1 / 29, 29, 0.0061, 0.1718), (1, 10, 0.7225, 1)],
)  # fmt: skip
def test_the_interval_is_wilsons(share: float, trials: int, low: float, high: float) -> None:
    assert wilson_interval(share, trials) == pytest.approx((low, high), abs=5e-5)


@given(st.floats(0, 1), st.integers(1, 10_000))
def test_the_interval_holds_the_share_and_stays_a_share(share: float, trials: int) -> None:
    low, high = wilson_interval(share, trials)
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1


def test_what_is_undefined_is_none() -> None:
    assert Accuracy.of(ClassCounts(), 0) == Accuracy()
    assert Accuracy.of(ClassCounts(answers=3, mistaken=3), 3) == Accuracy(answers=3)
    assert ClassCounts().f1 is None


def answers(right: int, wrong: int, *, seen_in: int = 7) -> list[GoldAnswer]:
    """Right ones first, then wrong ones, a minute apart."""
    truth = box(0, 0)
    made = []
    for number in range(right + wrong):
        drawn = truth if number < right else box(0, 0, label="crop")
        found = answer(vote("anna", drawn, vote_id=f"{number:03d}"), truth)
        when = NOON + timedelta(minutes=number)
        made.append(found.model_copy(update={"submitted_at": when, "seen_in": seen_in}))
    return made


RULE = GoldPause(below=0.8, after=20, of_last=40)


@pytest.mark.parametrize(
    ("right", "wrong", "is_due"),
    [(0, 19, False), (0, 20, True), (14, 6, False), (11, 9, True), (20, 0, False), (16, 4, False)],
    ids=["too few", "all wrong", "bad luck", "surely too few right", "all right", "at the limit"],
)
def test_only_who_is_surely_below_the_limit_is_paused(
    right: int, wrong: int, *, is_due: bool
) -> None:
    assert (surely_below(answers(right, wrong), RULE) is not None) is is_due


def test_what_was_planted_is_counted_exactly_and_lies_in_the_interval() -> None:
    chance = random.Random(4)
    planted: Counter[str] = Counter()
    found = []
    for number in range(120):
        truth = [box(150 * n, 0, label=chance.choice(("crop", "weed"))) for n in range(5)]
        drawn = []
        for region in truth:
            what = chance.choices(("hits", "missed", "other_class"), (0.8, 0.1, 0.1))[0]
            planted[what] += 1
            other = {"crop": "weed", "weed": "crop"}[region.label]
            if what != "missed":
                label = other if what == "other_class" else region.label
                drawn.append(region.model_copy(update={"label": label, "y_max": 104}))
        if chance.random() < 0.25:
            planted["extras"] += 1
            drawn.append(box(0, 400))
        found.append(answer(vote("anna", *drawn, vote_id=f"{number:03d}"), *truth))
    sums = sums_of(found)["1"]
    counted = sums.counts.model_dump()
    assert {name: counted[name] for name in planted} == dict(planted)
    assert (counted["objects"], counted["mistaken"]) == (600, planted["other_class"])
    assert sums.accuracy.low is not None
    assert sums.accuracy.high is not None
    assert sums.accuracy.low < 0.8 * 5 / 5.25 < sums.accuracy.high


@pytest.mark.parametrize(("skill", "paused"), [(0.6, 30), (0.95, 0)])
def test_who_is_far_below_the_limit_is_found_and_who_is_well_above_it_never(
    skill: float, paused: int
) -> None:
    chance = random.Random(5)
    right, wrong = answers(1, 1)
    people = [
        [
            (right if chance.random() < skill else wrong).model_copy(
                update={"submitted_at": NOON + timedelta(minutes=n), "vote_id": f"{n:03d}"}
            )
            for n in range(80)
        ]
        for _ in range(30)
    ]
    looks = range(RULE.after, 81, 5)  # the rule is asked again and again
    found = [any(surely_below(mine[:n], RULE) for n in looks) for mine in people]
    assert sum(found) == paused


def test_only_the_newest_answers_count_and_none_that_were_known_when_a_pause_ended() -> None:
    good_once = answers(200, 40)
    assert surely_below(good_once, RULE) is not None
    assert surely_below(list(reversed(good_once)), RULE) is not None
    assert surely_below(answers(0, 40, seen_in=7), RULE, after_number=7) is None
    assert surely_below(answers(0, 40, seen_in=8), RULE, after_number=7) is not None


def test_the_reason_says_what_was_found_and_what_is_asked_for() -> None:
    found = surely_below(answers(11, 9), RULE)
    assert found is not None
    assert reason_of(found, RULE) == (
        "55% of what is known about the newest 20 test images was right (at most 74%, with 95 % "
        "confidence), and the campaign asks for 80%"
    )


def test_the_figures_are_by_person_by_class_and_by_version_of_the_guideline() -> None:
    first, second = answers(2, 0), answers(1, 2)
    later = [a.model_copy(update={"campaign_version": 2}) for a in second]
    people = {"anna": sums_of([*first, *later]), "ben": sums_of(second)}
    anna, ben = rows_by_person(people)
    assert (anna.person, anna.answers, anna.accuracy.value) == ("anna", 5, 0.6)
    assert (ben.person, ben.answers) == ("ben", 3)
    by_class = {(row.person, row.label): row for row in rows_by_class(people, CLASSES)}
    assert by_class[None, "weed"].counts.hits == 4
    assert by_class["anna", "crop"].accuracy.value is None  # never there, only mistaken for it
    by_version = {(row.person, row.campaign_version): row for row in rows_by_version(people)}
    assert by_version[None, 1].answers == 5
    assert by_version["anna", 2].accuracy.value == pytest.approx(1 / 3)
    assert ("ben", 2) not in by_version
    assert anna.shown("person", "class", "accuracy_percent") == {
        "person": "anna", "class": "all", "accuracy_percent": 60.0,
    }  # fmt: skip
