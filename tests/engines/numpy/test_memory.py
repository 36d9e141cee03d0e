"""Arrays are let go as soon as nobody needs them."""

from __future__ import annotations

import tracemalloc
import weakref

import numpy as np
import pytest

from graphspec.engines.numpy.engine import NumpyEngine
from graphspec.graph import GraphSpec
from graphspec.layers.tanh import Tanh
from graphspec.plan import compile_graph
from tests.engines.nets import batch, load64, network, node

DEPTH = 12


def chain() -> GraphSpec:
    names = [f"t{i}" for i in range(DEPTH)]
    layers = [
        node("tanh", name, source) for name, source in zip(names, ["x", *names], strict=False)
    ]
    return network(
        [*layers, node("linear", "fc", names[-1], units=2), node("softmax_loss", "l", "fc", "y")],
        ("fc",),
        x={"shape": [50_000]},
        y={"classes": 2},
    )


@pytest.fixture
def alive(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many outputs of tanh are alive each time that one is computed or sent back."""
    outputs: list[weakref.ref[np.ndarray]] = []
    counts: list[int] = []
    forward, backward = Tanh.forward, Tanh.backward

    def count() -> None:
        counts.append(sum(ref() is not None for ref in outputs))

    def counting_forward(self, xs, params, mode):  # type: ignore[no-untyped-def]
        count()
        result = forward(self, xs, params, mode)
        outputs.append(weakref.ref(result.y))
        return result

    def counting_backward(self, dy, saved, params, *, need_dx=True):  # type: ignore[no-untyped-def]
        count()
        return backward(self, dy, saved, params, need_dx=need_dx)

    monkeypatch.setattr(Tanh, "forward", counting_forward)
    monkeypatch.setattr(Tanh, "backward", counting_backward)
    return counts


def test_a_run_holds_one_value_of_a_chain_at_a_time(alive: list[int]) -> None:
    spec = chain()
    load64(spec).run(batch(spec, 1))
    assert alive == [0] + [1] * (DEPTH - 1)


def test_what_layers_saved_is_let_go_as_the_gradient_passes(alive: list[int]) -> None:
    spec = chain()
    load64(spec).grad(batch(spec, 1), wrt="inputs")
    assert alive == [*range(DEPTH), *range(DEPTH, 0, -1)]


def test_a_forked_value_lives_until_its_last_reader_has_run(alive: list[int]) -> None:
    spec = network(
        [
            node("tanh", "a", "x"),
            node("tanh", "b", "a"),
            node("tanh", "c", "b"),
            node("add", "sum", "c", "a"),
            node("tanh", "d", "sum"),
            node("tanh", "e", "d"),
        ],
        ("e",),
        x={"shape": [4]},
    )
    load64(spec).run(batch(spec))
    assert alive == [0, 1, 2, 0, 1]


def test_the_peak_of_a_run_does_not_grow_with_depth() -> None:
    spec = chain()
    executable = NumpyEngine("float32").load(compile_graph(spec), seed=0)
    feeds = batch(spec, 4, dtype="float32")
    value = feeds["x"].nbytes
    executable.run(feeds)
    tracemalloc.start()
    try:
        executable.run(feeds)
        running = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        executable.grad(feeds, wrt="inputs")
        going_back = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert running < 2.5 * value
    assert DEPTH * value < going_back < (DEPTH + 4) * value
