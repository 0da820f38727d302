"""Predictions in inboxes: each once, for tasks that nobody answered, and the project shows them."""

from typing import Any

import httpx
import pytest

from farmy_assets.annotation.predictions.predicted import ImagePredictions, PredictedRegion
from farmy_assets.errors import StudioError, StudioUnavailableError
from farmy_assets.label_studio import Studio
from farmy_assets.label_studio.new_tasks import NewTask
from farmy_assets.label_studio.predictions import prediction_of
from farmy_assets_tests.annotation.examples import HEIGHT_PX, WIDTH_PX, box
from farmy_assets_tests.label_studio.fake_label_studio import FakeLabelStudio

IMAGE = f"{'0' * 32}-{'1' * 12}"
FOUND = ImagePredictions(
    image_id=IMAGE,
    regions=(
        PredictedRegion(region=box(80, 60, 80), score=0.9),
        PredictedRegion(region=box(400, 60, 80), score=0.2),
    ),
)


def prediction(model: str = "weeds-v1", *, least_score: float = 0.25) -> dict[str, Any]:
    return prediction_of(
        FOUND, model=model, least_score=least_score, width_px=WIDTH_PX, height_px=HEIGHT_PX
    )


@pytest.fixture
def inbox(server: FakeLabelStudio, studio: Studio) -> int:
    project_id = server.add_project("farmy:weeds/annotation/anna")
    studio.add_tasks(project_id, [NewTask(task_key=key, data={}) for key in ("a", "b", "c")])
    return project_id


def shown(server: FakeLabelStudio) -> dict[str, list[str]]:
    return {
        task["data"]["asset_key"]: [p["model_version"] for p in task.get("predictions", ())]
        for task in server.tasks.values()
    }


def test_a_prediction_has_its_model_its_score_and_the_regions_that_are_sure_enough() -> None:
    found = prediction()
    assert (found["model_version"], found["score"]) == ("weeds-v1", 0.9)
    (result,) = found["result"]
    assert (result["value"]["x"], result["value"]["width"]) == (10, 10)
    assert result["value"]["rectanglelabels"] == ["weed"]
    assert result["score"] == 0.9
    assert len(prediction(least_score=0.1)["result"]) == 2


def test_open_tasks_get_predictions_once_and_the_project_shows_them(
    server: FakeLabelStudio, studio: Studio, inbox: int
) -> None:
    wanted = {"a": prediction(), "b": prediction(), "not there": prediction()}
    for _ in range(2):
        assert studio.show_predictions(inbox, wanted, model="weeds-v1") == {"a", "b"}
    assert shown(server) == {"a": ["weeds-v1"], "b": ["weeds-v1"], "c": []}
    assert server.projects[inbox]["model_version"] == "weeds-v1"
    assert server.asked("POST", "import/predictions") == 1


def test_an_answered_task_gets_no_prediction(
    server: FakeLabelStudio, studio: Studio, inbox: int
) -> None:
    server.add_annotation(studio.task_ids(inbox)["a"])
    wanted = {"a": prediction(), "b": prediction()}
    assert studio.show_predictions(inbox, wanted, model="weeds-v1") == {"b"}
    assert shown(server)["a"] == []


def test_a_lost_reply_gives_no_task_a_second_prediction(
    server: FakeLabelStudio, studio: Studio, inbox: int
) -> None:
    def lost(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("import/predictions"):
            return None
        server.answer(request)
        return httpx.Response(502, text="<html>")

    server.fault = lost
    assert studio.show_predictions(inbox, {"a": prediction()}, model="weeds-v1") == {"a"}
    assert shown(server)["a"] == ["weeds-v1"]


def test_a_prediction_that_did_not_arrive_is_told_as_something_that_passes(
    server: FakeLabelStudio, studio: Studio, inbox: int
) -> None:
    server.fault = lambda request: (
        httpx.Response(502) if request.url.path.endswith("import/predictions") else None
    )
    with pytest.raises(StudioUnavailableError):
        studio.show_predictions(inbox, {"a": prediction()}, model="weeds-v1")


def test_what_label_studio_passes_over_without_a_word_is_an_error(
    server: FakeLabelStudio, studio: Studio, inbox: int
) -> None:
    server.known_controls = {"polygon"}
    with pytest.raises(StudioError, match="did not take the predictions of 1 tasks"):
        studio.show_predictions(inbox, {"a": prediction()}, model="weeds-v1")


def test_another_model_takes_the_place_of_the_first(
    server: FakeLabelStudio, studio: Studio, inbox: int
) -> None:
    studio.show_predictions(inbox, {"a": prediction()}, model="weeds-v1")
    studio.show_predictions(inbox, {"a": prediction("weeds-v10")}, model="weeds-v10")
    assert server.projects[inbox]["model_version"] == "weeds-v10"
    assert shown(server)["a"] == ["weeds-v1", "weeds-v10"]


def test_a_project_that_goes_on_to_show_another_model_is_an_error(
    server: FakeLabelStudio, studio: Studio, inbox: int
) -> None:
    server.fault = lambda request: (
        httpx.Response(200, json={"id": inbox}) if request.method == "PATCH" else None
    )
    with pytest.raises(StudioError, match="goes on to show no prediction in place of weeds-v1"):
        studio.show_predictions(inbox, {"a": prediction()}, model="weeds-v1")


def test_open_tasks_are_ordered_by_score_unless_a_person_ordered_them(
    server: FakeLabelStudio, studio: Studio, inbox: int
) -> None:
    data = {"title": "To do", "ordering": ["tasks:id"]}
    tab = server.add_view({"project": inbox, "data": data})
    studio.order_open_tasks(inbox, by_score=True)
    assert tab["data"] == {"title": "To do", "ordering": ["tasks:predictions_score"]}
    studio.order_open_tasks(inbox, by_score=False)
    assert tab["data"]["ordering"] == ["tasks:id"]
    tab["data"]["ordering"] = ["-tasks:id"]
    studio.order_open_tasks(inbox, by_score=True)
    assert tab["data"]["ordering"] == ["-tasks:id"]


def test_hidden_predictions_go_out_of_open_tasks_alone(
    server: FakeLabelStudio, studio: Studio, inbox: int
) -> None:
    wanted = {"a": prediction(), "b": prediction()}
    studio.show_predictions(inbox, wanted, model="weeds-v1")
    server.add_annotation(studio.task_ids(inbox)["a"])
    assert studio.hide_predictions(inbox, ["a", "b"]) == {"b"}
    assert shown(server) == {"a": ["weeds-v1"], "b": [], "c": []}
    assert server.projects[inbox]["show_collab_predictions"] is False
