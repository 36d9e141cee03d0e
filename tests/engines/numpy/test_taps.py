from __future__ import annotations

import numpy as np
import pytest

from graphspec.engines.base import Step, Tap
from graphspec.errors import EngineError, SpecError
from graphspec.layers.linear import Linear
from graphspec.recipe.rules.sgd import Sgd
from tests.engines.nets import batch, load64, network, node, two_layers

SPEC = two_layers()


def test_every_value_can_be_tapped() -> None:
    executable, feeds = load64(SPEC), batch(SPEC)
    w = executable.weights()
    taps = [Tap("x"), Tap("fc1"), Tap("relu"), Tap("loss"), Tap("label")]
    seen = executable.run(feeds, taps=taps).taps
    fc1 = feeds["x"] @ w["fc1.weight"] + w["fc1.bias"]
    assert np.array_equal(seen[Tap("x")], feeds["x"])
    assert seen[Tap("fc1")] == pytest.approx(fc1)
    assert seen[Tap("relu")] == pytest.approx(np.maximum(fc1, 0))
    assert np.array_equal(seen[Tap("label")], feeds["label"])
    assert seen[Tap("loss")].mean() == pytest.approx(executable.grad(feeds).loss)


@pytest.mark.parametrize("wrt", ["params", "inputs"])
def test_every_gradient_can_be_tapped(wrt: str) -> None:
    executable, feeds = load64(SPEC), batch(SPEC)
    w = executable.weights()
    names = ["x", "fc1", "relu", "fc2", "loss"]
    got = executable.grad(feeds, wrt=wrt, taps=[Tap(n, "grad") for n in names] + [Tap("relu")])
    scores = got.values["fc2"]
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    p[np.arange(5), feeds["label"]] -= 1
    expected = {"loss": np.full(5, 1 / 5), "fc2": p / 5}
    expected["relu"] = expected["fc2"] @ w["fc2.weight"].T
    expected["fc1"] = expected["relu"] * (got.taps[Tap("relu")] > 0)
    expected["x"] = expected["fc1"] @ w["fc1.weight"].T
    for name, gradient in expected.items():
        assert got.taps[Tap(name, "grad")] == pytest.approx(gradient, abs=1e-15)
    if wrt == "inputs":
        assert list(got.by_name) == ["x"]
        assert np.array_equal(got.by_name["x"], got.taps[Tap("x", "grad")])
    else:
        assert list(got.by_name) == list(w)


def test_a_tap_changes_no_bit_of_a_step() -> None:
    tapped, plain, feeds = load64(SPEC), load64(SPEC), batch(SPEC)
    taps = [Tap("x", "grad"), Tap("fc1", "grad"), Tap("relu")]
    for i in range(3):
        seen = tapped.train_step(feeds, Sgd(rate=0.1), Step(i, 0.1), taps=taps).taps
        plain.train_step(feeds, Sgd(rate=0.1), Step(i, 0.1))
    assert list(seen) == taps
    for name, w in plain.weights().items():
        assert np.array_equal(tapped.weights()[name], w)


def test_what_no_loss_depends_on_has_a_gradient_of_zeros() -> None:
    spec = network(
        [
            node("linear", "aside", "other", units=2),
            node("linear", "fc", "x", units=3),
            node("softmax_loss", "loss", "fc", "label"),
        ],
        ("aside", "fc"),
        x={"shape": [4]},
        other={"shape": [2]},
        label={"classes": 3},
    )
    executable, feeds = load64(spec), batch(spec)
    got = executable.grad(feeds, taps=[Tap("aside", "grad")])
    assert np.array_equal(got.by_name["aside.weight"], np.zeros((2, 2)))
    assert np.array_equal(got.taps[Tap("aside", "grad")], np.zeros((5, 2)))
    inputs = executable.grad(feeds, wrt="inputs").by_name
    assert np.array_equal(inputs["other"], np.zeros((5, 2)))
    assert inputs["x"].any()


def test_a_run_has_no_gradients_to_tap() -> None:
    with pytest.raises(EngineError, match="call grad"):
        load64(SPEC).run(batch(SPEC), taps=[Tap("fc1", "grad")])


def test_labels_have_no_gradient_to_tap() -> None:
    with pytest.raises(EngineError, match="label"):
        load64(SPEC).grad(batch(SPEC), taps=[Tap("label", "grad")])


def test_unknown_taps_name_the_nearest() -> None:
    with pytest.raises(SpecError, match="Did you mean 'relu'"):
        load64(SPEC).run(batch(SPEC), taps=[Tap("reluu")])


def test_only_what_is_needed_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    forward, backward = Linear.forward, Linear.backward

    def counting_forward(self, xs, params, mode):  # type: ignore[no-untyped-def]
        ran.append(self.id)
        return forward(self, xs, params, mode)

    def counting_backward(self, dy, saved, params, *, need_dx=True):  # type: ignore[no-untyped-def]
        ran.append(f"d{self.id}" if need_dx else f"d{self.id} without dx")
        return backward(self, dy, saved, params, need_dx=need_dx)

    monkeypatch.setattr(Linear, "forward", counting_forward)
    monkeypatch.setattr(Linear, "backward", counting_backward)
    executable, feeds = load64(SPEC), batch(SPEC)

    def ran_in(call) -> list[str]:  # type: ignore[no-untyped-def]
        ran.clear()
        call()
        return list(ran)

    unlabelled = {"x": feeds["x"]}
    assert ran_in(lambda: executable.run(unlabelled, outputs=["relu"])) == ["fc1"]
    assert ran_in(lambda: executable.run(unlabelled)) == ["fc1", "fc2"]
    assert ran_in(lambda: executable.run({}, outputs=[])) == []
    forwards = ["fc1", "fc2"]
    assert ran_in(lambda: executable.grad(feeds)) == [*forwards, "dfc2", "dfc1 without dx"]
    assert ran_in(lambda: executable.grad(feeds, wrt="inputs")) == [*forwards, "dfc2", "dfc1"]
    tap = [Tap("x", "grad")]
    assert ran_in(lambda: executable.grad(feeds, taps=tap)) == [*forwards, "dfc2", "dfc1"]
