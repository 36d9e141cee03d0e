"""The outputs of layers against ONNX Runtime in float32."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pytest

from graphspec.layers.base import Array, Example
from graphspec.layers.catalog import BY_KIND
from tests.layers.sampling import arrays, samples
from tests.oracle.padding import pair, sides

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

OPSET, IR_VERSION = 21, 10


class Node(NamedTuple):
    """One ONNX operator: its name, its attributes, and the constants after the input."""

    op: str
    attributes: Mapping[str, Any] = MappingProxyType({})
    constants: tuple[Array, ...] = ()


Translation = Callable[[Any, Array, dict[str, Array]], Node]
TRANSLATIONS: dict[str, Translation] = {}


def translation(kind: str) -> Callable[[Translation], Translation]:
    def register(function: Translation) -> Translation:
        TRANSLATIONS[kind] = function
        return function

    return register


def padding(layer: Any, x: Array) -> dict[str, Any]:
    """ONNX Runtime has no "same" with dilation."""
    if layer.pad == "same" and pair(getattr(layer, "dilation", 1)) == (1, 1):
        return {"auto_pad": "SAME_UPPER"}
    top, right, bottom, left = sides(layer, *x.shape[2:])
    return {"pads": [top, left, bottom, right]}


@translation("relu")
def relu(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    return Node("Relu")


@translation("conv2d")
def conv2d(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    attributes = {
        "strides": pair(layer.stride),
        "dilations": pair(layer.dilation),
        "group": layer.groups,
        **padding(layer, x),
    }
    return Node("Conv", attributes, tuple(params.values()))


def pooling(layer: Any, x: Array) -> dict[str, Any]:
    return {
        "kernel_shape": pair(layer.kernel),
        "strides": pair(layer.stride or layer.kernel),
        "ceil_mode": int(layer.rounding == "ceil"),
        **padding(layer, x),
    }


@translation("max_pool2d")
def max_pool2d(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    return Node("MaxPool", pooling(layer, x))


@translation("avg_pool2d")
def avg_pool2d(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    include = {"count_include_pad": int(layer.include_pad)}
    return Node("AveragePool", pooling(layer, x) | include)


@translation("global_avg_pool2d")
def global_avg_pool2d(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    return Node("ReduceMean", {"keepdims": 0}, (np.array([2, 3]),))


@translation("leaky_relu")
def leaky_relu(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    return Node("LeakyRelu", {"alpha": layer.slope})


@translation("sigmoid")
def sigmoid(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    return Node("Sigmoid")


@translation("tanh")
def tanh(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    return Node("Tanh")


@translation("softmax")
def softmax(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    return Node("Softmax", {"axis": layer.axis + 1})


@translation("batch_norm")
def batch_norm(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    constants = tuple(params[name] for name in ("scale", "shift", "mean", "variance"))
    return Node("BatchNormalization", {"epsilon": layer.epsilon}, constants)


def run(node: Node, x: Array, rank: int) -> Array:
    helper, numbers = onnx.helper, onnx.TensorProto.FLOAT
    names = [f"c{i}" for i in range(len(node.constants))]
    graph = helper.make_graph(
        [helper.make_node(node.op, ["x", *names], ["y"], **node.attributes)],
        "one layer",
        [helper.make_tensor_value_info("x", numbers, x.shape)],
        [helper.make_tensor_value_info("y", numbers, [None] * rank)],
        [onnx.numpy_helper.from_array(c, n) for c, n in zip(node.constants, names, strict=True)],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    (y,) = session.run(["y"], {"x": x})
    return np.asarray(y)


def compare(example: Example, kind: str) -> None:
    at = arrays(example, dtype=np.float32)
    y = example.layer.forward(at.xs, at.params, at.mode(training=False)).y
    theirs = run(TRANSLATIONS[kind](example.layer, at.xs[0], at.params), at.xs[0], y.ndim)
    scale = max(1e-3, np.abs(theirs).max(initial=0))
    np.testing.assert_allclose(y, theirs, rtol=1e-5, atol=2e-6 * scale)


@pytest.mark.parametrize("kind", TRANSLATIONS)
def test_output(kind: str) -> None:
    for example in samples(BY_KIND[kind]):
        try:
            compare(example, kind)
        except Exception as error:
            error.add_note(f"with {example.layer!r} on {[str(spec) for spec in example.inputs]}")
            raise
