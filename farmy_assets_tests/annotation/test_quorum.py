"""A quorum settles what enough people say the same of; the rest stays a conflict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.annotation.aggregation.annotator_skills import AnnotatorSkills, learn_skills
from farmy_assets.annotation.aggregation.ballots import Ballot
from farmy_assets.annotation.campaign import Campaign, ConsensusPolicy
from farmy_assets.annotation.conflicts import ConflictKind
from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus, judge_image
from farmy_assets.annotation.decisions import Decision, DecisionKind
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets_tests.annotation.examples import (
    IMAGE,
    assignment,
    box,
    campaign,
    crowded_boxes,
    minutes,
    person,
    vote,
)

ALL = ("anna", "ben", "dan", "eva", "fay")
AGREED, IN_CONFLICT = ConsensusStatus.AGREED, ConsensusStatus.IN_CONFLICT


def rules(**policy: object) -> Campaign:
    return campaign(annotators=[person(name) for name in ALL]).model_copy(
        update={"consensus": ConsensusPolicy.model_validate(policy)}
    )


def judge(
    *votes: Vote, by: Campaign | None = None, skills: AnnotatorSkills | None = None
) -> ImageConsensus:
    asked = [v.voter for v in votes if v.phase is Phase.ANNOTATION]
    return judge_image(
        IMAGE, assignments=[assignment(name) for name in asked], votes=votes,
        campaign=by or rules(), skills=skills,
    )  # fmt: skip


def drawn(*regions: tuple[Box, ...]) -> list[Vote]:
    return [vote(name, *some) for name, some in zip(ALL, regions, strict=False)]


WEED, CROP = box(0, 0), box(0, 0, label="crop")
FAR = box(400, 300)


@pytest.mark.parametrize(
    ("regions", "kept", "kind"),
    [
        ([(WEED,), (WEED,), (CROP,)], [WEED], ConflictKind.OTHER_CLASS),
        ([(WEED,), (WEED,), ()], [WEED], ConflictKind.MISSED),
        ([(WEED,), (), ()], [], ConflictKind.EXTRA),
        ([(WEED,), (box(2, 0),), (box(30, 0),)], [box(2, 0)], ConflictKind.LOOSE),
    ],
    ids=["another class", "missed", "extra", "loose"],
)
def test_two_of_three_settle_an_object_and_the_difference_is_kept(
    regions: list[tuple[Box, ...]], kept: list[Box], kind: ConflictKind
) -> None:
    found = judge(*drawn(*regions))
    assert (found.status, list(found.regions)) == (AGREED, kept)
    assert found.conflicts == ()
    assert [conflict.kind for conflict in found.outvoted] == [kind]
    without = judge(*drawn(*regions), by=campaign())
    assert (without.status, without.outvoted, without.behind) == (IN_CONFLICT, (), ())


def test_what_the_quorum_does_not_settle_is_a_conflict_and_the_rest_is_not() -> None:
    three_classes = [(WEED,), (CROP,), (box(0, 0, label="beet"),)]
    found = judge(*drawn(*three_classes))
    assert (found.status, found.regions) == (IN_CONFLICT, ())
    mixed = judge(*drawn((WEED, FAR), (CROP, FAR), (box(0, 0, label="beet"),)))
    assert [c.kind for c in mixed.conflicts] == [ConflictKind.OTHER_CLASS]
    assert [c.kind for c in mixed.outvoted] == [ConflictKind.MISSED]
    assert judge(*drawn((WEED,), (WEED,), ()), by=rules(quorum=3)).status is IN_CONFLICT


def test_of_four_people_two_and_two_settle_nothing() -> None:
    assert judge(*drawn((WEED,), (WEED,), (), ())).status is IN_CONFLICT
    assert judge(*drawn((WEED,), (WEED,), (WEED,), ())).regions == (WEED,)


def test_two_people_alone_are_no_quorum() -> None:
    assert judge(*drawn((WEED,), ())).status is IN_CONFLICT


def test_a_skip_is_outvoted_by_a_quorum_and_an_unreadable_answer_never_is() -> None:
    both = drawn((WEED,), (WEED,))
    skipped = judge(*both, vote("dan", outcome=Outcome.SKIPPED))
    assert (skipped.status, skipped.regions) == (AGREED, (WEED,))
    assert [c.kind for c in skipped.outvoted] == [ConflictKind.SKIPPED]
    unreadable = judge(*both, vote("dan", WEED, problems=("odd",)))
    assert [c.kind for c in unreadable.conflicts] == [ConflictKind.INVALID]
    too_few = judge(
        *both[:1], vote("ben", outcome=Outcome.SKIPPED), vote("dan", WEED, problems=("odd",))
    )
    assert {c.kind for c in too_few.conflicts} == {ConflictKind.SKIPPED, ConflictKind.INVALID}


def test_the_shape_is_the_fused_one_or_the_drawn_one_that_is_nearest_to_it() -> None:
    votes = drawn((box(0, 0),), (box(3, 1),), (box(4, 8),))
    fused, nearest = judge(*votes), judge(*votes, by=rules(shape="nearest"))
    assert (fused.regions, nearest.regions) == ((box(3, 1),), (box(3, 1),))
    votes = drawn((box(0, 1),), (box(3, 0),), (box(4, 8),))
    fused, nearest = judge(*votes), judge(*votes, by=rules(shape="nearest"))
    (behind,) = fused.behind
    assert (fused.regions, nearest.regions) == ((box(3, 1),), (box(3, 0),))
    assert (behind.fused, behind.nearest) == (box(3, 1), box(3, 0))
    assert behind.people == ("anna", "ben", "dan")
    assert set(behind.vote_ids) == set(fused.vote_ids)
    assert behind.score == 1


def test_votes_for_a_class_weigh_what_their_authors_are_usually_worth() -> None:
    # Anna is right as a rule, the others say "weed" whatever is there.
    ballots = [
        Ballot(f"{label} {n}", name, label if name in ("anna", "eva", "fay") else "weed")
        for label in ("weed", "crop") for n in range(20) for name in ALL
    ]  # fmt: skip
    skills = learn_skills("weeds-2026", ballots, {ballot.item: 1 for ballot in ballots})
    votes = drawn((CROP,), (WEED,), (WEED,))
    learnt = judge(*votes, by=rules(classes="dawid_skene"), skills=skills)
    assert (learnt.status, learnt.regions) == (AGREED, (CROP,))
    assert learnt.outvoted[0].kind is ConflictKind.OTHER_CLASS
    weighted = judge(*votes, by=rules(classes="skill_weighted"), skills=skills)
    assert weighted.status is IN_CONFLICT  # neither 1 nor 1 of 2 weighs as much as two people
    assert judge(*votes, by=rules(classes="dawid_skene")).regions == (WEED,)


def test_nobody_can_learn_from_no_votes() -> None:
    assert learn_skills("weeds-2026", [], {}) is None


def test_what_the_quorum_settled_stays_when_the_adjudicator_draws_what_differs() -> None:
    votes = drawn((WEED, FAR), (CROP, FAR), (box(0, 0, label="beet"), FAR, box(600, 0)))
    found = judge(*votes)
    assert found.status is IN_CONFLICT
    decision = vote(
        "cara", CROP, phase=Phase.ADJUDICATION, task_key=found.adjudication_task_key,
        submitted_at=minutes(30), decision=Decision(kind=DecisionKind.DIFFERENCES),
    )  # fmt: skip
    decided = judge(*votes, decision)
    assert (decided.status, decided.regions) == (ConsensusStatus.ADJUDICATED, (CROP, FAR))


def test_a_class_can_have_thresholds_of_its_own() -> None:
    votes = drawn((WEED,), (box(20, 0),))
    assert judge(*votes, by=campaign()).conflicts[0].kind is ConflictKind.LOOSE
    classes = [{"id": 1, "name": "crop"}, {"id": 2, "name": "weed", "tight_iou": 0.6}]
    easier = Campaign.model_validate(campaign().model_dump() | {"classes": classes})
    assert judge(*votes, by=easier).status is AGREED
    classes[1] = {"id": 2, "name": "weed", "match_iou": 0.7}
    harder = Campaign.model_validate(campaign().model_dump() | {"classes": classes})
    assert {c.kind for c in judge(*votes, by=harder).conflicts} == {ConflictKind.MISSED}


@given(st.lists(st.lists(crowded_boxes(), max_size=4), min_size=3, max_size=5), st.integers(2, 5))
def test_no_difference_is_lost_and_the_order_of_votes_does_not_matter(
    regions: list[list[Box]], quorum: int
) -> None:
    votes, by = drawn(*map(tuple, regions)), rules(quorum=quorum)
    found, plain = judge(*votes, by=by), judge(*votes, by=campaign())
    every = sorted((*found.conflicts, *found.outvoted), key=lambda c: c.to_json())
    assert every == sorted(plain.conflicts, key=lambda c: c.to_json())
    assert (found.status is IN_CONFLICT) == bool(found.conflicts)
    assert judge(*reversed(votes), by=by) == found
    assert ImageConsensus.model_validate_json(found.to_json()) == found
