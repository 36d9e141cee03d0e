"""Every kind of layer, from a file through ``graphspec train``, on both engines."""

from __future__ import annotations

import json
from importlib.util import find_spec
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphspec.layers.base import Example
from graphspec.layers.catalog import BY_KIND
from graphspec.record import kind_of
from graphspec.train.events import Evaluated, Step
from graphspec.train.rundir import Run

EXAMPLES, FEATURES = 27, 3
POSITIVE = ("log", "divide", "reciprocal")
ENGINES = ["numpy", *(["jit"] if find_spec("llvmlite") else [])]


def written(example: Example) -> dict[str, Any]:
    """A network file around a layer: linear layers bring the examples into its inputs' shapes.

    A layer that is no loss is followed by a classifier of two classes.
    """
    inputs: dict[str, Any] = {"x": {"shape": [FEATURES]}}
    layers: list[dict[str, Any]] = []
    kind, reads = kind_of(example.layer), []
    for port, tensor in enumerate(example.inputs):
        shape = list(tensor.shape)
        if tensor.dtype == "int":
            name = "label" if example.layer.is_loss else "x"
            inputs[name] = (
                {"shape": shape, "classes": tensor.classes}
                if shape
                else {"classes": tensor.classes}
            )
        else:
            name = f"into{port}"
            layers += [
                {"id": f"{name}.units", "kind": "linear", "units": prod(shape), "inputs": ["x"]},
                # Not all functions are defined for negative numbers, or smooth about zero.
                {"id": f"{name}.sign", "kind": "softplus" if kind in POSITIVE else "tanh"},
                {"id": name, "kind": "reshape", "shape": shape},
            ]
        reads.append(name)
    fields = json.loads(example.layer.model_dump_json())
    layers.append({**fields, "id": "it", "inputs": reads})
    if not example.layer.is_loss:
        inputs["label"] = {"classes": 2}
        layers.append({"id": "flat", "kind": "reshape", "shape": [-1], "inputs": ["it"]})
        layers.append({"id": "scores", "kind": "linear", "units": 2, "inputs": ["flat"]})
        layers.append({"id": "loss", "kind": "softmax_loss", "inputs": ["scores", "label"]})
    return {"format": "graphspec/1", "name": "one", "inputs": inputs, "layers": layers}


def arrays(inputs: dict[str, Any]) -> dict[str, np.ndarray]:
    """Examples and answers for the inputs of a network."""
    rng = np.random.default_rng(0)

    def drawn(fields: dict[str, Any]) -> np.ndarray:
        size = (EXAMPLES, *fields.get("shape", ()))
        classes = fields.get("classes")
        return rng.normal(size=size) if classes is None else rng.integers(0, classes, size)

    names = {"x": "x", "label": "y"}
    return {key: drawn(inputs[name]) for name, key in names.items() if name in inputs}


@pytest.mark.parametrize("kind", list(BY_KIND))
def test_trains_from_the_command_line_on_both_engines(graphspec, here: Path, kind: str) -> None:
    example = next(
        example
        for example in BY_KIND[kind].examples()
        if all(tensor.shape or tensor.dtype == "int" for tensor in example.inputs)
    )
    network = written(example)
    (here / "net.json").write_text(json.dumps(network))
    found = arrays(network["inputs"])
    np.savez(here / "data.npz", **{"y": np.zeros((EXAMPLES, 1)), **found})
    words = ("--data", "data.npz", "--epochs", "1", "--batch", "8")
    losses = []
    for engine in ENGINES:
        answer = graphspec("train", "net.json", *words, "--run", engine, "--engine", engine)
        assert answer.code == 0, answer.err
        events = Run(here / engine).events
        steps = [event.loss for event in events if isinstance(event, Step)]
        held = [event.loss for event in events if isinstance(event, Evaluated)]
        assert len(steps) == 3
        assert len(held) == 1
        losses.append([*steps, *held])
    for other in losses[1:]:
        np.testing.assert_allclose(other, losses[0], rtol=1e-4)
