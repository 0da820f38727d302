"""Sending back in Label Studio's form: what is given is understood, what is shown names nobody."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from farmy_assets.annotation.assignments import Assignment
from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.consensus import judge_image
from farmy_assets.annotation.decisions import NO_REASON, Decision, DecisionKind, Place
from farmy_assets.annotation.inboxes import Phase, instructions
from farmy_assets.annotation.reading_votes import votes_from_task
from farmy_assets.annotation.rejections import correction_key
from farmy_assets.annotation.review_policy import ReviewPolicy
from farmy_assets.annotation.reviews import MAX_REASON_CHARACTERS, ReviewFacts
from farmy_assets.annotation.votes import Vote
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio import results
from farmy_assets.label_studio.controls import DECISION, PLACE, REASON
from farmy_assets.label_studio.label_configs import label_config
from farmy_assets.label_studio.new_tasks import adjudication_task, correction_task, review_task
from farmy_assets.label_studio.results import decision_of, drawn_in, regions_from_results
from farmy_assets.label_studio.sent_back import MAX_PLACES, OFFERED, shown_places
from farmy_assets_tests.annotation.examples import (
    HEIGHT_PX,
    IMAGE,
    WIDTH_PX,
    annotation,
    assignment,
    box,
    campaign,
    inbox,
    region,
    task,
    vote,
)

RULES = campaign().model_copy(update={"review": ReviewPolicy(rounds=1, share=1.0)})
SIZE = {"width_px": WIDTH_PX, "height_px": HEIGHT_PX}
HERE = Place(x_fraction=0.5, y_fraction=0.25, radius_x_fraction=0.1, radius_y_fraction=0.2)
SEND_BACK = {"from_name": DECISION, "type": "choices", "value": {"choices": ["send back A"]}}


def said(text: object) -> dict[str, Any]:
    return {"from_name": REASON, "type": "textarea", "value": {"text": text}}


def marked(**changes: object) -> dict[str, Any]:
    (result,) = shown_places([HERE], **SIZE)
    return result | {"value": result["value"] | changes}


def test_reason_and_places_come_back_as_they_were_given() -> None:
    found = decision_of([SEND_BACK, said([" too large "]), marked(), region()])
    assert found == Decision(
        kind=DecisionKind.SEND_BACK, version="A", reason="too large", places=(HERE,)
    )
    assert drawn_in([SEND_BACK, said(["x"]), marked(), region()]) == [region()]


@pytest.mark.parametrize("odd", [None, "", [], [" "], 3, {"a": 1}])
def test_without_a_text_there_is_no_reason_and_the_vote_says_so(odd: object) -> None:
    found = decision_of([SEND_BACK, said(odd)])
    assert found is not None
    assert found.reason == ""
    given = annotation("cara", SEND_BACK, said(odd))
    asked = task(given).model_copy(update={"task_key": f"{IMAGE}.0123.decide"})
    (read,) = votes_from_task(
        asked, inbox=inbox("cara", Phase.ADJUDICATION), campaign=RULES, known=(), reader=results
    )
    assert read.problems == (NO_REASON,)


@pytest.mark.parametrize(
    "result",
    [
        said(["x" * (MAX_REASON_CHARACTERS + 1)]),
        marked(x="left"),
        marked(radiusX=float("nan")),
        marked() | {"value": 3},
        marked() | {"image_rotation": 90},
    ],
)
def test_what_cannot_be_understood_of_them_is_a_problem(result: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        decision_of([SEND_BACK, result])


def test_too_many_places_are_a_problem() -> None:
    with pytest.raises(InvalidInputError, match=f"more than {MAX_PLACES} places"):
        decision_of([SEND_BACK, said(["x"]), *[marked()] * (MAX_PLACES + 1)])


def test_places_and_reasons_count_for_no_other_decision() -> None:
    other = SEND_BACK | {"value": {"choices": ["nothing there"]}}
    assert decision_of([other, said(["x"]), marked()]) == Decision(kind=DecisionKind.NOTHING)


def judged(*votes: Vote, by: Campaign = RULES) -> Any:  # noqa: ANN401 - handed on
    return judge_image(
        IMAGE, assignments=[assignment(v.inbox_person) for v in votes], votes=votes, campaign=by,
        review=ReviewFacts(is_chosen=True),
    )  # fmt: skip


def test_the_adjudicator_is_offered_to_send_each_version_back_where_the_campaign_has_rounds() -> (
    None
):
    votes = vote("anna", box(0, 0)), vote("ben")
    for rules, offered in ((RULES, ["send back A", "send back B"]), (campaign(), [])):
        found = adjudication_task(
            judged(*votes), votes=votes, policy=rules.agreement, campaign=rules,
            image_uri="s3://b/k", **SIZE,
        )  # fmt: skip
        values = [choice["value"] for choice in found.data["decisions"]]
        assert [value for value in values if value in OFFERED] == offered


def test_a_correction_shows_the_own_answer_the_reason_and_the_places_and_nobodys_name() -> None:
    answer = vote("anna", box(10, 20), box(300, 200, label="crop"))
    given = Assignment(
        campaign=RULES.name, phase=Phase.CORRECTION, image_id=IMAGE, person="anna", batch_id="",
        task_key=correction_key(IMAGE, "anna", 1),
    )  # fmt: skip
    decision = Decision(
        kind=DecisionKind.SEND_BACK, version="A", reason="<b>edge</b>", places=(HERE,)
    )
    found = correction_task(
        given, answer=answer, decision=decision, campaign=RULES, image_uri="s3://b/k", **SIZE
    )
    assert found.data["reason"] == "<b>edge</b>"
    (prediction,) = found.predictions
    drawn = drawn_in(prediction["result"])
    read = regions_from_results(drawn, campaign=RULES, **SIZE)
    assert read.problems == ()
    for found_region, before in zip(read.regions, answer.regions, strict=True):
        assert found_region.label == before.label
        assert found_region.bounds_px == pytest.approx(before.bounds_px)
    assert len({result["id"] for result in prediction["result"]}) == 3
    assert "cara" not in str(found.data)


def test_a_review_shows_what_was_drawn_without_a_name_and_with_nothing_chosen() -> None:
    answer = vote("anna", box(10, 20))
    found = review_task(
        judged(answer), votes=[answer], campaign=RULES, image_uri="s3://b/k", **SIZE
    )
    assert "anna" not in found.to_json().decode()
    assert [c["value"] for c in found.data["decisions"]] == [
        "version A", "draw everything", "nothing there", "leave out", "send back A",
    ]  # fmt: skip
    (prediction,) = found.predictions
    assert {result["from_name"] for result in prediction["result"]} == {"box"}


@pytest.mark.parametrize("phase", [Phase.ADJUDICATION, Phase.REVIEW])
def test_who_decides_can_give_a_reason_and_mark_places_where_the_campaign_has_rounds(
    phase: Phase,
) -> None:
    wanted = {REASON, PLACE}
    for rules, there in ((RULES, wanted), (campaign(), set())):
        names = {tag.get("name") for tag in ET.fromstring(label_config(rules, phase)).iter()}
        assert names & wanted == there


def test_the_annotators_page_is_the_same_with_rules_of_review() -> None:
    assert label_config(RULES, Phase.ANNOTATION) == label_config(campaign(), Phase.ANNOTATION)


def test_controls_that_may_have_been_used_stay_when_nothing_can_be_sent_back_any_more() -> None:
    none = RULES.model_copy(update={"review": ReviewPolicy(rounds=0)})
    for phase in (Phase.ADJUDICATION, Phase.REVIEW):
        assert label_config(none, phase) == label_config(RULES, phase)


@pytest.mark.parametrize("phase", [Phase.CORRECTION, Phase.REVIEW])
def test_the_instructions_of_a_campaign_are_shown_as_well(phase: Phase) -> None:
    rules = RULES.model_copy(update={"instructions": "Draw each leaf."})
    assert instructions(rules, phase).endswith("Draw each leaf.")
