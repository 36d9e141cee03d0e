"""Activations on the notes' numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphspec.layers.base import Array, Layer, Mode
from graphspec.layers.elu import Elu
from graphspec.layers.gelu import Gelu
from graphspec.layers.hardswish import Hardswish
from graphspec.layers.leaky_relu import LeakyRelu
from graphspec.layers.linear import Linear
from graphspec.layers.maxout import Maxout
from graphspec.layers.prelu import Prelu
from graphspec.layers.selu import Selu
from graphspec.layers.sigmoid import Sigmoid
from graphspec.layers.silu import Silu
from graphspec.layers.softmax import Softmax
from graphspec.layers.softplus import Softplus
from graphspec.layers.tanh import Tanh
from graphspec.tensor import TensorSpec


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


def test_E08_a_learned_slope() -> None:
    layer = Prelu(id="f", inputs=("x",))
    x = np.array([[-2.0, 3.0], [-1.0, -4.0]])
    slope = {"slope": np.array([0.01, 0.5])}
    forward = layer.forward((x,), slope, Mode())
    assert forward.y.tolist() == [[-0.02, 3], [-0.01, -2]]
    assert layer.backward(np.ones((2, 2)), forward.saved, slope).dparams["slope"].tolist() == [
        -3,
        -4,
    ]


def test_E08_the_slope_starts_where_it_is_told_and_is_not_decayed() -> None:
    param = Prelu(id="f", slope=0.1, inputs=("x",)).params(TensorSpec((3, 4, 4)))["slope"]
    assert param.init is not None
    assert param.init.draw(param.shape, 1, 1, np.random.default_rng(0)).tolist() == [0.1] * 3
    assert not param.decay


def test_E09_maxout_with_one_piece_zero_is_a_rectifier() -> None:
    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((6, 5)), rng.standard_normal((5, 4)), rng.standard_normal(4)
    layer = Maxout(id="f", units=4, inputs=("x",))
    params = {"weight": np.stack([0 * w, w]), "bias": np.stack([0 * b, b])}
    np.testing.assert_allclose(layer.forward((x,), params, Mode()).y, np.maximum(0, x @ w + b))


def test_E09_maxout_doubles_the_parameters() -> None:
    x = TensorSpec((5,))
    single = Linear(id="f", units=4, inputs=("x",)).params(x)
    double = Maxout(id="f", units=4, inputs=("x",)).params(x)
    for name, param in single.items():
        assert np.prod(double[name].shape) == 2 * np.prod(param.shape)


def test_the_exact_gelu_keeps_its_digits_far_to_the_left() -> None:
    y, _ = run(Gelu, [-10.0])
    assert y[0] == pytest.approx(-7.61985302416052e-23, rel=1e-12)


def test_the_two_forms_of_gelu_are_close() -> None:
    x = np.linspace(-5, 5, 1001)
    assert np.abs(run(Gelu, x)[0] - run(Gelu, x, approximate="tanh")[0]).max() < 5e-4


@pytest.mark.parametrize("kind", [Elu, Selu, Silu, Softplus])
def test_large_inputs_do_not_overflow(kind: type[Layer]) -> None:
    y, dx = run(kind, [-1e4, 1e4])
    assert np.isfinite(y).all()
    assert np.isfinite(dx).all()


def test_selu_keeps_the_mean_and_the_variance_of_normal_numbers() -> None:
    x = np.random.default_rng(0).standard_normal(400_000)
    y, _ = run(Selu, x)
    assert y.mean() == pytest.approx(0, abs=0.01)
    assert y.var() == pytest.approx(1, abs=0.01)


def test_hardswish_is_zero_left_and_the_identity_right() -> None:
    y, dx = run(Hardswish, [-4.0, 0.0, 4.0])
    assert y.tolist() == [0, 0, 4]
    assert dx.tolist() == [0, 0.5, 1]
