"""farmy predict: what a model sees in a campaign's images, stored and shown to annotators."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.predictions.model_classes import parse_classes
from farmy_assets.annotation.predictions.model_names import checked_model_name
from farmy_assets.annotation.predictions.predicted import PredictionModel, PredictionSource
from farmy_assets.catalog.wording import counted, verb
from farmy_assets.cleansing.fingerprints import content_sha256
from farmy_assets.cli.campaign_names import known_campaign
from farmy_assets.cli.context import console, open_lake, reports_errors
from farmy_assets.errors import InvalidInputError
from farmy_assets.execution.model_order import ModelOrder
from farmy_assets.lake.lake import Lake
from farmy_assets.workflow import predicting
from farmy_assets.workflow.coco_predictor import CocoPredictor
from farmy_assets.workflow.model_predictors import FunctionPredictor, OnnxPredictor
from farmy_assets.workflow.predicting import Predicted, Predictor


class ModelFormat(StrEnum):
    """How the raw outputs of a model are read."""

    AUTO = "auto"
    YOLO = "yolo"
    DETR = "detr"


class Normalisation(StrEnum):
    """What is done to colours before a model sees them."""

    AUTO = "auto"
    UNIT = "unit"
    IMAGENET = "imagenet"


@reports_errors
def predict(  # noqa: PLR0913, PLR0917 - one option for each thing that can be said of a model
    name: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="The campaign.")],
    model_version: Annotated[
        str, typer.Option(metavar="NAME", help="What the predictions are called: weeds-yolo-v3.")
    ],
    model: Annotated[
        Path | None, typer.Option(metavar="FILE.onnx", help="A detector in ONNX form.")
    ] = None,
    coco: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A COCO data set, or COCO results.")
    ] = None,
    function: Annotated[
        str, typer.Option(metavar="MODULE:FUNCTION", help="A Python function of your own.")
    ] = "",
    classes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The model's classes, one a line in its order: 'name', 'name: class', 'name:'.",
        ),
    ] = None,
    coco_images: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The data set that COCO results are of.")
    ] = None,
    form: Annotated[
        ModelFormat, typer.Option("--format", help="How the outputs of an ONNX model are read.")
    ] = ModelFormat.AUTO,
    colours: Annotated[
        Normalisation,
        typer.Option(
            help="What an ONNX model expects: 0 to 1 (unit), or ImageNet's mean and deviation."
        ),
    ] = Normalisation.AUTO,
    least_score: Annotated[
        float, typer.Option(min=0.001, max=1, help="Regions under this score are not kept.")
    ] = 0.05,
    iou: Annotated[
        float, typer.Option(min=0.01, max=1, help="Boxes of one class over this overlap are one.")
    ] = 0.7,
    only_preview: Annotated[
        bool, typer.Option("--preview", help="Say how many images would be predicted.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts: one JSON object.")] = False,
) -> None:
    """Store what a model sees in a campaign's images; annotators find it drawn in their tasks.

        farmy predict weeds --model best.onnx --model-version weeds-yolo-v3
        farmy predict weeds --coco predictions.json --model-version weeds-detr-v1
        farmy predict weeds --function mymodel:predict --model-version weeds-own-v1

    ONNX models are YOLO (v5, v8 to v12, with or without NMS inside, boxes or masks) and DETR (also
    Deformable, RT-DETR, RF-DETR); they run apart from the platform, without network and rights. A
    function gets a list of pictures (numpy, height x width x 3) and returns for each a list of
    {"label", "score", "box": [x_min, y_min, x_max, y_max]}, with "points" or "mask" in place of
    "box". Predictions are stored once by their name; said again after a stop, the command goes on.

    The campaign file says whose predictions are shown: `predictions: {model: weeds-yolo-v3}`.
    """
    checked_model_name(model_version)
    if sum([model is not None, coco is not None, bool(function)]) != 1:
        msg = "say what predicts: one of --model FILE.onnx, --coco FILE, --function MODULE:FUNCTION"
        raise InvalidInputError(msg)
    lake = open_lake()
    campaign = lake.campaigns.named(known_campaign(lake, name))
    given = parse_classes(_bytes(classes).decode("utf-8-sig", "replace")) if classes else None
    settings = {"classes": repr(given)} if given else {}
    if model is not None:
        settings |= {
            "format": form.value, "colours": colours.value,
            "least_score": f"{least_score:g}", "iou": f"{iou:g}",
        }  # fmt: skip
    record = PredictionModel(
        campaign=campaign.name,
        name=model_version,
        settings=settings,
        **_stands_for(model, coco, function),
    )
    predictor: Predictor
    if coco is not None:
        images_of = _bytes(coco_images) if coco_images else None
        predictor = CocoPredictor(campaign, _bytes(coco), images_of=images_of, classes=given)
    elif model is not None:
        order = ModelOrder(
            path=str(model.resolve()), sha256=record.sha256 or "", format=form.value,
            colours=colours.value, classes=tuple(given or ()), least_score=least_score, iou=iou,
            threads=os.cpu_count() or 1,
        )  # fmt: skip
        predictor = OnnxPredictor(campaign, order, classes=given)
    else:
        sys.path.insert(0, str(Path.cwd()))  # where people keep a module of their own
        predictor = FunctionPredictor(campaign, function, classes=given)
    try:
        found = (
            predicting.preview(lake, campaign, model_version, predictor)
            if only_preview
            else _predicted(lake, campaign, record, predictor)
        )
    finally:
        if isinstance(predictor, OnnxPredictor):
            predictor.close()
    if as_json:
        typer.echo(found.to_json().decode())
        return
    _print(campaign, found, only_preview=only_preview)
    if isinstance(predictor, CocoPredictor):
        for why, count in predictor.passed_over.items():
            typer.echo(f"  passed over, {why}: {counted(count, 'annotation')}")


def _stands_for(model: Path | None, coco: Path | None, function: str) -> dict[str, Any]:
    """What the predictions come from, for the model's record."""
    file = model or coco
    if file is None:
        return {"source": PredictionSource.FUNCTION, "origin": function}
    source = PredictionSource.ONNX if model else PredictionSource.COCO
    return {"source": source, "origin": file.name, "sha256": content_sha256(_bytes(file))}


