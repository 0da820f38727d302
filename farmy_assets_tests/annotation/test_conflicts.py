import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farmy_assets.annotation.campaign import AgreementPolicy
from farmy_assets.annotation.conflicts import (
    Conflict,
    ConflictKind,
    find_conflicts,
)
from farmy_assets.annotation.matching import group_regions, match_regions
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets_tests.annotation.examples import box, crowded_boxes, vote

POLICY = AgreementPolicy()


def kinds(*votes: Vote) -> list[ConflictKind]:
    return [conflict.kind for conflict in find_conflicts(votes, POLICY)]


def only(*votes: Vote) -> Conflict:
    (conflict,) = find_conflicts(votes, POLICY)
    return conflict


drawn = st.lists(crowded_boxes(), max_size=7)


@given(drawn, st.integers(1, 4), st.randoms(use_true_random=False))
def test_identical_votes_never_conflict(
    boxes: list[Box], voters: int, chance: random.Random
) -> None:
    votes = []
    for name in ("anna", "ben", "dan", "eve")[:voters]:
        votes.append(vote(name, *chance.sample(boxes, len(boxes))))
    assert kinds(*votes) == []


@given(st.lists(drawn, min_size=2, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_voters_and_of_their_boxes_does_not_matter(
    drawings: list[list[Box]], chance: random.Random
) -> None:
    votes = [vote(f"p{n}", *boxes) for n, boxes in enumerate(drawings)]
    shuffled = [
        v.model_copy(update={"regions": tuple(chance.sample(v.regions, len(v.regions)))})
        for v in votes
    ]
    chance.shuffle(shuffled)
    assert find_conflicts(votes, POLICY) == find_conflicts(shuffled, POLICY)


@given(st.lists(drawn, min_size=2, max_size=4))
def test_every_box_is_in_exactly_one_group_with_at_most_one_of_each_voter(
    drawings: list[list[Box]],
) -> None:
    by_voter = {f"p{n}": boxes for n, boxes in enumerate(drawings)}
    groups = group_regions(by_voter, policy=POLICY)
    for voter, boxes in by_voter.items():
        grouped = [group[voter] for group in groups if voter in group]
        assert sorted(b.place for b in grouped) == sorted(b.place for b in boxes)


@given(st.lists(drawn, min_size=2, max_size=4))
def test_a_conflict_names_one_side_for_each_person_and_an_iou_of_0_to_1(
    drawings: list[list[Box]],
) -> None:
    for conflict in find_conflicts([vote(f"p{n}", *b) for n, b in enumerate(drawings)], POLICY):
        assert len(conflict.people) == len(conflict.regions)
        assert conflict.likeness is None or 0 <= conflict.likeness <= 1
        assert conflict.sentence
        assert Conflict.model_validate_json(conflict.to_json()) == conflict


@settings(max_examples=50)
@given(
    st.floats(4, 500),
    st.tuples(*[st.floats(-2, 2)] * 4),
)
def test_a_shift_of_two_pixels_on_each_edge_is_never_a_conflict(
    size: float, shifts: tuple[float, float, float, float]
) -> None:
    one = box(10, 10, size)
    left, top, right, bottom = shifts
    other = Box(
        label="weed",
        x_min=one.x_min + left,
        y_min=one.y_min + top,
        x_max=one.x_max + right + 0.01,
        y_max=one.y_max + bottom + 0.01,
    )
    if max(abs(right + 0.01), abs(bottom + 0.01)) <= 2:
        assert kinds(vote("anna", one), vote("ben", other)) == []


def test_a_small_box_that_moves_by_more_than_the_tolerance_is_in_conflict() -> None:
    found = kinds(vote("anna", box(10, 10, 10)), vote("ben", box(13, 13, 10)))
    assert found == [ConflictKind.MISSED, ConflictKind.MISSED]


def test_small_boxes_side_by_side_are_not_taken_for_each_other() -> None:
    assert match_regions([box(10, 10, 2)], [box(12, 10, 2)], policy=POLICY) == ()


def test_the_same_place_with_another_class_is_one_conflict() -> None:
    found = only(vote("anna", box(70, 30, label="weed")), vote("ben", box(70, 30, label="crop")))
    assert found.kind is ConflictKind.OTHER_CLASS
    assert (found.people, found.likeness) == (("anna", "ben"), 1)
    assert found.sentence == 'anna saw "weed" at (120, 80), ben saw "crop"'


def test_two_classes_drawn_at_the_same_place_by_both_are_no_conflict() -> None:
    both = (box(70, 30, label="weed"), box(70, 31, label="crop"))
    assert kinds(vote("anna", *both), vote("ben", *reversed(both))) == []


def test_where_two_classes_lie_almost_alike_equal_classes_are_paired() -> None:
    first = box(70, 30, label="weed"), box(72, 30, label="crop")
    second = box(72, 30, label="weed"), box(70, 30, label="crop")
    assert kinds(vote("anna", *first), vote("ben", *second)) == []


def test_of_two_people_the_one_without_the_box_missed_it() -> None:
    found = only(vote("anna", box(70, 30)), vote("ben"))
    assert found.kind is ConflictKind.MISSED
    assert found.regions == (box(70, 30), None)
    assert found.likeness is None
    assert found.sentence == 'anna saw "weed" at (120, 80), ben did not'


def test_a_box_drawn_twice_is_extra() -> None:
    twice = vote("anna", box(70, 30), box(75, 35))
    found = only(twice, vote("ben", box(70, 30)))
    assert found.kind is ConflictKind.EXTRA
    assert (found.people, found.regions) == (("anna",), (box(75, 35),))
    assert found.sentence == 'anna drew "weed" at (125, 85) twice'


@given(st.lists(drawn, min_size=3, max_size=4))
def test_only_somebody_who_drew_an_object_again_is_told_so(drawings: list[list[Box]]) -> None:
    by_voter = {f"p{n}": boxes for n, boxes in enumerate(drawings)}
    for conflict in find_conflicts([vote(name, *b) for name, b in by_voter.items()], POLICY):
        if conflict.kind is ConflictKind.EXTRA and None not in conflict.regions:
            assert all(len(by_voter[name]) > 1 for name in conflict.people)


def test_a_chain_of_matches_does_not_put_two_boxes_of_one_voter_into_a_group() -> None:
    chain = {"anna": [box(0, 0), box(60, 0)], "ben": [box(20, 0)], "dan": [box(40, 0)]}
    assert group_regions(chain, policy=POLICY) == (
        {"anna": box(0, 0), "ben": box(20, 0)},
        {"anna": box(60, 0), "dan": box(40, 0)},
    )


def test_a_lone_box_over_what_only_others_drew_is_not_called_drawn_twice() -> None:
    lone = box(20, 30)
    found = find_conflicts(
        [
            vote("anna", box(0, 0), box(60, 0)),
            vote("ben", box(20, 0)),
            vote("dan", box(40, 0), lone),
        ],
        POLICY,
    )
    (extra,) = (conflict for conflict in found if conflict.kind is ConflictKind.EXTRA)
    assert extra.regions == (None, None, lone)


def test_of_three_people_one_alone_drew_an_extra_box_and_two_leave_one_who_missed_it() -> None:
    alone, together = box(300, 300), box(10, 10, label="apple")
    found = find_conflicts(
        [vote("anna", alone, together), vote("ben", together), vote("dan")], POLICY
    )
    assert [conflict.kind for conflict in found] == [ConflictKind.MISSED, ConflictKind.EXTRA]
    assert found[0].regions == (together, together, None)
    assert found[0].sentence == 'anna and ben saw "apple" at (60, 60), dan did not'
    assert found[1].sentence == 'anna saw "weed" at (350, 350), ben and dan did not'


def test_boxes_that_match_but_not_tightly_are_loose() -> None:
    found = only(vote("anna", box(0, 0)), vote("ben", box(20, 0)))
    assert found.kind is ConflictKind.LOOSE
    assert found.likeness == pytest.approx(2 / 3)
    assert found.sentence == 'anna and ben drew "weed" at (50, 50) differently (IoU 0.67)'


def test_another_class_is_not_called_loose_as_well() -> None:
    assert kinds(vote("anna", box(0, 0)), vote("ben", box(20, 0, label="crop"))) == [
        ConflictKind.OTHER_CLASS
    ]


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        (14, []),
        (15, [ConflictKind.LOOSE]),
        (33, [ConflictKind.LOOSE]),
        (34, [ConflictKind.MISSED, ConflictKind.MISSED]),
    ],
)
def test_the_thresholds_are_where_the_campaign_puts_them(
    shift: float, expected: list[ConflictKind]
) -> None:
    assert kinds(vote("anna", box(0, 0)), vote("ben", box(shift, 0))) == expected


