"""What ONNX has for a kind of layer in one operator; None where one is not enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from graphspec.layers.base import Array
from tests.oracle.padding import pair, sides


class Node(NamedTuple):
    """One ONNX operator: its name, its attributes, and the constants after the inputs."""

    op: str
    attributes: Mapping[str, Any] = MappingProxyType({})
    constants: tuple[Array, ...] = ()
    constants_first: bool = False


Translation = Callable[[Any, Array, dict[str, Array]], Node | None]
TRANSLATIONS: dict[str, Translation] = {}


def translation(kind: str) -> Callable[[Translation], Translation]:
    def register(function: Translation) -> Translation:
        TRANSLATIONS[kind] = function
        return function

    return register


def plain(kind: str, op: str) -> None:
    TRANSLATIONS[kind] = lambda layer, x, params: Node(op)


for name, operator in {
    "relu": "Relu",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "selu": "Selu",
    "softplus": "Softplus",
    "hardswish": "HardSwish",
    "exp": "Exp",
    "log": "Log",
    "reciprocal": "Reciprocal",
    "add": "Sum",
    "maximum": "Max",
    "subtract": "Sub",
    "divide": "Div",
    "flatten": "Flatten",
}.items():
    plain(name, operator)


def integers(*values: int) -> Array:
    return np.array(values, np.int64)


@translation("leaky_relu")
def leaky_relu(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    return Node("LeakyRelu", {"alpha": layer.slope})


@translation("elu")
def elu(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    return Node("Elu", {"alpha": layer.alpha})


@translation("gelu")
def gelu(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    return Node("Gelu", {"approximate": layer.approximate})


@translation("prelu")
def prelu(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    (slope,) = params.values()
    return Node("PRelu", {}, (slope.reshape(-1, *[1] * (x.ndim - 2)),))


@translation("square")
def square(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    return Node("Pow", {}, (np.array(2, np.float32),))


@translation("add_constant")
def add_constant(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    return Node("Add", {}, (np.array(layer.constant, np.float32),))


@translation("scale")
def scale(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    return Node("Mul", {}, (np.array(layer.factor, np.float32),))


@translation("multiply")
def multiply(layer: Any, x: Array, params: dict[str, Array]) -> Node | None:
    return Node("Mul") if len(layer.inputs) == 2 else None


@translation("softmax")
def softmax(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    return Node("Softmax", {"axis": layer.axis + 1})


@translation("linear")
def linear(layer: Any, x: Array, params: dict[str, Array]) -> Node | None:
    return Node("Gemm", {}, tuple(params.values())) if x.ndim == 2 else None


@translation("matmul")
def matmul(layer: Any, x: Array, params: dict[str, Array]) -> Node | None:
    return None if layer.transpose_b else Node("MatMul")


@translation("embedding")
def embedding(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    return Node("Gather", {}, tuple(params.values()), constants_first=True)


@translation("softmax_loss")
def softmax_loss(layer: Any, x: Array, params: dict[str, Array]) -> Node | None:
    if layer.smoothing:
        return None
    weights = layer.class_weights
    constants = () if weights is None else (np.array(weights, np.float32),)
    return Node("SoftmaxCrossEntropyLoss", {"reduction": "none"}, constants)


# --- Convolutions, pools and norms -----------------------------------------------------------


def padding(layer: Any, x: Array) -> dict[str, Any]:
    """ONNX Runtime has no "same" with dilation."""
    if layer.pad == "same" and pair(getattr(layer, "dilation", 1)) == (1, 1):
        return {"auto_pad": "SAME_UPPER"}
    top, right, bottom, left = sides(layer, *x.shape[2:])
    return {"pads": [top, left, bottom, right]}


@translation("conv2d")
def conv2d(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    attributes = {
        "strides": pair(layer.stride),
        "dilations": pair(layer.dilation),
        "group": layer.groups,
        **padding(layer, x),
    }
    return Node("Conv", attributes, tuple(params.values()))


@translation("conv_transpose2d")
def conv_transpose2d(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    attributes = {
        "strides": pair(layer.stride),
        "dilations": pair(layer.dilation),
        "output_padding": pair(layer.extra),
        **padding(layer, x),
    }
    return Node("ConvTranspose", attributes, tuple(params.values()))


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


@translation("lp_pool2d")
def lp_pool2d(layer: Any, x: Array, params: dict[str, Array]) -> Node | None:
    # ONNX has whole powers only.
    if layer.power % 1:
        return None
    return Node("LpPool", pooling(layer, x) | {"p": int(layer.power)})


@translation("global_avg_pool2d")
def global_avg_pool2d(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    return Node("ReduceMean", {"keepdims": 0}, (integers(2, 3),))


@translation("batch_norm")
def batch_norm(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    constants = tuple(params[name] for name in ("scale", "shift", "mean", "variance"))
    return Node("BatchNormalization", {"epsilon": layer.epsilon}, constants)


@translation("layer_norm")
def layer_norm(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    attributes = {"axis": layer.axis + 1, "epsilon": layer.epsilon}
    return Node("LayerNormalization", attributes, (params["scale"], params["shift"]))


@translation("group_norm")
def group_norm(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    attributes = {"num_groups": layer.groups, "epsilon": layer.epsilon}
    return Node("GroupNormalization", attributes, (params["scale"], params["shift"]))


@translation("instance_norm")
def instance_norm(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    constants = params["scale"], params["shift"]
    return Node("InstanceNormalization", {"epsilon": layer.epsilon}, constants)


@translation("local_response_norm")
def local_response_norm(layer: Any, x: Array, params: dict[str, Array]) -> Node | None:
    alpha = layer.alpha if layer.average else layer.alpha * layer.size
    attributes = {"size": layer.size, "alpha": alpha, "beta": layer.beta, "bias": layer.k}
    # ONNX Runtime takes images and positive numbers alone.
    return Node("LRN", attributes) if x.ndim == 4 and alpha > 0 < layer.beta else None


# --- Shapes ----------------------------------------------------------------------------------


@translation("reshape")
def reshape(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    return Node("Reshape", {}, (integers(len(x), *layer.shape),))


@translation("append_one")
def append_one(layer: Any, x: Array, params: dict[str, Array]) -> Node | None:
    one = np.array(1, np.float32)
    return Node("Pad", {}, (integers(0, 0, 0, 1), one)) if x.ndim == 2 else None


@translation("permute")
def permute(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    return Node("Transpose", {"perm": [0, *(axis + 1 for axis in layer.axes)]})


@translation("concat")
def concat(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    return Node("Concat", {"axis": layer.axis + 1})


@translation("slice")
def slice_(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    stop = np.iinfo(np.int64).max if layer.stop is None else layer.stop
    bounds = (layer.start, stop, layer.axis + 1, layer.step)
    return Node("Slice", {}, tuple(integers(bound) for bound in bounds))


def margins(value: Any) -> tuple[int, ...]:
    if isinstance(value, int):
        return (value,) * 4
    return tuple(value) if len(value) == 4 else (*value, *value)


@translation("pad2d")
def pad2d(layer: Any, x: Array, params: dict[str, Array]) -> Node | None:
    top, right, bottom, left = margins(layer.pad)
    # ONNX mirrors once at most, numpy as often as it takes.
    far = max(top, bottom) >= x.shape[2] or max(left, right) >= x.shape[3]
    if layer.mode == "reflect" and far:
        return None
    value = np.array(layer.value, np.float32)
    pads = integers(0, 0, top, left, 0, 0, bottom, right)
    return Node("Pad", {"mode": layer.mode}, (pads, value))


@translation("crop2d")
def crop2d(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    top, right, bottom, left = margins(layer.crop)
    ends = integers(x.shape[2] - bottom, x.shape[3] - right)
    return Node("Slice", {}, (integers(top, left), ends, integers(2, 3)))


@translation("upsample2d")
def upsample2d(layer: Any, x: Array, params: dict[str, Array]) -> Node:
    nearest = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    attributes: dict[str, Any] = {"mode": "nearest", **nearest}
    if layer.mode == "bilinear":
        attributes = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
    scales = np.array([1, 1, *pair(layer.factor)], np.float32)
    return Node("Resize", attributes, (np.zeros(0, np.float32), scales))


def reduction(op: str) -> Translation:
    def translate(layer: Any, x: Array, params: dict[str, Array]) -> Node | None:
        axes = range(x.ndim - 1) if layer.axes is None else layer.axes
        reduced = integers(*(axis + 1 for axis in axes))
        return Node(op, {"keepdims": int(layer.keep)}, (reduced,)) if len(reduced) else None

    return translate


for kind, op in (("sum", "ReduceSum"), ("mean", "ReduceMean"), ("max", "ReduceMax")):
    TRANSLATIONS[f"reduce_{kind}"] = reduction(op)
