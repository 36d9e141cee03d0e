"""Update rules against the notes' own numbers, each other, and PyTorch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from graphspec.recipe.rules.adadelta import Adadelta
from graphspec.recipe.rules.adagrad import Adagrad
from graphspec.recipe.rules.adam import Adam
from graphspec.recipe.rules.adamw import AdamW
from graphspec.recipe.rules.base import UpdateRule
from graphspec.recipe.rules.lion import Lion
from graphspec.recipe.rules.momentum import Momentum
from graphspec.recipe.rules.nesterov import Nesterov
from graphspec.recipe.rules.rmsprop import RMSprop
from graphspec.recipe.rules.sgd import Sgd

Array = npt.NDArray[np.float64]
GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "corpus" / "cs231n_golden.json").read_text()
)


def golden_inputs() -> tuple[Array, Array]:
    w = np.linspace(-0.4, 0.6, 20).reshape(4, 5)
    return w, np.linspace(-0.6, 0.4, 20).reshape(4, 5)


def test_M01_sgd_is_the_vanilla_update() -> None:
    w, dw = golden_inputs()
    expected = w - 0.01 * dw
    Sgd(rate=1.0).update(w, dw, {}, rate=0.01, step=0)
    np.testing.assert_allclose(w, expected, atol=1e-16)


def test_M02_momentum_matches_the_notes() -> None:
    golden = GOLDEN["momentum"]
    w, dw = golden_inputs()
    slots = {"velocity": np.linspace(0.6, 0.9, 20).reshape(4, 5)}
    Momentum(rate=1.0, momentum=golden["mu"]).update(w, dw, slots, rate=golden["lr"], step=0)
    assert w[0, 0] == pytest.approx(golden["w0"], abs=1e-7)
    assert w[-1, -1] == pytest.approx(golden["w_last"], abs=1e-7)
    assert slots["velocity"][0, 0] == pytest.approx(golden["v0"], abs=1e-7)
    assert slots["velocity"][-1, -1] == pytest.approx(golden["v_last"], abs=1e-7)


def test_M11_adam_matches_the_notes() -> None:
    golden = GOLDEN["adam"]
    w, dw = golden_inputs()
    slots = {
        "m": np.linspace(0.6, 0.9, 20).reshape(4, 5),
        "v": np.linspace(0.7, 0.5, 20).reshape(4, 5),
    }
    rule = Adam(rate=1.0, eps=golden["eps"])
    rule.update(w, dw, slots, rate=golden["lr"], step=golden["t_before"])
    assert w[0, 0] == pytest.approx(golden["w0"], abs=1e-7)
    assert w[-1, -1] == pytest.approx(golden["w_last"], abs=1e-7)
    assert slots["m"][0, 0] == pytest.approx(golden["m0"], abs=1e-7)
    assert slots["v"][0, 0] == pytest.approx(golden["v0"], abs=1e-7)


def test_M11_simplified_adam_leaves_the_means_as_they_are() -> None:
    w, dw = golden_inputs()
    m, v = 0.1 * dw, 0.001 * dw**2
    expected = w - 0.01 * m / (np.sqrt(v) + 1e-8)
    rule = Adam(rate=1.0, bias_correction=False)
    rule.update(w, dw, rule.slots(w), rate=0.01, step=0)
    np.testing.assert_allclose(w, expected, rtol=1e-12)


def test_M03_both_forms_of_nesterov_agree() -> None:
    mu, rate = 0.9, 0.05
    curvature = np.array([1.0, 3.0, 0.2])
    rule = Nesterov(rate=rate, momentum=mu)
    ahead = np.array([1.0, -2.0, 5.0])
    slots = rule.slots(ahead)
    x, v = ahead.copy(), np.zeros(3)
    for step in range(100):
        # The notes' first form: the gradient where the velocity would carry x.
        v = mu * v - rate * curvature * (x + mu * v)
        x = x + v
        rule.update(ahead, curvature * ahead, slots, rate=rate, step=step)
        np.testing.assert_allclose(ahead, x + mu * v, atol=1e-12)
        np.testing.assert_allclose(slots["velocity"], v, atol=1e-12)


def test_M03_nesterov_is_the_notes_update_with_v_prev() -> None:
    rng = np.random.default_rng(0)
    w, v = rng.normal(size=5), rng.normal(size=5)
    dw = rng.normal(size=5)
    new = 0.9 * v - 0.1 * dw
    expected = w - 0.9 * v + 1.9 * new
    slots = {"velocity": v.copy()}
    Nesterov(rate=0.1).update(w, dw.copy(), slots, rate=0.1, step=0)
    np.testing.assert_allclose(w, expected, atol=1e-15)


def test_adamw_shrinks_apart_from_the_gradient() -> None:
    w, dw = golden_inputs()
    plain, decayed = w.copy(), w.copy()
    Adam(rate=0.1).update(plain, dw.copy(), Adam(rate=0.1).slots(w), rate=0.1, step=0)
    rule = AdamW(rate=0.1, weight_decay=0.2)
    rule.decay_weight(decayed, rate=0.1)
    rule.update(decayed, dw.copy(), rule.slots(w), rate=0.1, step=0)
    np.testing.assert_allclose(decayed - plain, -0.1 * 0.2 * w, atol=1e-15)


def test_M09_adagrads_effective_rate_never_increases() -> None:
    rng = np.random.default_rng(0)
    rule = Adagrad(rate=0.1, eps=1e-4)
    w = rng.normal(size=8)
    slots = rule.slots(w)
    effective = np.full(8, np.inf)
    for step in range(100):
        dw = rng.normal(size=8) * (rng.random(8) < 0.5)
        before = w.copy()
        rule.update(w, dw.copy(), slots, rate=rule.rate, step=step)
        moved = dw != 0
        rates = np.where(moved, (before - w) / np.where(moved, dw, 1.0), effective)
        assert (rates <= effective * (1 + 1e-9)).all()
        effective = rates
    assert (effective < 0.05).all()


def test_M10_rmsprop_matches_the_notes() -> None:
    golden = GOLDEN["rmsprop"]
    w, dw = golden_inputs()
    slots = {"cache": np.linspace(0.6, 0.9, 20).reshape(4, 5)}
    rule = RMSprop(rate=1.0, decay=golden["decay"], eps=golden["eps"])
    rule.update(w, dw, slots, rate=golden["lr"], step=0)
    assert w[0, 0] == pytest.approx(golden["w0"], abs=1e-7)
    assert w[-1, -1] == pytest.approx(golden["w_last"], abs=1e-7)
    assert slots["cache"][0, 0] == pytest.approx(golden["c0"], abs=1e-7)
    assert slots["cache"][-1, -1] == pytest.approx(golden["c_last"], abs=1e-7)


def test_M12_sgd_is_stuck_at_a_saddle_that_rmsprop_leaves() -> None:
    """x² − y², from beside the ridge: only y's tiny gradient leads down."""

    def walk(rule: UpdateRule) -> Array:
        w = np.array([1.0, 1e-6])
        slots = rule.slots(w)
        for step in range(100):
            rule.update(w, np.array([2.0, -2.0]) * w, slots, rate=rule.rate, step=step)
        return w

    assert abs(walk(Sgd(rate=0.01))[1]) < 1e-4
    assert abs(walk(RMSprop(rate=0.01))[1]) > 0.5


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_lion_is_the_papers_program(decay: float) -> None:
    rng = np.random.default_rng(2)
    w = rng.normal(size=(3, 4))
    rule = Lion(rate=0.01, beta1=0.9, beta2=0.99, weight_decay=decay)
    theta, momentum = w.copy(), np.zeros((3, 4))
    slots = rule.slots(w)
    for step in range(50):
        gradient = rng.normal(size=(3, 4)) + theta
        direction = np.sign(0.9 * momentum + 0.1 * gradient)
        theta = theta - 0.01 * (direction + decay * theta)
        momentum = 0.99 * momentum + 0.01 * gradient
        rule.decay_weight(w, rate=0.01)
        rule.update(w, gradient.copy(), slots, rate=0.01, step=step)
        np.testing.assert_allclose(w, theta, atol=1e-12)
        np.testing.assert_allclose(slots["m"], momentum, atol=1e-12)


