"""What a guarded child process does that runs a model: a file of anybody, and outputs of any size.

The file is read and understood in here alone, after the child has given up its rights. A message
asks for the model's description, or brings pictures: then the answer has their regions.
"""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

from PIL import Image

from farmy_assets.annotation.predictions.predicted import MOST_REGIONS, PredictedRegion
from farmy_assets.annotation.predictions.shaping import regions_of
from farmy_assets.errors import InvalidInputError
from farmy_assets.execution.guard import Message
from farmy_assets.execution.loaded_model import LoadedModel
from farmy_assets.execution.model_order import ModelOrder

_LONGEST = 400


def worker(settings: str) -> Callable[[Message], Message]:
    """What a child process does with each message; the model is loaded for the first one."""
    order = ModelOrder.model_validate_json(settings)
    loaded: list[LoadedModel] = []

    def work(message: Message) -> Message:
        try:
            if not loaded:
                loaded.append(LoadedModel.of(order))
            if message.header["ask"] == "describe":
                return Message({"description": loaded[0].description.model_dump(mode="json")})
            found = _seen(loaded[0], message)
        except MemoryError:
            raise
        except InvalidInputError as error:
            return Message({"problem": str(error)})
        except Exception as error:  # noqa: BLE001 - whatever a model does, it is to be told
            return Message({"problem": f"{type(error).__name__}: {_plain(str(error))}"})
        return Message({}, json.dumps(found).encode())

    return work


def _seen(model: LoadedModel, message: Message) -> list[dict[str, Any]]:
    """The regions of each picture, or why there are none."""
    pictures: list[Image.Image | None] = []
    begin, content = 0, message.content or b""
    for size in message.header["sizes"]:
        pictures.append(_picture(content[begin : begin + size]))
        begin += size
    there = [picture for picture in pictures if picture]
    detections = iter(model.detections(there))
    labels, kind = message.header["labels"], message.header["kind"]
    answers: list[dict[str, Any]] = []
    for picture in pictures:
        if picture is None:
            answers.append({"problem": "the copy cannot be read"})
            continue
        found, fitting = next(detections)
        regions = list(regions_of(found, fitting, labels=labels, kind=kind))[:MOST_REGIONS]
        answers.append({"regions": [_as_json(region) for region in regions]})
    return answers


def _as_json(found: PredictedRegion) -> dict[str, Any]:
    return found.model_dump(mode="json")


def _picture(content: bytes) -> Image.Image | None:
    try:
        with Image.open(BytesIO(content), formats=["JPEG"]) as image:
            return image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _plain(text: str) -> str:
    """A short text on one line, without characters that a terminal takes for commands."""
    return "".join(c if c.isprintable() else " " for c in text[:_LONGEST])
