import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.annotation.decisions import Decision, DecisionKind
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.versions import (
    agreed_groups,
    can_be_chosen,
    decided_regions,
    versions_of,
)
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.errors import InvalidInputError
from farmy_assets_tests.annotation.examples import box, crowded_boxes, minutes, vote

POLICY = AgreementPolicy()
SAME, ANNAS, BENS = box(0, 0), box(300, 0), box(600, 300)
VOTES = vote("anna", SAME, ANNAS), vote("ben", SAME, BENS)


def decision(kind: DecisionKind, *boxes: Box, version: str = "") -> Vote:
    made = Decision(kind=kind, version=version)
    return vote("cara", *boxes, phase=Phase.ADJUDICATION, decision=made)


def letter_of(name: str, votes: tuple[Vote, ...] = VOTES) -> str:
    return next(letter for letter, found in versions_of(votes).items() if found.person == name)


def test_the_same_votes_have_the_same_letters_in_any_order() -> None:
    assert versions_of(VOTES) == versions_of(tuple(reversed(VOTES)))
    assert list(versions_of(VOTES)) == ["A", "B"]


def test_the_letters_follow_neither_the_names_nor_the_order_of_submission() -> None:
    for moments in ((1, 2), (2, 1)):
        firsts = set()
        for number in range(20):
            at = dict(zip(("anna", "ben"), moments, strict=True))
            votes = [vote(n, box(number, 0), submitted_at=minutes(at[n])) for n in at]
            firsts.add(versions_of(votes)["A"].person)
        assert firsts == {"anna", "ben"}


def test_many_versions_have_letters() -> None:
    votes = [vote(f"p{number}", box(number, 0)) for number in range(28)]
    assert list(versions_of(votes))[-3:] == ["Z", "AA", "AB"]


@pytest.mark.parametrize("name", ["anna", "ben"])
def test_the_version_that_is_right_is_adopted_as_it_was_recorded(name: str) -> None:
    (recorded,) = (v for v in VOTES if v.person == name)
    drawn_besides = decision(DecisionKind.VERSION, box(700, 500), version=letter_of(name))
    assert decided_regions(drawn_besides, VOTES, POLICY) == recorded.regions


def test_of_three_versions_any_can_be_right() -> None:
    votes = (*VOTES, vote("dan", box(50, 400)))
    for name in ("anna", "ben", "dan"):
        chosen = decision(DecisionKind.VERSION, version=letter_of(name, votes))
        (recorded,) = (v for v in votes if v.person == name)
        assert decided_regions(chosen, votes, POLICY) == recorded.regions


def test_who_draws_the_whole_image_keeps_nothing_that_was_shown() -> None:
    drawn = decision(DecisionKind.WHOLE_IMAGE, box(9, 9))
    assert decided_regions(drawn, VOTES, POLICY) == (box(9, 9),)


def test_who_draws_what_differs_keeps_what_all_agree_on() -> None:
    drawn = decision(DecisionKind.DIFFERENCES, box(400, 400))
    assert decided_regions(drawn, VOTES, POLICY) == (SAME, box(400, 400))


def test_a_drawn_box_takes_the_place_of_the_agreed_one_it_lies_on() -> None:
    better = box(10, 4, label="crop")
    assert decided_regions(decision(DecisionKind.DIFFERENCES, better), VOTES, POLICY) == (better,)


def test_nothing_there_leaves_nothing() -> None:
    assert decided_regions(decision(DecisionKind.NOTHING), VOTES, POLICY) == ()


@pytest.mark.parametrize("letters", ["C", "", "a", "AA"])
def test_a_version_that_there_is_not_cannot_be_chosen(letters: str) -> None:
    with pytest.raises(InvalidInputError, match="cannot be chosen"):
        decided_regions(decision(DecisionKind.VERSION, version=letters), VOTES, POLICY)


def test_a_skipped_version_cannot_be_chosen() -> None:
    votes = (vote("anna", SAME), vote("ben", outcome=Outcome.SKIPPED))
    chosen = decision(DecisionKind.VERSION, version=letter_of("ben", votes))
    with pytest.raises(InvalidInputError, match="cannot be chosen"):
        decided_regions(chosen, votes, POLICY)


def test_of_an_unreadable_version_what_could_be_read_can_be_chosen() -> None:
    assert can_be_chosen(vote("anna", SAME, problems=("region 2 is turned",)))
    assert not can_be_chosen(vote("anna", problems=("region 1 is turned",)))


def test_nobody_agrees_with_oneself() -> None:
    assert agreed_groups([vote("anna", SAME)], POLICY) == ()
    assert agreed_groups([vote("anna", SAME), vote("ben", problems=("odd",))], POLICY) == ()


@given(st.lists(crowded_boxes(), max_size=6), st.lists(crowded_boxes(), max_size=6))
def test_what_is_agreed_on_was_drawn_by_everybody_with_one_class(
    first: list[Box], second: list[Box]
) -> None:
    votes = [vote("anna", *first), vote("ben", *second)]
    for group in agreed_groups(votes, POLICY):
        assert group.keys() == {"anna", "ben"}
        assert len({drawn.label for drawn in group.values()}) == 1


def test_of_earlier_decisions_only_one_that_drew_the_whole_image_can_be_chosen() -> None:
    def decided(kind: DecisionKind, **changes: object) -> Vote:
        decision = Decision(kind=kind, version="A", reason="look")
        return vote("cara", SAME, phase=Phase.ADJUDICATION, decision=decision, **changes)

    chosen = [kind for kind in DecisionKind if can_be_chosen(decided(kind))]
    assert chosen == [DecisionKind.WHOLE_IMAGE]
    unreadable = decided(DecisionKind.DIFFERENCES, problems=("region 2 is turned",))
    assert can_be_chosen(unreadable)
