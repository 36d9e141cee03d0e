"""The rectifier."""

from __future__ import annotations

import numpy as np

from graphspec.layers.base import Mode
from graphspec.layers.relu import Relu

RELU = Relu(id="relu", inputs=("x",))


def test_E07_the_assignments_linspace() -> None:
    y = RELU.forward((np.linspace(-0.5, 0.5, 12).reshape(3, 4),), {}, Mode()).y
    expected = [
        [0, 0, 0, 0],
        [0, 0, 0.04545455, 0.13636364],
        [0.22727273, 0.31818182, 0.40909091, 0.5],
    ]
    np.testing.assert_allclose(y, expected, rtol=1e-7, atol=1e-8)


def test_the_gradient_at_zero_is_zero() -> None:
    forward = RELU.forward((np.array([[0.0, -0.0, 1.0, -1.0]]),), {}, Mode())
    (dx,), _ = RELU.backward(np.ones((1, 4)), forward.saved, {})
    np.testing.assert_array_equal(dx, [[0, 0, 1, 0]])


def test_nan_goes_through_rather_than_being_hidden() -> None:
    assert np.isnan(RELU.forward((np.array([[np.nan]]),), {}, Mode()).y).all()
