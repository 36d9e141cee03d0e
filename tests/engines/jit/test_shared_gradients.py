"""Memory of a gradient that somebody else reads as well is written to by nobody."""

from __future__ import annotations

import pytest

from graphspec.engines.base import Tap
from graphspec.engines.jit.engine import JitEngine
from graphspec.engines.numpy import NumpyEngine
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from tests.engines.jit.oracle import compare, error
from tests.engines.nets import batch, network, node

BRANCHES = [node("linear", name, "x", units=5) for name in ("a", "b")]


def net(*layers: dict[str, object]) -> GraphSpec:
    last = str(layers[-1]["id"])
    loss = [node("square", "square", last), node("sum_loss", "loss", "square")]
    return network([*BRANCHES, *layers, *loss], (last,), x={"shape": [4]})


def test_two_functions_behind_sums_have_the_gradient_of_one_sum() -> None:
    # Each could bring the gradient through its tanh where it lies, if the other did not read it.
    spec = net(
        node("add", "sum1", "a", "b"),
        node("tanh", "bent1", "sum1"),
        node("add", "sum2", "a", "b"),
        node("sigmoid", "bent2", "sum2"),
        node("add", "both", "bent1", "bent2"),
    )
    compare(spec, tapped=False)


def test_a_gradient_that_was_passed_on_is_not_added_to() -> None:
    # What ``sum`` passes on is b's as well, whose turn comes after that of ``bent``.
    spec = net(
        node("tanh", "bent", "a"),
        node("add", "sum", "a", "b"),
        node("multiply", "both", "bent", "sum"),
    )
    compare(spec, tapped=False)


@pytest.mark.parametrize("order", [("maxout", "tanh"), ("tanh", "maxout"), ("maxout", "maxout")])
def test_layers_with_and_without_kernels_add_to_one_gradient(order: tuple[str, str]) -> None:
    fields = {"maxout": {"units": 5}, "tanh": {}}
    readers = [node(kind, f"reader{i}", "a", **fields[kind]) for i, kind in enumerate(order)]
    spec = net(*readers, node("add", "both", "reader0", "reader1"))
    compare(spec, tapped=False)
    compare(spec, tapped=True)


@pytest.mark.parametrize("tapped", ["bent", "sum"])
def test_a_gradient_that_is_asked_for_stays_as_it_was(tapped: str) -> None:
    spec = net(
        node("add", "sum", "a", "b"),
        node("tanh", "bent", "sum"),
        node("linear", "last", "bent", units=3),
    )
    plan, feeds, tap = compile_graph(spec), batch(spec, dtype="float32"), Tap(tapped, "grad")
    ours = JitEngine(threads=1).load(plan, seed=1)
    theirs = NumpyEngine("float64").load(plan, seed=1, weights=ours.weights())
    found, expected = (engine.grad(feeds, taps=[tap]).taps[tap] for engine in (ours, theirs))
    assert error(found, expected) <= 2e-6
