"""Predictions are made once for each image, go on after a stop, and belong to what made them."""

import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image

from farmy_assets.annotation.campaign import Campaign, ShownModel
from farmy_assets.annotation.predictions.predicted import (
    ImagePredictions,
    PredictionModel,
    PredictionSource,
)
from farmy_assets.annotation.regions.box import Box
from farmy_assets.cleansing.cleansed_set import CleansedSet, KeptImage
from farmy_assets.cleansing.fingerprints import content_sha256
from farmy_assets.errors import InvalidInputError
from farmy_assets.lake import keys
from farmy_assets.lake.assignments import Placement
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow import predicting
from farmy_assets.workflow.coco_predictor import CocoPredictor
from farmy_assets.workflow.model_predictors import FunctionPredictor
from farmy_assets.workflow.predicting import Picture
from farmy_assets_tests.annotation.examples import campaign

BATCH = "000001-20260601T120000Z"
IDS = [f"{n:032x}-{n:012x}" for n in range(250)]
SIZE = (80, 60)


def copy_of(number: int) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", SIZE, (number % 256, 100, 100)).save(content, "JPEG")
    return content.getvalue()


def prepared(lake: Lake, *, images: int = 3, shown: bool = False) -> Campaign:
    rules = campaign()
    if shown:
        rules = rules.model_copy(update={"predictions": ShownModel(model="v1")})
    rules = lake.campaigns.apply(rules)
    kept = []
    for number in range(images):
        content = copy_of(number)
        lake.cleansed.put(keys.cleansed_image(IDS[number]), content)
        kept.append(
            KeptImage(
                image_id=IDS[number], sha256=content_sha256(content),
                width_px=SIZE[0], height_px=SIZE[1],
            )
        )  # fmt: skip
    lake.cleansed_sets.write(
        CleansedSet(
            batch_id=BATCH, campaign=rules.name, rule_version="1", kept=tuple(kept), excluded=()
        )
    )
    return rules


def model(name: str = "v1", **changes: object) -> PredictionModel:
    fields: dict[str, object] = {
        "campaign": "weeds-2026", "name": name, "source": PredictionSource.FUNCTION,
        "origin": "mymodel:predict",
    }  # fmt: skip
    return PredictionModel.model_validate(fields | changes)


class Counting:
    """Says that nothing is there, and keeps what it was asked."""

    needs_pictures = True

    def __init__(self, *, stop_after: int = 10**9) -> None:
        self.asked: list[str] = []
        self._stop_after = stop_after

    def knows(self, image_id: str) -> bool:
        return image_id != IDS[1]

    def predict(self, pictures: Sequence[Picture]) -> list[ImagePredictions]:
        if len(self.asked) >= self._stop_after:
            raise KeyboardInterrupt
        self.asked += [picture.image.image_id for picture in pictures]
        assert all(picture.content for picture in pictures)
        return [ImagePredictions(image_id=picture.image.image_id) for picture in pictures]


def done(_count: int) -> None:
    pass


def test_every_image_is_predicted_once_however_often_it_is_asked_for(lake: Lake) -> None:
    rules, predictor = prepared(lake), Counting()
    for _ in range(2):
        found = predicting.predict(lake, rules, model(), predictor, on_done=done)
    assert predictor.asked == [IDS[0], IDS[2]]
    assert (found.images, found.before, found.unknown, found.made) == (3, 2, 1, 0)


def test_a_preview_counts_and_writes_nothing(lake: Lake) -> None:
    rules, predictor = prepared(lake), Counting()
    found = predicting.preview(lake, rules, "v1", predictor)
    assert (found.made, found.unknown, predictor.asked) == (2, 1, [])
    assert lake.predictions.model(rules.name, "v1") is None


def test_after_a_stop_only_the_rest_is_predicted(lake: Lake) -> None:
    rules = prepared(lake, images=250)
    first, second = Counting(stop_after=100), Counting()
    with pytest.raises(KeyboardInterrupt):
        predicting.predict(lake, rules, model(), first, on_done=done)
    steps: list[int] = []
    predicting.predict(lake, rules, model(), second, on_done=steps.append)
    assert len(first.asked) == 100
    assert sorted(first.asked + second.asked) == sorted(set(IDS) - {IDS[1]})
    assert sum(steps) == 149
    assert len(lake.predictions.of_batch(rules.name, "v1", BATCH)) == 249
    assert len(list(lake.predictions.of_model(rules.name, "v1"))) == 249


def test_a_name_stands_for_one_model_for_good(lake: Lake) -> None:
    rules = prepared(lake)
    predicting.predict(lake, rules, model(), Counting(), on_done=done)
    with pytest.raises(InvalidInputError, match="another --model-version"):
        predicting.predict(lake, rules, model(origin="other:f"), Counting(), on_done=done)
    predicting.predict(lake, rules, model("v2", origin="other:f"), Counting(), on_done=done)
    assert lake.predictions.models(rules.name) == ["v1", "v2"]


