"""The two linear classifiers of the notes on real digits, from zero, by full gradient descent."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from graphspec.data import load_data
from graphspec.engines.base import Step
from graphspec.engines.numpy.engine import NumpyEngine
from graphspec.plan import compile_graph
from graphspec.recipe.penalties.l2 import L2
from graphspec.recipe.rules.sgd import Sgd
from tests.engines.nets import network, node


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("kind", "rate", "first", "last", "correct"),
    [("softmax_loss", 0.5, 2.302585, 0.274734, 731), ("hinge_loss", 0.1, 9.0, 0.152362, 736)],
)
def test_full_batch_descent_gives_the_known_losses_and_counts(
    kind: str,
    rate: float,
    first: float,
    last: float,
    correct: int,
    dtype: Literal["float32", "float64"],
) -> None:
    images, labels = load_digits_flat()
    spec = network(
        [
            node("linear", "scores", "x", units=10, init="zeros"),
            node(kind, "loss", "scores", "label"),
        ],
        ("scores",),
        x={"shape": [64]},
        label={"classes": 10},
    )
    executable = NumpyEngine(dtype).load(compile_graph(spec), seed=0)
    feeds = {"x": images[:1000], "label": labels[:1000]}
    # Half of λ is 5e-4: the penalty is 5e-4·Σ w², and the losses below include it.
    penalty = L2(strength=5e-4, half=False)
    losses = []
    for i in range(300):
        result = executable.train_step(feeds, Sgd(rate=rate), Step(i, rate, (penalty,)))
        losses.append(result.loss + sum(result.penalties))
    scores = executable.run({"x": images[1000:]}).values["scores"]
    assert losses[0] == pytest.approx(first, abs=1e-6)
    assert losses[-1] == pytest.approx(last, abs=1e-6 if dtype == "float64" else 1e-5)
    assert (scores.argmax(axis=1) == labels[1000:]).sum() == correct


def load_digits_flat() -> tuple[np.ndarray, np.ndarray]:
    """Images as 64 numbers in [0, 1] less the mean of the first 1,000, and their classes."""
    digits = load_data("digits")
    images = digits.x.reshape(-1, 64) / 16
    return images - images[:1000].mean(axis=0), digits.y
