from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np
import pytest

from graphspec.engines.base import Step, Tap
from graphspec.errors import EngineError, FeedError
from graphspec.plan import compile_graph
from graphspec.recipe.penalties.l2 import L2
from graphspec.recipe.rules.base import UpdateRule
from graphspec.recipe.rules.sgd import Sgd
from tests.engines.nets import batch, load64, network, node, two_layers

SPEC = two_layers()
SGD = Sgd(rate=0.1)


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def test_a_step_is_the_gradient_times_the_rate() -> None:
    executable, feeds = load64(SPEC), batch(SPEC)
    before, gradients = executable.weights(), executable.grad(feeds, training=True)
    result = executable.train_step(feeds, SGD, Step(0, 0.1))
    assert result.loss == gradients.loss == result.losses["loss"]
    for name, w in executable.weights().items():
        assert np.array_equal(w, before[name] - 0.1 * gradients.by_name[name])
    squares = sum((dw**2).sum() for dw in gradients.by_name.values())
    assert result.grad_norm == pytest.approx(math.sqrt(squares), rel=1e-14)
    assert not result.grad_norms


def test_the_gradient_of_each_parameter_is_measured_where_that_is_asked_for() -> None:
    executable, feeds = load64(SPEC), batch(SPEC)
    gradients = executable.grad(feeds, training=True).by_name
    result = executable.train_step(feeds, SGD, Step(0, 0.1, clip_norm=1e-3, norms=True))
    assert result.grad_norms.keys() == gradients.keys()
    for name, dw in gradients.items():
        assert result.grad_norms[name] == pytest.approx(np.linalg.norm(dw), rel=1e-14)


def test_the_values_of_a_step_are_those_before_the_update() -> None:
    executable, feeds = load64(SPEC), batch(SPEC)
    scores = executable.run(feeds).values["fc2"]
    result = executable.train_step(feeds, SGD, Step(0, 0.1), taps=[Tap("relu")])
    assert np.array_equal(result.values["fc2"], scores)
    assert result.taps[Tap("relu")].shape == (5, 4)


def test_the_schedules_rate_is_used_not_the_rules() -> None:
    executable, feeds = load64(SPEC), batch(SPEC)
    before = executable.weights()
    executable.train_step(feeds, SGD, Step(0, 0.0))
    assert same(executable.weights(), before)


def test_penalties_touch_weights_and_leave_biases() -> None:
    executable, plain, feeds = load64(SPEC), load64(SPEC), batch(SPEC)
    w = executable.weights()
    penalties = (L2(strength=0.3), L2(strength=0.2, half=False))
    result = executable.train_step(feeds, SGD, Step(0, 0.1, penalties))
    plain.train_step(feeds, SGD, Step(0, 0.1))
    squares = sum((w[name] ** 2).sum() for name in ("fc1.weight", "fc2.weight"))
    assert result.penalties == pytest.approx((0.15 * squares, 0.2 * squares))
    for name, now in executable.weights().items():
        pull = 0.1 * (0.3 + 0.4) * w[name] if name.endswith("weight") else 0
        assert now == pytest.approx(plain.weights()[name] - pull, abs=1e-15)


def test_weights_are_forgotten_gradually_where_the_data_say_nothing() -> None:
    # w_t = (1 − rate·λ)^t w_0.
    executable, feeds = load64(SPEC), batch(SPEC)
    feeds["x"][:] = 0
    start = executable.weights()["fc1.weight"]
    for i in range(20):
        executable.train_step(feeds, SGD, Step(i, 0.1, (L2(strength=0.5),)))
    assert executable.weights()["fc1.weight"] == pytest.approx(0.95**20 * start, rel=1e-13)


def test_a_step_on_all_examples_is_full_gradient_descent_to_the_bit() -> None:
    # The batch has no order to lose and no remainder: minibatch descent with batch N is it.
    feeds = batch(SPEC, 32)
    by_step, by_hand = load64(SPEC), load64(SPEC)
    for i in range(5):
        by_step.train_step(feeds, SGD, Step(i, 0.1))
        gradients = by_hand.grad(feeds).by_name
        weights = {name: w - 0.1 * gradients[name] for name, w in by_hand.weights().items()}
        by_hand = load64(SPEC, weights=weights)
    assert same(by_step.weights(), by_hand.weights())


def test_the_loss_is_a_mean_so_a_batch_twice_over_changes_nothing() -> None:
    executable, feeds = load64(SPEC), batch(SPEC)
    once = executable.grad(feeds)
    twice = executable.grad({name: np.concatenate([x, x]) for name, x in feeds.items()})
    assert twice.loss == pytest.approx(once.loss, rel=1e-14)
    for name, dw in once.by_name.items():
        assert twice.by_name[name] == pytest.approx(dw, rel=1e-12, abs=1e-15)


