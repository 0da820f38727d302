import html
import re
from typing import Any

import pytest

from farmy_assets.annotation.consensus import ImageConsensus, judge_image
from farmy_assets.annotation.decisions import DecisionKind, asks_for_a_decision
from farmy_assets.annotation.inboxes import Phase
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.errors import InvalidInputError
from farmy_assets.label_studio.controls import DECISION, VERSIONS
from farmy_assets.label_studio.new_tasks import NewTask, adjudication_task, annotation_task
from farmy_assets_tests.annotation.examples import (
    HEIGHT_PX,
    IMAGE,
    WIDTH_PX,
    assignment,
    box,
    campaign,
    person,
    vote,
)

URI = f"s3://cleansed/images/{IMAGE}.jpg"


def judge(*votes: Vote, asked: tuple[str, ...] = ()) -> ImageConsensus:
    people = asked or {v.inbox_person for v in votes}
    return judge_image(
        IMAGE,
        assignments=[assignment(name) for name in people],
        votes=votes,
        campaign=campaign(),
    )


def task_for(*votes: Vote, asked: tuple[str, ...] = ()) -> NewTask:
    return adjudication_task(
        judge(*votes, asked=asked),
        votes=votes,
        policy=campaign().agreement,
        image_uri=URI,
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
    )


def test_an_annotation_task_shows_the_image_and_nothing_drawn() -> None:
    found = annotation_task(
        assignment("anna"), image_uri=URI, width_px=WIDTH_PX, height_px=HEIGHT_PX
    )
    assert found.predictions == ()
    assert found.data == {
        "image": URI,
        "asset_key": IMAGE,
        "image_id": IMAGE,
        "width_px": WIDTH_PX,
        "height_px": HEIGHT_PX,
    }


def test_an_adjudication_task_shows_all_versions_at_once_and_nothing_else() -> None:
    votes = vote("anna", box(0, 0), box(300, 300)), vote("ben", box(0, 0), box(300, 0))
    found = task_for(*votes)
    assert found.task_key == found.data["asset_key"] == judge(*votes).adjudication_task_key
    (prediction,) = found.predictions
    assert {result["from_name"] for result in prediction["result"]} == {VERSIONS}
    assert all(result["readonly"] for result in prediction["result"])
    assert {places(result) for result in prediction["result"]} == {
        corners(box(0, 0)),
        corners(box(300, 300)),
        corners(box(300, 0)),
    }


def places(result: dict[str, Any]) -> tuple[float, ...]:
    """The corners of a region, in pixels, rounded."""
    points = result["value"]["points"]
    return tuple(
        round(side * share / 100)
        for point in points
        for share, side in zip(point, (WIDTH_PX, HEIGHT_PX), strict=True)
    )


def corners(drawn: Box) -> tuple[float, ...]:
    left, top, right, bottom = drawn.x_min, drawn.y_min, drawn.x_max, drawn.y_max
    return (left, top, right, top, right, bottom, left, bottom)


def test_nothing_is_chosen_beforehand() -> None:
    found = task_for(vote("anna", box(0, 0)), vote("ben"))
    assert not any("selected" in choice for choice in found.data["decisions"])
    (prediction,) = found.predictions
    assert DECISION not in {result["from_name"] for result in prediction["result"]}


def test_an_adjudication_task_names_nobody() -> None:
    found = task_for(vote("anna", box(70, 30)), vote("ben"))
    text = found.to_json().decode()
    assert "anna" not in text
    assert "ben" not in text


def test_each_difference_is_named_by_the_regions_it_is_about() -> None:
    votes = (
        vote("anna", box(0, 0, label="crop"), box(300, 0), box(600, 300)),
        vote("ben", box(0, 0, label="weed"), box(305, 15)),
    )
    found = task_for(*votes)
    colours = {region["value"]: region["background"] for region in found.data["regions"]}
    annas = next(name[0] for name in colours if name.endswith("1: crop"))
    bens = {"A": "B", "B": "A"}[annas]
    first = {annas: "crop", bens: "weed"}
    lines = text_of(found).splitlines()
    assert lines[0] == f"A1 / B1: {first['A']} or {first['B']}?"
    assert lines[1].startswith("A2 / B2: weed, drawn differently (IoU 0.68)")
    assert lines[2] == f"{annas}3: weed, or nothing there? Nothing in version {bens}"
    for letter in "AB":
        assert len({colour for name, colour in colours.items() if name[0] == letter}) == 1
    assert len(set(colours.values())) == 2


def test_the_order_in_the_list_does_not_follow_the_names() -> None:
    for number in range(8):
        votes = vote("anna", box(number, 0)), vote("ben", box(number, 0, label="crop"))
        assert text_of(task_for(*votes)).startswith("A1 / B1: ")