def test_two_that_predict_at_once_leave_one_answer_for_each_image(lake: Lake) -> None:
    rules = prepared(lake)
    one = [ImagePredictions(image_id=IDS[0]), ImagePredictions(image_id=IDS[1], problem="first")]
    lake.predictions.add(rules.name, "v1", BATCH, one)
    lake.predictions.add(
        rules.name, "v1", BATCH,
        [ImagePredictions(image_id=IDS[1], problem="second"), ImagePredictions(image_id=IDS[2])],
    )  # fmt: skip
    found = lake.predictions.of_batch(rules.name, "v1", BATCH)
    assert {i: each.problem for i, each in found.items()} == {
        IDS[0]: "", IDS[1]: "first", IDS[2]: "",
    }  # fmt: skip


def test_placed_batches_are_placed_again_when_the_campaign_shows_the_model(lake: Lake) -> None:
    rules = prepared(lake, shown=True)
    found = predicting.predict(lake, rules, model(), Counting(), on_done=done)
    assert found.to_show == ()  # its own run will show them
    lake.assignments.write_placement(
        Placement(batch_id=BATCH, campaign=rules.name, tasks=3, projects={})
    )
    found = predicting.predict(lake, rules, model(), Counting(), on_done=done)
    assert found.to_show == (BATCH,)
    assert lake.pending.of(rules.name).to_place == (BATCH,)


def test_a_coco_file_predicts_the_images_that_it_names(lake: Lake) -> None:
    rules = prepared(lake)
    rows = [{"image_id": IDS[0], "category_id": 2, "bbox": [1, 2, 30, 40], "score": 0.75}]
    predictor = CocoPredictor(rules, json.dumps(rows).encode())
    found = predicting.predict(lake, rules, model(), predictor, on_done=done)
    assert (found.made, found.unknown, found.regions) == (1, 2, {"weed": 1})
    (stored,) = lake.predictions.of_batch(rules.name, "v1", BATCH).values()
    assert stored.regions[0].region == Box(label="weed", x_min=1, y_min=2, x_max=31, y_max=42)


def own_model(pictures: list[Any]) -> list[list[dict[str, object]]]:
    assert all(picture.shape == (60, 80, 3) for picture in pictures)
    mask = np.zeros((60, 80), bool)
    mask[10:20, 30:50] = True
    shapes = {"box": [1, 2, 31, 42]}, {"points": [(0, 0), (9, 0), (9, 9)]}, {"mask": mask}
    return [[{"label": "weed", "score": 0.5, **shape} for shape in shapes]] * len(pictures)


def failing(_pictures: list[Any]) -> list[list[dict[str, object]]]:
    msg = "no weights"
    raise FileNotFoundError(msg)


def too_short(_pictures: list[Any]) -> list[list[dict[str, object]]]:
    return []


def no_label(pictures: list[Any]) -> list[list[dict[str, object]]]:
    return [[{"score": 1}]] * len(pictures)


def no_score(pictures: list[Any]) -> list[list[dict[str, object]]]:
    return [[{"label": "weed", "score": 2, "box": [0, 0, 9, 9]}]] * len(pictures)


def test_a_function_of_ones_own_answers_with_boxes_corners_and_masks(lake: Lake) -> None:
    rules = prepared(lake)
    predictor = FunctionPredictor(rules, f"{__name__}:own_model")
    predicting.predict(lake, rules, model(), predictor, on_done=done)
    stored = lake.predictions.of_batch(rules.name, "v1", BATCH)[IDS[0]]
    assert [each.region.bounds_px for each in stored.regions] == [
        (1, 2, 31, 42), (0, 0, 9, 9), (30, 10, 50, 20),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("failing", "failed with FileNotFoundError: no weights"),
        ("too_short", "gave 0 answers for 3 pictures"),
        ("no_label", "has to answer each picture with a list of mappings"),
        ("no_score", "scores are from 0 to 1"),
    ],
)
def test_a_function_that_answers_otherwise_is_told_what_is_wanted(
    lake: Lake, name: str, text: str
) -> None:
    rules = prepared(lake)
    predictor = FunctionPredictor(rules, f"{__name__}:{name}")
    with pytest.raises(InvalidInputError, match=text):
        predicting.predict(lake, rules, model(), predictor, on_done=done)


@pytest.mark.parametrize(
    "name", ["nothing", "no.such.module:f", f"{__name__}:f", f"{__name__}:IDS"]
)
def test_a_function_that_is_not_there_is_told(lake: Lake, name: str) -> None:
    with pytest.raises(InvalidInputError, match=r"MODULE:FUNCTION|cannot be loaded|no function"):
        FunctionPredictor(prepared(lake), name)


def test_a_copy_that_is_not_the_recorded_one_gets_the_reason(lake: Lake) -> None:
    rules = prepared(lake)
    lake.cleansed.put(keys.cleansed_image(IDS[1]), b"something else")
    predictor = FunctionPredictor(rules, f"{__name__}:own_model")
    found = predicting.predict(lake, rules, model(), predictor, on_done=done)
    assert list(found.problems.values()) == [1]
    assert "not the one that was recorded" in next(iter(found.problems))
