"""``graphspec circuit``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text
from rich.tree import Tree

from graphspec import document
from graphspec.circuit import CircuitReport, expand, fold, read_expression, run_circuit
from graphspec.circuit.folding import CHAINS
from graphspec.cli.output import out, print_json, say
from graphspec.errors import FeedError
from graphspec.record import kind_of


def circuit(
    expression: Annotated[str, Parameter(allow_leading_hyphen=True)],
    *values: str,
    expand_gates: Annotated[bool, Parameter(name="--expand", negative=())] = False,
    fold_gates: Annotated[bool, Parameter(name="--fold", negative=())] = False,
    save: Path | None = None,
    json: bool = False,
) -> None:
    """Value and gradient on every wire of an expression.

    Parameters
    ----------
    expression
        Such as "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)".
    values
        A number for every variable: x=3 y=-4.
    expand_gates
        Show gates that are made of simpler ones as their chain: sigmoid as 1/(1 + exp(−x)).
    fold_gates
        Show such chains as one gate.
    save
        Write the circuit to this network file.
    json
        Print JSON.
    """
    spec = read_expression(expression)
    if fold_gates:
        spec = fold(spec)
    if expand_gates:
        # A tanh's chain holds a sigmoid, which is expanded in its turn.
        while names := [layer.id for layer in spec.layers if kind_of(layer) in CHAINS]:
            spec = expand(spec, names[0])
    report = run_circuit(spec, _numbers(values))
    if save is not None:
        document.save(spec, save)
    if json:
        print_json({"expression": expression, **report.to_json()})
        return
    out.print(_tree(report))
    if save is not None:
        say(f"wrote {save}")


def _numbers(values: tuple[str, ...]) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for item in values:
        name, equals, text = item.partition("=")
        try:
            number = float(text)
        except ValueError:
            equals = ""
        if not equals:
            raise FeedError(f"{item!r} gives no number to a variable: write x=3")
        if name in numbers:
            raise FeedError(f"{name!r} is given twice")
        numbers[name] = number
    return numbers


def _tree(report: CircuitReport) -> Tree:
    """The output at the root; a wire that forks has its branch drawn once."""
    tree = Tree(_label(report, report.output))
    drawn = {report.output}
    pending = [(tree, source) for source in reversed(report.by_name[report.output].sources)]
    while pending:
        parent, name = pending.pop()
        sources = report.by_name[name].sources
        again = bool(sources) and name in drawn
        branch = parent.add(_label(report, name, again=again))
        drawn.add(name)
        if not again:
            pending += [(branch, source) for source in reversed(sources)]
    return tree


def _label(report: CircuitReport, name: str, *, again: bool = False) -> Text:
    wire = report.by_name[name]
    title = name if wire.kind == "input" else f"{name} = {wire.formula}"
    text = Text.assemble((title, "bold"), "  value ", (f"{wire.value:.10g}", "green"))
    text.append("  gradient ").append(f"{wire.gradient:.10g}", "red")
    if again:
        text.append("  (drawn above)", "dim")
    return text
