"""Every example of every kind of layer gives what it gives in float64, with threads and without."""

from __future__ import annotations

import numpy as np
import pytest

from graphspec.graph import GraphSpec
from graphspec.layers.catalog import BY_KIND
from tests.engines.jit.oracle import compare
from tests.engines.nets import batch

CASES = [(kind, i) for kind in BY_KIND for i in range(len(BY_KIND[kind].examples()))]


def around(kind: str, number: int) -> GraphSpec:
    """The example with a scale before each float input, and a loss behind it."""
    layer, tensors = BY_KIND[kind].examples()[number]
    inputs, layers, names = {}, [], []
    for i, tensor in enumerate(tensors):
        name = f"in{i}"
        if tensor.dtype == "int":
            inputs[name] = {"shape": tensor.shape, "classes": tensor.classes, "dtype": "int"}
            if tensor.classes is not None:
                inputs[name] = {"shape": tensor.shape, "classes": tensor.classes}
            names.append(name)
        else:
            inputs[name] = {"shape": tensor.shape}
            layers.append({"kind": "scale", "id": f"s{i}", "factor": 0.75, "inputs": [name]})
            names.append(f"s{i}")
    layers.append(layer.model_copy(update={"id": "it", "inputs": tuple(names)}).model_dump())
    if not layer.is_loss:
        layers.append({"kind": "add_constant", "id": "after", "constant": 0.7, "inputs": ["it"]})
        layers.append({"kind": "square", "id": "bent", "inputs": ["after"]})
        # Squares alone would do the norms no harm: their sum is the same for every input.
        layers.append({"kind": "multiply", "id": "cube", "inputs": ["bent", "after"]})
        layers.append({"kind": "sum_loss", "id": "loss", "inputs": ["cube"]})
    return GraphSpec.model_validate({"inputs": inputs, "layers": layers, "outputs": ["it"]})


@pytest.mark.parametrize(("kind", "number"), CASES)
def test_an_example_agrees_with_float64(kind: str, number: int) -> None:
    spec = around(kind, number)
    feeds = batch(spec, 3, seed=number, dtype="float32")
    if kind in ("log", "reciprocal", "divide"):
        feeds = {name: np.abs(x) + 0.5 if x.dtype.kind == "f" else x for name, x in feeds.items()}
    for training in (True, False):
        for threads, tapped in ((1, True), (2, False)):
            compare(
                spec,
                training=training,
                accuracy="accurate",
                tolerance=2e-6,
                feeds=feeds,
                threads=threads,
                tapped=tapped,
            )