def _predicted(
    lake: Lake, campaign: Campaign, record: PredictionModel, predictor: Predictor
) -> Predicted:
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as progress:
        total = predicting.preview(lake, campaign, record.name, predictor).made
        task = progress.add_task("predicting", total=total)
        return predicting.predict(
            lake, campaign, record, predictor, on_done=lambda count: progress.advance(task, count)
        )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise InvalidInputError(msg) from error


def _print(campaign: Campaign, found: Predicted, *, only_preview: bool) -> None:
    of = f"of {counted(found.images, 'kept image')} of {found.campaign}"
    if only_preview:
        typer.echo(f"{found.made:,} {of} would be predicted by {found.model}")
    else:
        regions = sum(found.regions.values())
        typer.echo(f"{found.made:,} {of} predicted by {found.model}: {counted(regions, 'region')}")
    if found.before:
        typer.echo(f"  predicted before: {found.before:,}")
    if found.unknown:
        typer.echo(f"  not in the file: {found.unknown:,}")
    for label, count in found.regions.items():
        typer.echo(f"  {label}: {count:,}")
    for why, count in found.problems.items():
        typer.echo(f"  no answer, {why}: {counted(count, 'image')}")
    if only_preview:
        return
    shown = campaign.shown_model
    if shown is None or shown.model != found.model:
        typer.echo(
            f"nobody sees them yet: write `predictions: {{model: {found.model}}}` into the "
            "campaign's file, and apply it"
        )
    elif found.to_show:
        batches = counted(len(found.to_show), "batch", "batches")
        takes = verb(len(found.to_show), "shows", "show")
        typer.echo(f"the open tasks of {batches} {takes} them, by the sensor")
