"""What the campaign says of predictions is what the annotators' tasks show, and it is noted."""

from datetime import UTC, datetime

import pytest

from farmy_assets.annotation.answers import RawAnnotation
from farmy_assets.annotation.campaign import Campaign, LabelClass, ShownModel, TaskOrder
from farmy_assets.annotation.predictions.predicted import ImagePredictions, PredictedRegion
from farmy_assets.catalog.batches import Batch
from farmy_assets.cleansing.cleansed_set import CleansedSet, KeptImage
from farmy_assets.defs import days
from farmy_assets.defs.placing import place_tasks
from farmy_assets.defs.shown_predictions import follow_shown_model, predictions_to_show
from farmy_assets.lake import keys
from farmy_assets.lake.assignments import Placement
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.annotation.examples import NOON, assignment, box, campaign
from farmy_assets_tests.defs.conftest import StudioInMemory

BATCH = "000001-20260601T120000Z"
IDS = [f"{n:032x}-{n:012x}" for n in range(3)]
V1 = ShownModel(model="v1")
SET = CleansedSet(
    batch_id=BATCH, campaign="weeds-2026", rule_version="1", excluded=(),
    kept=tuple(KeptImage(image_id=i, sha256="0", width_px=800, height_px=600) for i in IDS),
)  # fmt: skip
GIVEN = [assignment("anna", IDS[0]), assignment("anna", IDS[1]), assignment("ben", IDS[0])]


def rules(shown: ShownModel | None) -> Campaign:
    return campaign().model_copy(update={"predictions": shown})


def predict(lake: Lake, model: str, *numbers: int, problem: str = "") -> None:
    found = [
        ImagePredictions(
            image_id=IDS[n], problem=problem,
            regions=(PredictedRegion(region=box(10, 10), score=0.9),),
        )
        for n in numbers
    ]  # fmt: skip
    lake.predictions.add("weeds-2026", model, BATCH, found)


@pytest.fixture(autouse=True)
def _sealed(lake: Lake) -> None:
    batch = Batch(
        batch_id=BATCH, number=1, campaign="weeds-2026", sealed_at=NOON, image_ids=tuple(IDS)
    )
    lake.records.write_once(keys.batch(1), batch)


def place(lake: Lake, studio: StudioInMemory, shown: ShownModel | None) -> None:
    placed = place_tasks(lake, studio, rules(shown), GIVEN, SET, today=days.today())
    assert not placed.missing


def versions(studio: StudioInMemory, person: str) -> dict[str, list[str]]:
    project = studio.projects[f"farmy:weeds-2026/annotation/{person}"]
    tasks = studio.tasks[project]
    return {key: [p["model_version"] for p in task.predictions] for key, task in tasks.items()}


def answer(studio: StudioInMemory, person: str, image_id: str) -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    annotation = RawAnnotation(
        annotation_id=1, email=f"{person}@example.com", created_at=now, updated_at=now,
        skipped=False, lead_time_s=1.0, ground_truth=False, result=(),
    )  # fmt: skip
    studio.answer(f"farmy:weeds-2026/annotation/{person}", image_id, annotation)


def test_new_tasks_come_with_the_predictions_of_the_campaigns_model(
    lake: Lake, studio: StudioInMemory
) -> None:
    predict(lake, "v1", 0)
    predict(lake, "v2", 0, 1)
    place(lake, studio, V1)
    assert versions(studio, "anna") == {IDS[0]: ["v1"], IDS[1]: []}
    noted = lake.predictions.shown("weeds-2026", BATCH).shown
    assert noted == {"anna": {IDS[0]: V1}, "ben": {IDS[0]: V1}}


def test_a_campaign_that_shows_none_is_blind(lake: Lake, studio: StudioInMemory) -> None:
    predict(lake, "v1", 0)
    place(lake, studio, None)
    place(lake, studio, V1.model_copy(update={"show": False}))
    assert versions(studio, "anna") == {IDS[0]: [], IDS[1]: []}
    assert not lake.predictions.was_anything_shown("weeds-2026")


def test_tasks_that_are_there_get_predictions_later_if_nobody_answered_them(
    lake: Lake, studio: StudioInMemory
) -> None:
    place(lake, studio, V1)
    answer(studio, "anna", IDS[0])
    predict(lake, "v1", 0, 1)
    for _ in range(2):
        place(lake, studio, V1)
    assert versions(studio, "anna") == {IDS[0]: [], IDS[1]: ["v1"]}
    assert versions(studio, "ben") == {IDS[0]: ["v1"]}
    assert lake.predictions.shown("weeds-2026", BATCH).shown == {
        "anna": {IDS[1]: V1}, "ben": {IDS[0]: V1},
    }  # fmt: skip


def test_another_model_is_noted_for_those_who_had_not_answered(
    lake: Lake, studio: StudioInMemory
) -> None:
    predict(lake, "v1", 0, 1)
    predict(lake, "v2", 0, 1)
    place(lake, studio, V1)
    answer(studio, "anna", IDS[0])
    second = ShownModel(model="v2", least_score=0.5)
    place(lake, studio, second)
    assert lake.predictions.shown("weeds-2026", BATCH).shown == {
        "anna": {IDS[0]: V1, IDS[1]: second}, "ben": {IDS[0]: second},
    }  # fmt: skip
    assert versions(studio, "ben") == {IDS[0]: ["v1", "v2@0.5"]}


