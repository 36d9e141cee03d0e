"""The fully connected layer: the notes' worked picture, and counts."""

from __future__ import annotations

from math import prod

import numpy as np

from graphspec.layers.base import Mode
from graphspec.layers.linear import Linear
from graphspec.tensor import TensorSpec


def count(layer: Linear, *shape: int) -> int:
    return sum(prod(param.shape) for param in layer.params(TensorSpec(shape)).values())


def test_B01_the_picture_of_four_pixels_and_three_classes() -> None:
    w = np.array([[0.2, -0.5, 0.1, 2.0], [1.5, 1.3, 2.1, 0.0], [0.0, 0.25, 0.2, -0.3]])
    params = {"weight": w.T, "bias": np.array([1.1, 3.2, -1.2])}
    layer = Linear(id="scores", units=3, inputs=("x",))
    scores = layer.forward((np.array([[56.0, 231.0, 24.0, 2.0]]),), params, Mode()).y
    np.testing.assert_allclose(scores, [[-96.8, 437.9, 60.75]], rtol=1e-14)


def test_B01_a_classifier_of_cifar10_has_30730_parameters() -> None:
    assert count(Linear(id="scores", units=10, inputs=("x",)), 3, 32, 32) == 30_730


def test_B03_the_bias_is_a_weight_of_an_input_that_is_one() -> None:
    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((5, 8)), rng.standard_normal((8, 3)), rng.standard_normal(3)
    with_bias = Linear(id="a", units=3, inputs=("x",))
    without = Linear(id="b", units=3, bias=False, inputs=("x",))
    one = with_bias.forward((x,), {"weight": w, "bias": b}, Mode()).y
    longer = np.hstack([x, np.ones((5, 1))])
    two = without.forward((longer,), {"weight": np.vstack([w, b])}, Mode()).y
    np.testing.assert_allclose(one, two, rtol=1e-12, atol=1e-12)
    assert count(with_bias, 8) == count(without, 9)


def test_Q09_after_a_volume_of_4_by_4_by_20() -> None:
    layer = Linear(id="fc", units=10, inputs=("x",))
    assert count(layer, 20, 4, 4) == 3_210
    assert layer.macs(TensorSpec((20, 4, 4))) == 3_200
