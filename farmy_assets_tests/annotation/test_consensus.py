from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.annotation.conflicts import ConflictKind
from farmy_assets.annotation.consensus import (
    ConsensusStatus,
    ImageConsensus,
    judge_image,
)
from farmy_assets.annotation.decisions import (
    Decision,
    DecisionKind,
    adjudication_key,
    former_adjudication_key,
)
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.region import Region
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.settlements import Settlement
from farmy_assets.annotation.versions import versions_of
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets_tests.annotation.examples import (
    IMAGE,
    assignment,
    box,
    campaign,
    crowded_boxes,
    minutes,
    vote,
)


def judge(*votes: Vote, asked: tuple[str, ...] = ("anna", "ben")) -> ImageConsensus:
    return judge_image(
        IMAGE,
        assignments=[assignment(name) for name in asked],
        votes=votes,
        campaign=campaign(),
    )


def decision(judgement: ImageConsensus, *boxes: Box, **changes: object) -> Vote:
    fields = {
        "phase": Phase.ADJUDICATION,
        "task_key": judgement.adjudication_task_key,
        "submitted_at": minutes(30),
        "decision": Decision(kind=DecisionKind.WHOLE_IMAGE),
    }
    return vote("cara", *boxes, **fields | changes)


def settled(judgement: ImageConsensus) -> set[tuple[ConflictKind, tuple[str, ...], Region]]:
    return {(s.kind, s.people, s.region) for s in judgement.settled_as}


def test_an_image_waits_until_everybody_asked_has_voted() -> None:
    assert judge().waiting_for == ("anna", "ben")
    found = judge(vote("anna", box(0, 0)))
    assert (found.status, found.waiting_for) == (ConsensusStatus.WAITING, ("ben",))
    assert found.regions == ()
    assert not found.status.is_settled


def test_a_vote_in_anothers_inbox_never_counts() -> None:
    found = judge(vote("anna"), vote("anna", inbox_person="ben"), vote("dan", inbox_person="ben"))
    assert found.waiting_for == ("ben",)


def test_the_vote_of_somebody_who_was_not_asked_never_counts() -> None:
    found = judge(vote("anna", box(0, 0)), vote("dan"), asked=("anna",))
    assert found.status is ConsensusStatus.SINGLE
    assert found.vote_ids == (vote("anna", box(0, 0)).vote_id,)


def test_votes_on_other_images_and_campaigns_never_count() -> None:
    found = judge(vote("anna", image_id="other"), vote("ben", campaign="other"))
    assert found.waiting_for == ("anna", "ben")


def test_a_withdrawn_vote_makes_an_image_wait_again() -> None:
    withdrawn = vote("anna", vote_id="w", outcome=Outcome.WITHDRAWN, submitted_at=minutes(9))
    assert judge(vote("anna"), withdrawn, asked=("anna",)).status is ConsensusStatus.WAITING


def test_one_clean_vote_of_the_only_one_asked_is_enough() -> None:
    found = judge(vote("anna", box(0, 0)), asked=("anna",))
    assert (found.status, found.regions) == (ConsensusStatus.SINGLE, (box(0, 0),))
    assert found.status.is_releasable


def test_boxes_of_two_who_agree_are_fused_to_their_mean() -> None:
    found = judge(vote("anna", box(0, 0)), vote("ben", box(4, 8)))
    assert (found.status, found.regions) == (ConsensusStatus.AGREED, (box(2, 4),))
    assert len(found.vote_ids) == 2


def test_boxes_of_three_who_agree_are_fused_to_their_median() -> None:
    found = judge(
        vote("anna", box(0, 0)),
        vote("ben", box(2, 0)),
        vote("dan", box(10, 0)),
        asked=("anna", "ben", "dan"),
    )
    assert (found.status, found.regions) == (ConsensusStatus.AGREED, (box(2, 0),))


def test_agreeing_that_nothing_is_there_is_agreeing() -> None:
    assert judge(vote("anna"), vote("ben")).status is ConsensusStatus.AGREED


def test_a_box_that_one_person_drew_twice_is_released_once() -> None:
    found = judge(vote("anna", box(0, 0), box(0, 0)), asked=("anna",))
    assert found.regions == (box(0, 0),)


