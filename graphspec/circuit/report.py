"""The value and the gradient on every wire of a circuit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from graphspec.edit.revise import free_id, revise
from graphspec.engines.base import Tap
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import FeedError, Problem, SpecError
from graphspec.graph import GraphSpec
from graphspec.layers.add_constant import AddConstant
from graphspec.layers.base import Layer
from graphspec.layers.scale import Scale
from graphspec.layers.sum_loss import SumLoss
from graphspec.plan import compile_graph
from graphspec.record import kind_of
from graphspec.spelling import did_you_mean

_FORMULAS = {
    "add": " + ",
    "subtract": " − ",
    "multiply": " · ",
    "divide": " / ",
}


@dataclass(frozen=True, slots=True)
class Wire:
    """One wire: what drives it, its value, and the gradient of the output with respect to it.

    ``kind`` is "input" for a variable; ``formula`` is what the gate computes from other wires.
    """

    name: str
    kind: str
    sources: tuple[str, ...]
    formula: str
    value: float
    gradient: float

    def to_json(self) -> dict[str, Any]:
        """The wire as JSON values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "sources": list(self.sources),
            "formula": self.formula,
            "value": self.value,
            "gradient": self.gradient,
        }


@dataclass(frozen=True)
class CircuitReport:
    """Every wire in the order of the forward pass; the backward pass goes the other way."""

    output: str
    wires: tuple[Wire, ...]

    @cached_property
    def by_name(self) -> Mapping[str, Wire]:
        """The wires by name."""
        return {wire.name: wire for wire in self.wires}

    @property
    def value(self) -> float:
        """The output's value."""
        return self.by_name[self.output].value

    @property
    def gradients(self) -> dict[str, float]:
        """The gradient of the output with respect to every variable."""
        return {wire.name: wire.gradient for wire in self.wires if wire.kind == "input"}

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "output": self.output,
            "value": self.value,
            "gradients": self.gradients,
            "wires": [wire.to_json() for wire in self.wires],
        }


def run_circuit(spec: GraphSpec, values: Mapping[str, float]) -> CircuitReport:
    """Run a circuit forward and backward in float64.

    The gradient is that of the spec's first output, which is made the objective by a ``sum_loss``
    behind it; the spec's own losses are left out. Wires that the output does not need are not
    there.

    Args:
        spec: a graph whose inputs and layers are scalars, such as ``read_expression`` makes.
        values: a number for every input.

    Raises:
        SpecError: the graph has problems, or no output, or a wire that is no scalar.
        FeedError: a value is missing, unknown or not finite, or some wire is not finite with them.
    """
    layers = tuple(layer for layer in spec.layers if not layer.is_loss)
    if not spec.outputs:
        raise SpecError([Problem("no-outputs", "the circuit has no output", ("outputs",))])
    output = spec.outputs[0]
    loss = SumLoss(id=free_id(spec, "objective"), inputs=(output,))
    plan = compile_graph(revise(spec, layers=(*layers, loss), outputs=(output,)))
    for node in plan.nodes:
        if node.output.size != 1:
            message = f"{node.id!r} is no scalar but {node.output}: a circuit has one number a wire"
            raise SpecError([Problem("no-scalar", message, layer=node.id)])
    feeds = _feeds(values, {name: tensor.shape for name, tensor in plan.inputs.items()}, spec)
    names = [*plan.inputs, *(node.id for node in plan.nodes if node.id != loss.id)]
    taps = [Tap(name, what) for name in names for what in ("value", "grad")]
    executable = NumpyEngine("float64").load(plan, seed=0)
    tapped = {
        tap: float(array.reshape(()))
        for tap, array in executable.grad(feeds, taps=taps).taps.items()
    }
    wires = []
    for name in names:
        layer = spec.by_id.get(name)
        wire = Wire(
            name,
            "input" if layer is None else kind_of(layer),
            () if layer is None else layer.inputs,
            name if layer is None else _formula(layer),
            tapped[Tap(name, "value")],
            tapped[Tap(name, "grad")],
        )
        wires.append(wire)
    _refuse_infinite(wires, values)
    return CircuitReport(output, tuple(wires))


def _feeds(
    values: Mapping[str, float], shapes: Mapping[str, tuple[int, ...]], spec: GraphSpec
) -> dict[str, Any]:
    for name in values:
        if name not in spec.input_by_id:
            raise FeedError(
                f"the circuit has no variable {name!r}{did_you_mean(name, spec.input_by_id)}"
            )
    if missing := [name for name in shapes if name not in values]:
        raise FeedError(f"give a value for {', '.join(missing)}, such as {missing[0]}=3")
    for name, value in values.items():
        if not math.isfinite(value):
            raise FeedError(f"the value of {name} must be finite, and is {value}")
    return {name: np.full((1, *shape), values[name], float) for name, shape in shapes.items()}


def _refuse_infinite(wires: list[Wire], values: Mapping[str, float]) -> None:
    given = ", ".join(f"{name} = {value:g}" for name, value in values.items())
    for what, order in (("value", wires), ("gradient", wires[::-1])):
        for wire in order:
            if not math.isfinite(getattr(wire, what)):
                raise FeedError(
                    f"the {what} of {wire.name} = {wire.formula} is not finite with {given}: it "
                    "overflows, or is not defined there. Choose other values"
                )


def _formula(layer: Layer) -> str:
    """What a gate computes, in terms of the wires that it reads."""
    kind, sources = kind_of(layer), layer.inputs
    if kind in _FORMULAS:
        return _FORMULAS[kind].join(sources)
    if isinstance(layer, Scale):
        factor = layer.factor
        return f"−{sources[0]}" if factor == -1 else f"{factor:g} · {sources[0]}"
    if isinstance(layer, AddConstant):
        constant = layer.constant
        return f"{sources[0]} {'+' if constant >= 0 else '−'} {abs(constant):g}"
    if kind == "reciprocal":
        return f"1 / {sources[0]}"
    return f"{kind}({', '.join(sources)})"
