"""Penalties: their values and exact gradients, and what they do to weights in training."""

from __future__ import annotations

import numpy as np
import pytest

from graphspec.engines.base import Step
from graphspec.inspect.gradient import numeric_gradient, relative_error
from graphspec.recipe.penalties.base import Penalty
from graphspec.recipe.penalties.elastic_net import ElasticNet
from graphspec.recipe.penalties.l1 import L1
from graphspec.recipe.penalties.l2 import L2
from graphspec.recipe.rules.sgd import Sgd
from tests.engines.nets import batch, load64, network, node, two_layers


def gradient(penalty: Penalty, w: np.ndarray) -> np.ndarray:
    dw = np.zeros_like(w)
    penalty.add_gradient(w, dw)
    return dw


@pytest.fixture(name="w")
def _w() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(3, 4))


def test_B05_the_notes_example() -> None:
    full = L2(strength=1.0, half=False)
    assert full.value(np.array([1.0, 0, 0, 0])) == 1
    assert full.value(np.full(4, 0.25)) == 0.25


@pytest.mark.parametrize(("half", "factor"), [(True, 1.0), (False, 2.0)])
def test_H01_the_gradient_of_l2_is_exact(w: np.ndarray, half: bool, factor: float) -> None:
    assert (gradient(L2(strength=0.3, half=half), w) == factor * 0.3 * w).all()


def test_H02_the_gradient_of_l1_is_the_sign(w: np.ndarray) -> None:
    w[0, 0] = 0.0
    penalty = L1(strength=0.3)
    assert (gradient(penalty, w) == 0.3 * np.sign(w)).all()
    assert penalty.value(w) == pytest.approx(0.3 * np.abs(w).sum(), rel=1e-15)


def test_H03_elastic_net_is_the_sum_of_both(w: np.ndarray) -> None:
    penalty = ElasticNet(l1=0.3, l2=0.2)
    np.testing.assert_allclose(gradient(penalty, w), 0.3 * np.sign(w) + 2 * 0.2 * w, rtol=1e-15)
    assert penalty.value(w) == pytest.approx(0.3 * np.abs(w).sum() + 0.2 * (w**2).sum(), rel=1e-15)


@pytest.mark.parametrize(
    "penalty", [L1(strength=0.7), L2(strength=0.7), ElasticNet(l1=0.2, l2=0.4)]
)
def test_gradients_are_those_of_the_values(penalty: Penalty, w: np.ndarray) -> None:
    numeric = numeric_gradient(lambda at: np.asarray(penalty.value(at)), w)
    assert relative_error(gradient(penalty, w), numeric) < 1e-7


def test_E04_l2_is_gradual_forgetting() -> None:
    """Where the data has no say, w after t steps is (1 − rate·λ)ᵗ w."""
    spec = network(
        [node("linear", "scores", "x", units=3), node("softmax_loss", "loss", "scores", "label")],
        ("scores",),
        x={"shape": [4]},
        label={"classes": 3},
    )
    executable, feeds = load64(spec), batch(spec, 6)
    feeds["x"] = np.zeros((6, 4))
    before = executable.weights()["scores.weight"]
    rate, strength = 0.1, 0.5
    for t in range(50):
        step = Step(t, rate, (L2(strength=strength),))
        executable.train_step(feeds, Sgd(rate=rate), step)
    after = executable.weights()["scores.weight"]
    np.testing.assert_allclose(after, (1 - rate * strength) ** 50 * before, rtol=1e-13)


def test_H02_l1_brings_more_weights_to_zero_than_l2() -> None:
    """Of twenty features two matter."""
    rng = np.random.default_rng(0)
    spec = network(
        [node("linear", "scores", "x", units=2), node("softmax_loss", "loss", "scores", "label")],
        ("scores",),
        x={"shape": [20]},
        label={"classes": 2},
    )
    x = rng.normal(size=(200, 20))
    feeds = {"x": x, "label": (x[:, 0] + x[:, 1] > 0).astype(np.int64)}
    near_zero = {}
    for penalty in (L1(strength=0.02), L2(strength=0.02)):
        executable = load64(spec)
        for t in range(1500):
            executable.train_step(feeds, Sgd(rate=0.1), Step(t, 0.1, (penalty,)))
        w = np.abs(executable.weights()["scores.weight"])
        near_zero[penalty.kind] = int((w < 0.005).sum())
        assert w[:2].min() > 0.1
    assert near_zero["l1"] > 20
    assert near_zero["l2"] < 10


def test_H08_each_layer_can_have_its_own_strength() -> None:
    executable, spec = load64(two_layers()), two_layers()
    weights = executable.weights()
    first, second = L2(strength=0.3, only=("fc1",)), L2(strength=0.02, only=("fc2",))
    result = executable.train_step(batch(spec), Sgd(rate=0.1), Step(0, 0.1, (first, second)))
    terms = (
        0.5 * 0.3 * (weights["fc1.weight"] ** 2).sum(),
        0.5 * 0.02 * (weights["fc2.weight"] ** 2).sum(),
    )
    assert result.penalties == pytest.approx(terms, rel=1e-14)
    plain = load64(spec)
    plain.train_step(batch(spec), Sgd(rate=0.1), Step(0, 0.1))
    moved = {name: w - executable.weights()[name] for name, w in plain.weights().items()}
    np.testing.assert_allclose(moved["fc1.weight"], 0.1 * 0.3 * weights["fc1.weight"], rtol=1e-9)
    np.testing.assert_allclose(moved["fc2.weight"], 0.1 * 0.02 * weights["fc2.weight"], rtol=1e-9)
    assert not moved["fc1.bias"].any()


def test_a_group_stands_for_the_layers_in_it() -> None:
    penalty = L2(strength=1.0, only=("stage2", "fc"))
    covered = ["stage2", "stage2.block1.conv1", "fc"]
    assert all(map(penalty.covers, covered))
    assert not any(map(penalty.covers, ["stage1.conv", "stage20.conv", "fc2", "block.fc"]))
    assert L2(strength=1.0).covers("anything")


def test_H07_biases_add_nothing() -> None:
    spec = two_layers()
    values = []
    for shift in (0.0, 100.0):
        weights = {
            name: w + shift if name.endswith("bias") else w
            for name, w in load64(spec).weights().items()
        }
        executable = load64(spec, weights=weights)
        penalties = (L1(strength=0.1), ElasticNet(l1=0.1, l2=0.1))
        values.append(
            executable.train_step(batch(spec), Sgd(rate=0.1), Step(0, 0.1, penalties)).penalties
        )
    assert values[0] == values[1]
    assert min(values[0]) > 0