TORCH = [
    (Sgd(rate=0.03), "SGD", {}),
    (Momentum(rate=0.03, momentum=0.9), "SGD", {"momentum": 0.9}),
    (Nesterov(rate=0.03, momentum=0.9), "SGD", {"momentum": 0.9, "nesterov": True}),
    (Adam(rate=0.03, beta1=0.8, beta2=0.95), "Adam", {"betas": (0.8, 0.95)}),
    (AdamW(rate=0.03, weight_decay=0.1), "AdamW", {"weight_decay": 0.1}),
    (Adagrad(rate=0.3, eps=1e-6), "Adagrad", {"eps": 1e-6}),
    (RMSprop(rate=0.03, decay=0.9), "RMSprop", {"alpha": 0.9}),
    (Adadelta(rate=2.0, rho=0.8, eps=1e-5), "Adadelta", {"rho": 0.8, "eps": 1e-5}),
]


@pytest.mark.parametrize(("rule", "name", "options"), TORCH, ids=lambda value: str(value)[:20])
def test_fifty_steps_are_those_of_pytorch(
    rule: UpdateRule, name: str, options: dict[str, Any]
) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(6, 4)), rng.normal(size=6)
    w = rng.normal(size=4)
    theirs = torch.nn.Parameter(torch.tensor(w))
    optimiser = getattr(torch.optim, name)([theirs], lr=rule.rate, **options)
    slots = rule.slots(w)
    for step in range(50):
        residual = a @ w - b
        rule.decay_weight(w, rate=rule.rate)
        rule.update(w, a.T @ np.tanh(residual), slots, rate=rule.rate, step=step)
        optimiser.zero_grad()
        loss = torch.log(torch.cosh(torch.tensor(a) @ theirs - torch.tensor(b))).sum()
        loss.backward()
        optimiser.step()
        np.testing.assert_allclose(w, theirs.detach().numpy(), atol=1e-10)
