"""Graphs that nobody thought of: each layer alone, and the whole, against float64."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphspec.engines.base import Array
from graphspec.engines.jit.engine import JitEngine
from graphspec.engines.jit.lowering.site import Accuracy
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import ShapeError
from graphspec.graph import GraphSpec
from graphspec.layers.catalog import BY_KIND
from graphspec.plan import compile_graph
from graphspec.tensor import TensorSpec
from tests.engines.jit.matched import everything, in_float64, largest_terms
from tests.engines.jit.oracle import error
from tests.engines.nets import batch

LAYER = {"accurate": 2e-6, "fast": 2e-5}
WHOLE = {"accurate": 2e-5, "fast": 1e-4}
WRT: tuple[Literal["params", "inputs"], ...] = ("params", "inputs")
SMOOTH = ("tanh", "sigmoid", "silu", "softplus", "gelu", "square")
KINKED = ("relu", "leaky_relu", "prelu", "elu", "selu", "hardswish")
IMAGE = (
    *("conv2d", "conv2d", "conv2d", "three by three", "three by three", "three by three"),
    *("depthwise", "conv_transpose2d", "batch_norm", "batch_norm", "layer_norm", "group_norm"),
    *("instance_norm", "local_response_norm", "max_pool2d", "max_pool2d", "avg_pool2d"),
    *("dropout", "add", "multiply", "maximum", "concat", "scale", "crop2d", "pad2d"),
)
SIDES = st.integers(3, 11)
LARGEST = 12  # pixels a side
FLOOR = {"rounding": "floor"}
LOSSES: tuple[dict[str, Any], ...] = (
    {"kind": "softmax_loss"},
    {"kind": "softmax_loss", "smoothing": 0.1},
    {"kind": "hinge_loss"},
    {"kind": "hinge_loss", "squared": True},
    {"kind": "hinge_loss", "one_vs_all": True, "margin": 0.5},
)


def fields(draw: st.DrawFn, kind: str, channels: int) -> dict[str, Any]:
    """The fields of a layer that reads images of so many channels."""

    def one(*choices: Any) -> Any:
        return draw(st.sampled_from(choices))

    divisors = [n for n in range(1, channels + 1) if channels % n == 0]
    match kind:
        case "conv2d":
            groups = one(1, 1, 1, *divisors)
            return {
                "filters": groups * draw(st.integers(1, max(1, 24 // groups))),
                "kernel": one(1, 3, 3, 3, 5, (2, 3)),
                "pad": one("same", "same", 0, 1, (0, 1, 2, 0)),
                "stride": one(1, 1, 1, 2, (2, 1)),
                "dilation": one(1, 1, 1, 2, (1, 2)),
                "groups": groups,
                "bias": draw(st.booleans()),
                **FLOOR,
            }
        case "three by three":
            return {"kind": "conv2d", "filters": one(16, 17, 24), "kernel": 3, "pad": 1}
        case "depthwise":
            filters = channels * one(1, 1, 2)
            return {"kind": "conv2d", "filters": filters, "groups": channels, "kernel": 3, "pad": 1}
        case "conv_transpose2d":
            return {"filters": draw(st.integers(1, 18)), "kernel": one(2, 3), "stride": one(1, 2)}
        case "max_pool2d" | "avg_pool2d":
            return {"kernel": one(2, 2, 3), "stride": one(1, 2), "pad": one(0, 0, 1), **FLOOR}
        case "group_norm":
            return {"groups": one(*divisors)}
        case "dropout":
            return {"drop": one(0.0, 0.3)}
        case "scale":
            return {"factor": -0.5}
        case "elu":
            return {"alpha": 0.7}
        case "crop2d":
            return {"crop": (1, 0, 0, 0)}
        case "pad2d":  # through numpy
            return {"pad": (0, 1, 0, 0), "mode": "edge"}
    return {}


@st.composite
def graphs(draw: st.DrawFn) -> GraphSpec:
    """An image, up to eight layers that read any of what is there, and a classifier."""
    image = (draw(st.sampled_from([1, 2, 3, 5, 8, 9, 16, 19, 24])), *draw(st.tuples(*[SIDES] * 2)))
    tensors = {"image": TensorSpec(image)}
    layers: list[dict[str, Any]] = []

    def put(kind: str, /, *inputs: str, **fields: Any) -> str:
        """Add a layer, if its input suits it."""
        name = f"n{len(layers)}"
        record = {"kind": kind, "id": name, "inputs": inputs, **fields}
        layer = BY_KIND[record["kind"]].model_validate(record)
        tensors[name] = layer.infer(*(tensors[source] for source in inputs))
        layers.append(record)
        return name

    for _ in range(draw(st.sampled_from([2, 5, 9]))):
        source = draw(st.sampled_from(list(tensors)))
        shape = tensors[source].shape
        kind = draw(st.sampled_from(IMAGE + SMOOTH + KINKED))
        inputs = [source]
        if kind in ("add", "multiply", "maximum", "concat"):
            same = slice(1, None) if kind == "concat" else slice(None)
            mates = [name for name in tensors if tensors[name].shape[same] == shape[same]]
            inputs.append(draw(st.sampled_from(mates)))
        if kind.endswith("_norm") and shape[1] * shape[2] < 9:
            continue
        if kind == "square":
            inputs = [put("tanh", source)]
        try:
            name = put(kind, *inputs, **fields(draw, kind, shape[0]))
        except ShapeError:
            continue
        if max(tensors[name].shape[1:]) > LARGEST:
            del tensors[name], layers[-1]
        elif layers[-1]["kind"] == "conv2d" and draw(st.booleans()):
            name = put(draw(st.sampled_from(["relu", "leaky_relu", "tanh"])), name)
            if draw(st.booleans()) and min(tensors[name].shape[1:]) > 1:
                put("max_pool2d", name, kernel=2, rounding="floor")
    last = list(tensors)[-1]
    read = draw(st.sampled_from(["flatten", "global_avg_pool2d", "linear", "maxout"]))
    units = draw(st.integers(2, 40))
    if read in ("flatten", "global_avg_pool2d"):
        # Behind a norm the mean would be a sum of numbers that cancel out.
        last = put(read, put("relu", last) if read != "flatten" else last)
    if read == "maxout":
        hidden = put("maxout", last, units=units, pieces=3)
    else:
        hidden = put("linear", last, units=units)
        hidden = put(draw(st.sampled_from(["tanh", "relu"])), hidden)
    if draw(st.booleans()):
        hidden = put("dropout", hidden, drop=0.4)
    scores = put("linear", hidden, units=4)
    loss = {"id": "loss", "inputs": (scores, "label"), **draw(st.sampled_from(LOSSES))}
    return GraphSpec.model_validate(
        {
            "inputs": {"image": {"shape": image}, "label": {"classes": 4}},
            "layers": [*layers, loss],
            "outputs": [scores],
        }
    )


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    graphs(),
    st.integers(1, 6),
    st.sampled_from([1, 2, 3]),
    st.booleans(),
    st.sampled_from(["accurate", "fast"]),
)
def test_a_random_graph_agrees_with_float64(
    spec: GraphSpec, size: int, threads: int, training: bool, accuracy: Accuracy
) -> None:
    plan = compile_graph(spec)
    feeds = batch(spec, size, dtype="float32")
    weights = NumpyEngine("float32").load(plan, seed=1).weights()
    engine = JitEngine(threads=threads, accuracy=accuracy, guarded=True)
    ours = engine.load(plan, seed=1, weights=weights)
    taps = everything(plan)
    tapped = ours.grad(feeds, training=training, taps=taps)
    alone = in_float64(plan, weights, feeds, tapped, alone=True)
    expected = alone.grad(feeds, training=training, taps=taps)
    terms = largest_terms(plan, tapped)
    within(LAYER[accuracy], tapped.taps, expected.taps, terms)
    within(LAYER[accuracy], tapped.by_name, expected.by_name, terms)
    # Now with layers fused. That it took the same turns shows in scores that have the same bits.
    whole = in_float64(plan, weights, feeds, tapped)
    for wrt in WRT:
        expected = whole.grad(feeds, wrt=wrt, training=training)
        ours.grad(feeds, wrt=wrt, training=training)
        # The second call finds the memory as the first has left it.
        got = ours.grad(feeds, wrt=wrt, training=training)
        for name, array in got.values.items():
            np.testing.assert_array_equal(tapped.values[name], array)
        assert got.loss == tapped.loss
        within(WHOLE[accuracy], got.by_name, expected.by_name, terms)
    run, wanted = (each.run(feeds, training=training).values for each in (ours, whole))
    within(WHOLE[accuracy], run, wanted, terms)


def within(
    tolerance: float, got: Mapping[Any, Array], expected: Mapping[Any, Array], terms: Any
) -> None:
    assert got.keys() == expected.keys()
    for name, array in expected.items():
        assert error(got[name], array, terms.get(name, 0.0)) <= tolerance, name