def test_a_pair_that_is_good_enough_is_not_torn_apart_by_two_useless_ones() -> None:
    first, second = [box(0, 0), box(36, 0)], [box(36, 0), box(72, 0)]
    assert match_regions(first, second, policy=POLICY) == ((1, 0),)


def test_a_skipped_vote_is_a_conflict_and_not_compared_with_the_others() -> None:
    skipped = vote("ben", outcome=Outcome.SKIPPED)
    found = only(vote("anna", box(0, 0), box(200, 200)), skipped)
    assert (found.kind, found.people) == (ConflictKind.SKIPPED, ("ben",))
    assert found.sentence == "ben skipped this image"


def test_a_vote_with_problems_is_a_conflict_that_tells_them() -> None:
    broken = vote("ben", box(0, 0), problems=("region 2 is turned",))
    found = only(vote("anna"), broken)
    assert (found.kind, found.problems) == (ConflictKind.INVALID, ("region 2 is turned",))
    assert "region 2 is turned" in found.sentence


def test_sentences_can_be_told_without_names() -> None:
    found = only(vote("anna", box(70, 30)), vote("ben"))
    blind = found.describe({"anna": "version B", "ben": "version A"})
    assert blind == 'version B saw "weed" at (120, 80), version A did not'


def test_two_votes_of_one_person_are_not_compared() -> None:
    with pytest.raises(ValueError, match="different people"):
        kinds(vote("anna"), vote("anna", vote_id="other"))


def test_no_votes_are_no_conflict() -> None:
    assert kinds() == []


@pytest.mark.parametrize("name", ["trousers", "apple", "hour", "not sure", "an ear"])
def test_a_class_is_named_as_it_is_and_no_article_is_guessed(name: str) -> None:
    votes = [vote("anna", box(100, 100, label=name)), vote("ben")]
    (found,) = find_conflicts(votes, POLICY)
    assert found.sentence == f'anna saw "{name}" at (150, 150), ben did not'
