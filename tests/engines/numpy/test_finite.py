"""NaN or infinity anywhere stops a step, names the place, and leaves everything as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphspec.engines.base import Step
from graphspec.engines.numpy.engine import NumpyEngine
from graphspec.engines.numpy.executable import NumpyExecutable
from graphspec.errors import NonFiniteError
from graphspec.layers.linear import Linear
from graphspec.plan import compile_graph
from graphspec.recipe.penalties.l2 import L2
from graphspec.recipe.rules.catalog import RULES
from graphspec.recipe.rules.sgd import Sgd
from tests.engines.nets import batch, load64, network, node

DEEP = network(
    [
        node("linear", "fc1", "x", units=6),
        node("batch_norm", "bn", "fc1"),
        node("relu", "relu1", "bn"),
        node("dropout", "drop", "relu1", drop=0.5),
        node("linear", "fc2", "drop", units=6),
        node("relu", "relu2", "fc2"),
        node("linear", "fc3", "relu2", units=3),
        node("softmax_loss", "loss", "fc3", "label"),
    ],
    ("fc3",),
    x={"shape": [4]},
    label={"classes": 3},
)
MOMENTUM = next(rule for rule in RULES if rule.__name__ == "Momentum")(rate=0.01)


def refused(
    executable: NumpyExecutable, feeds: dict[str, np.ndarray], **step: Any
) -> NonFiniteError:
    """The error of a step, after checking that the step changed nothing at all."""
    before = executable.state()
    with pytest.raises(NonFiniteError) as caught:
        executable.train_step(feeds, MOMENTUM, Step(3, 0.01, **step))
    after = executable.state()
    assert before.generators == after.generators
    assert before.arrays.keys() == after.arrays.keys()
    for name, array in before.arrays.items():
        assert np.array_equal(array, after.arrays[name], equal_nan=True), name
    assert caught.value.step == 3
    return caught.value


def started(**kwargs: Any) -> tuple[NumpyExecutable, dict[str, np.ndarray]]:
    """An executable that has slots and moved statistics, and a batch."""
    executable, feeds = load64(DEEP, **kwargs), batch(DEEP)
    executable.train_step(feeds, MOMENTUM, Step(0, 0.01))
    return executable, feeds


@pytest.mark.parametrize("bad", [np.nan, np.inf])  # a ReLU makes nothing of −∞
@pytest.mark.parametrize("name", ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias", "fc3.weight"])
def test_a_bad_weight_is_found_in_its_layer(name: str, bad: float) -> None:
    executable, feeds = started()
    state = executable.state()
    state.arrays[name].flat[:] = bad
    executable.restore(state)
    error = refused(executable, feeds)
    assert (error.node, error.what) == (name.split(".")[0], "value")


def test_a_bad_feed_is_found_before_any_layer() -> None:
    executable, feeds = started()
    feeds["x"][2, 1] = np.nan
    error = refused(executable, feeds)
    assert (error.node, error.what) == ("x", "value")


@pytest.mark.parametrize("layer", ["fc1", "fc2", "fc3"])
@pytest.mark.parametrize("of", ["weight", "bias", "x"])
def test_a_bad_gradient_is_found_in_the_layer_that_made_it(
    layer: str, of: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable, feeds = started()
    backward = Linear.backward

    def planting(self, dy, saved, params, *, need_dx=True):  # type: ignore[no-untyped-def]
        dxs, dparams = backward(self, dy, saved, params, need_dx=need_dx)
        if self.id == layer:
            target = dxs[0] if of == "x" else dparams[of]
            if target is not None:
                target.flat[0] = np.inf
        return dxs, dparams

    monkeypatch.setattr(Linear, "backward", planting)
    if (layer, of) == ("fc1", "x"):
        # Nobody needs the gradient of the images, so that it is bad is no reason to stop.
        executable.train_step(feeds, MOMENTUM, Step(3, 0.01))
    else:
        error = refused(executable, feeds)
        assert (error.node, error.what) == (layer, "gradient")


def test_a_penalty_that_overflows_is_found_in_its_layer() -> None:
    executable, feeds = started()
    error = refused(executable, feeds, penalties=(L2(strength=1e308), L2(strength=1e308)))
    assert error.what == "gradient"


def test_overflow_in_the_sum_of_two_gradients_is_found() -> None:
    spec = network(
        [
            node("linear", "fc", "x", units=2),
            node("linear", "a", "fc", units=2),
            node("linear", "b", "fc", units=2),
            node("softmax_loss", "la", "a", "label"),
            node("softmax_loss", "lb", "b", "label"),
        ],
        ("a",),
        x={"shape": [2]},
        label={"classes": 2},
    )
    huge = np.array([[1e308, -1e308], [1e308, -1e308]])
    weights = {"a.weight": huge, "b.weight": huge, "fc.weight": np.zeros((2, 2))}
    executable = load64(spec, weights=weights)
    feeds = {"x": np.ones((1, 2)), "label": np.ones(1, int)}
    with pytest.raises(NonFiniteError) as caught:
        executable.train_step(feeds, Sgd(rate=1), Step(0, 1.0))
    assert caught.value.what == "gradient"


def test_large_float32_gradients_are_not_taken_for_infinite() -> None:
    # Their squares overflow float32; the numbers do not.
    spec = network(
        [node("linear", "fc", "x", units=2), node("softmax_loss", "loss", "fc", "label")],
        ("fc",),
        x={"shape": [2]},
        label={"classes": 2},
    )
    zeros = {"fc.weight": np.zeros((2, 2))}
    executable = NumpyEngine("float32").load(compile_graph(spec), seed=0, weights=zeros)
    feeds = {"x": np.full((1, 2), 1e25), "label": np.zeros(1, int)}
    result = executable.train_step(feeds, Sgd(rate=1), Step(0, 1e-30))
    assert result.grad_norm == pytest.approx(1e25, rel=1e-6)


def test_a_step_that_is_interrupted_moves_no_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    executable, feeds = started()

    def interrupted(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    before = executable.state()
    monkeypatch.setattr(Linear, "backward", interrupted)
    with pytest.raises(KeyboardInterrupt):
        executable.train_step(feeds, MOMENTUM, Step(1, 0.01))
    assert executable.state().generators == before.generators


def test_training_goes_on_after_a_refused_step_as_if_it_had_not_been() -> None:
    (hurt, feeds), (well, _) = started(), started()
    bad = {**feeds, "x": feeds["x"] * np.nan}
    refused(hurt, bad)
    for executable in (hurt, well):
        executable.train_step(feeds, MOMENTUM, Step(1, 0.01))
    for name, w in well.weights().items():
        assert np.array_equal(hurt.weights()[name], w)
