"""What an executable promises: nothing changed on failure, exact states, memory that is reused."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from itertools import count

import numpy as np
import pytest

from graphspec import zoo
from graphspec.engines.base import Step, Tap
from graphspec.engines.jit.engine import JitEngine
from graphspec.engines.jit.executable import JitExecutable
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import EngineError, FeedError, NonFiniteError, SpecError
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from graphspec.recipe.penalties.l2 import L2
from graphspec.recipe.rules.adam import Adam
from graphspec.recipe.rules.momentum import Momentum
from tests.bench.workloads import normed, resnet18_small, separable
from tests.engines.jit.oracle import error
from tests.engines.nets import batch, network, node, two_layers

DROPPED = network(
    [
        node("conv2d", "conv", "x", filters=5, kernel=3, pad=1),
        node("batch_norm", "norm", "conv"),
        node("relu", "relu", "norm"),
        node("max_pool2d", "pool", "relu", kernel=2),
        node("dropout", "drop", "pool", drop=0.4),
        node("flatten", "flat", "drop"),
        node("linear", "fc", "flat", units=4),
        node("softmax_loss", "loss", "fc", "label"),
    ],
    ("fc",),
    x={"shape": [3, 6, 8]},
    label={"classes": 4},
)
RULE = Adam(rate=0.01)


def load(spec: GraphSpec = DROPPED, **options: int) -> JitExecutable:
    return JitEngine(threads=2, **options).load(compile_graph(spec), seed=4)  # type: ignore[arg-type]


def train(executable: JitExecutable, start: int, stop: int) -> None:
    for index in range(start, stop):
        feeds = batch(DROPPED, 6, seed=index, dtype="float32")
        executable.train_step(feeds, RULE, Step(index, 0.01))


def test_it_goes_on_exactly_from_a_state() -> None:
    whole, first, second = load(), load(), load()
    train(whole, 0, 6)
    train(first, 0, 3)
    train(second, 0, 1)
    second.restore(first.state())
    train(second, 3, 6)
    expected, got = whole.state(), second.state()
    assert got.generators == expected.generators
    for name, array in expected.arrays.items():
        np.testing.assert_array_equal(got.arrays[name], array, err_msg=name)


def test_weights_and_running_statistics_are_those_of_float64() -> None:
    plan = compile_graph(DROPPED)
    theirs, ours = NumpyEngine("float64").load(plan, seed=4), load()
    rule = Momentum(rate=0.01)
    for index in range(3):
        feeds = batch(DROPPED, 6, seed=index, dtype="float32")
        for engine in (theirs, ours):
            engine.train_step(feeds, rule, Step(index, 0.01))
    expected, got = theirs.state(), ours.state()
    assert got.arrays.keys() == expected.arrays.keys()
    assert {"norm.mean", "norm.variance"} <= got.arrays.keys()
    for name, array in expected.arrays.items():
        assert error(got.arrays[name], array) < 2e-5, name


def test_dropout_draws_the_numbers_of_the_numpy_engine() -> None:
    plan, feeds = compile_graph(DROPPED), batch(DROPPED, 6, dtype="float32")
    theirs, ours = NumpyEngine().load(plan, seed=4), load()
    for index in range(3):
        taps = (Tap("drop"),)
        a = theirs.train_step(feeds, RULE, Step(index, 1e-6), taps=taps).taps[taps[0]]
        b = ours.train_step(feeds, RULE, Step(index, 1e-6), taps=taps).taps[taps[0]]
        np.testing.assert_array_equal(a == 0, b == 0)
        assert error(b, a) < 1e-4


@pytest.mark.parametrize("where", ["loss", "weight", "feed"])
def test_what_is_not_finite_is_named_and_changes_nothing(where: str) -> None:
    executable = load()
    train(executable, 0, 2)
    feeds = batch(DROPPED, 6, dtype="float32")
    expected = {"loss": "norm", "weight": "fc", "feed": "x"}[where]
    state = executable.state()
    arrays = {name: array.copy() for name, array in state.arrays.items()}
    if where == "weight":
        arrays["fc.weight"][3, 1] = np.nan
    elif where == "loss":
        arrays["norm.scale"][0] = np.inf
    else:
        feeds["x"][1, 0, 2, 2] = np.inf
    executable.restore(type(state)(arrays, state.generators))
    before = executable.state()
    with pytest.raises(NonFiniteError) as caught:
        executable.train_step(feeds, RULE, Step(2, 0.01))
    assert (caught.value.node, caught.value.what) == (expected, "value")
    after = executable.state()
    assert after.generators == before.generators
    for name, array in before.arrays.items():
        np.testing.assert_array_equal(after.arrays[name], array, err_msg=name)


def test_looking_changes_nothing() -> None:
    executable = load()
    train(executable, 0, 2)
    before = executable.state()
    feeds = batch(DROPPED, 3, dtype="float32")
    first = executable.run(feeds, training=True).values["fc"]
    executable.grad(feeds, training=True)
    again = executable.run(feeds, training=True).values["fc"]
    np.testing.assert_array_equal(first, again)
    after = executable.state()
    assert after.generators == before.generators
    for name, array in before.arrays.items():
        np.testing.assert_array_equal(after.arrays[name], array)


def test_what_is_returned_stays_as_it_is() -> None:
    executable = load()
    feeds = batch(DROPPED, 3, dtype="float32")
    taps = (Tap("pool"), Tap("pool", "grad"), Tap("x"), Tap("x", "grad"))
    found = executable.grad(feeds, taps=taps)
    kept = [array.copy() for array in (*found.taps.values(), *found.by_name.values())]
    executable.grad(batch(DROPPED, 3, seed=9, dtype="float32"), taps=taps)
    for array, copy in zip((*found.taps.values(), *found.by_name.values()), kept, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_weights_that_have_changed_are_seen_by_the_next_look() -> None:
    executable, feeds = load(), batch(DROPPED, 3, dtype="float32")
    before = executable.run(feeds).values["fc"]
    train(executable, 0, 3)
    after = executable.run(feeds).values["fc"]
    assert error(after, before) > 0.01
    fresh = NumpyEngine("float64").load(
        compile_graph(DROPPED), seed=0, weights=executable.weights()
    )
    assert error(after, fresh.run(feeds).values["fc"]) < 1e-5


def test_batches_of_several_sizes_share_memory() -> None:
    executable = load()
    for size in (3, 17, 1, 3):
        feeds = batch(DROPPED, size, seed=size, dtype="float32")
        fresh = load(guarded=True)
        np.testing.assert_array_equal(
            executable.run(feeds).values["fc"], fresh.run(feeds).values["fc"]
        )
    assert len({id(part.arena) for part in executable._running.values()}) == 1


WARM = {
    "lenet5": lambda: zoo.load("lenet5"),
    "cifar_convnet": lambda: zoo.load("cifar_convnet"),
    "normed": normed,
    "separable": separable,
    "resnet18": resnet18_small,
}


@pytest.mark.parametrize("name", WARM)
def test_a_warm_call_allocates_nothing_but_what_it_returns(name: str) -> None:
    spec = WARM[name]()
    executable = JitEngine(threads=2).load(compile_graph(spec), seed=0)
    feeds = batch(spec, 8, dtype="float32")
    returned = sum(array.nbytes for array in executable.run(feeds).values.values())
    indices, penalties = count(), (L2(strength=1e-4),)

    def step() -> None:
        executable.train_step(feeds, RULE, Step(next(indices), 1e-4, penalties, 5.0))

    def look() -> None:
        executable.run(feeds)

    for call in (step, look):
        for _ in range(3):
            call()
        tracemalloc.start()
        call()
        base, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        call()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        # Python's own objects take 2 to 8 kB.
        assert peak - base < returned + 12_000
        # Nor does anything else: no page of memory is touched that was not there before. (Of
        # several calls at least one is not disturbed by what the system does to pages meanwhile.)
        assert min(_new_pages(call) for _ in range(10)) == 0


def _new_pages(call: Callable[[], None]) -> int:
    resource = pytest.importorskip("resource")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    call()
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)


def test_wrong_calls_are_refused_as_by_numpy() -> None:
    executable = load()
    with pytest.raises(FeedError):
        executable.run({})
    with pytest.raises(SpecError):
        executable.run(batch(DROPPED, 2), outputs=["nothing"])
    with pytest.raises(EngineError, match="call grad"):
        executable.run(batch(DROPPED, 2), taps=[Tap("conv", "grad")])
    with pytest.raises(EngineError, match="label"):
        executable.grad(batch(DROPPED, 2), taps=[Tap("label", "grad")])
    plan = compile_graph(DROPPED, outputs=["fc"])
    with pytest.raises(EngineError, match="no loss"):
        JitEngine(threads=1).load(plan, seed=0).grad(batch(DROPPED, 2))


def test_soft_labels_train() -> None:
    spec = two_layers(classes=3)
    plan, feeds = compile_graph(spec), batch(spec, 4, dtype="float32")
    ours, theirs = (
        JitEngine(threads=1).load(plan, seed=0),
        NumpyEngine("float64").load(plan, seed=0),
    )
    shares = np.random.default_rng(0).dirichlet(np.ones(3), 4)
    for labels in (feeds["label"], shares, feeds["label"]):
        feeds["label"] = labels
        a, b = ours.grad(feeds), theirs.grad(feeds)
        for name, array in b.by_name.items():
            assert error(a.by_name[name], array) < 1e-5, name
