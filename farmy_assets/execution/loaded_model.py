"""A model in ONNX form, loaded: pictures in, detections out. Only guarded children do this."""

import ast
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from farmy_assets.annotation.predictions import detr, yolo
from farmy_assets.annotation.predictions.detections import Detections, without_doubles
from farmy_assets.annotation.predictions.fitting import Fitting, Floats, letterboxed, stretched
from farmy_assets.annotation.predictions.predicted import MOST_REGIONS
from farmy_assets.errors import InvalidInputError
from farmy_assets.execution.model_order import MOST_MODEL_BYTES, ModelDescription, ModelOrder

_TYPES = {
    "tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8, "tensor(int64)": np.int64, "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
}  # fmt: skip
_SIDE = 640  # where neither the model nor its metadata says another one
_MOST_SIDE = 8192
_AT_ONCE = 4  # images, where the model takes any number
_MARGIN = 114  # the grey that YOLO models were trained with
_IMAGENET_MEAN, _IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_MOST_METADATA = 200_000
_PICTURE_AXES, _PROTOTYPE_AXES = 4, 4
_ERRORS = 3  # the level of onnxruntime's own log


class LoadedModel:
    """One model in memory.

    Args:
        order: How it is used.
        session: onnxruntime's session.
    """

    def __init__(self, order: ModelOrder, session: Any) -> None:  # noqa: ANN401 - untyped
        self._order, self._session = order, session
        self._metadata: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
        inputs = session.get_inputs()
        pictures = [each for each in inputs if len(each.shape) == _PICTURE_AXES]
        if len(pictures) != 1:
            msg = (
                f"the model has {len(pictures)} inputs for pictures instead of one: export it anew"
            )
            raise InvalidInputError(msg)
        self._input = pictures[0]
        self._others = [each for each in inputs if each is not self._input]
        self._classes = order.classes or _named_classes(self._metadata)

    @classmethod
    def of(cls, order: ModelOrder) -> "LoadedModel":
        """The model in a file.

        Raises:
            InvalidInputError: It cannot be read, or is no longer the file that was asked for.
        """
        import onnxruntime as ort  # noqa: PLC0415 - the start of a child is not to wait for it

        try:
            with Path(order.path).open("rb") as file:
                content = file.read(MOST_MODEL_BYTES + 1)
        except OSError as error:
            msg = f"{order.path} cannot be read: {error.strerror}"
            raise InvalidInputError(msg) from error
        if hashlib.sha256(content).hexdigest() != order.sha256:
            msg = f"{order.path} was changed while it was in use: run the command again"
            raise InvalidInputError(msg)
        options = ort.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = order.threads, 1
        options.log_severity_level = _ERRORS
        providers = ["CPUExecutionProvider"]
        return cls(order, ort.InferenceSession(content, options, providers=providers))

    @property
    def description(self) -> ModelDescription:
        """What the model's file says of itself."""
        ranks = [len(each.shape) for each in self._session.get_outputs()]
        is_yolo = self._order.format != "detr"
        return ModelDescription(
            classes=tuple(self._classes),
            has_masks=is_yolo and ranks.count(_PROTOTYPE_AXES) == 1,
            batch=self._batch,
        )

    @property
    def _batch(self) -> int | None:
        first = self._input.shape[0]
        return first if isinstance(first, int) and first > 0 else None

    @property
    def _has_colours_last(self) -> bool:
        shape = self._input.shape
        return shape[3] in (1, 3) and shape[1] not in (1, 3)

    @property
    def _size_px(self) -> tuple[int, int]:
        """Width and height of the input: the model's own, or those its metadata say, or 640."""
        shape = self._input.shape
        high, wide = shape[1:3] if self._has_colours_last else shape[2:4]
        said = _literal(self._metadata.get("imgsz", ""))
        default = said if isinstance(said, list | tuple) and len(said) == 2 else (_SIDE, _SIDE)  # noqa: PLR2004
        sides = [
            own if isinstance(own, int) and own > 0 else other
            for own, other in zip((wide, high), (default[1], default[0]), strict=True)
        ]
        if not all(isinstance(side, int) and 0 < side <= _MOST_SIDE for side in sides):
            msg = f"the model wants pictures of {sides[0]} x {sides[1]} pixels, which cannot be"
            raise InvalidInputError(msg)
        return sides[0], sides[1]

    def detections(self, pictures: Sequence[Image.Image]) -> Iterator[tuple[Detections, Fitting]]:
        """What the model sees in each picture, the surest first, and how it lies in the input.

        Raises:
            InvalidInputError: The outputs cannot be understood; the text says what to do.
        """
        at_once = self._batch or _AT_ONCE
        for start in range(0, len(pictures), at_once):
            some = pictures[start : start + at_once]
            is_detr = self._is_detr
            fit = stretched if is_detr else letterboxed
            fittings = [fit(picture.size, self._size_px) for picture in some]
            filled = [self._filled(p, f) for p, f in zip(some, fittings, strict=True)]
            filled += [filled[0]] * ((self._batch or len(some)) - len(some))
            outputs = self._run(np.stack(filled))
            for place, fitting in enumerate(fittings):
                yield self._read(outputs, place), fitting

    @property
    def _is_detr(self) -> bool:
        """Whether it is a DETR: as the order says, or by the names of its outputs."""
        if self._order.format != "auto":
            return self._order.format == "detr"
        names = {each.name for each in self._session.get_outputs()}
        return any({"pred_boxes", "dets"} & {name, name.rpartition("/")[2]} for name in names) or (
            {"labels", "boxes", "scores"} <= names
        )

    def _filled(self, picture: Image.Image, fitting: Fitting) -> Floats:
        """The input of one picture: rows, columns and colours in the model's order, as numbers."""
        canvas = Image.new("RGB", fitting.input_px, (_MARGIN, _MARGIN, _MARGIN))
        canvas.paste(
            picture.resize(fitting.scaled_px, Image.Resampling.BILINEAR), fitting.margin_px
        )
        values: npt.NDArray[Any] = np.asarray(canvas, np.float32)
        wanted = _TYPES.get(self._input.type, np.float32)
        if wanted is not np.uint8:
            values = values / 255
            colours = self._order.colours
            if colours == "imagenet" or (colours == "auto" and self._is_detr):
                mean = np.array(_IMAGENET_MEAN, np.float32)
                values = (values - mean) / np.array(_IMAGENET_DEVIATION, np.float32)
        if not self._has_colours_last:
            values = values.transpose(2, 0, 1)
        filled: Floats = values.astype(wanted)
        return filled

    def _run(self, filled: Floats) -> dict[str, Floats]:
        given: dict[str, Any] = {self._input.name: filled}
        width, height = self._size_px
        for each in self._others:  # RT-DETR asks for the size, DETR which pixels are of the picture
            kind = _TYPES.get(each.type, np.int64)
            if len(each.shape) == 2:  # noqa: PLR2004 - one row an image
                given[each.name] = np.tile(np.array([[width, height]], kind), (len(filled), 1))
            else:
                given[each.name] = np.ones((len(filled), height, width), kind)
        names = [each.name for each in self._session.get_outputs()]
        answers = self._session.run(names, given)
        return {
            name: np.asarray(answer, np.float32)
            for name, answer in zip(names, answers, strict=True)
            if isinstance(answer, np.ndarray)
        }

    def _read(self, outputs: Mapping[str, Floats], place: int) -> Detections:
        read = detr.detections_of if self._is_detr else yolo.detections_of
        found = read(outputs, place=place, classes=len(self._classes), input_px=self._size_px)
        sure = found.surest(self._order.least_score)
        if self._is_detr:
            return sure.surest(self._order.least_score, most=MOST_REGIONS)
        return without_doubles(sure, iou=self._order.iou, most=MOST_REGIONS)


def _named_classes(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The classes in the metadata that Ultralytics and YOLOv5 write; empty without any."""
    names = _literal(metadata.get("names", ""))
    if isinstance(names, list | tuple):
        return tuple(str(name) for name in names)
    if isinstance(names, dict) and set(names) == set(range(len(names))):
        return tuple(str(names[number]) for number in range(len(names)))
    return ()


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text) if len(text) <= _MOST_METADATA else None
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
