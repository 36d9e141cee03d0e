"""Max-norm: after every step no unit's weights are longer than c."""

from __future__ import annotations

import numpy as np
import pytest

from graphspec.engines.base import Step
from graphspec.engines.numpy.engine import NumpyEngine
from graphspec.plan import compile_graph
from graphspec.recipe.constraints.max_norm import MaxNorm
from graphspec.recipe.rules.sgd import Sgd
from tests.engines.nets import batch, network, node

SPEC = network(
    [
        node("conv2d", "conv", "x", filters=5, kernel=3, pad=1),
        node("batch_norm", "norm", "conv"),
        node("relu", "relu", "norm"),
        node("linear", "hidden", "relu", units=7),
        node("linear", "scores", "hidden", units=3),
        node("softmax_loss", "loss", "scores", "label"),
    ],
    ("scores",),
    x={"shape": [2, 4, 4]},
    label={"classes": 3},
)


def lengths(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Of every unit's incoming weights: a filter of a convolution, a column of a linear layer."""
    return {
        "conv": np.sqrt((weights["conv.weight"] ** 2).sum(axis=(1, 2, 3))),
        "hidden": np.linalg.norm(weights["hidden.weight"], axis=0),
        "scores": np.linalg.norm(weights["scores.weight"], axis=0),
    }


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("c", [3.0, 4.0])
def test_H04_no_unit_is_longer_than_c_after_any_step(dtype: str, c: float) -> None:
    executable = NumpyEngine(dtype).load(compile_graph(SPEC), seed=0)  # type: ignore[arg-type]
    free = NumpyEngine(dtype).load(compile_graph(SPEC), seed=0)  # type: ignore[arg-type]
    rule = Sgd(rate=5.0)
    for t in range(10):
        feeds = batch(SPEC, 8, seed=t, dtype=dtype)
        executable.train_step(feeds, rule, Step(t, 5.0, constraints=(MaxNorm(c=c),)))
        if t < 4:
            # Without the constraint this rate ends in infinity.
            free.train_step(feeds, rule, Step(t, 5.0))
        for found in lengths(dict(executable.weights())).values():
            assert found.max() <= c + 1e-6
    assert max(found.max() for found in lengths(dict(free.weights())).values()) > c + 1
    # What does not decay is left alone, however long.
    assert np.abs(executable.weights()["scores.bias"]).max() > 1


def test_only_what_is_too_long_is_shortened_and_keeps_its_direction() -> None:
    w = np.array([[3.0, 0.3, 0.0], [4.0, 0.4, 0.0]])
    MaxNorm(c=2.0).project(w, fan_in=2)
    np.testing.assert_allclose(w, [[1.2, 0.3, 0.0], [1.6, 0.4, 0.0]], rtol=1e-15)
    assert (w[:, 1] == [0.3, 0.4]).all()


def test_a_constraint_can_be_of_some_layers_only() -> None:
    executable = NumpyEngine("float64").load(compile_graph(SPEC), seed=0)
    constraint = MaxNorm(c=0.01, only=("hidden",))
    executable.train_step(batch(SPEC), Sgd(rate=0.1), Step(0, 0.1, constraints=(constraint,)))
    found = lengths(dict(executable.weights()))
    assert found["hidden"].max() <= 0.01 + 1e-12
    assert min(found["conv"].min(), found["scores"].min()) > 0.02
