"""Activations on the notes' numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphspec.layers.base import Array, Layer, Mode
from graphspec.layers.leaky_relu import LeakyRelu
from graphspec.layers.sigmoid import Sigmoid
from graphspec.layers.softmax import Softmax
from graphspec.layers.tanh import Tanh


def run(kind: type[Layer], x: Any, **fields: Any) -> tuple[Array, Array]:
    layer = kind(id="f", inputs=("x",), **fields)
    values = np.atleast_2d(np.asarray(x, float))
    forward = layer.forward((values,), {}, Mode())
    (dx,), _ = layer.backward(np.ones_like(forward.y), forward.saved, {})
    assert dx is not None
    return forward.y[0], dx[0]


def test_E05_sigmoid_at_zero() -> None:
    y, dx = run(Sigmoid, [0.0])
    assert (y[0], dx[0]) == (0.5, 0.25)


def test_E05_sigmoid_does_not_overflow_and_saturates() -> None:
    y, dx = run(Sigmoid, [-1e4, 1e4])
    assert y.tolist() == [0, 1]
    assert dx.tolist() == [0, 0]


def test_D04_sigmoid_of_the_worked_neuron() -> None:
    assert run(Sigmoid, [1.0])[0][0] == pytest.approx(0.7310585786, abs=1e-10)
    assert run(Sigmoid, [1.0])[1][0] == pytest.approx(0.1966119332, abs=1e-10)


def test_E06_tanh_is_a_scaled_sigmoid() -> None:
    x = np.linspace(-6, 6, 97)
    np.testing.assert_allclose(run(Tanh, x)[0], 2 * run(Sigmoid, 2 * x)[0] - 1, atol=1e-12)


def test_E08_leaky_relu() -> None:
    y, dx = run(LeakyRelu, [-2.0, 3.0])
    assert y.tolist() == [-0.02, 3]
    assert dx.tolist() == [0.01, 1]
    assert run(LeakyRelu, [-2.0], slope=0.5)[0].tolist() == [-1]


@pytest.mark.parametrize(
    ("scores", "probabilities"),
    [([1, -2, 0], [0.70538, 0.03512, 0.25950]), ([0.5, -1, 0], [0.54655, 0.12195, 0.33150])],
)
def test_B10_probabilities(scores: list[float], probabilities: list[float]) -> None:
    np.testing.assert_allclose(run(Softmax, scores)[0], probabilities, atol=5e-6)


def test_B11_softmax_does_not_overflow() -> None:
    y, _ = run(Softmax, [123, 456, 789])
    np.testing.assert_allclose(y, [5.75274e-290, 2.39849e-145, 1], rtol=1e-5)


def test_softmax_sums_to_one_over_its_axis() -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 5))
    for axis in range(3):
        y = Softmax(id="p", axis=axis, inputs=("x",)).forward((x,), {}, Mode()).y
        np.testing.assert_allclose(y.sum(axis=axis + 1), 1, rtol=1e-12)
