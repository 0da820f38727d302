"""Conflicts have names and a history: opened, settled by whom and how, opened again."""

from farmy_assets.annotation.campaign import Campaign, ConsensusPolicy
from farmy_assets.annotation.conflict_history import (
    ConflictState,
    Settling,
    TrackedConflict,
    conflict_history,
)
from farmy_assets.annotation.conflicts import ConflictKind
from farmy_assets.annotation.decisions import Decision, DecisionKind
from farmy_assets.annotation.evaluation import EvaluatedImage
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.cleansing.cleansed_set import KeptImage
from farmy_assets_tests.annotation.examples import IMAGE, assignment, box, campaign, minutes, vote

WEED, CROP = box(0, 0), box(0, 0, label="crop")


def image(*votes: Vote, rules: Campaign, asked: tuple[str, ...]) -> EvaluatedImage:
    return EvaluatedImage(
        image_id=IMAGE, image=KeptImage(image_id=IMAGE, sha256="s", width_px=800, height_px=600),
        assignments=tuple(assignment(name) for name in asked), votes=votes,
    ).judged(rules)  # fmt: skip


def history(
    *votes: Vote, rules: Campaign | None = None, asked: tuple[str, ...] = ("anna", "ben")
) -> tuple[TrackedConflict, ...]:
    by = rules or campaign()
    return conflict_history(image(*votes, rules=by, asked=asked), by)


def given(name: str, *boxes: Box, at: float, **changes: object) -> Vote:
    fields = {"vote_id": f"{name} {at}", "submitted_at": minutes(at)}
    return vote(name, *boxes, **fields | changes)


def decision(votes: tuple[Vote, ...], *boxes: Box, at: float, **changes: object) -> Vote:
    judgement = image(*votes, rules=campaign(), asked=("anna", "ben")).consensus
    assert judgement is not None
    fields = {
        "phase": Phase.ADJUDICATION, "task_key": judgement.adjudication_task_key,
        "decision": Decision(kind=DecisionKind.WHOLE_IMAGE),
    }  # fmt: skip
    return given("cara", *boxes, at=at, **fields | changes)


FIRST = (given("anna", WEED, at=1), given("ben", CROP, at=2))


def test_a_conflict_is_open_from_the_vote_on_that_brought_it_up() -> None:
    (found,) = history(*FIRST)
    assert (found.kind, found.people) == (ConflictKind.OTHER_CLASS, ("anna", "ben"))
    assert (found.state, found.opened_at, found.settled_how) == (
        ConflictState.OPEN, minutes(2), None,
    )  # fmt: skip


def test_an_adjudicator_settles_it_by_a_decision_or_leaves_the_image_out() -> None:
    (found,) = history(*FIRST, decision(FIRST, WEED, at=9))
    assert (found.state, found.settled_at) == (ConflictState.SETTLED, minutes(9))
    assert (found.settled_by, found.settled_how) == ("cara", Settling.DECISION)
    skipped = decision(FIRST, at=9, outcome=Outcome.SKIPPED, decision=None)
    (left_out,) = history(*FIRST, skipped)
    assert left_out.settled_how is Settling.LEFT_OUT


def test_somebody_who_corrects_an_answer_settles_it() -> None:
    (found,) = history(*FIRST, given("ben", WEED, at=5))
    assert (found.settled_by, found.settled_how, found.settled_at) == (
        "ben", Settling.OTHER_ANSWER, minutes(5),
    )  # fmt: skip


def test_an_answer_that_is_changed_after_the_decision_opens_it_again_under_the_same_name() -> None:
    settled = (*FIRST, decision(FIRST, WEED, at=9))
    (before,) = history(*settled)
    later = (*settled, given("ben", CROP, at=12, lead_time_s=1.0))
    (found,) = history(*later)
    assert (found.state, found.times_reopened) == (ConflictState.REOPENED, 1)
    assert (found.settled_at, found.settled_by) == (None, None)
    assert found.conflict_id == before.conflict_id
    (once_more,) = history(*later, given("ben", WEED, at=20))
    assert (once_more.state, once_more.times_reopened) == (ConflictState.SETTLED, 1)


def test_another_difference_is_another_conflict() -> None:
    first, second = history(*FIRST, given("ben", at=5))
    assert (first.state, first.kind) == (ConflictState.SETTLED, ConflictKind.OTHER_CLASS)
    assert (second.state, second.kind) == (ConflictState.OPEN, ConflictKind.MISSED)
    assert first.conflict_id != second.conflict_id


def test_a_third_opinion_settles_it_by_a_quorum() -> None:
    rules = campaign().model_copy(update={"consensus": ConsensusPolicy()})
    third = given("dan", WEED, at=7)
    asked = ("anna", "ben", "dan")
    found = history(*FIRST, third, rules=rules, asked=asked)
    assert {(c.state, c.settled_by, c.settled_how) for c in found} == {
        (ConflictState.SETTLED, None, Settling.QUORUM)
    }


def test_people_who_always_agreed_have_no_history() -> None:
    assert history(given("anna", WEED, at=1), given("ben", WEED, at=2)) == ()
    assert history(given("anna", WEED, at=1)) == ()
