"""graphspec circuit: value and gradient on every wire."""

from __future__ import annotations

import pytest

from graphspec import document

STAGED = "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"


def test_D06_prints_a_tree_with_both_numbers(graphspec) -> None:
    answer = graphspec("circuit", STAGED, "x=3", "y=-4")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert "value 1.545644884" in lines[0]
    assert "gradient 1" in lines[0]
    assert sum("value" in line and "gradient" in line for line in lines) == len(lines) == 12
    assert any("x  value 3  gradient 2.059569796" in line for line in lines)


def test_a_wire_that_forks_is_drawn_once(graphspec) -> None:
    answer = graphspec("circuit", "(x*y)*(x*y) + x*y", "x=2", "y=3")
    assert answer.out.count("multiply1 = x · y") == 3
    assert answer.out.count("drawn above") == 2


def test_json_and_a_file(graphspec, here) -> None:
    answer = graphspec("circuit", "-x*y", "x=3", "y=-4", "--json", "--save", "net.json")
    assert answer.json["value"] == 12
    assert answer.json["gradients"] == {"x": 4.0, "y": -3.0}
    assert [wire["kind"] for wire in answer.json["wires"]] == ["input"] * 2 + ["scale", "multiply"]
    assert document.load(here / "net.json").outputs == ("multiply1",)
    assert graphspec("check", "net.json").code == 0


def test_D05_folding_and_expanding(graphspec) -> None:
    chain = graphspec("circuit", "tanh(x)", "x=1", "--expand")
    gate = graphspec("circuit", "1/(1 + exp(-x))", "x=1", "--fold")
    assert "exp(" in chain.out
    assert "tanh(" not in chain.out
    assert "exp(" not in gate.out
    assert "sigmoid(x)" in gate.out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["x + sigmiod(y)"], 1, "column 5"),
        (["x + y", "x=1"], 4, "y"),
        (["x + 1", "x"], 4, "x=3"),
        (["x + 1", "x=three"], 4, "x=3"),
        (["x + 1", "x=1", "x=2"], 4, "twice"),
        (["log(x)", "x=0"], 4, "not finite"),
    ],
)
def test_what_is_wrong_is_told(graphspec, words, code, said) -> None:
    answer = graphspec("circuit", *words)
    assert answer.code == code
    assert said in answer.err
    assert "Traceback" not in answer.err
