"""Comparing the fast engine with the numpy engine in float64."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphspec.engines.base import Tap
from graphspec.engines.jit.engine import JitEngine
from graphspec.engines.numpy import NumpyEngine
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from tests.engines.nets import batch


def error(got: np.ndarray, expected: np.ndarray, term: float = 1e-3) -> float:
    """The largest difference, in parts of the largest magnitude, or of what it is a sum of."""
    assert got.shape == expected.shape
    if not expected.size:
        return 0.0
    return float(np.abs(got - expected).max() / max(np.abs(expected).max(), term, 1e-3))


def compare(
    spec: GraphSpec,
    size: int = 5,
    *,
    training: bool = True,
    tolerance: float = 2e-6,
    feeds: dict[str, np.ndarray] | None = None,
    weights: dict[str, np.ndarray] | None = None,
    tapped: bool = True,
    **options: Any,
) -> None:
    """Every value and gradient of a graph with losses, against float64.

    With ``tapped`` every value and its gradient is asked for, so that nothing is fused; without,
    only those of the parameters, the inputs and the outputs.
    """
    plan = compile_graph(spec)
    feeds = feeds or batch(spec, size, dtype="float32")
    drawn = NumpyEngine("float32").load(plan, seed=1, weights=weights).weights()
    theirs = NumpyEngine("float64").load(plan, seed=1, weights=drawn)
    ours = JitEngine(guarded=True, **options).load(plan, seed=1, weights=drawn)
    names = [node.id for node in plan.nodes if node.output.dtype == "float"]
    names += [name for name, tensor in plan.inputs.items() if tensor.dtype == "float"]
    taps = (
        [Tap(name, what) for name in names for what in ("value", "grad")]  # type: ignore[arg-type]
        if tapped
        else []
    )
    for wrt in ("params", "inputs"):
        expected = theirs.grad(feeds, wrt=wrt, training=training, taps=taps)  # type: ignore[arg-type]
        for _ in range(2):  # the second call finds the memory as the first has left it
            got = ours.grad(feeds, wrt=wrt, training=training, taps=taps)  # type: ignore[arg-type]
            assert got.losses.keys() == expected.losses.keys()
            for name, loss in expected.losses.items():
                assert abs(got.losses[name] - loss) <= 10 * tolerance * max(1.0, abs(loss)), name
            for name, array in expected.by_name.items():
                assert error(got.by_name[name], array) <= tolerance, f"gradient of {name}"
            for name, array in expected.values.items():
                assert error(got.values[name], array) <= tolerance, f"output {name}"
            for tap, array in expected.taps.items():
                assert error(got.taps[tap], array) <= tolerance, tap
    run = theirs.run(feeds, training=training).values
    mine = ours.run(feeds, training=training).values
    for name, array in run.items():
        assert error(mine[name], array) <= tolerance, f"run of {name}"
