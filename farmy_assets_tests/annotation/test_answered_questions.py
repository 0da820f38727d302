"""Answers to questions of several people: where they differ, what is agreed, what is decided."""

import pytest

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.conflicts import Conflict, ConflictKind, find_conflicts
from farmy_assets.annotation.consensus import ConsensusStatus, ImageConsensus, judge_image
from farmy_assets.annotation.decisions import Decision, DecisionKind
from farmy_assets.annotation.fusing import middle
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.question_answers import AnswerValue, answers_of
from farmy_assets.annotation.reading_votes import votes_from_task
from farmy_assets.annotation.versions import agreed_choices, versions_of
from farmy_assets.annotation.votes import Vote
from farmy_assets.label_studio import results
from farmy_assets_tests.annotation.examples import (
    IMAGE,
    annotation,
    assignment,
    box,
    inbox,
    labelled,
    region,
    task,
    vote,
)
from farmy_assets_tests.annotation.questions import about_image, asking, weed, with_answers

RULES = asking(agreement={"number_tolerance": {"leaves": 1}})
POLICY = RULES.agreement


def only(*votes: Vote) -> Conflict:
    (conflict,) = find_conflicts(votes, POLICY)
    return conflict


def judge(*votes: Vote, rules: Campaign = RULES) -> ImageConsensus:
    people = {v.inbox_person for v in votes if v.phase is Phase.ANNOTATION}
    return judge_image(
        IMAGE, assignments=[assignment(p) for p in people], votes=votes, campaign=rules
    )


def said(name: str, **choices: AnswerValue) -> Vote:
    return vote(name, box(0, 0), choices=choices)


def test_one_object_with_another_attribute_is_a_conflict_with_both_answers() -> None:
    found = only(vote("anna", weed(stage="young")), vote("ben", weed(2, 2, stage="old")))
    assert (found.kind, found.question) == (ConflictKind.ATTRIBUTE, "stage")
    assert found.answers == ("young", "old")
    assert found.sentence == (
        'stage of "weed" at (50, 50): anna answered "young"; ben answered "old"'
    )
    assert Conflict.model_validate_json(found.to_json()) == found


def test_an_attribute_that_somebody_did_not_answer_is_a_conflict() -> None:
    found = only(vote("anna", weed(leaves=0)), vote("ben", weed()))
    assert found.sentence.endswith("anna answered 0; ben did not answer")


def test_of_another_class_no_answer_is_expected() -> None:
    crop = box(1, 1, label="crop")
    found = only(vote("anna", weed(stage="young")), vote("ben", crop))
    assert found.kind is ConflictKind.OTHER_CLASS
    three = (vote("anna", weed(stage="young")), vote("ben", weed(stage="old")), vote("dan", crop))
    kinds = [conflict.kind for conflict in find_conflicts(three, POLICY)]
    assert kinds == [ConflictKind.OTHER_CLASS, ConflictKind.ATTRIBUTE]


def test_numbers_within_the_campaigns_tolerance_agree_on_their_median() -> None:
    votes = [vote(n, weed(leaves=v)) for n, v in (("anna", 7), ("ben", 8))]
    found = judge(*votes)
    assert found.status is ConsensusStatus.AGREED
    assert found.regions[0].attributes == answers_of({"leaves": 7.5})
    assert only(votes[0], vote("ben", weed(leaves=9))).question == "leaves"


def test_another_answer_about_the_image_is_a_conflict() -> None:
    found = only(said("anna", quality="good"), said("ben", quality="bad"))
    assert (found.kind, found.regions) == (ConflictKind.IMAGE_CHOICE, (None, None))
    assert found.sentence == 'quality: anna answered "good"; ben answered "bad"'
    hidden = found.describe({"anna": "A", "ben": "B"})
    assert hidden == 'quality: A answered "good"; B answered "bad"'


def test_what_all_answer_alike_is_settled_with_the_image() -> None:
    votes = [said(n, quality="good", pests=("aphid", "thrips")) for n in ("anna", "ben")]
    found = judge(*votes)
    assert found.status is ConsensusStatus.AGREED
    assert found.choices == votes[0].choices
    assert ImageConsensus.model_validate_json(found.to_json()) == found
    assert judge(votes[0]).choices == votes[0].choices


def test_a_judgement_without_questions_is_written_as_before() -> None:
    text = judge(vote("anna", box(0, 0)), vote("ben", box(50, 50))).model_dump_json()
    for name in ("choices", "attributes", "question", "answers"):
        assert f'"{name}"' not in text


