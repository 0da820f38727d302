"""Predictions by a model: a file in ONNX form, or a Python function of a person's own."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from farmy_assets.annotation.campaign import Campaign
from farmy_assets.annotation.predictions.function_answers import regions_of_answer
from farmy_assets.annotation.predictions.model_classes import mapped_classes
from farmy_assets.annotation.predictions.predicted import ImagePredictions
from farmy_assets.annotation.predictions.shaping import kind_of_predictions
from farmy_assets.errors import InvalidInputError
from farmy_assets.execution.model_order import ModelOrder
from farmy_assets.execution.running_models import ModelRunner
from farmy_assets.workflow.predicting import Picture

_GONE = "the copy is gone, or is not the one that was recorded"


class OnnxPredictor:
    """A model in ONNX form, run in a guarded child.

    Args:
        campaign: Its classes and kinds of regions are those of the predictions.
        order: The model's file, and how it is used.
        classes: What the model's classes are in the campaign; None to go by equal names.

    Raises:
        InvalidInputError: The model cannot be loaded, or its classes are not known.
    """

    needs_pictures = True

    def __init__(
        self, campaign: Campaign, order: ModelOrder, *, classes: Mapping[str, str] | None = None
    ) -> None:
        self._runner = ModelRunner(order)
        description = self._runner.describe()
        if not description.classes:
            msg = (
                "the model does not say what its classes are: name them with --classes FILE, one a "
                "line, in the model's order"
            )
            raise InvalidInputError(msg)
        self._labels = mapped_classes(
            description.classes, given=classes, campaign=campaign.class_names
        )
        self._kind = kind_of_predictions(campaign.regions, has_masks=description.has_masks)

    def knows(self, image_id: str) -> bool:
        """A model has an answer for every image."""
        del image_id
        return True

    def predict(self, pictures: Sequence[Picture]) -> list[ImagePredictions]:
        """What the model sees in the pictures."""
        there = [(p.image.image_id, p.content) for p in pictures if p.content]
        found = {
            each.image_id: each
            for each in self._runner.predict(there, labels=self._labels, kind=self._kind)
        }
        return [_or_gone(found, picture) for picture in pictures]

    def close(self) -> None:
        """End the child."""
        self._runner.close()


class FunctionPredictor:
    """A Python function, called in this process: it is the person's own code.

    It gets pictures (height x width x 3, 8 bits) and returns for each a list of mappings with
    `label`, `score`, and `box`, `points` or `mask`.

    Args:
        campaign: Its classes and kinds of regions are those of the predictions.
        name: `module:function`.
        classes: What the function's labels are in the campaign; None to go by equal names.

    Raises:
        InvalidInputError: There is no such function.
    """

    needs_pictures = True

    def __init__(
        self, campaign: Campaign, name: str, *, classes: Mapping[str, str] | None = None
    ) -> None:
        self._campaign, self._name, self._classes = campaign, name, classes
        self._function = _function(name)

    def knows(self, image_id: str) -> bool:
        """A function has an answer for every image."""
        del image_id
        return True

    def predict(self, pictures: Sequence[Picture]) -> list[ImagePredictions]:
        """What the function says of the pictures.

        Raises:
            InvalidInputError: It failed, or answered in another form; the text says how.
        """
        there = [picture for picture in pictures if picture.content]
        arrays = [_array(picture.content) for picture in there]
        try:
            answers = list(self._function(arrays)) if arrays else []
        except Exception as error:
            msg = f"{self._name} failed with {type(error).__name__}: {str(error)[:300]}"
            raise InvalidInputError(msg) from error
        if len(answers) != len(there):
            msg = f"{self._name} gave {len(answers)} answers for {len(there)} pictures"
            raise InvalidInputError(msg)
        found = {
            picture.image.image_id: ImagePredictions(
                image_id=picture.image.image_id,
                regions=regions_of_answer(
                    answer,
                    size_px=(picture.image.width_px, picture.image.height_px),
                    labels=self._label_of,
                    drawn=self._campaign.regions,
                    who=self._name,
                ),
            )
            for picture, answer in zip(there, answers, strict=True)
        }
        return [_or_gone(found, picture) for picture in pictures]

    def _label_of(self, label: str) -> str:
        (found,) = (
            mapped_classes([label], given=self._classes, campaign=self._campaign.class_names)
            if not self._is_left_out(label)
            else ("",)
        )
        return found

    def _is_left_out(self, label: str) -> bool:
        return self._classes is not None and self._classes.get(label, label) == ""


def _or_gone(found: Mapping[str, ImagePredictions], picture: Picture) -> ImagePredictions:
    image_id = picture.image.image_id
    return found.get(image_id) or ImagePredictions(image_id=image_id, problem=_GONE)


def _array(content: bytes) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """The pixels of a copy of our own making, whose digest was checked."""
    with Image.open(BytesIO(content)) as image:
        return np.asarray(image.convert("RGB"))


def _function(name: str) -> Callable[[list[Any]], Sequence[Any]]:
    module, colon, attribute = name.partition(":")
    if not (module and colon and attribute):
        msg = f"{name!r} names no function: write MODULE:FUNCTION, such as mymodel:predict"
        raise InvalidInputError(msg)
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        msg = f"{name} cannot be loaded: {error}; the module is looked for in this folder, too"
        raise InvalidInputError(msg) from error
    if not callable(found):
        msg = f"{name} is no function"
        raise InvalidInputError(msg)
    function: Callable[[list[Any]], Sequence[Any]] = found
    return function
