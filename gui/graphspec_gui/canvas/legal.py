"""Which ports may read a node, and why the others may not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graphspec.check.shapes import infer_layer
from graphspec.check.wiring import port_label
from graphspec.edit.revise import with_inputs
from graphspec.errors import Problem
from graphspec.graph import UNCONNECTED, GraphSpec
from graphspec.layers.base import Layer
from graphspec.tensor import TensorSpec
from graphspec_gui.canvas.picture import open_place, slots
from graphspec_gui.trouble import sentence

Shapes = Mapping[str, TensorSpec]
FORCE = "Hold Shift to connect it all the same."


def above(spec: GraphSpec, name: str) -> set[str]:
    """A node, and all that it depends on."""
    seen: set[str] = set()
    queue = [name]
    while queue:
        item = queue.pop()
        if item not in seen:
            seen.add(item)
            layer = spec.by_id.get(item)
            if layer is not None and item not in spec.input_by_id:
                queue.extend(layer.inputs)
    return seen


def places(layer: Layer) -> Iterable[int]:
    """Every place of a layer that an edge can be drawn to."""
    yield from range(slots(layer))
    extra = open_place(layer)
    if extra is not None:
        yield extra


def verdicts(spec: GraphSpec, shapes: Shapes, source: str) -> dict[tuple[str, int], str]:
    """For every port of every layer why it cannot read a node; "" where it can."""
    ancestors = above(spec, source)
    found: dict[tuple[str, int], str] = {}
    for layer in spec.by_id.values():
        for place in places(layer):
            found[layer.id, place] = _verdict(spec, shapes, source, layer, place, ancestors)
    return found


def verdicts_from(spec: GraphSpec, shapes: Shapes, target: str, place: int) -> dict[str, str]:
    """For every node why a port of ``target`` cannot read it; "" where it can."""
    layer = spec.by_id[target]
    behind = below(spec, target)
    return {
        name: _verdict(
            spec, shapes, name, layer, place, {target} if name in behind else frozenset()
        )
        for name in dict.fromkeys([*spec.input_by_id, *spec.by_id])
    }


def may_force(reason: str) -> bool:
    """Whether an edge can be drawn for all that; a cycle never can."""
    return FORCE in reason


def fits(layer: Layer, place: int, tensor: TensorSpec | None) -> bool:
    """Whether a new layer can take a value at a port, as far as that is known."""
    if tensor is None:
        return True
    name = (port_label(layer, place) or "").partition("[")[0]
    if (tensor.dtype == "int") != (_bare(layer, name) in layer.label_ports):
        return False
    if len(layer.ports) > 1 or layer.ports[0].endswith("*"):
        return True
    return isinstance(infer_layer(with_inputs(layer, ("trial",)), (tensor,)), TensorSpec)


def _verdict(
    spec: GraphSpec,
    shapes: Shapes,
    source: str,
    layer: Layer,
    place: int,
    ancestors: Iterable[str],
) -> str:
    if layer.id == source or layer.id in ancestors:
        return (
            f"{layer.id} cannot read itself."
            if layer.id == source
            else f"A cycle: {source} already depends on {layer.id}."
        )
    tensor = shapes.get(source)
    if tensor is None:
        return ""
    reads = [*layer.inputs, *[UNCONNECTED] * (place + 1 - len(layer.inputs))]
    reads[place] = source
    port = port_label(layer, place)
    wants_label = _bare(layer, port or "") in layer.label_ports
    if (tensor.dtype == "int") != wants_label:
        wanted = "class labels" if wants_label else "numbers"
        return f"{layer.id}.{port} reads {wanted}, and {source} is {_a(tensor)}. {FORCE}"
    tensors = [shapes.get(name) for name in reads]
    known = tuple(item for item in tensors if item is not None)
    if len(known) < len(tensors) or len(known) < slots(layer):
        return ""
    answer = infer_layer(with_inputs(layer, reads), known)
    if isinstance(answer, Problem):
        sum_ = f" ({answer.arithmetic})" if answer.arithmetic else ""
        return f"{sentence(answer.message)}{sum_}. {FORCE}".replace("..", ".")
    return ""


def below(spec: GraphSpec, name: str) -> set[str]:
    """All that depends on a layer."""
    readers: dict[str, list[str]] = {}
    for layer in spec.by_id.values():
        for source in layer.inputs:
            readers.setdefault(source, []).append(layer.id)
    seen: set[str] = set()
    queue = list(readers.get(name, ()))
    while queue:
        item = queue.pop()
        if item not in seen:
            seen.add(item)
            queue.extend(readers.get(item, ()))
    return seen


def _bare(layer: Layer, port: str) -> str:
    """``xs[2]`` → ``xs*``, as the layer's class writes it."""
    name = port.partition("[")[0]
    return name if name in layer.ports else f"{name}*"


def _a(tensor: TensorSpec) -> str:
    return f"a {tensor}" if tensor.classes is not None else f"numbers ({tensor})"
