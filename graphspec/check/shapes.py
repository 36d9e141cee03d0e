"""What flows along every edge, and where it does not fit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from graphspec.check.wiring import Wiring, port_label, wire
from graphspec.errors import JsonPath, Problem, ShapeError
from graphspec.graph import GraphSpec
from graphspec.layers.base import Layer
from graphspec.tensor import TensorSpec

MAX_SIZE = 2**40
"""Numbers in one example of one value; four terabytes of them are more than any machine holds."""

LABEL_PORT = "label"


@dataclass(slots=True)
class Shapes:
    """The shape of every input and layer, where it is known."""

    of: dict[int, TensorSpec] = field(default_factory=dict)
    """By the numbers of the wiring."""
    unfit: set[str] = field(default_factory=set)
    """The ids of the layers whose inputs are missing, unknown, or not what they can take."""
    problems: list[Problem] = field(default_factory=list)


def infer_shapes(spec: GraphSpec, wiring: Wiring | None = None) -> Shapes:
    """Infer the shape of every layer in running order.

    A layer that reads something of unknown shape is passed over in silence: what is wrong there
    has been told where it began. Where its output is known all the same, checking goes on below.
    """
    wiring = wiring or wire(spec)
    shapes = Shapes()
    known = shapes.of
    for k, item in enumerate(spec.inputs):
        tensor = item.tensor()
        if tensor.size > MAX_SIZE:
            shapes.problems.append(_too_large(tensor, ("inputs", item.id, "shape"), None))
        else:
            known[-1 - k] = tensor
    layers = spec.layers
    for i in wiring.order:
        layer = layers[i]
        tensors = tuple([known.get(source) for source in wiring.sources[i]])  # type: ignore[arg-type]
        if None in tensors or not _count_fits(layer, len(tensors)):
            _pass_over(layer, i, shapes)
            continue
        found = _infer(layer, tensors)  # type: ignore[arg-type]
        if isinstance(found, TensorSpec):
            known[i] = found
        else:
            shapes.problems += [_placed(problem, layer, i) for problem in found]
            _pass_over(layer, i, shapes)
    return shapes


def _pass_over(layer: Layer, i: int, shapes: Shapes) -> None:
    """Check on beyond a layer that is broken, where its output does not depend on its input."""
    shapes.unfit.add(layer.id)
    fixed = layer.fixed_output()
    if fixed is not None:
        shapes.of[i] = fixed


def infer_layer(layer: Layer, tensors: tuple[TensorSpec, ...]) -> TensorSpec | Problem:
    """The shape that a layer gives, or the first problem that keeps it from giving one."""
    found = _infer(layer, tensors)
    return found if isinstance(found, TensorSpec) else found[0]


def _infer(layer: Layer, tensors: tuple[TensorSpec, ...]) -> TensorSpec | list[Problem]:
    ports = layer.ports
    mistaken = []
    for j, tensor in enumerate(tensors):
        port = ports[j] if j < len(ports) else ports[-1]
        if port not in layer.open_ports and (tensor.dtype == "int") != (port in layer.label_ports):
            mistaken.append(_wrong_type(layer, j, tensor))
    if mistaken:
        return mistaken
    try:
        output = layer.infer(*tensors)
    except ShapeError as error:
        return list(error.problems)
    if output.size > MAX_SIZE:
        return [_too_large(output, (), layer.id)]
    return output


def _count_fits(layer: Layer, count: int) -> bool:
    ports = layer.ports
    return count > len(ports) if ports[-1].endswith("*") else count == len(ports)


def _wrong_type(layer: Layer, j: int, tensor: TensorSpec) -> Problem:
    port = port_label(layer, j)
    if tensor.dtype == "int":
        return Problem(
            "float-expected",
            f"the port {port!r} reads numbers, but {layer.inputs[j]!r} is a {tensor}: whole "
            "numbers that only name a class",
            port=port,
        )
    return Problem(
        "label-expected",
        f"the port {port!r} reads class labels, but {layer.inputs[j]!r} gives numbers ({tensor}). "
        'Connect an input that has "classes"',
        port=port,
    )


def _too_large(tensor: TensorSpec, path: JsonPath, layer: str | None) -> Problem:
    return Problem(
        "too-much-memory",
        f"one example of this value has {tensor} = {tensor.size:,} numbers, "
        f"{tensor.size * 4 / 1e12:,.1f} TB in single precision; no machine holds that",
        path,
        layer=layer,
        arithmetic=f"{tensor.size:,} > {MAX_SIZE:,}",
    )


def _placed(problem: Problem, layer: Layer, i: int) -> Problem:
    """Add the layer, and the path to the field, those of the sum, or else the port at fault."""
    path = problem.path
    if not path and not problem.fields and problem.port is not None:
        j = _port_place(layer, problem.port)
        path = ("inputs",) if j is None else ("inputs", j)
    return replace(problem, layer=layer.id, path=("layers", i, *path))


def _port_place(layer: Layer, port: str) -> int | None:
    for j in range(len(layer.inputs)):
        if port_label(layer, j) == port:
            return j
    return None
