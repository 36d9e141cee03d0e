"""Winograd's convolution gives what the layer's own im2col gives."""

from __future__ import annotations

import numpy as np
import pytest

from graphspec.engines.base import Step
from graphspec.engines.numpy import NumpyEngine, sharing, winograd
from graphspec.engines.numpy.winograd import WinogradConv2d, faster_than_layers, new_scratch
from graphspec.layers.base import Mode
from graphspec.layers.conv2d import Conv2d
from graphspec.plan import compile_graph
from graphspec.recipe.rules.momentum import Momentum
from tests.engines.nets import batch, load64, network, node


def conv(**fields):
    return Conv2d.model_validate({"id": "conv", "kernel": 3, "inputs": ("x",), **fields})


def error(got, wanted):
    return np.abs(got - wanted).max() / np.abs(wanted).max()


@pytest.mark.parametrize(
    ("shape", "filters", "pad"),
    [
        ((4, 16, 8, 8), 16, 1),
        ((3, 17, 9, 14), 20, 0),
        ((1, 64, 7, 5), 32, (0, 1, 2, 0)),
        ((5, 16, 6, 6), 16, 3),
        ((40, 16, 32, 32), 16, "same"),
    ],
)
def test_values_and_gradients(shape, filters, pad):
    rng = np.random.default_rng(0)
    layer = conv(filters=filters, pad=pad)
    x = rng.standard_normal(shape)
    params = {
        "weight": rng.standard_normal((filters, shape[1], 3, 3)),
        "bias": rng.standard_normal(filters),
    }
    forward = layer.forward((x,), params, Mode())
    dy = rng.standard_normal(forward.y.shape)
    backward = layer.backward(dy, forward.saved, params)

    single = {name: array.astype(np.float32) for name, array in params.items()}
    fast = WinogradConv2d(layer, new_scratch())
    y, saved, _ = fast.forward((x.astype(np.float32),), single, Mode())
    dxs, dparams = fast.backward(dy.astype(np.float32), saved, single)
    assert error(y, forward.y) < 2e-5
    assert error(dxs[0], backward.dxs[0]) < 2e-5
    assert error(dparams["weight"], backward.dparams["weight"]) < 2e-5
    assert error(dparams["bias"], backward.dparams["bias"]) < 2e-6


def net(kernel=3, channels=16):
    return network(
        [
            node("conv2d", "conv", "x", filters=16, kernel=kernel, pad=1),
            node("relu", "relu", "conv"),
            node("conv2d", "last", "relu", filters=16, kernel=3),
            node("max_pool2d", "pool", "last", kernel=2),
            node("linear", "scores", "pool", units=3),
            node("softmax_loss", "loss", "scores", "label"),
        ],
        ("scores",),
        x={"shape": [channels, 10, 10]},
        label={"classes": 3},
    )


def test_only_where_it_pays():
    assert faster_than_layers(compile_graph(net())).keys() == {"conv", "last"}
    assert faster_than_layers(compile_graph(net(kernel=1, channels=3))).keys() == {"last"}
    assert faster_than_layers(compile_graph(net(channels=3))).keys() == {"last"}


def test_the_float64_engine_does_without(monkeypatch):
    monkeypatch.setattr(WinogradConv2d, "forward", None)
    spec = net()
    load64(spec).run(batch(spec))


def test_an_accurate_engine_does_without(monkeypatch):
    spec = net()
    plan, feeds = compile_graph(spec), batch(spec, 6, dtype="float32")
    accurate = NumpyEngine(accuracy="accurate")
    assert accurate.workspace(plan, 6).kept == 0 < NumpyEngine().workspace(plan, 6).kept
    monkeypatch.setattr(WinogradConv2d, "forward", None)
    got = accurate.load(plan, seed=0).grad(feeds).by_name
    wanted = load64(spec, seed=0).grad(feeds).by_name
    for name, array in wanted.items():
        assert error(got[name], array) < 2e-6, name


def test_a_network_has_the_gradients_of_float64():
    spec = net()
    feeds = batch(spec, 6)
    wanted = load64(spec).grad(feeds).by_name
    single = {
        name: array.astype("float32") if name == "x" else array for name, array in feeds.items()
    }
    got = NumpyEngine().load(compile_graph(spec), seed=0).grad(single).by_name
    for name, dw in wanted.items():
        assert error(got[name], dw) < 1e-4, name


def test_bits_do_not_depend_on_the_threads(monkeypatch):
    spec = net()

    def train():
        executable = NumpyEngine().load(compile_graph(spec), seed=0)
        for index in range(3):
            feeds = batch(spec, 9, seed=index, dtype="float32")
            executable.train_step(feeds, Momentum(rate=0.1), Step(index=index, rate=0.1))
        return executable.weights()

    both = train()
    monkeypatch.setattr(sharing, "THREADS", 1)
    alone = train()
    for name in both:
        np.testing.assert_array_equal(both[name], alone[name])


def test_an_error_in_a_thread_is_raised(monkeypatch):
    def fail(self, dd, dx, scratch):
        raise MemoryError("no room")

    monkeypatch.setattr(winograd._Tiling, "overlap_add", fail)
    spec = net()
    with pytest.raises(MemoryError):
        NumpyEngine().load(compile_graph(spec), seed=0).grad(batch(spec, 4, dtype="float32"))
