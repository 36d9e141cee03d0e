"""Graphs that nobody thought of: values and gradients against float64, fused and not."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphspec.graph import GraphSpec
from tests.engines.jit.oracle import compare

SMOOTH = ("tanh", "sigmoid", "silu", "softplus", "gelu", "scale", "square_of_tanh")
IMAGE = (
    *("conv2d", "batch_norm", "layer_norm", "group_norm", "lrn", "pool", "mean", "drop"),
    *("add", "concat", "multiply", "same", "crop", "stamp", "through numpy"),
)


@st.composite
def graphs(draw: st.DrawFn) -> GraphSpec:
    """An image, up to eight layers that read any of what is there, and a classifier.

    Only smooth functions: in float32 a number near a kink may fall to its other side.
    """
    height, width = draw(st.integers(3, 9)), draw(st.integers(3, 9))
    shapes = {"image": (draw(st.integers(1, 9)), height, width)}
    layers: list[dict[str, Any]] = []

    def put(kind: str, shape: tuple[int, ...], *inputs: str, **fields: Any) -> str:
        name = f"n{len(layers)}"
        layers.append({"kind": kind, "id": name, "inputs": inputs, **fields})
        shapes[name] = shape
        return name

    for _ in range(draw(st.integers(1, 8))):
        source = draw(st.sampled_from(list(shapes)))
        c, h, w = shapes[source]
        kind = draw(st.sampled_from(IMAGE + SMOOTH))
        mates = [n for n in shapes if shapes[n] == (c, h, w)]
        fitting = [n for n in shapes if shapes[n][1:] == (h, w)]
        match kind:
            case "conv2d":
                filters = draw(st.integers(1, 18))
                kernel = draw(st.sampled_from([1, 3, 5]))
                name = put(
                    "conv2d", (filters, h, w), source, filters=filters, kernel=kernel, pad="same"
                )
                if draw(st.booleans()):
                    put("tanh", (filters, h, w), name)
            case "batch_norm" if h * w > 3:
                put("batch_norm", (c, h, w), source)
            case "pool" if min(h, w) > 1:
                shape = (c, h // 2, w // 2)
                put("avg_pool2d", shape, source, kernel=2, rounding="floor")
            case "mean":
                put("avg_pool2d", (c, h, w), source, kernel=3, stride=1, pad=1)
            case "drop":
                put("dropout", (c, h, w), source, drop=draw(st.sampled_from([0.0, 0.3])))
            case "add" | "multiply":
                mate = draw(st.sampled_from(mates))
                put(kind, (c, h, w), source, mate)
            case "concat":
                mate = draw(st.sampled_from(fitting))
                put("concat", (c + shapes[mate][0], h, w), source, mate)
            case "layer_norm" if c * h * w > 3:
                put("layer_norm", (c, h, w), source)
            case "group_norm" if h * w > 3:
                groups = draw(st.sampled_from([n for n in range(1, c + 1) if c % n == 0]))
                put("group_norm", (c, h, w), source, groups=groups)
            case "crop" if min(h, w) > 2:
                put("crop2d", (c, h - 1, w), source, crop=(1, 0, 0, 0))
            case "stamp" if max(h, w) < 9:
                filters = draw(st.integers(1, 18))
                shape = (filters, h + 2, w + 2)
                put("conv_transpose2d", shape, source, filters=filters, kernel=3)
            case "through numpy" if max(h, w) < 9:
                put("pad2d", (c, h, w + 1), source, pad=(0, 1, 0, 0), mode="edge")
            case "lrn":
                put("local_response_norm", (c, h, w), source)
            case "same" | "square_of_tanh":
                put("square", (c, h, w), put("tanh", (c, h, w), source))
            case "scale":
                put("scale", (c, h, w), source, factor=0.5)
            case _ if kind in SMOOTH:
                put(kind, (c, h, w), source)
    last = list(shapes)[-1]
    read = draw(st.sampled_from(["flatten", "global_avg_pool2d", "linear"]))
    if read != "linear":
        last = put(read, (1,), last)
    hidden = put("linear", (1,), last, units=draw(st.integers(2, 40)))
    hidden = put("tanh", (1,), hidden)
    scores = put("linear", (1,), hidden, units=4)
    put("softmax_loss", (), scores, "label")
    return GraphSpec.model_validate(
        {
            "inputs": {"image": {"shape": shapes["image"]}, "label": {"classes": 4}},
            "layers": layers,
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
    st.booleans(),
    st.sampled_from(["accurate", "fast"]),
)
def test_a_random_graph_agrees_with_float64(
    spec: GraphSpec, size: int, threads: int, training: bool, tapped: bool, accuracy: str
) -> None:
    # Errors of several layers add up: a few times what one may have.
    compare(
        spec,
        size,
        training=training,
        tapped=tapped,
        threads=threads,
        accuracy=accuracy,
        tolerance=5e-4 if accuracy == "fast" else 1e-4,
    )
