"""Votes on classes: shares, winners, and Wawa's skills."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.annotation.aggregation.ballots import Ballot, Shares, shares, winner
from farmy_assets.annotation.aggregation.dawid_skene import dawid_skene
from farmy_assets.annotation.aggregation.wawa import skills

# Five people on five questions; the first question has no answer of the third one.
# Source: the toy answers of crowd-kit's tests (Apache-2.0), with the skills expected there.
ANSWERS = {
    "w1": "no yes yes yes yes", "w2": "yes yes no yes no", "w3": "- yes no yes no",
    "w4": "yes no yes yes no", "w5": "no no no yes no",
}  # fmt: skip
BALLOTS = [
    Ballot(f"t{number}", person, label)
    for person, row in ANSWERS.items()
    for number, label in enumerate(row.split(), start=1)
    if label != "-"
]

ballots = st.lists(
    st.builds(Ballot, *(st.sampled_from(names) for names in ("abcde", "xyz", "123"))), min_size=1
)


def weighted_shares(given_votes: list[Ballot]) -> dict[str, Shares]:
    return shares(given_votes, weights=skills(given_votes))


def test_the_skill_of_a_person_is_the_share_of_votes_with_the_majority() -> None:
    assert skills(BALLOTS) == {"w1": 0.6, "w2": 0.8, "w3": 1.0, "w4": 0.4, "w5": 0.8}


def test_a_tie_is_broken_by_the_skills_of_those_who_voted() -> None:
    assert winner(shares(BALLOTS)["t1"]) is None
    found = weighted_shares(BALLOTS)
    assert {item: winner(of_item) for item, of_item in found.items()} == {
        "t1": "no", "t2": "yes", "t3": "no", "t4": "yes", "t5": "no",
    }  # fmt: skip
    assert found["t1"] == pytest.approx({"no": 0.538462, "yes": 0.461538}, abs=1e-6)
    assert found["t2"] == pytest.approx({"no": 0.333333, "yes": 0.666667}, abs=1e-6)


def test_votes_of_people_without_any_skill_count_alike() -> None:
    weights = {"x": 0.0, "y": 0.0}
    assert shares([Ballot("a", "x", "1"), Ballot("a", "y", "2")], weights=weights) == {
        "a": {"1": 0.5, "2": 0.5}
    }


@given(ballots)
def test_shares_sum_to_one_whatever_is_voted(given_votes: list[Ballot]) -> None:
    for found in (
        shares(given_votes),
        weighted_shares(given_votes),
        dawid_skene(given_votes).shares,
    ):
        assert found.keys() == {ballot.item for ballot in given_votes}
        for of_item in found.values():
            assert sum(of_item.values()) == pytest.approx(1)


@given(ballots, st.randoms())
def test_the_order_of_the_votes_does_not_matter(given_votes: list[Ballot], chance: Random) -> None:
    mixed = list(given_votes)
    chance.shuffle(mixed)
    assert weighted_shares(mixed) == weighted_shares(given_votes)


def test_without_votes_there_is_nothing_to_learn_from() -> None:
    with pytest.raises(ValueError, match="no votes"):
        dawid_skene([])
