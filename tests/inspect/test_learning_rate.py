"""Learning rates tried out: a curve with a minimum, and a network that is left as it was."""

from __future__ import annotations

import math

import numpy as np
import pytest

from graphspec.engines.base import Executable
from graphspec.engines.numpy.engine import NumpyEngine
from graphspec.inspect.learning_rate import RateCurve, find_rate_range, losses_after_one_step
from graphspec.plan import compile_graph
from graphspec.train.feeding import divide
from graphspec.train.trainer import train
from tests.engines.nets import load64, network, node
from tests.train.nets import config, points
from tests.train.nets import network as classifier


def bits(executable: Executable) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in executable.state().arrays.items()}


def test_C06_the_loss_has_a_minimum_over_the_step_sizes_and_then_rises() -> None:
    spec = network(
        [node("linear", "scores", "x", units=3), node("hinge_loss", "loss", "scores", "label")],
        ("scores",),
        x={"shape": [50]},
        label={"classes": 3},
    )
    rng = np.random.default_rng(0)
    label = np.arange(600) % 3
    x = 4 * rng.normal(size=(3, 50))[label] + 40 * rng.normal(size=(600, 50))
    executable, feeds = load64(spec), {"x": x, "label": label}
    before = bits(executable)
    curve = losses_after_one_step(executable, feeds)
    assert bits(executable) == before
    assert curve.rates == pytest.approx([10.0**k for k in range(-10, 0)], rel=1e-15)
    start = executable.grad(feeds).loss
    assert curve.losses[0] == pytest.approx(start, rel=1e-4)
    best = curve.rates.index(curve.lowest)
    assert 0 < best < 9
    assert list(curve.losses[: best + 1]) == sorted(curve.losses[: best + 1], reverse=True)
    assert list(curve.losses[best:]) == sorted(curve.losses[best:])
    assert curve.losses[best] < 0.9 * start
    assert curve.losses[-1] > start
    # The row by hand: w ← w − rate·dw.
    dw = executable.grad(feeds).by_name
    weights = {name: w - 1e-4 * dw[name] for name, w in executable.weights().items()}
    by_hand = load64(spec, weights=weights).grad(feeds).loss
    assert curve.losses[6] == pytest.approx(by_hand, rel=1e-12)


def test_the_range_finder_sees_the_loss_fall_and_rise_and_disturbs_nothing() -> None:
    spec, settings = classifier(), config(update={"kind": "momentum", "rate": 0.1})
    plan = compile_graph(spec)
    data = divide(plan, points(), settings)
    executable = NumpyEngine("float32").load(plan, seed=0)
    before = executable.state()
    curve = find_rate_range(executable, data, settings, low=1e-5, high=1e3, steps=150)
    assert executable.state().generators == before.generators
    assert {name: array.tobytes() for name, array in before.arrays.items()} == bits(executable)
    ratios = np.divide(curve.rates[1:], curve.rates[:-1])
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-9)
    assert curve.rates[0] == 1e-5
    assert curve.rates[-1] <= 1e3 * (1 + 1e-12)
    assert min(curve.losses) < 0.9 * curve.losses[0]
    assert curve.losses[-1] > min(curve.losses)
    assert 1e-3 < curve.lowest < curve.rates[-1]
    # Training after it goes as without it.
    fresh = NumpyEngine("float32").load(plan, seed=0)
    for one in (executable, fresh):
        list(train(one, data, settings))
    assert bits(executable) == bits(fresh)


def test_a_loss_out_of_hand_ends_the_search() -> None:
    spec, settings = classifier(), config(update={"kind": "sgd", "rate": 0.1}, penalties=[])
    plan = compile_graph(spec)
    executable = NumpyEngine("float64").load(plan, seed=0)
    data = divide(plan, points(), config(dtype="float64"))
    curve = find_rate_range(executable, data, settings, low=1e-3, high=1e8, steps=200)
    assert len(curve.rates) == len(curve.losses) < 200
    assert curve.losses[-1] > 4 * min(curve.losses)


def test_what_a_curve_tells() -> None:
    curve = RateCurve((1e-3, 1e-2, 1e-1, 1.0), (2.0, 1.9, 1.0, math.inf))
    assert curve.lowest == 1e-1


@pytest.mark.parametrize("wrong", [{"low": 0.0}, {"low": 2.0}, {"steps": 1}])
def test_a_rate_that_cannot_rise_is_refused(wrong: dict[str, float]) -> None:
    plan = compile_graph(classifier())
    data = divide(plan, points(), config())
    with pytest.raises(ValueError, match="cannot rise"):
        find_rate_range(NumpyEngine().load(plan, seed=0), data, config(), **wrong)  # type: ignore[arg-type]
