"""Small models in ONNX form, made anew for each test: their outputs follow from the picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, helper, numpy_helper, save

SIDE = 64


def constant_model(
    path: Path,
    outputs: Mapping[str, npt.NDArray[np.float32]],
    *,
    metadata: Mapping[str, str] | None = None,
    batch: int | None = 1,
    more_inputs: Sequence[tuple[str, Sequence[int | str], int]] = (),
) -> Path:
    """A model whose outputs are always these, whatever it is shown.

    Args:
        path: Where it is written.
        outputs: Name to values, without the axis of the batch.
        metadata: What the file says of itself.
        batch: How many images it takes; None for any number.
        more_inputs: Name, shape and type of inputs besides the picture.
    """
    size: int | str = batch or "n"
    picture = helper.make_tensor_value_info("images", TensorProto.FLOAT, [size, 3, SIDE, SIDE])
    others = [helper.make_tensor_value_info(n, kind, list(s)) for n, s, kind in more_inputs]
    nodes, constants, shown = [], [], []
    # The pictures' mean times 0 makes the outputs depend on the input, one row for each image.
    nodes.append(helper.make_node("ReduceMean", ["images"], ["mean"], axes=[1, 2, 3], keepdims=0))
    constants.append(numpy_helper.from_array(np.array(0, np.float32), "zero"))
    nodes.append(helper.make_node("Mul", ["mean", "zero"], ["nothing"]))
    for name, values in outputs.items():
        constants.append(numpy_helper.from_array(values[None], f"{name}_values"))
        shape = np.array([-1, *[1] * values.ndim], np.int64)
        constants.append(numpy_helper.from_array(shape, f"{name}_shape"))
        nodes.append(helper.make_node("Reshape", ["nothing", f"{name}_shape"], [f"{name}_zero"]))
        nodes.append(helper.make_node("Add", [f"{name}_values", f"{name}_zero"], [name]))
        dims = [size, *values.shape]
        shown.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, dims))
    graph = helper.make_graph(nodes, "constant", [picture, *others], shown, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    for key, value in (metadata or {}).items():
        model.metadata_props.add(key=key, value=value)
    save(model, str(path))
    return path


def endless_model(path: Path) -> Path:
    """A model that never comes to an end: it goes round a loop for as long as it may."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["going"], ["still"]),
            helper.make_node("Add", ["sum", "sum"], ["more"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("going", TensorProto.BOOL, []),
            helper.make_tensor_value_info("sum", TensorProto.FLOAT, [1, 3, SIDE, SIDE]),
        ],
        [
            helper.make_tensor_value_info("still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("more", TensorProto.FLOAT, [1, 3, SIDE, SIDE]),
        ],
    )
    graph = helper.make_graph(
        [helper.make_node("Loop", ["", "true", "images"], ["output0"], body=body)],
        "endless",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [numpy_helper.from_array(np.array(True), "true")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    save(model, str(path))
    return path
