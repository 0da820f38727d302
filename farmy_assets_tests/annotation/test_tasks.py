import pytest

from farmy_assets.annotation.boxes import box_from_result
from farmy_assets.annotation.consensus import Judgement, judge_image
from farmy_assets.annotation.tasks import NewTask, adjudication_task, annotation_task
from farmy_assets.annotation.votes import Outcome, Vote
from farmy_assets.errors import InvalidInputError
from farmy_assets_tests.annotation.examples import (
    HEIGHT_PX,
    IMAGE,
    WIDTH_PX,
    assignment,
    box,
    campaign,
    vote,
)

URI = f"s3://cleansed/images/{IMAGE}.jpg"


def judge(*votes: Vote) -> Judgement:
    people = {v.inbox_person for v in votes}
    return judge_image(
        IMAGE,
        assignments=[assignment(name) for name in people],
        votes=votes,
        campaign=campaign(),
    )


def task_for(*votes: Vote) -> NewTask:
    return adjudication_task(
        judge(*votes), votes=votes, image_uri=URI, width_px=WIDTH_PX, height_px=HEIGHT_PX
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


def test_an_adjudication_task_shows_every_version_of_the_boxes() -> None:
    votes = vote("anna", box(0, 0), box(300, 300)), vote("ben", box(0, 0))
    found = task_for(*votes)
    assert found.task_key == found.data["asset_key"] == judge(*votes).adjudication_task_key
    assert [p["model_version"] for p in found.predictions] == ["version A", "version B"]
    shown = {
        tuple(
            box_from_result(result, labels=("weed",), width_px=WIDTH_PX, height_px=HEIGHT_PX)
            for result in prediction["result"]
        )
        for prediction in found.predictions
    }
    assert shown == {v.boxes for v in votes}


def test_an_adjudication_task_names_nobody() -> None:
    found = task_for(vote("anna", box(70, 30)), vote("ben"))
    text = found.to_json().decode()
    assert "anna" not in text
    assert "ben" not in text
    assert found.data["conflicts"] in (
        'version A saw "weed" at (120, 80), version B did not',
        'version B saw "weed" at (120, 80), version A did not',
    )


def test_the_sentences_and_the_predictions_call_the_same_vote_the_same_version() -> None:
    found = task_for(vote("anna", box(70, 30)), vote("ben"))
    (with_a_box,) = (p["model_version"] for p in found.predictions if p["result"])
    assert str(found.data["conflicts"]).startswith(with_a_box)


def test_the_letters_do_not_follow_the_names() -> None:
    first = {
        next(
            p["model_version"]
            for p in task_for(vote("anna", box(n, 0)), vote("ben")).predictions
            if p["result"]
        )
        for n in range(20)
    }
    assert first == {"version A", "version B"}


def test_the_same_conflict_gives_the_same_task_with_region_ids_of_its_own() -> None:
    votes = vote("anna", box(0, 0), box(300, 300)), vote("ben", box(0, 0))
    assert task_for(*votes) == task_for(*reversed(votes))
    ids = [result["id"] for p in task_for(*votes).predictions for result in p["result"]]
    assert len(set(ids)) == 3


def test_a_skipped_version_is_told_but_not_shown() -> None:
    found = task_for(vote("anna", box(0, 0)), vote("ben", outcome=Outcome.SKIPPED))
    assert len(found.predictions) == 1
    assert str(found.data["conflicts"]).endswith("skipped this image")


def test_there_is_no_task_for_an_image_without_a_conflict() -> None:
    with pytest.raises(InvalidInputError, match="agreed: there is nothing to adjudicate"):
        task_for(vote("anna"), vote("ben"))
