"""Gradients of whole graphs: by numbers, by hand, and by PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphspec.engines.numpy.executable import NumpyExecutable
from graphspec.graph import GraphSpec
from graphspec.inspect.gradient import numeric_gradient
from tests.engines.nets import batch, load64, network, node


def test_a_value_added_to_itself_has_gradient_two() -> None:
    spec = network(
        [node("add", "y", "x", "x"), node("l2_loss", "loss", "y", "target")],
        ("y",),
        x={"shape": [3]},
        target={"shape": [3]},
    )
    feeds = batch(spec, 1)
    got = load64(spec).grad(feeds, wrt="inputs")
    dy = 2 * (2 * feeds["x"] - feeds["target"])
    assert got.by_name["x"] == pytest.approx(2 * dy, rel=1e-15)
    assert got.by_name["target"] == pytest.approx(-dy, rel=1e-15)


def test_three_readers_of_one_value_add_up_and_spoil_nothing() -> None:
    # Flatten hands views on, so an addition in place would change what another layer holds.
    spec = network(
        [
            node("flatten", "a", "x"),
            node("flatten", "b", "x"),
            node("flatten", "c", "x"),
            node("concat", "all", "a", "b", "c", "a"),
            node("l2_loss", "loss", "all", "target"),
        ],
        ("all",),
        x={"shape": [2, 2]},
        target={"shape": [16]},
    )
    feeds = batch(spec, 1)
    got = load64(spec).grad(feeds, wrt="inputs")
    x = feeds["x"].reshape(1, 4)
    dy = 2 * (np.concatenate([x, x, x, x], axis=1) - feeds["target"])
    assert got.by_name["x"].reshape(4) == pytest.approx(dy.reshape(4, 4).sum(axis=0), rel=1e-14)
    assert np.array_equal(got.by_name["target"], -dy)


@st.composite
def graphs(draw: st.DrawFn) -> GraphSpec:
    """Graphs of smooth layers, with forks, joins, shared inputs and several losses."""
    sizes = {"x": 3, "z": 2}
    layers = []

    def pick(size: int | None = None) -> str:
        return draw(st.sampled_from([n for n, s in sizes.items() if size in (None, s)]))

    for i in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(["linear", "tanh", "sigmoid", "add", "multiply", "concat"]))
        first = pick()
        inputs, size, fields = [first], sizes[first], {}
        if kind == "linear":
            fields["units"] = size = draw(st.integers(1, 4))
        elif kind == "concat":
            inputs.append(pick())
            size += sizes[inputs[1]]
        elif kind in ("add", "multiply"):
            inputs += [pick(size) for _ in range(draw(st.integers(1, 2)))]
        layers.append(node(kind, f"n{i}", *inputs, **fields))
        sizes[f"n{i}"] = size
    values = list(sizes)
    for i in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            layers.append(node("linear", f"s{i}", pick(), units=3))
            layers.append(node("softmax_loss", f"loss{i}", f"s{i}", "label"))
        else:
            first = pick()
            layers.append(node("l2_loss", f"loss{i}", first, pick(sizes[first])))
    return network(layers, (values[-1],), x={"shape": [3]}, z={"shape": [2]}, label={"classes": 3})


def assert_close(analytic: np.ndarray, numeric: np.ndarray) -> None:
    # A difference of losses near 1 over 2h is good to 1e-10, however small the gradient is.
    scale = max(np.abs(analytic).max(initial=0), np.abs(numeric).max(initial=0), 1e-3)
    assert np.abs(analytic - numeric).max(initial=0) <= 1e-6 * scale


def total_loss(executable: NumpyExecutable, feeds: Mapping[str, np.ndarray]) -> np.ndarray:
    losses = executable.run(feeds, outputs=executable.plan.losses).values
    return np.array(sum(loss.mean() for loss in losses.values()))


@pytest.mark.parametrize("wrt", ["params", "inputs"])
@given(spec=graphs(), seed=st.integers(0, 5))
def test_any_graphs_gradient_is_the_numeric_one(
    wrt: Literal["params", "inputs"], spec: GraphSpec, seed: int
) -> None:
    executable = load64(spec, seed=seed)
    all_feeds = batch(spec, 2, seed)
    feeds = {name: all_feeds[name] for name in executable.plan.inputs}
    weights = executable.weights()
    for name, analytic in executable.grad(feeds, wrt=wrt).by_name.items():

        def loss_at(array: np.ndarray, name: str = name) -> np.ndarray:
            if wrt == "inputs":
                return total_loss(executable, {**feeds, name: array})
            return total_loss(load64(spec, weights={**weights, name: array}), feeds)

        at = feeds[name] if wrt == "inputs" else weights[name]
        assert_close(analytic, numeric_gradient(loss_at, at))


@pytest.mark.parametrize("training", [False, True])
def test_dropout_and_batch_normalisation_in_both_modes(training: bool) -> None:
    spec = network(
        [
            node("conv2d", "conv", "x", filters=2, kernel=3, pad=1),
            node("batch_norm", "bn", "conv"),
            node("tanh", "tanh", "bn"),
            node("dropout", "drop", "tanh", drop=0.4),
            node("linear", "scores", "drop", units=3),
            node("softmax_loss", "loss", "scores", "label"),
        ],
        ("scores",),
        x={"shape": [1, 4, 4]},
        label={"classes": 3},
    )
    executable, feeds = load64(spec), batch(spec, 3)

    def loss_at(x: np.ndarray) -> np.ndarray:
        run = executable.run({**feeds, "x": x}, outputs=["loss"], training=training)
        return np.array(run.values["loss"].mean())

    analytic = executable.grad(feeds, wrt="inputs", training=training).by_name["x"]
    assert_close(analytic, numeric_gradient(loss_at, feeds["x"]))
    other_mode = executable.grad(feeds, wrt="inputs", training=not training).by_name["x"]
    assert not np.allclose(analytic, other_mode)


def test_a_small_convnet_agrees_with_pytorch() -> None:
    torch = pytest.importorskip("torch")
    spec = network(
        [
            node("conv2d", "conv1", "x", filters=4, kernel=3, pad=1),
            node("batch_norm", "bn", "conv1"),
            node("relu", "relu1", "bn"),
            node("max_pool2d", "pool", "relu1", kernel=2, stride=2),
            node("conv2d", "conv2", "pool", filters=4, kernel=3, pad=1),
            node("relu", "relu2", "conv2"),
            node("add", "sum", "relu2", "pool"),
            node("linear", "scores", "sum", units=5),
            node("softmax_loss", "loss", "scores", "label"),
        ],
        ("scores",),
        x={"shape": [3, 8, 8]},
        label={"classes": 5},
    )
    executable, feeds = load64(spec), batch(spec, 6)
    got = executable.grad(feeds, training=True)
    dx = executable.grad(feeds, wrt="inputs", training=True).by_name["x"]

    w = {n: torch.tensor(a, requires_grad=True) for n, a in executable.weights().items()}
    x = torch.tensor(feeds["x"], requires_grad=True)
    f = torch.nn.functional
    y = f.conv2d(x, w["conv1.weight"], w["conv1.bias"], padding=1)
    y = f.batch_norm(y, None, None, w["bn.scale"], w["bn.shift"], training=True, eps=1e-5)
    pool = f.max_pool2d(f.relu(y), 2)
    y = f.relu(f.conv2d(pool, w["conv2.weight"], w["conv2.bias"], padding=1)) + pool
    scores = y.flatten(1) @ w["scores.weight"] + w["scores.bias"]
    loss = f.cross_entropy(scores, torch.tensor(feeds["label"]))
    loss.backward()

    assert got.loss == pytest.approx(loss.item(), rel=1e-12)
    assert dx == pytest.approx(x.grad.numpy(), abs=1e-12, rel=1e-9)
    for name, dw in got.by_name.items():
        assert dw == pytest.approx(w[name].grad.numpy(), abs=1e-12, rel=1e-9), name
