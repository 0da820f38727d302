"""farmy predict, farmy campaign predictions and farmy dataset suspects, as a person types them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.cli import campaign_predictions, dataset_suspects, predict
from farmy_assets.cli.main import app
from farmy_assets.lake.lake import Lake
from farmy_assets_tests.execution.small_models import constant_model
from farmy_assets_tests.execution.test_running_models import HEAD, NAMES
from farmy_assets_tests.workflow import test_prediction_use
from farmy_assets_tests.workflow.test_predicting import BATCH, IDS, prepared
from farmy_assets_tests.workflow.test_suspects import version

run = CliRunner().invoke
NAME = "weeds-2026"


@pytest.fixture(autouse=True)
def _on_this_lake(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (predict, campaign_predictions, dataset_suspects):
        monkeypatch.setattr(module, "open_lake", lambda: lake)


def coco(tmp_path: Path, *boxes: list[float], category: int = 2) -> str:
    rows = [
        {"image_id": IDS[0], "category_id": category, "bbox": box, "score": 0.5} for box in boxes
    ]
    (tmp_path / "found.json").write_text(json.dumps(rows))
    return str(tmp_path / "found.json")


def test_a_coco_file_is_previewed_then_stored_and_said_again_it_does_nothing(
    lake: Lake, tmp_path: Path
) -> None:
    prepared(lake)
    arguments = [
        "predict",
        NAME,
        "--coco",
        coco(tmp_path, [0, 0, 9, 9], [0, 0]),
        "--model-version",
        "v1",
    ]
    shown = run(app, [*arguments, "--preview"])
    assert "1 of 3 kept images of weeds-2026 would be predicted by v1" in shown.stdout
    assert "not in the file: 2" in shown.stdout
    assert not lake.predictions.models(NAME)
    shown = run(app, arguments)
    assert shown.exit_code == 0, shown.stderr
    assert "1 of 3 kept images of weeds-2026 predicted by v1: 1 region" in shown.stdout
    assert "nobody sees them yet: write `predictions: {model: v1}`" in shown.stdout
    assert "passed over, without a shape that can be drawn as box: 1 annotation" in shown.stdout
    assert json.loads(run(app, [*arguments, "--json"]).stdout)["before"] == 1


def test_an_onnx_file_predicts_every_image(lake: Lake, tmp_path: Path) -> None:
    prepared(lake)
    model = str(constant_model(tmp_path / "m.onnx", {"output0": HEAD}, metadata=NAMES))
    shown = run(app, ["predict", NAME, "--model", model, "--model-version", "v1"])
    assert shown.exit_code == 0, shown.stderr
    found = lake.predictions.of_batch(NAME, "v1", BATCH)
    assert [len(each.regions) for each in found.values()] == [1, 1, 1]
    stands_for = lake.predictions.model(NAME, "v1")
    assert stands_for is not None
    assert (stands_for.source, stands_for.origin) == ("onnx", "m.onnx")


def test_a_model_without_names_of_its_classes_asks_for_them(lake: Lake, tmp_path: Path) -> None:
    prepared(lake)
    model = str(constant_model(tmp_path / "m.onnx", {"output0": HEAD}))
    arguments = ["predict", NAME, "--model", model, "--model-version", "v1"]
    refused = run(app, arguments)
    assert (refused.exit_code, "--classes FILE" in refused.stderr) == (1, True)
    (tmp_path / "names.txt").write_text("anything: crop\nweeds: weed\n")
    shown = run(app, [*arguments, "--classes", str(tmp_path / "names.txt"), "--json"])
    assert json.loads(shown.stdout)["regions"] == {"weed": 3}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--model-version", "v1"], "one of --model FILE.onnx, --coco FILE, --function"),
        (["--model-version", "a b", "--coco", "x"], "cannot be the name of a model"),
        (["--model-version", "v1", "--coco", "no-such-file"], "cannot be read"),
        (["--model-version", "v1", "--model", "no-such-file"], "cannot be read"),
        (["--model-version", "v1", "--function", "nothing"], "MODULE:FUNCTION"),
    ],
)
def test_what_cannot_be_done_is_told_with_what_to_do(
    lake: Lake, arguments: list[str], text: str
) -> None:
    prepared(lake)
    refused = run(app, ["predict", NAME, *arguments])
    assert refused.exit_code == 1
    assert text in " ".join(refused.stderr.split())


def test_a_function_in_the_present_folder_is_found(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared(lake)
    (tmp_path / "a_model_of_mine.py").write_text(
        "def f(pictures):\n    return [[] for _ in pictures]\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "elsewhere"))
    shown = run(
        app,
        ["predict", NAME, "--function", "a_model_of_mine:f", "--model-version", "v1", "--json"],
    )
    assert json.loads(shown.stdout)["made"] == 3


rules = test_prediction_use.rules


def test_the_use_of_predictions_is_shown_as_a_table_and_for_scripts(
    lake: Lake, rules: Campaign
) -> None:
    shown = run(app, ["campaign", "predictions", rules.name])
    (head, row) = shown.stdout.splitlines()
    assert head.split()[:4] == ["model", "label", "accepted", "edited"]
    assert row.split()[:6] == ["v1", "weed", "2", "1", "0", "1"]
    found = json.loads(run(app, ["campaign", "predictions", rules.name, "--json"]).stdout)
    assert found["classes"][0]["accepted_share"] == 0.5


def test_a_campaign_without_predictions_says_how_to_show_some(lake: Lake) -> None:
    prepared(lake)
    shown = run(app, ["campaign", "predictions", NAME])
    assert (shown.exit_code, shown.stdout) == (0, "")
    assert "farmy predict" in shown.stderr


def test_suspects_leave_a_page_a_table_and_ids_for_another_campaign(
    lake: Lake, tmp_path: Path
) -> None:
    prepared(lake)
    released = version()
    lake.datasets.freeze(released)
    arguments = [
        "predict",
        NAME,
        "--coco",
        coco(tmp_path, [40, 10, 30, 30]),
        "--model-version",
        "v1",
    ]
    assert run(app, arguments).exit_code == 0
    out = tmp_path / "found" / "page.html"
    shown = run(
        app,
        [
            "dataset",
            "suspects",
            NAME,
            released.version_id,
            "--model-version",
            "v1",
            "--out",
            str(out),
        ],
    )
    assert shown.exit_code == 0, shown.stderr
    assert "1 image with likely errors, of 1 compared with v1" in shown.stdout
    assert (out.parent / "page.ids.txt").read_text() == f"{IDS[0]}\n"
    assert out.read_text().startswith("<!DOCTYPE html>")
    assert len((out.parent / "page.csv").read_text().splitlines()) == 3
    refused = run(app, ["dataset", "suspects", NAME, "--out", str(out)])
    assert "--model-version NAME" in refused.stderr
