"""Small networks that the engines' tests run."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphspec.engines.numpy.engine import NumpyEngine
from graphspec.engines.numpy.executable import NumpyExecutable
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph


def network(
    layers: list[dict[str, Any]], outputs: tuple[str, ...] = (), **inputs: dict[str, Any]
) -> GraphSpec:
    return GraphSpec.model_validate({"inputs": inputs, "layers": layers, "outputs": outputs})


def node(kind: str, id: str, *inputs: str, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "id": id, "inputs": inputs, **fields}


def two_layers(
    features: int = 3, hidden: int = 4, classes: int = 3, hidden_init: Any = None
) -> GraphSpec:
    """x → fc1 → relu → fc2 → loss, as in the assignments."""
    return network(
        [
            node("linear", "fc1", "x", units=hidden, init=hidden_init),
            node("relu", "relu", "fc1"),
            node("linear", "fc2", "relu", units=classes),
            node("softmax_loss", "loss", "fc2", "label"),
        ],
        ("fc2",),
        x={"shape": [features]},
        label={"classes": classes},
    )


def load64(spec: GraphSpec, *, seed: int = 0, **kwargs: Any) -> NumpyExecutable:
    return NumpyEngine("float64").load(compile_graph(spec), seed=seed, **kwargs)


def batch(
    spec: GraphSpec, size: int = 5, seed: int = 0, dtype: str = "float64"
) -> dict[str, np.ndarray]:
    """Random feeds for every input of a graph."""
    rng = np.random.default_rng(seed)
    feeds = {}
    for item in spec.inputs:
        tensor = item.tensor()
        shape = (size, *tensor.shape)
        if tensor.classes is not None:
            feeds[item.id] = rng.integers(0, tensor.classes, shape)
        else:
            feeds[item.id] = rng.standard_normal(shape).astype(dtype)
    return feeds
