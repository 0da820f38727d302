"""Alpha and kappa, against published figures and against each other."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.annotation.agreement.alpha import Alpha, Distance, jaccard, masi, nominal
from farmy_assets.annotation.agreement.intervals import estimate
from farmy_assets.annotation.agreement.items import Items
from farmy_assets.annotation.agreement.kappa import CohenKappa, FleissKappa
from farmy_assets_tests.annotation.aggregation.test_ballots import ANSWERS

# Three coders, fifteen units. Source: the example of the Wikipedia article on Krippendorff's alpha.
THREE_CODERS = [
    ["*", "*", "*", "*", "*", "3", "4", "1", "2", "1", "1", "3", "3", "*", "3"],
    ["1", "*", "2", "1", "3", "3", "4", "3", "*", "*", "*", "*", "*", "*", "*"],
    ["*", "*", "2", "1", "3", "4", "4", "*", "2", "1", "1", "3", "3", "*", "4"],
]
# Four coders, twelve units. Source: Krippendorff, "Computing Krippendorff's Alpha-Reliability".
FOUR_CODERS = [
    ["1", "2", "3", "3", "2", "1", "4", "1", "2", "*", "*", "*"],
    ["1", "2", "3", "3", "2", "2", "4", "1", "2", "5", "*", "3"],
    ["*", "3", "3", "3", "2", "3", "4", "2", "2", "5", "1", "*"],
    ["1", "2", "3", "3", "2", "4", "4", "1", "2", "5", "1", "*"],
]
# Fourteen people, ten subjects, five classes. Source: the Wikipedia article on Fleiss's kappa.
FLEISS = [
    (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
]  # fmt: skip
DOG, CAT, CAT_AND_MOUSE = frozenset({"dog"}), frozenset({"cat"}), frozenset({"cat", "mouse"})
PICTURES = [(DOG, DOG), (CAT, CAT), (CAT, CAT_AND_MOUSE)]

units = st.lists(st.lists(st.sampled_from("abc"), max_size=4), max_size=12)


def alpha(given: Iterable[Sequence[Hashable]], distance: Distance = nominal) -> float | None:
    """The alpha of units, each an item of its own."""
    return Alpha(Items.listed([tuple(unit)] for unit in given), distance).value()


def by_unit(coders: list[list[str]]) -> list[list[str]]:
    return [[value for value in unit if value not in "*-"] for unit in zip(*coders, strict=True)]


@pytest.mark.parametrize(
    ("given_units", "expected"),
    [
        (by_unit(THREE_CODERS), 0.691),
        (by_unit(FOUR_CODERS), 0.743),
        ([["yes", "yes"], ["no", "no"], ["yes", "no"]], 0.4444),
        (by_unit([row.split() for row in ANSWERS.values()]), 0.142191),
        ([["yes", "yes"], ["no", "no"]], 1.0),
    ],
    ids=["three coders", "four coders", "two of three", "five people", "all agree"],
)
def test_nominal_alpha_is_that_of_published_examples(
    given_units: list[list[str]], expected: float
) -> None:
    assert alpha(given_units) == pytest.approx(expected, abs=5e-4)


def test_alpha_of_sets_depends_on_the_distance() -> None:
    # Source of the pictures and of the first figure: crowd-kit's tests (Apache-2.0).
    assert alpha(PICTURES, nominal) == pytest.approx(0.545455, abs=1e-6)
    assert alpha(PICTURES, jaccard) == pytest.approx(0.736842, abs=1e-6)
    assert alpha(PICTURES, masi) == pytest.approx(0.666667, abs=1e-3)


def test_distances_of_sets() -> None:
    crossing = frozenset({"cat", "dog"})
    assert (jaccard(CAT, CAT), jaccard(frozenset(), frozenset())) == (0, 0)
    assert (masi(CAT, CAT), masi(CAT, DOG)) == (0, 1)
    assert masi(CAT, CAT_AND_MOUSE) == pytest.approx(1 - 1 / 2 * 2 / 3)
    assert masi(crossing, CAT_AND_MOUSE) == pytest.approx(1 - 1 / 3 * 1 / 3)


@pytest.mark.parametrize("nothing", [[], [["a"]], [["a", "a"], ["a", "a"]]])
def test_alpha_of_one_value_is_undefined_and_not_a_number(nothing: list[list[str]]) -> None:
    assert alpha(nothing) is None
    assert estimate(Alpha(Items.listed([tuple(u)] for u in nothing)), seed=1).value is None


@given(units)
def test_alpha_is_what_its_definition_says(given_units: list[list[str]]) -> None:
    """By all pairs of values, one by one."""
    kept = [unit for unit in given_units if len(unit) > 1]
    values = [value for unit in kept for value in unit]
    apart = sum(sum(a != b for a in unit for b in unit) / (len(unit) - 1) for unit in kept) / max(
        len(values), 1
    )
    by_chance = sum(a != b for a in values for b in values) / max(
        len(values) * (len(values) - 1), 1
    )
    found = alpha(given_units)
    if by_chance == 0:
        assert found is None
    else:
        assert found == pytest.approx(1 - apart / by_chance)


def test_fleiss_kappa_is_that_of_the_published_table() -> None:
    rows = [tuple(value for value, n in enumerate(row) for _ in range(n)) for row in FLEISS]
    assert FleissKappa(Counter(rows)).value() == pytest.approx(0.210, abs=5e-4)


def test_fleiss_kappa_needs_as_many_answers_for_each_item() -> None:
    with pytest.raises(ValueError, match="same number of answers"):
        FleissKappa({("a", "a"): 1, ("a", "b", "b"): 1})


def test_cohens_kappa_uses_each_persons_own_shares() -> None:
    # Source: the example of the Wikipedia article on Cohen's kappa, 50 proposals.
    pairs = [*[("y", "y")] * 20, *[("y", "n")] * 5, *[("n", "y")] * 10, *[("n", "n")] * 15]
    assert CohenKappa(Counter(pairs)).value() == pytest.approx(0.4)
    assert CohenKappa({("y", "y"): 9}).value() is None
    assert CohenKappa({}).value() is None


def test_an_interval_holds_the_figure_is_narrower_with_more_items_and_repeatable() -> None:
    chance = np.random.default_rng(3)
    truth = chance.integers(0, 3, 800)
    wrong = chance.random((2, 800)) < 0.2
    answers = np.where(wrong, (truth + 1) % 3, truth)
    pairs = list(zip(answers[0].tolist(), answers[1].tolist(), strict=True))
    few, many = (estimate(CohenKappa(Counter(pairs[:n])), seed=5, rounds=300) for n in (40, 800))
    for found in (few, many):
        assert found.value is not None
        assert found.low is not None
        assert found.high is not None
        assert found.low < found.value < found.high
    assert many.high - many.low < (few.high - few.low) / 2  # type: ignore[operator]
    assert estimate(CohenKappa(Counter(pairs[:40])), seed=5, rounds=300) == few


@given(st.lists(st.lists(st.tuples(*[st.sampled_from("ab")] * 2), max_size=3), max_size=9))
def test_equal_items_can_be_counted_in_place_of_repeated(
    items: list[list[tuple[str, str]]],
) -> None:
    counted = Counter(map(tuple, items))
    repeated, few = Alpha(Items.listed(items)), Alpha(Items.listed(counted, counted.values()))
    assert few.value() == pytest.approx(repeated.value())
    assert few.times.sum() == repeated.times.sum() == sum(bool(item) for item in items)
