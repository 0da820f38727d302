"""Raw outputs of every form become the same detections, and go back into the image's pixels."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.annotation.predictions import detr, yolo
from farmy_assets.annotation.predictions.detections import Detections, without_doubles
from farmy_assets.annotation.predictions.fitting import letterboxed, stretched
from farmy_assets.annotation.predictions.shaping import kind_of_predictions, regions_of
from farmy_assets.annotation.regions.box import Box
from farmy_assets.annotation.regions.mask import Mask
from farmy_assets.annotation.regions.polygon import Polygon
from farmy_assets.errors import InvalidInputError

Floats = npt.NDArray[np.float32]
INPUT_PX = (64, 64)
CORNERS = np.array([[8, 16, 24, 32], [40, 40, 60, 56]], np.float32)
SCORES = np.array([[0.1, 0.9, 0.2], [0.7, 0.1, 0.1]], np.float32)
PLACES_OF_V5 = 3 * (8 * 8 + 4 * 4 + 2 * 2)


def centred(corners: Floats) -> Floats:
    low, high = corners[:, :2], corners[:, 2:]
    return np.concatenate([(low + high) / 2, high - low], axis=1)


def padded(rows: Floats, count: int) -> Floats:
    return np.concatenate([rows, np.zeros((count - len(rows), rows.shape[1]), np.float32)])


def logit(values: Floats) -> Floats:
    found: Floats = np.log(values / (1 - values))
    return found


V8 = np.concatenate([centred(CORNERS), SCORES], axis=1)
V5 = np.concatenate([centred(CORNERS), np.full((2, 1), 0.5, np.float32), SCORES * 2], axis=1)
END = np.concatenate([CORNERS, SCORES.max(axis=1, keepdims=True), [[1.0], [0.0]]], axis=1)
FLAT = np.concatenate([[[0.0], [0.0]], CORNERS, [[1.0], [0.0]], SCORES.max(1, keepdims=True)], 1)
SHARES = centred(CORNERS) / 64

FORMS: Mapping[str, tuple[Any, dict[str, Any]]] = {
    "v8": (yolo, {"output0": padded(V8, 84).T[None]}),
    "v5": (yolo, {"output0": padded(V5, PLACES_OF_V5)[None]}),
    "end-to-end": (yolo, {"output0": padded(END, 10)[None]}),
    "v7 with NMS": (yolo, {"output": FLAT}),
    "sigmoid": (detr, {"logits": logit(SCORES)[None], "pred_boxes": SHARES[None]}),
    "both in one": (detr, {"output0": np.concatenate([SHARES, SCORES], axis=1)[None]}),
    "deployed": (
        detr,
        {
            "labels": np.array([[1, 0]], np.float32),
            "boxes": CORNERS[None],
            "scores": SCORES.max(axis=1)[None],
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_output_gives_the_same_detections(name: str) -> None:
    form, outputs = FORMS[name]
    outputs = {key: value.astype(np.float32) for key, value in outputs.items()}
    found = form.detections_of(outputs, place=0, classes=3, input_px=INPUT_PX)
    found = found.surest(0.5)
    assert found.classes.tolist() == [1, 0]
    assert found.scores.tolist() == pytest.approx([0.9, 0.7], abs=1e-5)
    assert found.boxes == pytest.approx(CORNERS, abs=1e-3)


def test_no_object_of_detr_takes_part_in_softmax_and_is_never_a_detection() -> None:
    logits = np.array([[[0, 4, 0, 0], [0, 0, 0, 9]]], np.float32)
    outputs: dict[str, Any] = {"logits": logits, "pred_boxes": SHARES[None]}
    found = detr.detections_of(outputs, place=0, classes=3, input_px=INPUT_PX).surest(0.5)
    assert found.classes.tolist() == [1]
    assert found.scores.tolist() == pytest.approx([np.exp(4) / (np.exp(4) + 3)])


def test_one_class_of_v5_is_not_taken_for_an_end_to_end_head() -> None:
    rows = np.concatenate([centred(CORNERS), [[0.5], [0.5]], [[0.8], [0.6]]], axis=1)
    head = padded(rows.astype(np.float32), PLACES_OF_V5)[None]
    found = yolo.detections_of({"o": head}, place=0, classes=1, input_px=INPUT_PX).surest(0.2)
    assert found.scores.tolist() == pytest.approx([0.4, 0.3])


@pytest.mark.parametrize("form", [yolo, detr])
def test_outputs_of_no_known_form_are_told_with_their_shapes(form: Any) -> None:  # noqa: ANN401 - a module
    outputs = {"strange": np.zeros((1, 5, 5), np.float32)}
    with pytest.raises(InvalidInputError, match=r"strange \(1, 5, 5\).*--classes"):
        form.detections_of(outputs, place=0, classes=7, input_px=INPUT_PX)


def test_of_boxes_of_one_class_on_one_place_the_surest_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 10, 10], [0, 0, 10, 10], [20, 0, 30, 10]], np.float32)
    found = Detections(boxes, np.array([0.9, 0.8, 0.7, 0.6], np.float32), np.array([0, 0, 1, 0]))
    assert without_doubles(found, iou=0.7, most=10).scores.tolist() == pytest.approx(
        [0.9, 0.7, 0.6]
    )
    assert len(without_doubles(found, iou=0.7, most=1).scores) == 1
    assert len(without_doubles(found, iou=0.95, most=10).scores) == 4


def test_what_is_no_number_or_has_no_area_is_no_detection() -> None:
    boxes = np.array([[0, 0, np.nan, 1], [0, 0, np.inf, 1], [5, 5, 5, 9], [0, 0, 2, 2]], np.float32)
    scores = np.array([0.9, 0.9, 0.9, np.nan], np.float32)
    assert not len(Detections(boxes, scores, np.zeros(4, np.int64)).surest(0.1).scores)


@given(
    st.tuples(st.integers(1, 4000), st.integers(1, 4000)),
    st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
)
def test_a_box_goes_into_the_input_and_back_within_a_pixel_of_the_input(
    image_px: tuple[int, int], shares: tuple[float, float, float, float]
) -> None:
    x, y = sorted(shares[:2]), sorted(shares[2:])
    box = np.array([[x[0], y[0], x[1], y[1]]]) * np.tile(image_px, 2)
    for fitting in (letterboxed(image_px, (640, 512)), stretched(image_px, (640, 512))):
        scale = np.tile(np.array(fitting.scaled_px) / np.array(image_px), 2)
        inside = (box * scale + np.tile(fitting.margin_px, 2)).astype(np.float32)
        assert (inside[0, 2:] <= np.array(fitting.input_px) + 1e-2).all()
        back = fitting.to_image(inside)
        assert np.abs(back - box).max() <= max(image_px) * 1e-5 + 1e-3


def square_mask() -> Detections:
    """One detection whose mask is the left half of its box, by two prototypes on a 16 x 16 grid."""
    prototypes = np.full((2, 16, 16), -1, np.float32)
    prototypes[0, :, :8] = 1
    return Detections(
        np.array([[16, 16, 48, 48]], np.float32), np.array([0.8], np.float32), np.array([0]),
        np.array([[1, 0]], np.float32), prototypes,
    )  # fmt: skip


def test_a_mask_covers_what_its_prototypes_say_within_its_box() -> None:
    fitting = letterboxed((128, 128), INPUT_PX)
    (found,) = regions_of(square_mask(), fitting, labels=["weed"], kind=Mask.kind)
    assert isinstance(found.region, Mask)
    assert found.region.bounds_px == (32, 32, 64, 96)
    assert found.region.area_px == 32 * 64


def test_a_mask_becomes_a_polygon_or_a_box_where_the_campaign_draws_these() -> None:
    fitting = letterboxed((128, 128), INPUT_PX)
    (polygon,) = regions_of(square_mask(), fitting, labels=["weed"], kind=Polygon.kind)
    assert polygon.region.bounds_px == (32, 32, 64, 96)
    (box,) = regions_of(square_mask(), fitting, labels=["weed"], kind=Box.kind)
    assert box.region == Box(label="weed", x_min=32, y_min=32, x_max=96, y_max=96)


def test_classes_that_are_left_out_and_numbers_beyond_the_classes_give_no_region() -> None:
    boxes = np.tile(np.array([[0, 0, 10, 10]], np.float32), (3, 1))
    found = Detections(boxes, np.full(3, 0.5, np.float32), np.array([0, 1, 99]))
    fitting = stretched((64, 64), INPUT_PX)
    regions = list(regions_of(found, fitting, labels=["", "weed"], kind=Box.kind))
    assert [each.region.label for each in regions] == ["weed"]


def test_predictions_become_the_most_exact_kind_that_the_campaign_draws() -> None:
    assert kind_of_predictions(["box", "polygon"], has_masks=True) == "polygon"
    assert kind_of_predictions(["box", "mask"], has_masks=False) == "box"
    with pytest.raises(InvalidInputError, match=r"boxes alone.*draws keypoint"):
        kind_of_predictions(["keypoint"], has_masks=False)
