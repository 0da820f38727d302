"""Models of anybody in guarded children: regions in the image's pixels, or why there are none."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto
from PIL import Image

from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.regions.mask import Mask
from farmy_assets.errors import InvalidInputError
from farmy_assets.execution.model_order import ModelOrder
from farmy_assets.execution.running_models import ModelRunner
from farmy_assets_tests.execution.small_models import constant_model, endless_model

IDS = [f"{n:032x}-{n:012x}" for n in range(20)]
NAMES = {"names": "{0: 'crop', 1: 'weed'}"}
# Centre, width and height in an input of 64 x 64; then the scores of two classes.
ROWS = np.array([[32, 32, 16, 16, 0.1, 0.9], [33, 32, 16, 16, 0.1, 0.8]], np.float32)
HEAD = np.concatenate([ROWS, np.zeros((82, 6), np.float32)]).T


def jpeg(width: int = 128, height: int = 64) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (width, height), (90, 120, 60)).save(content, "JPEG")
    return content.getvalue()


def runner(path: Path, **more: Any) -> ModelRunner:  # noqa: ANN401 - of a record
    limits = {name: more.pop(name) for name in ("seconds", "memory_mb") if name in more}
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return ModelRunner(ModelOrder(path=str(path), sha256=digest, **more), **limits)


@pytest.fixture
def yolo(tmp_path: Path) -> Iterator[ModelRunner]:
    made = runner(constant_model(tmp_path / "m.onnx", {"output0": HEAD}, metadata=NAMES))
    yield made
    made.close()


def test_a_model_says_its_classes_and_what_it_gives(yolo: ModelRunner) -> None:
    found = yolo.describe()
    assert (found.classes, found.has_masks, found.batch) == (("crop", "weed"), False, 1)


def test_boxes_come_back_in_the_pixels_of_the_image_and_doubles_are_gone(yolo: ModelRunner) -> None:
    pictures = [(image_id, jpeg()) for image_id in IDS]
    found = yolo.predict(pictures, labels=["crop", "weed"], kind="box")
    assert [each.image_id for each in found] == IDS
    # 128 x 64 lies in 64 x 64 as 64 x 32, with a margin of 16 above.
    (region,) = found[0].regions
    assert region.region == Box(label="weed", x_min=48, y_min=16, x_max=80, y_max=48)
    assert region.score == pytest.approx(0.9)


@pytest.mark.parametrize("batch", [None, 1, 3])
def test_any_number_of_images_at_once(tmp_path: Path, batch: int | None) -> None:
    made = constant_model(tmp_path / "m.onnx", {"output0": HEAD}, metadata=NAMES, batch=batch)
    model = runner(made)
    found = model.predict([(i, jpeg()) for i in IDS[:7]], labels=["", "weed"], kind="box")
    assert [len(each.regions) for each in found] == [1] * 7
    model.close()


def test_a_copy_that_cannot_be_read_gets_the_reason_and_the_others_their_regions(
    yolo: ModelRunner,
) -> None:
    pictures = [(IDS[0], jpeg()), (IDS[1], b"no picture"), (IDS[2], jpeg())]
    found = yolo.predict(pictures, labels=["crop", "weed"], kind="box")
    assert [each.problem for each in found] == ["", "the copy cannot be read", ""]
    assert len(found[2].regions) == 1


def test_masks_of_prototypes(tmp_path: Path) -> None:
    rows = np.concatenate([ROWS[:1], [[1.0]]], axis=1).astype(np.float32)
    head = np.concatenate([rows, np.zeros((83, 7), np.float32)]).T
    prototypes = np.full((1, 16, 16), 2, np.float32)
    outputs = {"output0": head, "output1": prototypes}
    model = runner(constant_model(tmp_path / "m.onnx", outputs, metadata=NAMES))
    assert model.describe().has_masks
    (found,) = model.predict([(IDS[0], jpeg())], labels=["crop", "weed"], kind="mask")
    (region,) = found.regions
    assert isinstance(region.region, Mask)
    assert region.region.bounds_px == (48, 16, 80, 48)
    model.close()


def test_detr_with_its_second_input_and_classes_of_a_file(tmp_path: Path) -> None:
    outputs = {
        "logits": np.array([[0, 6, 0], [0, 0, 9]], np.float32),
        "pred_boxes": np.array([[0.5, 0.5, 0.25, 0.5], [0.1, 0.1, 0.1, 0.1]], np.float32),
    }
    path = constant_model(
        tmp_path / "m.onnx", outputs, more_inputs=[("pixel_mask", [1, 64, 64], TensorProto.INT64)]
    )
    model = runner(path, classes=("crop", "weed"))
    assert model.describe().classes == ("crop", "weed")
    (found,) = model.predict([(IDS[0], jpeg())], labels=["crop", "weed"], kind="box")
    (region,) = found.regions
    assert region.region == Box(label="weed", x_min=48, y_min=16, x_max=80, y_max=48)
    model.close()


@pytest.mark.parametrize("content", [b"", b"no model", b"\x08" * 1000])
def test_a_file_that_is_no_model_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.onnx").write_bytes(content)
    model = runner(tmp_path / "m.onnx")
    with pytest.raises(InvalidInputError, match="the model cannot be used"):
        model.describe()
    model.close()


def test_a_file_that_changed_since_it_was_named_is_told(tmp_path: Path) -> None:
    path = constant_model(tmp_path / "m.onnx", {"output0": HEAD}, metadata=NAMES)
    model = runner(path)
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(InvalidInputError, match="was changed while it was in use"):
        model.describe()
    model.close()


def test_outputs_of_no_known_form_end_with_what_to_do(tmp_path: Path) -> None:
    odd = {"odd": np.zeros((3, 3), np.float32)}
    model = runner(constant_model(tmp_path / "m.onnx", odd, metadata=NAMES))
    with pytest.raises(InvalidInputError, match=r"odd \(1, 3, 3\).*--format detr"):
        model.predict([(IDS[0], jpeg())], labels=["crop", "weed"], kind="box")
    model.close()


def test_a_model_without_an_end_is_ended(tmp_path: Path) -> None:
    model = runner(endless_model(tmp_path / "m.onnx"), seconds=3.0, classes=("weed",))
    with pytest.raises(InvalidInputError, match="took more than 3 s"):
        model.predict([(IDS[0], jpeg())], labels=["weed"], kind="box")
    model.close()


def test_a_model_that_takes_all_memory_is_told(tmp_path: Path) -> None:
    huge = constant_model(tmp_path / "m.onnx", {"output0": HEAD}, metadata=NAMES)
    model = runner(huge, memory_mb=1)
    with pytest.raises(InvalidInputError, match="the model"):
        model.predict([(IDS[0], jpeg())], labels=["crop", "weed"], kind="box")
    model.close()
