"""A small trained-looking network to look into, with weights that the tests choose."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from graphspec.document import loads
from graphspec.engines.numpy import NumpyEngine
from graphspec.inspect.probe import Probe
from graphspec.plan import compile_graph
from graphspec.recipe.preprocess.pipeline import Pipeline


def probe(
    *layers: dict[str, Any], shape: tuple[int, ...], classes: int = 3, **weights: np.ndarray
) -> Probe:
    """A classifier of float64 behind no preprocessing; weights by name with __ for the dot."""
    document = {
        "format": "graphspec/1",
        "inputs": {"image": {"shape": list(shape)}, "label": {"classes": classes}},
        "layers": [*layers, {"id": "loss", "kind": "softmax_loss"}],
    }
    plan = compile_graph(loads(json.dumps(document)))
    given = {name.replace("__", "."): array for name, array in weights.items()}
    executable = NumpyEngine("float64").load(plan, seed=0, weights=given)
    return Probe(executable, Pipeline((), {}), "image", "float64")
