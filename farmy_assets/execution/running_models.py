"""Predictions by a file in ONNX form, which is run in a guarded child."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from farmy_assets.annotation.predictions.predicted import ImagePredictions
from farmy_assets.errors import InvalidInputError
from farmy_assets.execution.guard import Failure, GuardedPool, Message
from farmy_assets.execution.model_order import (
    MEMORY_MB,
    MODEL_WORK,
    SECONDS_A_MESSAGE,
    ModelDescription,
    ModelOrder,
)

_A_MESSAGE = 8


class ModelRunner:
    """One model, run in one child process that computes on several cores.

    Args:
        order: The model's file, and how it is used.
        seconds: Time for some pictures, the loading of the model included.
        memory_mb: Memory for the child, in megabytes.
    """

    def __init__(
        self,
        order: ModelOrder,
        *,
        seconds: float = SECONDS_A_MESSAGE,
        memory_mb: int = MEMORY_MB,
    ) -> None:
        self._pool = GuardedPool(
            MODEL_WORK, order.model_dump_json(), seconds=seconds, memory_mb=memory_mb
        )
        self._has_worked = False

    def describe(self) -> ModelDescription:
        """What the model's file says of itself.

        Raises:
            InvalidInputError: It is no model that can be run; the text says why.
        """
        (answer,) = self._pool.work([Message({"ask": "describe"})])
        if isinstance(answer, Failure):
            msg = f"the model could not be loaded: it {answer.detail}"
            raise InvalidInputError(msg)
        return ModelDescription.model_validate(_sound(answer)["description"])

    def predict(
        self, pictures: Sequence[tuple[str, bytes]], *, labels: Sequence[str], kind: str
    ) -> list[ImagePredictions]:
        """What the model sees in the pictures, one answer each, in their order.

        A picture that ends the child by itself, once others have been worked on, gets the reason.

        Args:
            pictures: Image id and JPEG of each.
            labels: The campaign's class for each class of the model; empty for those left out.
            kind: The kind of region that is wanted.

        Raises:
            InvalidInputError: The model cannot be run; the text says why.
        """
        found: list[ImagePredictions] = []
        for start in range(0, len(pictures), _A_MESSAGE):
            some = pictures[start : start + _A_MESSAGE]
            (answer,) = self._pool.work([_message(some, labels, kind)])
            if isinstance(answer, Message):
                found += _read(some, answer)
                self._has_worked = True
            else:
                found += self._one_by_one(some, labels, kind)
        return found

    def close(self) -> None:
        """End the child."""
        self._pool.close()

    def _one_by_one(
        self, pictures: Sequence[tuple[str, bytes]], labels: Sequence[str], kind: str
    ) -> Iterator[ImagePredictions]:
        for picture in pictures:
            (answer,) = self._pool.work([_message([picture], labels, kind)])
            if isinstance(answer, Message):
                self._has_worked = True
                yield from _read([picture], answer)
            elif self._has_worked:
                yield ImagePredictions(image_id=picture[0], problem=f"the model {answer.detail}")
            else:
                msg = f"the model cannot be run on a picture: it {answer.detail}"
                raise InvalidInputError(msg)


def _message(pictures: Sequence[tuple[str, bytes]], labels: Sequence[str], kind: str) -> Message:
    header = {
        "ask": "look", "sizes": [len(content) for _, content in pictures],
        "labels": list(labels), "kind": kind,
    }  # fmt: skip
    return Message(header, b"".join(content for _, content in pictures))


def _sound(answer: Message) -> Mapping[str, Any]:
    if problem := answer.header.get("problem"):
        msg = f"the model cannot be used: {problem}"
        raise InvalidInputError(msg)
    return answer.header


def _read(pictures: Sequence[tuple[str, bytes]], answer: Message) -> list[ImagePredictions]:
    """The child's answer, checked: it may have been taken over by the model."""
    _sound(answer)
    try:
        rows = json.loads(answer.content or b"")
        return [
            ImagePredictions.model_validate({"image_id": image_id, **row})
            for (image_id, _), row in zip(pictures, rows, strict=True)
        ]
    except (ValueError, TypeError, ValidationError, RecursionError) as error:
        msg = "the process that ran the model answered with something else than predictions"
        raise InvalidInputError(msg) from error
