"""The gates of circuits: each local gradient, and the notes' circuits run by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphspec.inspect.gradient import numeric_gradient
from graphspec.layers.base import Array, Layer, Mode
from graphspec.layers.catalog import BY_KIND


class Wire:
    """One number in a circuit, with the gate that made it; gradients add up where it forks."""

    def __init__(self, value: float, backward: Any = None, sources: tuple[Wire, ...] = ()) -> None:
        self.value, self.backward, self.sources, self.grad = value, backward, sources, 0.0


def gate(kind: str, *wires: Wire, **fields: Any) -> Wire:
    layer = make(kind, len(wires), **fields)
    forward = layer.forward(tuple(np.array([wire.value]) for wire in wires), {}, Mode())
    return Wire(
        float(forward.y[0]), lambda dy: layer.backward(np.array([dy]), forward.saved, {}), wires
    )


def make(kind: str, count: int, **fields: Any) -> Layer:
    inputs = tuple(f"x{i}" for i in range(count))
    return BY_KIND[kind].model_validate({"id": "f", "inputs": inputs, **fields})


def run_back(end: Wire) -> None:
    order: list[Wire] = []

    def visit(wire: Wire) -> None:
        if wire not in order:
            for source in wire.sources:
                visit(source)
            order.append(wire)

    visit(end)
    end.grad = 1.0
    for wire in reversed(order):
        if wire.backward is not None:
            for source, dx in zip(wire.sources, wire.backward(wire.grad).dxs, strict=True):
                source.grad += float(dx[0])


GATES: list[tuple[str, dict[str, float], list[float]]] = [
    ("add", {}, [3, -4]),
    ("multiply", {}, [3, -4]),
    ("maximum", {}, [3, -4]),
    ("subtract", {}, [3, -4]),
    ("divide", {}, [3, -4]),
    ("reciprocal", {}, [-1.37]),
    ("add_constant", {"constant": 1.0}, [0.37]),
    ("exp", {}, [-1]),
    ("scale", {"factor": -1.0}, [1]),
    ("sigmoid", {}, [1]),
    ("log", {}, [1.37]),
    ("square", {}, [-1.3]),
]


@pytest.mark.parametrize(("kind", "fields", "at"), GATES, ids=[gate[0] for gate in GATES])
def test_D01_the_local_gradient_of_every_gate(
    kind: str, fields: dict[str, float], at: list[float]
) -> None:
    layer = make(kind, len(at), **fields)

    def value(x: Array) -> Array:
        return layer.forward(tuple(x[:, None]), {}, Mode()).y

    x = np.array(at, float)
    forward = layer.forward(tuple(x[:, None]), {}, Mode())
    dxs, _ = layer.backward(np.ones(1), forward.saved, {})
    numeric = numeric_gradient(value, x)
    np.testing.assert_allclose(np.concatenate(dxs), numeric, rtol=1e-9, atol=1e-9)


def test_D02_the_gradient_is_how_much_a_bump_moves_the_value() -> None:
    x, y = Wire(4), Wire(-3)
    f = gate("multiply", x, y)
    run_back(f)
    assert (f.value, x.grad, y.grad) == (-12, -3, 4)
    h = 0.25
    assert gate("multiply", x, Wire(y.value + h)).value == f.value + 4 * h


def test_D03_the_chain_rule() -> None:
    x, y, z = Wire(-2), Wire(5), Wire(-4)
    q = gate("add", x, y)
    f = gate("multiply", q, z)
    run_back(f)
    assert (q.value, f.value) == (3, -12)
    assert (x.grad, y.grad, z.grad, q.grad) == (-4, -4, 3, -4)


def neuron(chain: bool) -> tuple[Wire, Wire, list[Wire], list[Wire]]:
    """The dot product, the output, the weights and the inputs."""
    w, x = [Wire(2), Wire(-3), Wire(-3)], [Wire(-1), Wire(-2)]
    dot = gate("add", gate("multiply", w[0], x[0]), gate("multiply", w[1], x[1]), w[2])
    if not chain:
        return dot, gate("sigmoid", dot), w, x
    negated = gate("scale", dot, factor=-1.0)
    f = gate("reciprocal", gate("add_constant", gate("exp", negated), constant=1.0))
    return dot, f, w, x


@pytest.mark.parametrize("chain", [False, True], ids=["one gate", "chain"])
def test_D04_the_sigmoid_neuron(chain: bool) -> None:
    dot, f, w, x = neuron(chain)
    run_back(f)
    assert dot.value == 1
    assert f.value == pytest.approx(0.7310585786, abs=5e-11)
    assert [wire.grad for wire in x] == pytest.approx([0.3932238665, -0.5898357997], abs=5e-11)
    expected = [-0.1966119332, -0.3932238665, 0.1966119332]
    assert [wire.grad for wire in w] == pytest.approx(expected, abs=5e-11)


def test_D05_the_chain_and_the_sigmoid_gate_agree() -> None:
    _, chain, w, x = neuron(True)
    _, single, w1, x1 = neuron(False)
    run_back(chain)
    run_back(single)
    assert chain.value == pytest.approx(single.value, abs=1e-12)
    for one, two in zip([*w, *x], [*w1, *x1], strict=True):
        assert one.grad == pytest.approx(two.grad, abs=1e-12)


def test_D06_the_staged_computation() -> None:
    x, y = Wire(3), Wire(-4)
    numerator = gate("add", x, gate("sigmoid", y))
    denominator = gate("add", gate("sigmoid", x), gate("square", gate("add", x, y)))
    f = gate("divide", numerator, denominator)
    run_back(f)
    assert f.value == pytest.approx(1.5456448841, abs=5e-11)
    assert x.grad == pytest.approx(2.0595697956, abs=5e-11)
    assert y.grad == pytest.approx(1.5922327515, abs=5e-11)


def test_D07_gradients_add_at_forks() -> None:
    x = Wire(3)
    run_back(gate("add", x, x))
    assert x.grad == 2


def test_of_equal_inputs_the_first_has_the_gradient_of_the_maximum() -> None:
    a, b = Wire(2), Wire(2)
    run_back(gate("maximum", a, b))
    assert (a.grad, b.grad) == (1, 0)