@given(st.lists(crowded_boxes(), max_size=6), st.lists(crowded_boxes(), max_size=6))
def test_an_image_is_agreed_or_in_conflict_and_only_then_has_no_boxes(
    first: list[Box], second: list[Box]
) -> None:
    found = judge(vote("anna", *first), vote("ben", *second))
    assert (found.status is ConsensusStatus.IN_CONFLICT) == bool(found.conflicts)
    assert found.status in (ConsensusStatus.AGREED, ConsensusStatus.IN_CONFLICT)
    assert ImageConsensus.model_validate_json(found.to_json()) == found
    assert found == judge(vote("ben", *second), vote("anna", *first))


def test_a_conflict_asks_for_a_decision_on_exactly_these_votes() -> None:
    first = judge(vote("anna", box(0, 0)), vote("ben"))
    assert first.status is ConsensusStatus.IN_CONFLICT
    assert first.regions == ()
    assert first.adjudication_task_key == adjudication_key(IMAGE, reversed(first.vote_ids))
    assert first.adjudication_task_key.startswith(f"{IMAGE}.")
    edited = judge(vote("anna", box(9, 9)), vote("ben"))
    assert edited.adjudication_task_key != first.adjudication_task_key


@pytest.mark.parametrize("changes", [{"outcome": Outcome.SKIPPED}, {"problems": ("odd",)}])
def test_a_lone_vote_that_is_skipped_or_unreadable_needs_a_decision(
    changes: dict[str, Any],
) -> None:
    found = judge(vote("anna", **changes), asked=("anna",))
    assert found.status is ConsensusStatus.IN_CONFLICT
    assert judge(vote("anna", **changes), decision(found, box(1, 1)), asked=("anna",)).regions == (
        box(1, 1),
    )


def test_the_adjudicators_boxes_are_what_is_true() -> None:
    votes = vote("anna", box(0, 0)), vote("ben")
    made = decision(judge(*votes), box(5, 5))
    found = judge(*votes, made)
    assert (found.status, found.regions) == (ConsensusStatus.ADJUDICATED, (box(5, 5),))
    assert (found.decided_by, found.decision_vote_id) == ("cara", made.vote_id)
    assert [conflict.kind for conflict in found.conflicts] == [ConflictKind.MISSED]


def test_a_decision_of_the_former_page_is_what_was_drawn() -> None:
    votes = vote("anna", box(0, 0)), vote("ben")
    key = former_adjudication_key(IMAGE, (v.vote_id for v in votes))
    assert len(key) == len(IMAGE) + 13
    for drawn in ((box(5, 5),), ()):
        found = judge(*votes, decision(judge(*votes), *drawn, task_key=key, decision=None))
        assert (found.status, found.regions) == (ConsensusStatus.ADJUDICATED, drawn)


def test_an_answer_that_decides_nothing_is_asked_for_again() -> None:
    votes = vote("anna", box(0, 0)), vote("ben")
    first = judge(*votes)
    silent = decision(first, box(0, 0), decision=None)
    second = judge(*votes, silent)
    assert second.status is ConsensusStatus.IN_CONFLICT
    assert second.adjudication_task_key != first.adjudication_task_key
    assert second.conflicts[-1].problems == ("no decision was made",)


def test_a_version_that_there_is_not_decides_nothing() -> None:
    votes = vote("anna", box(0, 0)), vote("ben")
    odd = Decision(kind=DecisionKind.VERSION, version="C")
    found = judge(*votes, decision(judge(*votes), decision=odd))
    assert found.status is ConsensusStatus.IN_CONFLICT
    assert "version 'C'" in found.conflicts[-1].problems[0]


def test_the_version_that_is_right_shows_what_the_other_one_missed() -> None:
    votes = vote("anna", box(0, 0)), vote("ben")
    first = judge(*votes)
    with_a_box = next(k for k, v in versions_of(votes).items() if v.regions)
    right = Decision(kind=DecisionKind.VERSION, version=with_a_box)
    found = judge(*votes, decision(first, decision=right))
    assert (found.status, found.regions) == (ConsensusStatus.ADJUDICATED, (box(0, 0),))
    assert settled(found) == {(ConflictKind.MISSED, ("ben",), box(0, 0))}


def test_a_decision_on_other_votes_decides_nothing() -> None:
    old = decision(judge(vote("anna", box(0, 0)), vote("ben")), box(5, 5))
    found = judge(vote("anna", box(9, 9)), vote("ben"), old)
    assert (found.status, found.decided_by) == (ConsensusStatus.IN_CONFLICT, None)


def test_only_the_owner_of_the_adjudication_inbox_decides() -> None:
    votes = vote("anna", box(0, 0)), vote("ben")
    forged = decision(judge(*votes), person="anna", email="anna@example.com")
    assert judge(*votes, forged).status is ConsensusStatus.IN_CONFLICT


