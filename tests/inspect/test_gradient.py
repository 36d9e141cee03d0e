"""Centred differences and the relative error."""

from __future__ import annotations

import math

import numpy as np
import pytest

from graphspec.inspect.gradient import numeric_gradient, relative_error


def test_C05_the_centred_difference_of_a_cube_is_exact_to_ten_digits() -> None:
    x = np.array([2.0])
    assert numeric_gradient(lambda v: v**3, x)[0] == pytest.approx(12, abs=2e-9)
    # A forward difference with the same step is a hundred thousand times worse.
    forward = numeric_gradient(lambda v: v**3, x, centred=False)[0]
    assert abs(forward - 12) == pytest.approx(6e-5, rel=0.01)


def test_J01_halving_the_step_quarters_the_error() -> None:
    x = np.array([0.3, -1.1])
    errors = [np.abs(numeric_gradient(np.exp, x, h=h) - np.exp(x)) for h in (1e-2, 5e-3)]
    np.testing.assert_allclose(errors[0] / errors[1], 4, rtol=1e-3)


def test_outputs_are_weighted_by_dy_and_x_is_left_alone() -> None:
    w = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    x, dy = np.array([[0.5, -0.5, 1.5]]), np.array([[1.0, -2.0]])
    before = x.copy()
    np.testing.assert_allclose(numeric_gradient(lambda v: v @ w, x, dy), dy @ w.T, rtol=1e-9)
    np.testing.assert_array_equal(x, before)


def test_a_function_may_return_its_argument() -> None:
    np.testing.assert_allclose(numeric_gradient(lambda v: v, np.ones((2, 3))), 1, rtol=1e-9)


def test_scalars_and_arrays_that_are_not_contiguous_keep_their_shape() -> None:
    assert numeric_gradient(np.sin, np.array(0.0)).shape == ()
    x = np.arange(6.0).reshape(2, 3).T
    np.testing.assert_allclose(numeric_gradient(np.square, x), 2 * x, rtol=1e-9, atol=1e-9)


def test_J04_float32_is_refused_in_words() -> None:
    with pytest.raises(TypeError, match=r"needs float64.*float32"):
        numeric_gradient(np.sin, np.zeros(2, np.float32))


def test_J02_both_zero_agree_and_one_zero_does_not() -> None:
    assert relative_error(np.zeros(3), np.zeros(3)) == 0
    assert relative_error(np.array([0.0, 0.0]), np.array([0.0, 1e-30])) == 1
    assert relative_error(np.empty(0), np.empty(0)) == 0


def test_the_largest_error_counts_and_it_is_symmetric() -> None:
    a, n = np.array([1.0, 100.0, -4.0]), np.array([1.0, 101.0, -2.0])
    assert relative_error(a, n) == relative_error(n, a) == 0.5
    assert relative_error(np.array([1.0]), np.array([-1.0])) == 2


def test_nan_is_never_below_a_threshold() -> None:
    assert math.isnan(relative_error(np.array([np.nan, 1.0]), np.array([1.0, 1.0])))


def test_other_shapes_are_an_error() -> None:
    with pytest.raises(ValueError, match="different shapes"):
        relative_error(np.zeros(3), np.zeros((3, 1)))
