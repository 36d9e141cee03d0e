"""The networks whose numbers the CS231n assignments print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphspec.engines.base import Step
from graphspec.recipe.penalties.l2 import L2
from graphspec.recipe.rules.sgd import Sgd
from tests.engines.nets import load64, two_layers

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "corpus" / "cs231n_golden.json").read_text(encoding="utf-8")
)


def linspace(start: float, stop: float, *shape: int) -> np.ndarray:
    return np.linspace(start, stop, int(np.prod(shape))).reshape(shape)


@pytest.mark.parametrize(("strength", "key"), [(0.0, "loss0"), (1.0, "loss_reg1_half")])
def test_two_layer_net(strength: float, key: str) -> None:
    golden = GOLDEN["fc2"]
    executable = load64(
        two_layers(features=5, hidden=50, classes=7),
        weights={
            "fc1.weight": linspace(-0.7, 0.3, 5, 50),
            "fc1.bias": linspace(-0.1, 0.9, 50),
            "fc2.weight": linspace(-0.3, 0.4, 50, 7),
            "fc2.bias": linspace(-0.9, 0.1, 7),
        },
    )
    feeds = {"x": linspace(-5.5, 4.5, 5, 3).T, "label": np.array([0, 5, 1])}
    scores = executable.run(feeds).values["fc2"]
    assert scores[0] == pytest.approx(golden["scores_row0"], rel=1e-7)
    step = Step(0, 1e-3, (L2(strength=strength),))
    result = executable.train_step(feeds, Sgd(rate=1e-3), step)
    assert result.loss + sum(result.penalties) == pytest.approx(golden[key], abs=1e-7)
    assert result.loss == pytest.approx(golden["loss0"], abs=1e-7)


def test_toy_net() -> None:
    golden = GOLDEN["toy"]
    draw = np.random.RandomState(0)
    first, second = 0.1 * draw.randn(4, 10), 0.1 * draw.randn(10, 3)
    x = 10 * np.random.RandomState(1).randn(5, 4)
    executable = load64(
        two_layers(features=4, hidden=10), weights={"fc1.weight": first, "fc2.weight": second}
    )
    feeds = {"x": x, "label": np.array([0, 1, 2, 2, 1])}
    scores = executable.run(feeds).values["fc2"]
    assert scores[0] == pytest.approx(golden["scores_row0"], abs=1e-7)
    step = Step(0, 1e-3, (L2(strength=0.05, half=False),))
    result = executable.train_step(feeds, Sgd(rate=1e-3), step)
    assert result.loss + sum(result.penalties) == pytest.approx(golden["loss_reg05_full"], abs=1e-7)