def text_of(task: NewTask) -> str:
    """The list of differences, a line each, without its markup."""
    items = re.findall("<li>(.*?)</li>", task.data["differences"])
    return "\n".join(html.unescape(re.sub("<[^>]*>", "", item)) for item in items)


def test_every_name_in_the_list_is_the_name_of_a_region() -> None:
    people = ("anna", "ben", "dan")
    votes = [vote(name, box(40 * n, 0), box(300, 300)) for n, name in enumerate(people)]
    rules = campaign(annotators=[person(name) for name in people])
    judgement = judge_image(
        IMAGE, assignments=[assignment(n) for n in people], votes=votes, campaign=rules
    )
    found = adjudication_task(
        judgement, votes=votes, policy=rules.agreement, image_uri=URI, width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
    )  # fmt: skip
    shown = {region["value"].partition(":")[0] for region in found.data["regions"]}
    named = set(re.findall(r"\b[A-C][0-9]+\b", text_of(found)))
    assert named
    assert named <= shown
    assert [c["value"] for c in found.data["decisions"]][:3] == [
        "version A", "version B", "version C",
    ]  # fmt: skip
    assert len({region["background"] for region in found.data["regions"]}) == 4  # grey is one


def test_what_all_agree_on_is_shown_once_and_can_be_kept() -> None:
    found = task_for(vote("anna", box(0, 0), box(300, 0)), vote("ben", box(2, 0)))
    assert sorted(region["value"][1:] for region in found.data["regions"]) == [
        "1: weed", "greed 1: weed",
    ]  # fmt: skip
    assert DecisionKind.DIFFERENCES in {choice["value"] for choice in found.data["decisions"]}
    nothing_agreed = task_for(vote("anna", box(0, 0)), vote("ben"))
    assert DecisionKind.DIFFERENCES not in {c["value"] for c in nothing_agreed.data["decisions"]}


def test_class_names_with_markup_are_shown_as_they_are() -> None:
    name = '<img src=x onerror=alert(1)> / & "b"'
    found = task_for(vote("anna", box(0, 0, label=name)), vote("ben", box(0, 0)))
    assert "<img src=x" not in found.data["differences"]
    assert name in text_of(found)


def test_nobody_can_draw_with_the_name_of_a_version() -> None:
    found = task_for(vote("anna", box(0, 0)), vote("ben"))
    assert {region["maxUsages"] for region in found.data["regions"]} == {"1"}


def test_the_same_conflict_gives_the_same_task_with_region_ids_of_its_own() -> None:
    votes = vote("anna", box(0, 0), box(300, 300)), vote("ben", box(0, 0))
    assert task_for(*votes) == task_for(*reversed(votes))
    ids = [result["id"] for p in task_for(*votes).predictions for result in p["result"]]
    assert len(set(ids)) == 2


def test_a_skipped_version_is_told_but_can_not_be_chosen() -> None:
    found = task_for(vote("anna", box(0, 0)), vote("ben", outcome=Outcome.SKIPPED))
    assert text_of(found).endswith("is empty: the image was skipped")
    versions = [c["value"] for c in found.data["decisions"] if c["value"].startswith("version")]
    assert len(versions) == 1


def test_an_answer_that_decided_nothing_comes_back_as_a_version_that_says_why() -> None:
    votes = vote("anna", box(0, 0)), vote("ben")
    first = judge(*votes)
    silent = vote(
        "cara", box(5, 5), phase=Phase.ADJUDICATION, task_key=first.adjudication_task_key,
        problems=("no decision was made",),
    )  # fmt: skip
    found = task_for(*votes, silent, asked=("anna", "ben"))
    assert "your earlier answer, cannot be used: no decision was made" in text_of(found)
    assert any("your earlier answer is right" in c["html"] for c in found.data["decisions"])
    assert "cara" not in found.to_json().decode()


def test_a_judgement_stored_before_the_page_changed_gives_the_new_page() -> None:
    votes = vote("anna", box(0, 0)), vote("ben")
    stored = judge(*votes).model_copy(update={"adjudication_task_key": f"{IMAGE}.0123456789ab"})
    found = adjudication_task(
        stored, votes=votes, policy=campaign().agreement, image_uri=URI, width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
    )  # fmt: skip
    assert asks_for_a_decision(found.task_key)


def test_there_is_no_task_for_an_image_without_a_conflict() -> None:
    with pytest.raises(InvalidInputError, match="agreed: there is nothing to adjudicate"):
        task_for(vote("anna"), vote("ben"))
