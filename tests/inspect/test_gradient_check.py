"""The gradient check: what it calls wrong is wrong, and what it forgives is none of the layers'."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import OptionError
from graphspec.graph import GraphSpec
from graphspec.inspect.gradient_check import (
    check_gradients,
    in_double,
    sweep_steps,
    verdict,
)
from graphspec.inspect.kinks import KINKED, kinked_layers
from graphspec.inspect.pictures.step_sweep import SweepPicture
from graphspec.layers.base import Array, Backward
from graphspec.layers.catalog import BY_KIND
from graphspec.layers.tanh import Tanh
from graphspec.plan import compile_graph
from graphspec.recipe.penalties.l1 import L1
from graphspec.recipe.penalties.l2 import L2
from tests.engines.nets import batch, load64, network, node, two_layers


def smooth(*middle: dict[str, Any]) -> GraphSpec:
    """x → fc1 → tanh → … → scores → softmax: no kinks anywhere."""
    body = [node("linear", "fc1", "x", units=6), node("tanh", "act", "fc1"), *middle]
    return network(
        [
            *body,
            node("linear", "scores", body[-1]["id"], units=3),
            node("softmax_loss", "loss", "scores", "label"),
        ],
        ("scores",),
        x={"shape": [4]},
        label={"classes": 3},
    )


def one_relu(weight: float) -> tuple[Any, dict[str, Array]]:
    """relu(w·1): its kink is at w = 0."""
    spec = network(
        [
            node("linear", "fc", "x", units=1, bias=False),
            node("relu", "relu", "fc"),
            node("sum_loss", "loss", "relu"),
        ],
        ("relu",),
        x={"shape": [1]},
    )
    executable = load64(spec, weights={"fc.weight": np.array([[weight]])})
    return executable, {"x": np.ones((1, 1))}


@pytest.mark.parametrize(
    ("error", "smooth", "kinked"),
    [
        (3e-2, "wrong", "wrong"),
        (1e-3, "suspicious", "suspicious"),
        (1e-5, "high", "ok"),
        (1e-8, "good", "good"),
        (float("nan"), "wrong", "wrong"),
    ],
)
def test_J03_verdicts_lie_in_bands_and_are_milder_with_kinks(
    error: float, smooth: str, kinked: str
) -> None:
    assert verdict(error, kinks=False) == smooth
    assert verdict(error, kinks=True) == kinked


def test_J03_a_right_network_is_good_and_a_wrong_layer_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = smooth()
    feeds = batch(spec, 2)
    right = check_gradients(load64(spec), feeds)
    assert right.verdict == "good"
    assert max(check.error for check in right.data) < 1e-7
    assert right.kinked == ()

    def wrong(
        self: Tanh, dy: Array, saved: tuple[Any, ...], params: Mapping[str, Array], **_: Any
    ) -> Backward:
        (y,) = saved
        return Backward((dy * (1 - y),))

    monkeypatch.setattr(Tanh, "backward", wrong)
    found = {check.name: check for check in check_gradients(load64(spec), feeds).data}
    assert found["fc1.weight"].verdict == "wrong"
    # What lies behind the faulty layer is right.
    assert found["scores.weight"].verdict == "good"


def test_J04_a_float32_network_is_checked_in_double_and_stays_as_it_is() -> None:
    spec = smooth()
    executable = NumpyEngine("float32").load(compile_graph(spec), seed=0)
    before = {name: array.tobytes() for name, array in executable.weights().items()}
    feeds = batch(spec, 2, dtype="float32")
    assert check_gradients(executable, feeds).verdict == "good"
    assert {name: array.tobytes() for name, array in executable.weights().items()} == before
    assert all(array.dtype == np.float32 for array in executable.weights().values())
    double = in_double(executable).weights()
    assert all(array.dtype == np.float64 for array in double.values())
    np.testing.assert_array_equal(double["fc1.weight"], executable.weights()["fc1.weight"])


def test_J05_a_crossed_kink_is_reported_as_such_and_not_as_a_fault() -> None:
    executable, feeds = one_relu(1e-6)
    (check,) = check_gradients(executable, feeds, h=1e-5).data
    (sample,) = check.samples
    assert (sample.analytic, sample.explained, sample.layers) == (1.0, "kink", ("relu",))
    assert sample.numeric == pytest.approx(0.55)
    assert (check.count("kink"), check.verdict) == (1, "good")
    # With a step that does not reach zero, and far from it, nothing is crossed.
    for weight, h in ((1e-6, 1e-8), (1.0, 1e-5)):
        executable, feeds = one_relu(weight)
        (check,) = check_gradients(executable, feeds, h=h).data
        assert (check.samples[0].explained, check.verdict) == ("", "good")


def test_J05_a_fault_beside_a_kink_is_still_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = smooth(node("relu", "relu", "act"))
    original = Tanh.backward

    def wrong(self: Tanh, dy: Array, saved: Any, params: Any, **rest: Any) -> Backward:
        return Backward((1.1 * np.asarray(original(self, dy, saved, params, **rest).dxs[0]),))

    monkeypatch.setattr(Tanh, "backward", wrong)
    found = {check.name: check for check in check_gradients(load64(spec), batch(spec, 2)).data}
    assert found["fc1.weight"].verdict == "wrong"
    assert found["fc1.weight"].count("kink") == 0


@pytest.mark.parametrize("kind", ["max_pool2d", "hinge_loss", "maxout"])
def test_J05_winners_of_other_maxima_are_followed_too(kind: str) -> None:
    spec, weights, x = {
        "max_pool2d": (
            [
                node("conv2d", "conv", "x", filters=1, kernel=1, bias=False),
                node("max_pool2d", "kinky", "conv", kernel=2),
                node("sum_loss", "loss", "kinky"),
            ],
            {"conv.weight": np.full((1, 1, 1, 1), 1e-6)},
            np.array([[[[1.0, 2.0], [3.0, 4.0]]]]),
        ),
        "hinge_loss": (
            [
                node("linear", "fc", "x", units=2, bias=False),
                node("hinge_loss", "kinky", "fc", "label"),
            ],
            {"fc.weight": np.array([[1.0 + 1e-6, 0.0]])},
            np.ones((1, 1)),
        ),
        "maxout": (
            [
                node("maxout", "kinky", "x", units=1, pieces=2),
                node("sum_loss", "loss", "kinky"),
            ],
            {},
            np.ones((1, 1)),
        ),
    }[kind]
    inputs: dict[str, Any] = {"x": {"shape": list(x.shape[1:])}}
    feeds: dict[str, Array] = {"x": x}
    if kind == "hinge_loss":
        inputs["label"], feeds["label"] = {"classes": 2}, np.array([0])
    graph = network(spec, (), **inputs)
    executable = load64(graph, weights=weights)
    if kind == "maxout":
        state = executable.weights()
        level = {name: np.zeros_like(array) for name, array in state.items()}
        first = next(name for name in level if name.endswith("weight"))
        level[first].reshape(-1)[0] = 1e-6
        executable = load64(graph, weights=level)
    report = check_gradients(executable, feeds, h=1e-5, samples=50)
    explained = [sample for check in report.data for sample in check.samples if sample.explained]
    assert {sample.explained for sample in explained} == {"kink"}
    assert {sample.layers for sample in explained} == {("kinky",)}
    assert report.verdict == "good"


def test_J05_the_kinds_with_kinks_exist() -> None:
    assert set(BY_KIND) >= KINKED
    assert kinked_layers(compile_graph(two_layers())) == ("relu",)


def test_J06_two_examples_are_enough_to_be_told_how_many() -> None:
    spec = smooth()
    assert check_gradients(load64(spec), batch(spec, 2)).examples == 2


def test_J07_the_error_over_the_step_is_a_u() -> None:
    spec = smooth()
    sweep = sweep_steps(load64(spec), batch(spec, 2))
    assert sweep.steps == pytest.approx([10.0**-k for k in range(3, 11)])
    best = sweep.steps.index(sweep.best)
    assert 0 < best < 7
    assert list(sweep.errors[: best + 1]) == sorted(sweep.errors[: best + 1], reverse=True)
    assert sweep.errors[-1] > 100 * sweep.errors[best]
    # Of order h²: a tenth of the step has a hundredth of the error.
    assert sweep.errors[0] / sweep.errors[1] == pytest.approx(100, rel=0.05)
    (axes,) = SweepPicture(sweep, "net").figure().axes
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), sweep.errors)
    assert axes.lines[1].get_xdata()[0] == sweep.best
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")


def test_J09_data_loss_and_penalties_have_verdicts_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = smooth()
    feeds = batch(spec, 2)
    right = check_gradients(load64(spec), feeds, penalties=(L2(strength=0.1),))
    assert right.verdict == "good"
    assert [check.name for check in right.penalty] == ["fc1.weight", "scores.weight"]

    def forgotten(self: L2, w: Array, dw: Array) -> None:
        dw += 0.5 * self.strength * w

    monkeypatch.setattr(L2, "add_gradient", forgotten)
    found = check_gradients(load64(spec), feeds, penalties=(L2(strength=0.1),)).to_json()
    assert found["data"]["verdict"] == "good"
    assert found["penalty"]["verdict"] == found["verdict"] == "wrong"


def test_the_kink_of_an_l1_penalty_is_at_zero() -> None:
    spec = smooth()
    weights = {name: array.copy() for name, array in load64(spec).weights().items()}
    weights["fc1.weight"][:] = 1e-7
    executable = load64(spec, weights=weights)
    checks = check_gradients(executable, batch(spec, 2), penalties=(L1(strength=0.1),)).penalty
    assert [check.count("kink") for check in checks] == [5, 0]
    assert [check.verdict for check in checks] == ["good", "good"]


def test_J10_dropout_passes_when_it_is_off_and_when_it_is_fixed() -> None:
    spec = smooth(node("dropout", "drop", "act", drop=0.5))
    executable, feeds = load64(spec), batch(spec, 3)
    reports = [check_gradients(executable, feeds, training=training) for training in (False, True)]
    for report in reports:
        assert report.verdict == "good"
        assert max(check.error for check in report.data) < 1e-7
    # The two see different networks: fixed noise does drop something.
    kept, dropped = (report.data[0].samples[0].analytic for report in reports)
    assert kept != dropped


def test_J11_some_numbers_of_every_parameter_are_checked() -> None:
    spec = smooth(node("prelu", "prelu", "act"), node("batch_norm", "norm", "prelu"))
    report = check_gradients(load64(spec), batch(spec, 4), samples=3, training=True)
    assert [check.name for check in report.data] == [
        "fc1.weight", "fc1.bias", "prelu.slope", "norm.scale", "norm.shift",
        "scores.weight", "scores.bias",
    ]  # fmt: skip
    assert all(len(check.samples) == 3 for check in report.data)
    assert all(len({sample.index for sample in check.samples}) == 3 for check in report.data)
    again = check_gradients(load64(spec), batch(spec, 4), samples=3, training=True)
    assert again == report
    every = check_gradients(load64(spec), batch(spec, 4), samples=10_000, training=True)
    assert [len(check.samples) for check in every.data][:2] == [24, 6]


def test_progress_is_told_to_the_end() -> None:
    spec, told = two_layers(), list[float]()
    check_gradients(load64(spec), batch(spec, 2), samples=1, progress=told.append)
    assert told == [0.25, 0.5, 0.75, 1.0]
    sweep_steps(load64(spec), batch(spec, 2), steps=(1e-4, 1e-5), samples=1, progress=told.append)
    assert told[4:] == [0.5, 1.0]


def test_a_gradient_too_small_for_the_losss_digits_is_no_fault() -> None:
    spec = smooth()
    weights = {name: array.copy() for name, array in load64(spec).weights().items()}
    weights["scores.weight"] *= 1e-9
    report = check_gradients(load64(spec, weights=weights), batch(spec, 2))
    found = {check.name: check for check in report.data}
    assert found["fc1.weight"].count("rounding") > 0
    assert found["fc1.weight"].verdict == "good"


@pytest.mark.parametrize("wrong", [{"h": 0.0}, {"h": float("nan")}, {"samples": 0}])
def test_no_step_and_no_samples_are_refused(wrong: dict[str, Any]) -> None:
    spec = smooth()
    with pytest.raises(OptionError, match="must be above 0"):
        check_gradients(load64(spec), batch(spec, 2), **wrong)
