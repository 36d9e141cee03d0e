"""Circuits against the notes' numbers, centred differences, and each other."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from graphspec import document
from graphspec.check import find_problems
from graphspec.circuit import CircuitReport, expand, fold, read_expression, run_circuit
from graphspec.circuit.reader import FUNCTIONS
from graphspec.errors import FeedError, SpecError
from graphspec.inspect.gradient import numeric_gradient, relative_error

STAGED = "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"
NEURON = "1/(1 + exp(-(w0*x0 + w1*x1 + w2)))"
NEURON_AT = {"w0": 2.0, "w1": -3.0, "w2": -3.0, "x0": -1.0, "x1": -2.0}


def at(text: str, **values: float) -> CircuitReport:
    return run_circuit(read_expression(text), values)


def numeric(text: str, values: dict[str, float]) -> np.ndarray:
    spec, names = read_expression(text), list(values)

    def f(x: np.ndarray) -> np.ndarray:
        return np.array(run_circuit(spec, dict(zip(names, x.tolist(), strict=True))).value)

    return numeric_gradient(f, np.array(list(values.values())))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("x + y", {"x": 4.0, "y": -3.0}),
        ("x * y", {"x": 4.0, "y": -3.0}),
        ("x - y", {"x": 4.0, "y": -3.0}),
        ("x / y", {"x": 4.0, "y": -3.0}),
        ("max(x, y)", {"x": 4.0, "y": -3.0}),
        ("max(x, 0.5, y)", {"x": 0.3, "y": 0.9}),
        ("1 / x", {"x": 1.7}),
        ("2.5 + x", {"x": 1.7}),
        ("exp(x)", {"x": 0.6}),
        ("-3 * x", {"x": 0.6}),
        ("sigmoid(x)", {"x": 0.6}),
        ("log(x)", {"x": 0.6}),
        ("x**2", {"x": 0.6}),
        ("x**5", {"x": 0.9}),
        ("x**-3", {"x": 0.9}),
        ("x**0.5 + sqrt(x)", {"x": 0.9}),
        ("x**y", {"x": 0.9, "y": 1.3}),
    ],
)
def test_D01_every_gate_against_centred_differences(text: str, values: dict[str, float]) -> None:
    got = np.array(list(run_circuit(read_expression(text), values).gradients.values()))
    assert relative_error(got, numeric(text, values)) < 1e-9


def test_D02_the_gradient_is_the_sensitivity() -> None:
    report = at("x*y", x=4.0, y=-3.0)
    assert report.value == -12
    assert report.gradients == {"x": -3.0, "y": 4.0}
    h = 1e-3
    assert at("x*y", x=4.0, y=-3.0 + h).value - report.value == pytest.approx(4 * h, rel=1e-9)


def test_D03_the_chain_rule() -> None:
    report = at("(x + y)*z", x=-2.0, y=5.0, z=-4.0)
    assert report.value == -12
    assert report.gradients == {"x": -4.0, "y": -4.0, "z": 3.0}
    assert (report.by_name["add1"].value, report.by_name["add1"].gradient) == (3, -4)


@pytest.mark.parametrize("text", [NEURON, "sigmoid(w0*x0 + w1*x1 + w2)"])
def test_D04_a_sigmoid_neuron(text: str) -> None:
    report = run_circuit(read_expression(text), NEURON_AT)
    assert report.by_name["add2"].value == 1
    assert report.value == pytest.approx(0.7310585786, abs=5e-11)
    expected = {
        "x0": 0.3932238665,
        "x1": -0.5898357997,
        "w0": -0.1966119332,
        "w1": -0.3932238665,
        "w2": 0.1966119332,
    }
    assert report.gradients == pytest.approx(expected, abs=5e-11)


def test_D04_the_chain_has_the_notes_numbers_on_its_wires() -> None:
    wires = run_circuit(read_expression(NEURON), NEURON_AT).wires
    chain = [(round(wire.value, 2), round(wire.gradient, 2)) for wire in wires[-5:]]
    assert chain == [(1.0, 0.2), (-1.0, -0.2), (0.37, -0.53), (1.37, -0.53), (0.73, 1.0)]


@pytest.mark.parametrize("function", ["sigmoid", "softplus", "tanh"])
@pytest.mark.parametrize("x", [-2.0, -0.1, 0.0, 1.0, 3.0])
def test_D05_a_chain_and_its_gate_agree(function: str, x: float) -> None:
    gate = read_expression(f"{function}(x)*x + 1")
    name = gate.layers[0].id
    chain = expand(gate, name)
    assert len(chain.layers) > len(gate.layers)
    assert {layer.id.split(".")[0] for layer in chain.layers[:-2]} == {name}
    one, many = run_circuit(gate, {"x": x}), run_circuit(chain, {"x": x})
    assert many.value == pytest.approx(one.value, rel=1e-12, abs=1e-12)
    assert many.gradients["x"] == pytest.approx(one.gradients["x"], rel=1e-12, abs=1e-12)
    assert fold(chain) == gate


def test_D05_a_chain_that_is_written_out_folds() -> None:
    folded = fold(read_expression(NEURON))
    assert [layer.kind for layer in folded.layers][-1] == "sigmoid"
    assert len(folded.layers) == 5
    assert run_circuit(folded, NEURON_AT).gradients == pytest.approx(
        run_circuit(read_expression(NEURON), NEURON_AT).gradients, rel=1e-12
    )


def test_D05_a_chain_stays_where_something_else_reads_a_wire_of_it() -> None:
    spec = read_expression("exp(-x) + 1/(1 + exp(-x))")
    assert fold(spec) == spec


def test_what_has_no_chain_cannot_be_expanded() -> None:
    with pytest.raises(SpecError, match="add") as caught:
        expand(read_expression("x + y"), "add1")
    assert caught.value.problems[0].code == "no-chain"


def test_D06_staged_computation() -> None:
    report = at(STAGED, x=3.0, y=-4.0)
    assert report.value == pytest.approx(1.5456448841, abs=5e-11)
    assert report.gradients["x"] == pytest.approx(2.0595697956, abs=5e-11)
    assert report.gradients["y"] == pytest.approx(1.5922327515, abs=1e-10)
    seen = set()
    for wire in report.wires:
        assert seen.issuperset(wire.sources), "each stage reads earlier ones alone"
        seen.add(wire.name)
    assert report.wires[-1].name == report.output
    assert report.wires[-1].gradient == 1


def test_D07_gradients_add_at_forks() -> None:
    assert at("x + x", x=5.0).gradients == {"x": 2.0}
    assert at("x * x", x=5.0).gradients == {"x": 10.0}
    values = {"x": 0.7, "y": -0.4}
    text = "sigmoid(x*y)*(x*y) + exp(x*y)/(x - y)"
    spec = read_expression(text)
    assert [layer.kind for layer in spec.layers].count("multiply") == 2
    got = np.array(list(run_circuit(spec, values).gradients.values()))
    assert relative_error(got, numeric(text, values)) < 1e-9


def test_a_circuit_is_a_document_like_any_other() -> None:
    spec = read_expression(STAGED)
    assert find_problems(spec) == ()
    assert document.loads(document.dumps(spec)) == spec


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2*3*x - 4/8", 11.5),
        ("exp(0)*3*x", 6),
        ("x*1 + 0 - (+x)/4", 1.5),
        ("max(1, 3)*x", 6),
        ("2**3**2/x", 256),
        ("7 - x", 5),
        ("1e2*x + .5", 200.5),
        ("max(x, 1.5) + max(x, 2.5)", 4.5),
        ("  x\t+\n1 ", 3),
        ("+".join(["x"] * 150), 300),
    ],
)
def test_constants_and_precedence(text: str, expected: float) -> None:
    assert at(text, x=2.0).value == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("function", sorted(set(FUNCTIONS) - {"max"}))
def test_every_function_is_the_one_of_its_name(function: str) -> None:
    known = {
        "relu": lambda x: x,
        "square": lambda x: x * x,
        "reciprocal": lambda x: 1 / x,
        "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
        "softplus": lambda x: math.log(1 + math.exp(x)),
        "silu": lambda x: x / (1 + math.exp(-x)),
        "gelu": lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2,
    }
    expected = known.get(function) or getattr(math, function)
    assert at(f"{function}(x)", x=0.8).value == pytest.approx(expected(0.8), rel=1e-7)


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("x + sigmiod(y)", 5, "Did you mean 'sigmoid'"),
        ("x + y)", 6, r"\)"),
        ("x +* y", 4, "cannot follow"),
        ("x y", 3, "cannot follow"),
        (" x + ", 5, "ends too early"),
        ("x + (y", 5, "never closed"),
        ("2x + 1", 2, r"2\*x"),
        ("x ^ 2", 3, r"'\*\*'"),
        ("x − y", 3, "'-'"),
        ("x + exp", 5, r"exp\(…\)"),
        ("x + exp(x, y)", 5, "one term"),
        ("max(x)", 1, "two terms"),
        ("x % y", 3, "means nothing"),
        ("x // y", 1, "not part"),
        ("x if y else z", 1, "not part"),
        ("x and y", 1, "not part"),
        ("x + (y, z)", 5, "not part"),
        ("exp(*x)", 5, "not part"),
        ("x + y.z", 5, "not part"),
        ("x()()", 1, "not part"),
        ("None + x", 1, "not part"),
        ("__import__('os')", 12, "means nothing"),
        ("__import__(os)", 1, "no function"),
        ("lambda: x", 7, "means nothing"),
        ("x + 1/0", 5, "zero"),
        ("x + 1e999", 5, "finite"),
        ("x + log(0)", 5, "finite"),
        ("1 + 2", 1, "nothing to compute"),
        ("x", 1, "nothing to compute"),
        ("0*x + " + "9" * 400, 7, "finite"),
        ("", 1, "empty"),
        ("   ", 1, "empty"),
        ("x + 1" * 500, 1, "at most"),
        ("(" * 150 + "x" + ")" * 150 + "+1" * 199, 1, "inside each other"),
        ("-" * 1000 + "x", 61, "inside each other"),
        ("(" * 900 + "x" + ")" * 900, 1, "expression"),
        ("x" * 300 + " + 1", 1, "too long"),
        ("x + _", 5, "nothing is connected"),
    ],
)
def test_what_is_no_circuit_is_told_with_its_column(text: str, column: int, said: str) -> None:
    with pytest.raises(SpecError, match=said) as caught:
        read_expression(text)
    (problem,) = caught.value.problems
    assert problem.code.startswith("expression-")
    if len(text) < 200:
        assert problem.column == column
        *_, shown, caret = problem.message.splitlines()
        place = caret.index("^")
        assert shown[place : place + 1].strip() == text[column - 1 : column].strip()


@pytest.mark.parametrize(
    ("text", "values", "said"),
    [
        ("x + y", {"x": 1.0}, "y=3"),
        ("x + why", {"x": 1.0, "wy": 1.0}, "Did you mean 'why'"),
        ("x + 1", {"x": math.nan}, "finite"),
        ("log(x)", {"x": -1.0}, "log1"),
        ("1/x", {"x": 0.0}, "reciprocal1"),
        ("exp(x)", {"x": 1000.0}, "exp1"),
        ("sqrt(x)", {"x": 0.0}, "log1"),
    ],
)
def test_values_that_do_not_do(text: str, values: dict[str, float], said: str) -> None:
    with pytest.raises(FeedError, match=said):
        run_circuit(read_expression(text), values)


def test_only_scalars_flow() -> None:
    spec = document.loads(
        json.dumps(
            {
                "format": "graphspec/1",
                "inputs": {"x": {"shape": [3]}},
                "layers": [{"id": "f", "kind": "square"}],
                "outputs": ["f"],
            }
        )
    )
    with pytest.raises(SpecError, match="no scalar"):
        run_circuit(spec, {"x": 1.0})
