"""Batch normalisation: what it makes of a batch, and what it remembers."""

from __future__ import annotations

import numpy as np
import pytest

from graphspec.errors import ShapeError
from graphspec.inspect.gradient import numeric_gradient, relative_error
from graphspec.layers.base import Array, Mode
from graphspec.layers.batch_norm import BatchNorm
from graphspec.tensor import TensorSpec

TRAINING = Mode(training=True)


def params(channels: int) -> dict[str, Array]:
    return {
        "scale": np.linspace(0.5, 2, channels),
        "shift": np.linspace(-1, 1, channels),
        "mean": np.zeros(channels),
        "variance": np.ones(channels),
    }


@pytest.mark.parametrize("shape", [(200, 3), (20, 3, 6, 7)])
def test_G07_training_gives_each_channel_its_mean_and_deviation(shape: tuple[int, ...]) -> None:
    layer = BatchNorm(id="norm", inputs=("x",))
    x = 5 + 3 * np.random.default_rng(0).standard_normal(shape)
    y = layer.forward((x,), params(3), TRAINING).y
    others = (0, *range(2, len(shape)))
    np.testing.assert_allclose(y.mean(axis=others), [-1, 0, 1], atol=1e-10)
    np.testing.assert_allclose(y.std(axis=others), [0.5, 1.25, 2], rtol=1e-5)


def test_G07_running_statistics_move_as_in_the_notes() -> None:
    layer = BatchNorm(id="norm", momentum=0.75, inputs=("x",))
    x = np.array([[1.0], [3.0], [8.0]])
    state = layer.forward((x,), params(1), TRAINING).state
    assert state["mean"][0] == pytest.approx(0.75 * 0 + 0.25 * 4)
    # The biased variance: (9 + 1 + 16)/3.
    assert state["variance"][0] == pytest.approx(0.75 * 1 + 0.25 * 26 / 3)


def test_G07_evaluation_uses_the_running_statistics() -> None:
    layer = BatchNorm(id="norm", epsilon=1e-5, inputs=("x",))
    held = {**params(1), "mean": np.array([10.0]), "variance": np.array([4.0])}
    held["scale"], held["shift"] = np.array([3.0]), np.array([0.5])
    forward = layer.forward((np.array([[12.0]]),), held, Mode())
    assert forward.y[0, 0] == pytest.approx(0.5 + 3 * 2 / np.sqrt(4 + 1e-5), rel=1e-14)
    assert not forward.state


def test_G07_many_batches_carry_the_running_statistics_to_the_data() -> None:
    layer = BatchNorm(id="norm", inputs=("x",))
    rng, held = np.random.default_rng(1), params(2)
    for _ in range(300):
        x = rng.normal([2.0, -3.0], [0.5, 2.0], (64, 2))
        held |= layer.forward((x,), held, TRAINING).state
    np.testing.assert_allclose(held["mean"], [2, -3], atol=0.2)
    np.testing.assert_allclose(held["variance"], [0.25, 4], rtol=0.2)


def test_a_constant_channel_is_not_divided_by_zero() -> None:
    y = BatchNorm(id="norm", inputs=("x",)).forward((np.full((4, 1), 7.0),), params(1), TRAINING).y
    np.testing.assert_array_equal(y, params(1)["shift"][0])


def test_a_scalar_has_no_channels() -> None:
    with pytest.raises(ShapeError) as caught:
        BatchNorm(id="norm", inputs=("x",)).infer(TensorSpec(()))
    assert caught.value.code == "rank"


def test_only_scale_and_shift_are_trained_and_none_is_regularised() -> None:
    declared = BatchNorm(id="norm", inputs=("x",)).params(TensorSpec((4, 2, 2)))
    assert {name for name, param in declared.items() if param.trained} == {"scale", "shift"}
    assert not any(param.decay for param in declared.values())
    assert {param.shape for param in declared.values()} == {(4,)}


@pytest.mark.parametrize("shape", [(5, 3), (3, 3, 4, 2)])
def test_G07_the_gradient_is_that_of_differences(shape: tuple[int, ...]) -> None:
    layer = BatchNorm(id="norm", inputs=("x",))
    rng = np.random.default_rng(2)
    x, dy, held = rng.standard_normal(shape), rng.standard_normal(shape), params(3)
    forward = layer.forward((x,), held, TRAINING)
    (dx,), dparams = layer.backward(dy, forward.saved, held)
    numeric = numeric_gradient(lambda v: layer.forward((v,), held, TRAINING).y, x, dy)
    assert relative_error(dx, numeric) < 1e-6
    for name in ("scale", "shift"):

        def y(v: Array, name: str = name) -> Array:
            return layer.forward((x,), {**held, name: v}, TRAINING).y

        assert relative_error(dparams[name], numeric_gradient(y, held[name], dy)) < 1e-6
