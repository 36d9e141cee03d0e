"""The outputs of layers against ONNX Runtime in float32, where ONNX has such an operator."""

from __future__ import annotations

import numpy as np
import pytest

from graphspec.layers.base import Array, Example
from graphspec.layers.catalog import BY_KIND
from tests.layers.sampling import arrays, samples
from tests.oracle.operators import TRANSLATIONS, Node

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

OPSET, IR_VERSION = 21, 10


def run(node: Node, xs: tuple[Array, ...], rank: int) -> Array:
    helper, types = onnx.helper, onnx.TensorProto
    fed = {f"x{i}": x.astype(np.int64) if x.dtype.kind == "i" else x for i, x in enumerate(xs)}
    names = [f"c{i}" for i in range(len(node.constants))]
    inputs = [*names, *fed] if node.constants_first else [*fed, *names]
    graph = helper.make_graph(
        [helper.make_node(node.op, inputs, ["y"], **node.attributes)],
        "one layer",
        [
            helper.make_tensor_value_info(
                name, types.INT64 if x.dtype.kind == "i" else types.FLOAT, x.shape
            )
            for name, x in fed.items()
        ],
        [helper.make_tensor_value_info("y", types.FLOAT, [None] * rank)],
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
    (y,) = session.run(["y"], fed)
    return np.asarray(y)


def compare(example: Example, kind: str) -> bool:
    """Whether ONNX has this configuration; it is then held against ours."""
    at = arrays(example, dtype=np.float32)
    node = TRANSLATIONS[kind](example.layer, at.xs[0], at.params)
    if node is None:
        return False
    y = example.layer.forward(at.xs, at.params, at.mode(training=False)).y
    theirs = run(node, at.xs, y.ndim)
    scale = max(1e-3, np.abs(theirs).max(initial=0))
    np.testing.assert_allclose(y, theirs, rtol=1e-5, atol=2e-6 * scale)
    return True


@pytest.mark.parametrize("kind", TRANSLATIONS)
def test_output(kind: str) -> None:
    compared = 0
    for example in samples(BY_KIND[kind]):
        try:
            compared += compare(example, kind)
        except Exception as error:
            error.add_note(f"with {example.layer!r} on {[str(spec) for spec in example.inputs]}")
            raise
    assert compared
