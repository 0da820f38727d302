"""Predictions as they are stored: written out by hand, so that no change of form goes unnoticed."""

from farmy_assets.annotation.campaign import ShownModel
from farmy_assets.annotation.regions.box import Box
from farmy_assets.lake.lake import Lake

IMAGE = f"{'0' * 32}-{'1' * 12}"
BATCH = "000001-20260514T120000Z"
PART = (
    f'{{"image_id":"{IMAGE}","regions":[{{"region":{{"kind":"box","label":"weed","x_min":1.0,'
    '"y_min":2.0,"x_max":11.0,"y_max":22.0},"score":0.5}]}\n'
)
STORED = {
    "predictions/weeds/v1/model.json": """{
 "campaign": "weeds",
 "name": "v1",
 "source": "onnx",
 "sha256": "0000000000000000000000000000000000000000000000000000000000000000",
 "origin": "best.onnx",
 "settings": {"iou": "0.7"}
}""",
    f"predictions/weeds/v1/images/{BATCH}/000001.jsonl": PART,
    f"shown-predictions/weeds/{BATCH}.json": f"""{{
 "batch_id": "{BATCH}",
 "campaign": "weeds",
 "shown": {{"anna": {{"{IMAGE}": {{"model": "v1", "show": true, "least_score": 0.25}}}}}}
}}""",
    "prediction-use-counts/weeds.json": """{
 "campaign": "weeds",
 "votes_up_to": 7,
 "counts": [
  {"model": "v1", "label": "weed", "person": "anna", "accepted": 1, "edited": 2, "relabelled": 0,
   "deleted": 0, "added": 3, "likeness_sum": 1.5}
 ]
}""",
}


def test_records_of_predictions_are_read_as_they_were_written(lake: Lake) -> None:
    for key, text in STORED.items():
        lake.records.bucket.put_once(key, text.encode())
    model = lake.predictions.model("weeds", "v1")
    assert model is not None
    assert (model.source, model.settings) == ("onnx", {"iou": "0.7"})
    (found,) = lake.predictions.of_batch("weeds", "v1", BATCH).values()
    assert found.regions[0].region == Box(label="weed", x_min=1, y_min=2, x_max=11, y_max=22)
    assert found.to_line() + b"\n" == PART.encode()
    assert lake.predictions.shown("weeds", BATCH).shown == {"anna": {IMAGE: ShownModel(model="v1")}}
    assert lake.prediction_use.counted("weeds")[0].counts[0].added == 3
    assert lake.predictions.models("weeds") == ["v1"]
    assert lake.predictions.models("weed") == []


def test_what_is_no_longer_shown_is_forgotten_and_the_rest_stays(lake: Lake) -> None:
    shown = ShownModel(model="v1")
    lake.predictions.note_shown("weeds", BATCH, {"anna": {"a": shown, "b": shown}})
    lake.predictions.note_shown("weeds", BATCH, {"anna": {"a": None}, "ben": {"c": shown}})
    assert lake.predictions.shown("weeds", BATCH).shown == {
        "anna": {"b": shown},
        "ben": {"c": shown},
    }