def test_another_least_score_draws_the_same_model_anew(lake: Lake, studio: StudioInMemory) -> None:
    predict(lake, "v1", 0)
    place(lake, studio, V1)
    place(lake, studio, ShownModel(model="v1", least_score=0.95))
    assert versions(studio, "ben") == {IDS[0]: ["v1", "v1@0.95"]}


def test_hidden_predictions_stay_noted_for_what_was_answered_with_them(
    lake: Lake, studio: StudioInMemory
) -> None:
    predict(lake, "v1", 0, 1)
    place(lake, studio, V1)
    answer(studio, "anna", IDS[0])
    place(lake, studio, None)
    assert lake.predictions.shown("weeds-2026", BATCH).shown == {"anna": {IDS[0]: V1}}
    assert versions(studio, "anna") == {IDS[0]: ["v1"], IDS[1]: []}


def test_an_image_without_an_answer_of_the_model_shows_nothing(
    lake: Lake, studio: StudioInMemory
) -> None:
    predict(lake, "v1", 0, problem="the model took more than 300 s")
    place(lake, studio, V1)
    assert versions(studio, "anna") == {IDS[0]: [], IDS[1]: []}


def test_a_campaign_with_an_order_gives_out_and_scores_by_it(
    lake: Lake, studio: StudioInMemory
) -> None:
    for number, score in ((0, 0.95), (1, 0.5)):
        region = PredictedRegion(region=box(10, 10), score=score)
        found = ImagePredictions(image_id=IDS[number], regions=(region,))
        lake.predictions.add("weeds-2026", "v1", BATCH, [found])
    ordered = rules(V1).model_copy(update={"order": TaskOrder.UNCERTAINTY})
    place_tasks(lake, studio, ordered, GIVEN, SET, today=days.today())
    project = studio.projects["farmy:weeds-2026/annotation/anna"]
    assert list(studio.tasks[project]) == [IDS[1], IDS[0]]
    scores = [task.predictions[0]["score"] for task in studio.tasks[project].values()]
    assert scores == [0, pytest.approx(1 / 3)]
    assert studio.ordered[project]


@pytest.mark.parametrize("killed_in", ["add_tasks", "show_predictions"])
def test_a_run_that_was_killed_is_made_up_for(
    lake: Lake, studio: StudioInMemory, monkeypatch: pytest.MonkeyPatch, killed_in: str
) -> None:
    predict(lake, "v1", 0, 1)

    def killed(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(studio, killed_in, killed)
        with pytest.raises(KeyboardInterrupt):
            place(lake, studio, V1)
    place(lake, studio, V1)
    assert versions(studio, "anna") == {IDS[0]: ["v1"], IDS[1]: ["v1"]}
    assert lake.predictions.shown("weeds-2026", BATCH).shown.keys() == {"anna", "ben"}


def test_a_changed_campaign_has_its_placed_batches_follow_once(lake: Lake) -> None:
    first = lake.campaigns.apply(rules(None))
    lake.assignments.add(first, BATCH, share=lambda _earlier: GIVEN)
    lake.assignments.write_placement(
        Placement(batch_id=BATCH, campaign=first.name, tasks=3, projects={})
    )
    second = lake.campaigns.apply(rules(V1))
    follow_shown_model(lake, second)
    lake.pending.follow(second)
    assert lake.pending.of(first.name).to_place == (BATCH,)
    lake.pending.placed(first.name, BATCH)
    third = lake.campaigns.apply(second.model_copy(update={"instructions": "Draw all."}))
    follow_shown_model(lake, third)
    assert lake.pending.of(first.name).to_place == ()


def test_a_campaign_takes_over_what_the_model_predicted_of_the_images_it_includes(
    lake: Lake, studio: StudioInMemory
) -> None:
    own = "000002-20260601T120000Z-pests"
    batch = Batch(
        batch_id=own, number=2, campaign="pests", sealed_at=NOON, image_ids=tuple(IDS),
        from_batches=(BATCH,),
    )  # fmt: skip
    lake.records.write_once(keys.batch(2), batch)
    region = PredictedRegion(region=box(10, 10, label="crop"), score=0.9)
    lake.predictions.add(
        "weeds-2026", "v1", BATCH, [ImagePredictions(image_id=IDS[0], regions=(region,))]
    )
    predict(lake, "v1", 1)
    pests = rules(V1).model_copy(
        update={"name": "pests", "classes": (LabelClass(id=1, name="weed"),)}
    )
    images = SET.model_copy(update={"batch_id": own, "campaign": "pests"})
    found = predictions_to_show(lake, pests, images, {})
    assert {i: len(each["result"]) for i, each in found.items()} == {IDS[0]: 0, IDS[1]: 1}
    assert not studio.tasks
