"""Noise in the forward pass: what is drawn, and that its mean is what evaluation gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphspec.layers.base import Array, Layer, Mode
from graphspec.layers.catalog import BY_KIND
from graphspec.layers.drop_connect_linear import DropConnectLinear
from graphspec.layers.gaussian_noise import GaussianNoise
from graphspec.layers.stochastic_pool2d import StochasticPool2d

NOISY: list[tuple[str, dict[str, Any], tuple[int, ...]]] = [
    ("dropout", {"drop": 0.3}, (6,)),
    ("dropout", {"drop": 0.3, "inverted": False}, (6,)),
    ("gaussian_noise", {"std": 0.5}, (6,)),
    ("gaussian_noise", {"std": 0.5, "multiplicative": True}, (6,)),
    ("drop_connect_linear", {"units": 5, "drop": 0.4}, (6,)),
    ("stochastic_pool2d", {"kernel": 2}, (1, 4, 4)),
]


def training(seed: int = 0) -> Mode:
    return Mode(training=True, rng=np.random.default_rng(seed))


def make(kind: str, fields: dict[str, Any]) -> Layer:
    return BY_KIND[kind].model_validate({"id": "f", "inputs": ("x",), **fields})


@pytest.mark.parametrize(("kind", "fields", "shape"), NOISY)
def test_H06_the_mean_of_many_passes_nears_evaluation_as_one_over_the_root(
    kind: str, fields: dict[str, Any], shape: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(1)
    layer, x = make(kind, fields), rng.uniform(0.2, 1, (1, *shape))
    params = {"weight": rng.standard_normal((6, 5)), "bias": rng.standard_normal(5)}
    mean = layer.forward((x,), params, Mode()).y
    mode = training()
    passes = np.stack([layer.forward((x,), params, mode).y for _ in range(6400)])

    def error(count: int) -> float:
        """The root mean square error of the means of ``count`` passes each."""
        means: Array = passes.reshape(-1, count, *mean.shape).mean(axis=1)
        return float(np.sqrt(np.square(means - mean).mean()))

    assert error(1) > 0.05
    for count in (4, 16, 64):
        assert error(count) == pytest.approx(error(1) / np.sqrt(count), rel=0.25)


@pytest.mark.parametrize(("kind", "fields", "shape"), NOISY)
def test_training_without_a_generator_is_refused_in_words(
    kind: str, fields: dict[str, Any], shape: tuple[int, ...]
) -> None:
    params = {"weight": np.ones((6, 5)), "bias": np.ones(5)}
    with pytest.raises(ValueError, match="generator"):
        make(kind, fields).forward((np.ones((1, *shape)),), params, Mode(training=True))


def test_H06_the_noise_has_its_standard_deviation() -> None:
    x = np.full((400, 500), 2.0)
    y = GaussianNoise(id="f", std=0.3, inputs=("x",)).forward((x,), {}, training()).y
    assert (y - x).std() == pytest.approx(0.3, rel=0.01)
    layer = GaussianNoise(id="f", std=0.3, multiplicative=True, inputs=("x",))
    assert layer.forward((x,), {}, training()).y.std() == pytest.approx(0.6, rel=0.01)


def test_H06_drop_connect_drops_weights_not_units() -> None:
    layer = DropConnectLinear(id="f", units=300, drop=0.4, bias=False, inputs=("x",))
    params = {"weight": np.ones((200, 300))}
    # Each row of the identity shows one row of the weights.
    y = layer.forward((np.eye(200),), params, training()).y
    assert np.mean(y == 0) == pytest.approx(0.4, abs=0.01)
    np.testing.assert_allclose(np.unique(y), [0, 1 / 0.6])
    assert (y == 0).mean(axis=0).min() > 0.2
    assert (y == 0).mean(axis=1).min() > 0.2


def test_H06_stochastic_pooling_draws_by_size() -> None:
    layer = StochasticPool2d(id="f", kernel=2, inputs=("x",))
    x = np.broadcast_to(np.array([[1.0, -5.0], [0.0, 3.0]]), (20_000, 1, 2, 2))
    y = layer.forward((x,), {}, training()).y
    assert set(np.unique(y)) == {1, 3}
    assert np.mean(y == 3) == pytest.approx(0.75, abs=0.01)
    assert layer.forward((x[:1],), {}, Mode()).y.item() == 10 / 4


def test_a_window_without_positive_values_gives_zero_and_no_gradient() -> None:
    layer = StochasticPool2d(id="f", kernel=2, inputs=("x",))
    for mode in (training(), Mode()):
        forward = layer.forward((np.full((1, 1, 2, 2), -1.0),), {}, mode)
        assert forward.y.item() == 0
        (dx,), _ = layer.backward(np.ones((1, 1, 1, 1)), forward.saved, {})
        assert dx is not None
        assert not dx.any()
