"""Native convolutions against the numpy engine in float64."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from graphspec.engines.base import Tap
from graphspec.engines.jit.engine import JitEngine
from graphspec.engines.jit.lowering.conv import LOWERINGS
from graphspec.engines.jit.table import NativeRow
from graphspec.errors import SpecError
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from tests.engines.nets import load64, network, node

TOLERANCE = {"fast": 2e-5, "accurate": 2e-6}


def net(shape, then=(), **fields) -> GraphSpec:
    """conv → (relu, pool …) → the distance from a target, whose gradient loses no digits."""
    layers = [node("conv2d", "conv", "x", **fields)]
    for kind, extra in then:
        layers.append(node(kind, kind, layers[-1]["id"], **extra))
    last = layers[-1]["id"]
    output = compile_graph(network(layers, (last,), x={"shape": shape})).by_id[last].output
    layers.append(node("l2_loss", "loss", last, "target"))
    return network(layers, (last,), x={"shape": shape}, target={"shape": output.shape})


def check(spec, batch, *, threads=2, accuracy="fast", tolerance=2e-5, seed=0):
    """Values and gradients, relative to the largest magnitude."""
    rng = np.random.default_rng(seed)
    plan = compile_graph(spec)
    feeds = {
        name: rng.standard_normal((batch, *tensor.shape)) for name, tensor in plan.inputs.items()
    }
    weights = {
        name: rng.standard_normal(param.shape) / param.fan_in**0.5
        for name, param in plan.params.items()
    }
    oracle = load64(spec, weights=weights)
    engine = JitEngine(threads=threads, accuracy=accuracy, lowerings=LOWERINGS, guarded=True)
    fast = engine.load(plan, seed=0, weights={name: _single(w) for name, w in weights.items()})
    single = {name: _single(array) for name, array in feeds.items()}
    compare(fast.run(single).values, oracle.run(feeds).values, tolerance)
    compare(fast.grad(single).by_name, oracle.grad(feeds).by_name, tolerance)
    dx = {"x": oracle.grad(feeds, wrt="inputs").by_name["x"]}
    compare({"x": fast.grad(single, wrt="inputs").by_name["x"]}, dx, tolerance)
    at_x = Tap("x", "grad")
    both = fast.grad(single, taps=[at_x])
    compare({"x": both.taps[at_x]}, dx, tolerance)
    compare(both.by_name, oracle.grad(feeds).by_name, tolerance)


def _single(array):
    return array.astype(np.float32)


def compare(got, wanted, tolerance):
    assert got.keys() == wanted.keys()
    for name, array in wanted.items():
        error = np.abs(got[name] - array).max() / max(np.abs(array).max(), 1e-30)
        assert error <= tolerance, f"{name}: {error:.2g}"


@st.composite
def convolutions(draw):
    groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
    pad = draw(st.one_of(st.integers(0, 3), st.just("same"), st.tuples(*[st.integers(0, 3)] * 4)))
    pair = st.tuples(st.integers(1, 5), st.integers(1, 5))
    fields = {
        "filters": groups * draw(st.integers(1, 20)),
        "kernel": draw(pair),
        "stride": draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        "dilation": draw(st.tuples(st.integers(1, 2), st.integers(1, 3))),
        "groups": groups,
        "pad": pad,
        "bias": draw(st.booleans()),
        "rounding": "floor",
    }
    shape = (groups * draw(st.integers(1, 19)), draw(st.integers(1, 12)), draw(st.integers(1, 12)))
    then = draw(st.sampled_from([(), (("relu", {}),)]))
    return shape, fields, then, draw(st.integers(1, 5)), draw(st.integers(1, 3))


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(convolutions())
def test_any_convolution(case):
    shape, fields, then, batch, threads = case
    try:
        spec = net(shape, then, **fields)
        compile_graph(spec)
    except SpecError:
        assume(False)
    check(spec, batch, threads=threads, accuracy="accurate", tolerance=2e-6)


@pytest.mark.parametrize("size", [(7, 7), (12, 4), (1, 30)])
def test_one_by_one(size):
    check(net((21, *size), filters=37, kernel=1), 3, tolerance=2e-6)
    check(net((20, *size), filters=12, kernel=1, groups=4), 3, tolerance=2e-6)


@pytest.mark.parametrize("channels", [1, 5, 8, 20])
@pytest.mark.parametrize("stride", [1, 2])
def test_depthwise(channels, stride):
    fields = {"filters": channels, "groups": channels, "kernel": 3, "pad": 1, "stride": stride}
    check(net((channels, 9, 7), **fields, rounding="floor"), 3, tolerance=2e-6)


@pytest.mark.parametrize("accuracy", ["fast", "accurate"])
@pytest.mark.parametrize(
    ("shape", "filters", "pad", "then"),
    [
        ((16, 8, 8), 16, 1, ()),
        ((32, 16, 12), 16, 1, (("relu", {}),)),
        ((20, 9, 7), 37, 0, (("relu", {}),)),
        ((33, 5, 11), 16, (0, 1, 2, 3), ()),
        ((16, 3, 3), 48, 2, ()),
        ((16, 2, 2), 16, "same", ()),
    ],
)
@pytest.mark.parametrize(("batch", "threads"), [(13, 1), (4, 2), (13, 2), (7, 3)])
def test_winograd(shape, filters, pad, then, accuracy, batch, threads):
    spec = net(shape, then, filters=filters, kernel=3, pad=pad)
    check(spec, batch, threads=threads, accuracy=accuracy, tolerance=TOLERANCE[accuracy])


POOL = ("max_pool2d", {"kernel": 2})


@pytest.mark.parametrize("channels", [3, 20])
@pytest.mark.parametrize("filters", [16, 21])
@pytest.mark.parametrize("then", [(POOL,), (("relu", {}), POOL), (POOL, ("relu", {}))])
@pytest.mark.parametrize("batch", [3, 4])
def test_pooling_in_the_same_breath(channels, filters, then, batch):
    check(net((channels, 10, 12), then, filters=filters, kernel=3, pad=1), batch, threads=2)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("taps", [[], [Tap("x", "grad")]], ids=["dw", "dw and dx"])
def test_winograds_gradients_are_in_one_kernel_where_both_are_asked_for(batch, taps):
    spec = net((16, 16, 16), (("relu", {}),), filters=16, kernel=3, pad=1)
    executable = JitEngine(threads=2, lowerings=LOWERINGS).load(compile_graph(spec), seed=0)
    feeds = {
        name: np.zeros((batch, *tensor.shape), np.float32)
        for name, tensor in compile_graph(spec).inputs.items()
    }
    executable.grad(feeds, taps=taps)
    (running,) = executable._running.values()
    algorithms = {row.note.algorithm for row in running.lowered.rows}
    assert ("Winograd F(4×4) dw, dx" in algorithms) == (bool(taps) and batch == 2)
    # Otherwise two kernels read dy behind the ReLU, and a pass of its own makes it for them.
    apart = [row for row in running.lowered.rows if row.note.layers == ("conv", "relu")]
    opened = "relu_backward" in {row.routine.name for row in apart if isinstance(row, NativeRow)}
    assert opened == (bool(taps) and batch == 1)


@pytest.mark.parametrize(
    "fields",
    [
        {"kernel": 5},
        {"kernel": (4, 5), "pad": 3, "stride": (2, 1)},
        {"kernel": (3, 5), "pad": (0, 1, 2, 4), "dilation": (2, 1)},
        {"kernel": (2, 5), "stride": (3, 2), "pad": 1},
    ],
)
def test_few_channels_scatter_their_gradient(fields):
    spec = net((3, 11, 10), filters=24, rounding="floor", **fields)
    check(spec, 3, tolerance=2e-6)
    lowered = JitEngine(lowerings=LOWERINGS).load(compile_graph(spec), seed=0)
    feeds = {
        name: np.zeros((2, *tensor.shape), np.float32)
        for name, tensor in compile_graph(spec).inputs.items()
    }
    lowered.grad(feeds, wrt="inputs")
    (running,) = lowered._running.values()
    assert "scattered" in [row.note.algorithm for row in running.lowered.rows]


@pytest.mark.parametrize(
    ("shape", "fields", "then"),
    [
        ((128, 2, 2), {"kernel": 3, "pad": 1}, (("relu", {}),)),
        ((130, 5, 4), {"kernel": (3, 2), "pad": (0, 1, 2, 1), "stride": (2, 1)}, ()),
        ((131, 6, 5), {"kernel": (2, 3), "dilation": (2, 1), "bias": False}, (("relu", {}),)),
        ((129, 4, 4), {"kernel": (1, 3), "pad": 2, "stride": (3, 2)}, ()),
    ],
)
@pytest.mark.parametrize("threads", [1, 3])
def test_few_windows_and_many_weights_are_a_product_of_patches(shape, fields, then, threads):
    spec = net(shape, then, filters=135, rounding="floor", **fields)
    check(spec, 3, threads=threads, tolerance=2e-6)
    executable = JitEngine(threads=threads, lowerings=LOWERINGS).load(compile_graph(spec), seed=0)
    x = {"x": np.zeros((3, *shape), np.float32)}
    executable.run(x, outputs=list(compile_graph(spec).outputs))
    (running,) = executable._running.values()
    assert "patches" in [row.note.algorithm for row in running.lowered.rows]


def test_of_equal_values_the_first_has_the_gradient():
    spec = net((16, 4, 4), (POOL,), filters=16, kernel=3, pad=1)
    engine = JitEngine(threads=2, lowerings=LOWERINGS)
    plan = compile_graph(spec)
    zeros = {name: np.zeros(param.shape) for name, param in plan.params.items()}
    zeros["conv.weight"][:, :, 1, 1] = np.eye(16)
    feeds = {
        "x": np.ones((1, 16, 4, 4), np.float32),
        "target": np.zeros((1, 16, 2, 2), np.float32),
    }
    dx = engine.load(plan, seed=0, weights=zeros).grad(feeds, wrt="inputs").by_name["x"]
    squares = dx.reshape(16, 2, 2, 2, 2).swapaxes(2, 3).reshape(64, 4)
    np.testing.assert_allclose(squares, [[2, 0, 0, 0]] * 64, atol=1e-5)


def test_many_blocks_of_tiles():
    spec = net((64, 24, 24), (("relu", {}),), filters=64, kernel=3, pad=1)
    check(spec, 4, threads=2)
    check(spec, 1, threads=2)


def test_the_same_bits_for_the_same_threads():
    spec = net((16, 12, 12), filters=32, kernel=3, pad=1)
    feeds = {
        name: np.random.default_rng(0).standard_normal((7, *tensor.shape)).astype(np.float32)
        for name, tensor in compile_graph(spec).inputs.items()
    }

    def gradients():
        engine = JitEngine(threads=3, lowerings=LOWERINGS)
        return engine.load(compile_graph(spec), seed=0).grad(feeds).by_name

    first, second = gradients(), gradients()
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])


@pytest.mark.parametrize(
    ("shape", "batch", "accuracy", "fields", "algorithm"),
    [
        ((16, 8, 8), 8, "fast", {}, "Winograd F(4×4)"),
        ((16, 8, 8), 8, "accurate", {}, "Winograd F(2×2)"),
        ((16, 2, 2), 16, "fast", {}, "Winograd F(2×2)"),
        ((16, 8, 8), 1, "fast", {}, "direct"),
        ((16, 1, 1), 16, "fast", {}, "direct"),
        ((3, 8, 8), 8, "fast", {}, "direct"),
        ((16, 8, 8), 8, "fast", {"dilation": 2}, "direct"),
        ((16, 8, 8), 8, "fast", {"groups": 16}, "depthwise"),
    ],
)
def test_the_algorithm_that_pays(shape, batch, accuracy, fields, algorithm):
    plan = compile_graph(
        net(shape, **{"filters": 16, "kernel": 3, "pad": fields.get("dilation", 1), **fields})
    )
    executable = JitEngine(accuracy=accuracy, lowerings=LOWERINGS).load(plan, seed=0)
    executable.run({"x": np.zeros((batch, *shape), np.float32)})
    (running,) = executable._running.values()
    notes = [row.note for row in running.lowered.rows if "conv" in row.note.layers]
    assert [note.algorithm for note in notes] == [algorithm]
    assert all(note.why for note in notes)
