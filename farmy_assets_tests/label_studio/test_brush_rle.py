"""Our coder of brush masks beside that of Label Studio's SDK."""

import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farmy_assets.annotation import mask_runs
from farmy_assets.label_studio.brush_rle import painted_edges, rle_of_edges

Channels = npt.NDArray[np.uint8]


@pytest.fixture(scope="session")
def sdk() -> ModuleType:
    """The SDK's module alone: its package loads for many seconds."""
    package = find_spec("label_studio_sdk")
    assert package is not None
    assert package.origin is not None
    file = Path(package.origin).parent / "converter" / "brush.py"
    spec = spec_from_file_location("brush_of_the_sdk", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@st.composite
def pictures(draw: st.DrawFn, values: tuple[int, ...] = (0, 255)) -> Channels:
    """Rows by columns by channels."""
    height, width = draw(st.integers(1, 8)), draw(st.integers(1, 8))
    count = height * width * 4
    flat = draw(st.lists(st.sampled_from(values), min_size=count, max_size=count))
    return np.array(flat, np.uint8).reshape(height, width, 4)


@given(picture=pictures(values=(0, 0, 0, 1, 7, 255)))
def test_what_the_sdk_writes_is_read(sdk: ModuleType, picture: Channels) -> None:
    height, width, _ = picture.shape
    found = painted_edges(sdk.encode_rle(picture.ravel()), width_px=width, height_px=height)
    assert np.array_equal(found, mask_runs.packed(picture[:, :, 3] > 0, width, (0, 0)))


@given(picture=pictures())
def test_what_is_written_the_sdk_reads(sdk: ModuleType, picture: Channels) -> None:
    height, width, _ = picture.shape
    painted = picture[:, :, 3] > 0
    edges = mask_runs.packed(painted, width, (0, 0))
    rle = rle_of_edges(edges, width_px=width, height_px=height)
    again = sdk.decode_rle(rle).reshape(height, width, 4)
    assert np.array_equal(again, np.repeat(np.where(painted, 255, 0)[:, :, None], 4, axis=2))


def test_long_runs_are_written_in_pieces_that_both_read(sdk: ModuleType) -> None:
    size = {"width_px": 500, "height_px": 400}
    edges = np.array([20_000, 150_000, 150_001, 199_999], np.int64)
    rle = rle_of_edges(edges, **size)
    assert np.array_equal(painted_edges(rle, **size), edges)
    alpha = sdk.decode_rle(rle).reshape(400, 500, 4)[:, :, 3]
    assert np.array_equal(mask_runs.packed(alpha > 0, 500, (0, 0)), edges)


@given(st.data())
def test_values_that_are_not_repeated_are_read(data: st.DataObject) -> None:
    picture = data.draw(pictures(values=(0, 3, 200)))
    height, width, _ = picture.shape
    values = "".join(f"{each:08b}" for each in picture.ravel())
    count = picture.size
    text = f"{count:032b}{7:05b}" + "0010" * 2 + "0111" + "1111" + "0" + "11"
    text += f"{count - 1:016b}{values}"
    text += "0" * (-len(text) % 8)
    rle = [int(text[n : n + 8], 2) for n in range(0, len(text), 8)]
    found = painted_edges(rle, width_px=width, height_px=height)
    assert np.array_equal(found, mask_runs.packed(picture[:, :, 3] > 0, width, (0, 0)))
