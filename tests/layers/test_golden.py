"""The numbers that the CS231n assignments print, to the digits they print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphspec.layers.base import Mode
from graphspec.layers.conv2d import Conv2d
from graphspec.layers.linear import Linear
from graphspec.layers.max_pool2d import MaxPool2d
from graphspec.layers.relu import Relu
from graphspec.layers.softmax_loss import SoftmaxLoss

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "corpus/cs231n_golden.json").read_text("utf-8")
)
EVALUATION = Mode()


def close(actual: Any, expected: Any) -> None:
    np.testing.assert_allclose(actual, expected, rtol=1e-7, atol=1e-8)


def linear(x: Any, weight: Any, bias: Any) -> Any:
    layer = Linear(id="fc", units=len(bias), inputs=("x",))
    return layer.forward((x,), {"weight": weight, "bias": bias}, EVALUATION).y


def two_layer_scores(x: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    hidden = Relu(id="relu", inputs=("x",)).forward((linear(x, w1, b1),), {}, EVALUATION).y
    return linear(hidden, w2, b2)


def mean_loss(scores: Any, label: Any) -> float:
    layer = SoftmaxLoss(id="loss", inputs=("s", "y"))
    return float(layer.forward((scores, label), {}, EVALUATION).y.mean())


def test_B01_affine_forward() -> None:
    x = np.linspace(-0.1, 0.5, 240).reshape(2, 4, 5, 6)
    w = np.linspace(-0.2, 0.3, 360).reshape(120, 3)
    close(linear(x, w, np.linspace(-0.3, 0.1, 3)), GOLDEN["affine"]["out"])


def test_Q03_conv_forward() -> None:
    golden = GOLDEN["conv"]
    x = np.linspace(-0.1, 0.5, 96).reshape(2, 3, 4, 4)
    params = {
        "weight": np.linspace(-0.2, 0.3, 144).reshape(3, 3, 4, 4),
        "bias": np.linspace(-0.1, 0.2, 3),
    }
    layer = Conv2d(
        id="conv", filters=3, kernel=4, stride=golden["stride"], pad=golden["pad"], inputs=("x",)
    )
    close(layer.forward((x,), params, EVALUATION).y, golden["out"])


def test_Q06_max_pool_forward() -> None:
    golden = GOLDEN["maxpool"]
    x = np.linspace(-0.3, 0.4, 96).reshape(2, 3, 4, 4)
    layer = MaxPool2d(id="pool", kernel=golden["k"], stride=golden["s"], inputs=("x",))
    y = layer.forward((x,), {}, EVALUATION).y
    assert y.shape == (2, 3, 2, 2)
    close(y.flat[0], golden["first"])
    close(y.flat[-1], golden["last"])
    # The values in between are the last of every window, as they grow along every axis.
    close(y, x[:, :, 1::2, 1::2])


def test_two_layer_net_scores_and_losses() -> None:
    golden = GOLDEN["fc2"]
    w1, b1 = np.linspace(-0.7, 0.3, 250).reshape(5, 50), np.linspace(-0.1, 0.9, 50)
    w2, b2 = np.linspace(-0.3, 0.4, 350).reshape(50, 7), np.linspace(-0.9, 0.1, 7)
    x = np.linspace(-5.5, 4.5, 15).reshape(5, 3).T
    scores = two_layer_scores(x, w1, b1, w2, b2)
    close(scores[0], golden["scores_row0"])
    loss = mean_loss(scores, np.array([0, 5, 1]))
    assert loss == pytest.approx(golden["loss0"], abs=1e-9)
    penalty = 0.5 * 1.0 * (np.sum(w1**2) + np.sum(w2**2))
    assert loss + penalty == pytest.approx(golden["loss_reg1_half"], abs=1e-9)


def test_toy_net_scores_and_loss() -> None:
    golden = GOLDEN["toy"]
    rng = np.random.RandomState(0)
    w1, w2 = 0.1 * rng.randn(4, 10), 0.1 * rng.randn(10, 3)
    x = 10 * np.random.RandomState(1).randn(5, 4)
    scores = two_layer_scores(x, w1, np.zeros(10), w2, np.zeros(3))
    close(scores[0], golden["scores_row0"])
    loss = mean_loss(scores, np.array([0, 1, 2, 2, 1]))
    penalty = 0.05 * (np.sum(w1**2) + np.sum(w2**2))
    assert loss + penalty == pytest.approx(golden["loss_reg05_full"], abs=1e-10)
