"""The pages of a campaign that asks questions: what the adjudicator reads, and what is answered."""

import html
import re

import pytest

from farmy_assets.annotation.consensus import judge_image
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.question_answers import AnswerValue, answers_of
from farmy_assets.annotation.questions import Question
from farmy_assets.annotation.versions import versions_of
from farmy_assets.annotation.votes import Vote
from farmy_assets.label_studio.controls import CANNOT_LABEL, VERSIONS
from farmy_assets.label_studio.label_configs import label_config
from farmy_assets.label_studio.new_tasks import NewTask, adjudication_task
from farmy_assets.label_studio.question_forms import FORMS, answer_in, results_of
from farmy_assets.label_studio.read_configs import read_config
from farmy_assets.label_studio.regions import region_to_result
from farmy_assets_tests.annotation.examples import (
    HEIGHT_PX,
    IMAGE,
    WIDTH_PX,
    assignment,
    box,
    vote,
)
from farmy_assets_tests.annotation.questions import asking, weed

RULES = asking()
KINDS = {choice.name: "choice" for choice in RULES.choices} | {
    attribute.name: attribute.kind for attribute in RULES.attributes
}
VOTES = (
    vote("anna", weed(stage="young"), weed(400, leaves=3), choices={"quality": "good"}),
    vote("ben", weed(stage="old"), choices={"quality": "bad", "pests": ["aphid"]}),
)


def task_of(*votes: Vote) -> NewTask:
    found = judge_image(
        IMAGE, assignments=[assignment(v.inbox_person) for v in votes], votes=votes, campaign=RULES
    )
    return adjudication_task(
        found, votes=votes, policy=RULES.agreement, image_uri="s3://cleansed/images/x.jpg",
        width_px=WIDTH_PX, height_px=HEIGHT_PX,
    )  # fmt: skip


def lines_of(found: NewTask) -> list[str]:
    items = re.findall(r"<li>(.*?)</li>", found.data["differences"])
    return [html.unescape(re.sub(r"<[^>]+>", "", item)) for item in items]


def test_differing_answers_are_listed_by_version_and_without_names() -> None:
    first, second = (v.person for v in versions_of(VOTES).values())
    stages, qualities = (
        {"anna": "young", "ben": "old"},
        {"anna": "good", "ben": "bad"},
    )
    lines = lines_of(task_of(*VOTES))
    assert f'A1 / B1: stage "{stages[str(first)]}" / "{stages[str(second)]}"?' in lines
    assert any(line.endswith("2: weed (leaves 3), or nothing there? Nothing in version "
                             + ("B" if first == "anna" else "A")) for line in lines)  # fmt: skip
    assert (
        f'quality: "{qualities[str(first)]}" in version A, "{qualities[str(second)]}" in version B?'
    ) in lines
    assert any("no answer in version" in line for line in lines)
    assert not any(name in line for line in lines for name in ("anna", "ben"))


def test_what_people_write_is_shown_and_does_nothing() -> None:
    votes = [vote("anna", weed(remark="<b>x</b>:y")), vote("ben", weed(remark="plain"))]
    found = task_of(*votes).data["differences"]
    assert "<b>x" not in found
    assert "&lt;b&gt;x&lt;/b&gt;:y" in found


def test_what_all_say_about_the_image_is_answered_beforehand_and_nothing_else() -> None:
    votes = [
        vote(n, weed(stage=s), choices={"quality": "bad", "pests": [p]})
        for n, s, p in (("anna", "young", "aphid"), ("ben", "old", "beetle"))
    ]
    (prediction,) = task_of(*votes).predictions
    answered = [r for r in prediction["result"] if r["from_name"] != VERSIONS]
    assert [(r["from_name"], r["value"]) for r in answered] == [("quality", {"choices": ["bad"]})]


SAID: dict[str, AnswerValue] = {
    "quality": "bad",
    "pests": ("aphid", "thrips"),
    "stage": "old",
    "damage": ("rust",),
    "leaves": 7.5,
    "remark": "näh: <tilted>",
}
QUESTIONS: tuple[Question, ...] = (*RULES.choices, *RULES.attributes)


@pytest.mark.parametrize("asked", QUESTIONS, ids=RULES.question_names)
def test_an_answer_is_read_as_it_was_written(asked: Question) -> None:
    said = SAID[asked.name]
    drawn = region_to_result(box(1, 2), region_id="r", width_px=WIDTH_PX, height_px=HEIGHT_PX)
    for of in (None, drawn):
        (entry,) = results_of(answers_of({asked.name: said}), KINDS, of=of)
        assert answer_in(entry, asked) == said
        assert entry["type"] == FORMS[KINDS[asked.name]].result_type
        assert "rectanglelabels" not in entry["value"]
    assert entry["id"] == "r"
    assert entry["value"]["x"] == drawn["value"]["x"]
    assert results_of(answers_of({"unknown": "x"}), KINDS) == []


def test_the_questions_of_a_config_that_is_read_are_those_of_its_campaign() -> None:
    found = read_config(label_config(RULES, Phase.ANNOTATION)).questions
    skipped = {CANNOT_LABEL: "choice"}
    assert {name: question.kind for name, question in found.items()} == KINDS | skipped
