"""Dropout: how much is dropped, and that the mean stays."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from graphspec.inspect.gradient import numeric_gradient, relative_error
from graphspec.layers.base import Mode
from graphspec.layers.dropout import Dropout


def training(seed: int = 0) -> Mode:
    return Mode(training=True, rng=np.random.default_rng(seed))


@pytest.mark.parametrize("drop", [0.2, 0.5, 0.9])
def test_H05_the_part_that_is_dropped_and_the_mean_that_is_kept(drop: float) -> None:
    layer = Dropout(id="drop", drop=drop, inputs=("x",))
    x = np.full((500, 1000), 3.0)
    y = layer.forward((x,), {}, training()).y
    assert np.mean(y == 0) == pytest.approx(drop, abs=0.005)
    assert y.mean() == pytest.approx(3, rel=0.01)
    # What is kept is scaled up by 1/(1 − drop), CS231n's division by the probability to keep.
    np.testing.assert_allclose(np.unique(y), [0, 3 / (1 - drop)], rtol=1e-12)


def test_H05_evaluation_is_the_identity() -> None:
    layer = Dropout(id="drop", inputs=("x",))
    x = np.linspace(-1, 1, 12).reshape(3, 4)
    forward = layer.forward((x,), {}, Mode())
    np.testing.assert_array_equal(forward.y, x)
    (dx,), _ = layer.backward(x + 5, forward.saved, {})
    np.testing.assert_array_equal(dx, x + 5)


def test_H05_the_gradient_passes_where_the_numbers_did() -> None:
    layer = Dropout(id="drop", inputs=("x",))
    forward = layer.forward((np.ones((40, 30)),), {}, training())
    (dx,), _ = layer.backward(np.ones((40, 30)), forward.saved, {})
    np.testing.assert_array_equal(dx, forward.y)


def test_every_number_is_drawn_for_itself_and_anew() -> None:
    layer = Dropout(id="drop", inputs=("x",))
    mode = training()
    one, two = (layer.forward((np.ones((60, 50)),), {}, mode).y != 0 for _ in range(2))
    assert 0.4 < np.mean(one == two) < 0.6
    for axis in (0, 1):
        kept = one.mean(axis=axis)
        assert 0.1 < kept.min() < kept.max() < 0.9


def test_float32_and_float64_drop_the_same_numbers() -> None:
    layer = Dropout(id="drop", inputs=("x",))
    one, two = (
        layer.forward((np.ones((9, 9), dtype),), {}, training()).y != 0
        for dtype in (np.float32, np.float64)
    )
    np.testing.assert_array_equal(one, two)


def test_training_without_a_generator_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="give the mode a generator"):
        Dropout(id="drop", inputs=("x",)).forward((np.ones((2, 2)),), {}, Mode(training=True))


@pytest.mark.parametrize("drop", [-0.1, 1.0, float("nan"), True])
def test_a_drop_that_is_no_probability_below_one_is_refused(drop: float) -> None:
    with pytest.raises(ValidationError):
        Dropout(id="drop", drop=drop, inputs=("x",))


@pytest.mark.parametrize("inverted", [True, False])
def test_H05_with_a_fixed_seed_the_gradient_is_that_of_differences(inverted: bool) -> None:
    layer = Dropout(id="drop", drop=0.3, inverted=inverted, inputs=("x",))
    rng = np.random.default_rng(1)
    x, dy = rng.normal(size=(4, 6)), rng.normal(size=(4, 6))
    forward = layer.forward((x,), {}, training(seed=5))
    (dx,), _ = layer.backward(dy, forward.saved, {})
    numeric = numeric_gradient(lambda v: layer.forward((v,), {}, training(seed=5)).y, x, dy, h=1.0)
    assert relative_error(dx, numeric) < 1e-10
    assert 0 < (dx == 0).sum() < dx.size


def test_H05_the_vanilla_form_scales_in_evaluation_instead() -> None:
    layer = Dropout(id="drop", drop=0.2, inverted=False, inputs=("x",))
    x = np.full((500, 1000), 3.0)
    y = layer.forward((x,), {}, training()).y
    assert np.unique(y).tolist() == [0, 3]
    assert np.mean(y == 0) == pytest.approx(0.2, abs=0.005)
    forward = layer.forward((x,), {}, Mode())
    np.testing.assert_allclose(forward.y, 0.8 * x)
    (dx,), _ = layer.backward(x, forward.saved, {})
    np.testing.assert_allclose(dx, 0.8 * x)