def test_of_two_adjudicators_in_turn_the_later_one_decides() -> None:
    votes = vote("anna", box(0, 0)), vote("ben")
    first = decision(judge(*votes), box(5, 5))
    later = {"person": "abe", "inbox_person": "abe", "email": "abe@example.com"}
    second = decision(judge(*votes), box(7, 7), **later, submitted_at=minutes(31), vote_id="2")
    for order in ((first, second), (second, first)):
        found = judge(*votes, *order)
        assert (found.regions, found.decided_by) == ((box(7, 7),), "abe")


def test_when_the_annotators_come_to_agree_the_decision_is_not_needed_any_more() -> None:
    made = decision(judge(vote("anna", box(0, 0)), vote("ben")), box(5, 5))
    agreeing = vote("ben", box(0, 0), submitted_at=minutes(40))
    found = judge(vote("anna", box(0, 0)), vote("ben"), agreeing, made)
    assert (found.status, found.regions) == (ConsensusStatus.AGREED, (box(0, 0),))


def test_an_adjudicator_who_skips_excludes_the_image() -> None:
    votes = vote("anna", box(0, 0)), vote("ben")
    found = judge(*votes, decision(judge(*votes), outcome=Outcome.SKIPPED))
    assert (found.status, found.regions, found.decided_by) == (ConsensusStatus.EXCLUDED, (), "cara")
    assert found.status.is_settled
    assert not found.status.is_releasable


def test_a_decision_that_cannot_be_read_is_asked_for_again_with_its_problem() -> None:
    votes = vote("anna", box(0, 0)), vote("ben")
    first = judge(*votes)
    unreadable = decision(first, problems=("region 1 is turned",))
    second = judge(*votes, unreadable)
    assert second.status is ConsensusStatus.IN_CONFLICT
    assert second.adjudication_task_key != first.adjudication_task_key
    assert second.conflicts[-1].people == ("cara",)
    assert unreadable.vote_id in second.vote_ids

    on_the_new_task = judge(*votes, unreadable, decision(second, box(1, 1), vote_id="new"))
    assert on_the_new_task.regions == (box(1, 1),)
    corrected = decision(first, box(2, 2), vote_id="again", submitted_at=minutes(31))
    assert judge(*votes, unreadable, corrected).regions == (box(2, 2),)


def test_a_disputed_box_turns_out_missed_by_one_or_extra_by_the_other() -> None:
    real, imagined = box(0, 0), box(300, 300)
    votes = vote("anna", real, imagined), vote("ben")
    found = judge(*votes, decision(judge(*votes), box(3, 3)))
    assert settled(found) == {
        (ConflictKind.MISSED, ("ben",), box(3, 3)),
        (ConflictKind.EXTRA, ("anna",), imagined),
    }


def test_a_box_drawn_twice_turns_out_extra() -> None:
    votes = vote("anna", box(0, 0), box(6, 6)), vote("ben", box(0, 0))
    found = judge(*votes, decision(judge(*votes), box(0, 0)))
    assert settled(found) == {(ConflictKind.EXTRA, ("anna",), box(6, 6))}


def test_the_exact_copy_of_a_box_turns_out_extra_of_the_one_who_drew_it() -> None:
    votes = vote("anna", box(0, 0)), vote("ben", box(0, 0), box(0, 0))
    found = judge(*votes, decision(judge(*votes), box(0, 0)))
    assert settled(found) == {(ConflictKind.EXTRA, ("ben",), box(0, 0))}


def test_the_class_that_the_decision_does_not_have_turns_out_wrong() -> None:
    votes = vote("anna", box(0, 0, label="crop")), vote("ben", box(0, 0, label="weed"))
    found = judge(*votes, decision(judge(*votes), box(0, 0, label="weed")))
    assert settled(found) == {(ConflictKind.OTHER_CLASS, ("anna",), box(0, 0, label="weed"))}


def test_what_nobody_drew_was_missed_by_all_but_those_who_skipped() -> None:
    votes = vote("anna"), vote("ben", outcome=Outcome.SKIPPED)
    found = judge(*votes, decision(judge(*votes), box(0, 0)))
    assert found.settled_as == (
        Settlement(kind=ConflictKind.MISSED, people=("anna",), box=box(0, 0)),
    )


def test_an_image_that_nobody_was_asked_about_waits() -> None:
    assert judge(vote("anna"), asked=()).status is ConsensusStatus.WAITING
