"""What is found out about a spec: shapes, costs and problems; made without Qt, in any thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from graphspec.errors import Problem
from graphspec.graph import GraphSpec
from graphspec.layers.base import Layer, ParamSpec
from graphspec.tensor import TensorSpec

if TYPE_CHECKING:
    from graphspec.summary import Row


class Cost(NamedTuple):
    """What a layer costs: trained numbers, and multiply-accumulates of one example forward."""

    params: int
    macs: int


@dataclass(frozen=True)
class Findings:
    """What one look at a spec found out.

    ``order`` and ``shapes`` are those of ``graphspec.check.Analysis``. ``problems`` holds errors
    and warnings first, then the advice of ``graphspec.lint`` (there is none while there are
    errors). ``costs`` has every layer whose inputs are known.
    """

    spec: GraphSpec
    order: tuple[str, ...] = ()
    shapes: Mapping[str, TensorSpec] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    costs: Mapping[str, Cost] = field(default_factory=dict)
    rows: Mapping[str, Row] = field(default_factory=dict)
    """By layer, what ``graphspec.summary`` says; empty while there are errors."""

    def of(self, name: str) -> tuple[Problem, ...]:
        """The problems of one layer or input."""
        return self._by_name.get(name, ())

    def count(self, severity: str) -> int:
        """How many problems are of a severity."""
        return sum(problem.severity == severity for problem in self.problems)

    def state(self, name: str) -> str:
        """The worst severity at a layer or input: "error", "warning", "advice" or "ok"."""
        found = {problem.severity for problem in self.of(name)}
        return next((item for item in ("error", "warning", "advice") if item in found), "ok")

    def inputs(self, layer: Layer) -> tuple[TensorSpec, ...] | None:
        """What a layer reads, where all of it is known."""
        return _sources(layer, self.shapes)

    @property
    def total(self) -> Cost:
        """The cost of all layers that are known."""
        costs = self.costs.values()
        return Cost(sum(cost.params for cost in costs), sum(cost.macs for cost in costs))

    @property
    def _by_name(self) -> Mapping[str, tuple[Problem, ...]]:
        cached: Mapping[str, tuple[Problem, ...]] | None = self.__dict__.get("_names")
        if cached is None:
            table: dict[str, tuple[Problem, ...]] = {}
            for problem in self.problems:
                name = node_of(problem)
                if name is not None:
                    table[name] = (*table.get(name, ()), problem)
            cached = self.__dict__["_names"] = table
        return cached


def look(spec: GraphSpec, silence: frozenset[str] = frozenset()) -> Findings:
    """Check a spec; where it has no errors ask for advice and a summary too.

    The costs are counted of a graph that is half made as well, layer by layer.

    Args:
        spec: the graph.
        silence: codes of advice that are not wanted.
    """
    # With the first document, as the window is up before that.
    from graphspec.check import analyse
    from graphspec.lint import find_advice
    from graphspec.summary import summarise

    analysis = analyse(spec)
    problems = analysis.problems
    if not analysis.errors:
        problems += find_advice(spec, silence=silence)
        rows = {row.id: row for row in summarise(spec).rows}
        costs = {name: Cost(row.params, row.macs) for name, row in rows.items()}
        return Findings(spec, analysis.order, analysis.shapes, problems, costs, rows)
    costs = {}
    for name in analysis.order:
        layer = spec.by_id[name]
        sources = _sources(layer, analysis.shapes)
        if sources is not None and name in analysis.shapes and not _at_fault(layer, problems):
            costs[name] = Cost(trained(layer.params(*sources)), layer.macs(*sources))
    return Findings(spec, analysis.order, analysis.shapes, problems, costs)


def trained(params: Mapping[str, ParamSpec]) -> int:
    """How many trained numbers some parameters have."""
    return sum(prod(param.shape) for param in params.values() if param.trained)


def node_of(problem: Problem) -> str | None:
    """The layer or input that a problem sits at; None where it is the network's."""
    if problem.layer is not None:
        return problem.layer
    if len(problem.path) > 1 and problem.path[0] == "inputs" and isinstance(problem.path[1], str):
        return problem.path[1]
    return None


def _sources(layer: Layer, shapes: Mapping[str, TensorSpec]) -> tuple[TensorSpec, ...] | None:
    found = [shapes.get(name) for name in layer.inputs]
    known = tuple(tensor for tensor in found if tensor is not None)
    return known if len(known) == len(found) else None


def _at_fault(layer: Layer, problems: tuple[Problem, ...]) -> bool:
    return any(problem.is_error and problem.layer == layer.id for problem in problems)