def test_clipping_scales_the_whole_gradient_to_the_norm() -> None:
    executable, feeds = load64(SPEC), batch(SPEC)
    before, gradients = executable.weights(), executable.grad(feeds)
    norm = math.sqrt(sum((dw**2).sum() for dw in gradients.by_name.values()))
    result = executable.train_step(feeds, SGD, Step(0, 0.1, clip_norm=norm / 4))
    assert result.grad_norm == pytest.approx(norm)
    for name, w in executable.weights().items():
        assert w == pytest.approx(before[name] - 0.1 * gradients.by_name[name] / 4, abs=1e-15)


def test_a_small_gradient_is_not_clipped() -> None:
    clipped, plain, feeds = load64(SPEC), load64(SPEC), batch(SPEC)
    clipped.train_step(feeds, SGD, Step(0, 0.1, clip_norm=1e6))
    plain.train_step(feeds, SGD, Step(0, 0.1))
    assert same(clipped.weights(), plain.weights())


class Remember(UpdateRule):
    """Adds up gradients in a slot, and shrinks weights by one percent before."""

    kind: Literal["remember"] = "remember"
    seen: ClassVar[list[int]] = []

    def slots(self, w: np.ndarray) -> dict[str, np.ndarray]:
        return {"sum": np.zeros_like(w)}

    def decay_weight(self, w: np.ndarray, *, rate: float) -> None:
        w *= 0.99

    def update(self, w, dw, slots, *, rate, step) -> None:  # type: ignore[no-untyped-def]
        slots["sum"] += dw
        self.seen.append(step)


def test_a_rule_has_its_slots_its_step_and_its_own_decay() -> None:
    executable, feeds = load64(SPEC), batch(SPEC)
    Remember.seen.clear()
    before = executable.weights()
    dw = executable.grad(feeds).by_name["fc1.weight"]
    executable.train_step(feeds, Remember(rate=1), Step(7, 1.0))
    after = executable.weights()
    assert Remember.seen == [7] * 4
    assert np.array_equal(after["fc1.weight"], before["fc1.weight"] * 0.99)
    assert np.array_equal(after["fc1.bias"], before["fc1.bias"])
    assert np.array_equal(executable.state().arrays["fc1.weight/sum"], dw)


def test_another_rule_starts_with_slots_of_its_own() -> None:
    executable, feeds = load64(SPEC), batch(SPEC)
    executable.train_step(feeds, Remember(rate=1), Step(0, 1.0))
    executable.train_step(feeds, SGD, Step(1, 0.1))
    assert all("/" not in name for name in executable.state().arrays)


def test_several_losses_add() -> None:
    spec = network(
        [
            node("linear", "a", "x", units=3),
            node("linear", "b", "x", units=3),
            node("softmax_loss", "la", "a", "label"),
            node("softmax_loss", "lb", "b", "label"),
            node("softmax_loss", "again", "a", "label"),
        ],
        ("a",),
        x={"shape": [4]},
        label={"classes": 3},
    )
    feeds = batch(spec)
    executable = load64(spec)
    gradients = executable.grad(feeds)
    means = {
        name: loss.mean()
        for name, loss in executable.run(feeds, outputs=["la", "lb", "again"]).values.items()
    }
    assert gradients.losses == pytest.approx(means)
    assert gradients.loss == pytest.approx(sum(means.values()))
    one = load64(spec.model_copy(update={"layers": spec.layers[:-1]})).grad(feeds)
    assert np.array_equal(gradients.by_name["a.weight"], 2 * one.by_name["a.weight"])
    assert np.array_equal(gradients.by_name["b.weight"], one.by_name["b.weight"])


def test_a_plan_without_a_loss_cannot_be_trained() -> None:
    spec = two_layers()
    from graphspec.engines.numpy.engine import NumpyEngine

    executable = NumpyEngine().load(compile_graph(spec, outputs=["fc2"]), seed=0)
    with pytest.raises(EngineError, match="add a loss layer"):
        executable.train_step(batch(spec), SGD, Step(0, 0.1))
    with pytest.raises(FeedError, match="'x'"):
        executable.run({})


def test_two_executables_taking_turns_do_not_disturb_each_other() -> None:
    feeds, plan = batch(SPEC), compile_graph(SPEC)
    from graphspec.engines.numpy.engine import NumpyEngine

    alone = NumpyEngine().load(plan, seed=0)
    first, second = NumpyEngine().load(plan, seed=0), NumpyEngine("float64").load(plan, seed=1)
    for i in range(5):
        alone.train_step(feeds, SGD, Step(i, 0.1))
    for i in range(5):
        first.train_step(feeds, SGD, Step(i, 0.1))
        second.train_step(feeds, Remember(rate=1), Step(i, 0.1))
        second.grad(feeds)
    assert same(first.weights(), alone.weights())