VOTES = (
    vote("anna", weed(stage="young"), weed(300), choices={"quality": "good", "pests": ["aphid"]}),
    vote("ben", weed(stage="old"), weed(300), choices={"quality": "bad", "pests": ["aphid"]}),
)


def decided(kind: DecisionKind, *results_given: object, version: str = "") -> ImageConsensus:
    """What comes of an adjudicator's answer as Label Studio holds it."""
    open_ = judge(*VOTES)
    assert open_.adjudication_task_key is not None
    chosen = Decision(kind=kind, version=version).choice
    asked = task(annotation("cara", about_image("decision", chosen), *results_given, at=5), at=5)
    asked = asked.model_copy(update={"task_key": open_.adjudication_task_key})
    (decision,) = votes_from_task(
        asked, inbox=inbox("cara", Phase.ADJUDICATION), campaign=RULES, known=(), reader=results
    )
    return judge(*VOTES, decision)


def test_a_version_that_is_right_is_right_in_its_answers_too() -> None:
    letter = next(name for name, v in versions_of(VOTES).items() if v.person == "ben")
    found = decided(DecisionKind.VERSION, version=letter)
    assert found.status is ConsensusStatus.ADJUDICATED
    assert found.choices == VOTES[1].choices
    assert weed(stage="old") in found.regions


def test_who_draws_what_differs_answers_for_it_and_for_the_image() -> None:
    drawn = region(x=0, y=0, width=12.5, height=100 / 6)
    stage = labelled("stage", "choices", choices=["old"]) | {"id": "r1"}
    found = decided(DecisionKind.DIFFERENCES, drawn, stage, about_image("quality", "good"))
    assert found.status is ConsensusStatus.ADJUDICATED
    assert [r.attributes for r in found.regions] == [answers_of({"stage": "old"}), ()]
    assert found.choices == answers_of({"quality": "good"})


@pytest.mark.parametrize(
    ("kind", "given", "problem"),
    [
        (DecisionKind.WHOLE_IMAGE, [region(), about_image("quality", "good")],
         "region 1: the attribute stage is not answered"),
        (DecisionKind.NOTHING, [], "the choice quality is not answered"),
        (DecisionKind.DIFFERENCES, [about_image("quality", "good")],
         "the decision draws nothing, although regions differ"),
        (DecisionKind.WHOLE_IMAGE, [about_image("quality", "good")],
         "nothing was drawn, although the choice was to draw"),
    ],
)  # fmt: skip
def test_a_decision_of_ones_own_needs_its_answers(
    kind: DecisionKind, given: list[object], problem: str
) -> None:
    found = decided(kind, *given)
    assert found.status is ConsensusStatus.IN_CONFLICT
    assert found.conflicts[-1].problems == (problem,)


def test_where_nothing_is_there_to_draw_the_answers_count_all_the_same() -> None:
    found = decided(DecisionKind.NOTHING, about_image("quality", "bad"))
    assert (found.status, found.regions) == (ConsensusStatus.ADJUDICATED, ())
    assert found.choices == answers_of({"quality": "bad"})


def test_where_only_answers_about_the_image_differ_nothing_has_to_be_drawn() -> None:
    votes = tuple(said(n, quality=q) for n, q in (("anna", "good"), ("ben", "bad")))
    open_ = judge(*votes)
    decision = vote(
        "cara", phase=Phase.ADJUDICATION, task_key=open_.adjudication_task_key,
        decision=Decision(kind=DecisionKind.DIFFERENCES), choices={"quality": "bad"},
    )  # fmt: skip
    found = judge(*votes, decision)
    assert found.regions == (box(0, 0),)
    assert found.choices == answers_of({"quality": "bad"})


def test_what_the_versions_agree_on_about_the_image_is_known() -> None:
    assert agreed_choices(VOTES) == answers_of({"pests": ("aphid",)})
    assert agreed_choices(VOTES[:1]) == ()


def test_of_three_people_most_decide_about_an_attribute_once_the_object_is_fused() -> None:
    group = {
        "anna": weed(stage="young", leaves=3),
        "ben": weed(stage="old", leaves=5),
        "dan": weed(stage="old", leaves=9),
        "eve": with_answers(box(0, 0, label="crop"), stage="young"),
    }
    assert middle(group).attributes == answers_of({"stage": "old", "leaves": 5})
