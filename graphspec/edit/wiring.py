"""Edits that add and remove layers, and the edges between them."""

from __future__ import annotations

from collections.abc import Iterable

from graphspec.edit.revise import (
    layer_named,
    refusal,
    require_free,
    require_node,
    revise,
    with_inputs,
)
from graphspec.graph import UNCONNECTED, GraphSpec, Position
from graphspec.layers.base import Layer
from graphspec.layers.input import Input

Port = int | str
"""A port by its place (from 0) or its name."""


def add_input(spec: GraphSpec, item: Input) -> GraphSpec:
    """Add an input to the graph.

    Raises:
        SpecError: the name is taken.
    """
    require_free(spec, item.id)
    return revise(spec, inputs=(*spec.inputs, item))


def add_layer(spec: GraphSpec, layer: Layer, after: str | None = None) -> GraphSpec:
    """Add a layer below another one, or at the end.

    Args:
        spec: the graph.
        layer: the new layer. If nothing is connected to it, it reads ``after``.
        after: an input or layer.

    Raises:
        SpecError: the id is taken, or there is no ``after``.
    """
    require_free(spec, layer.id)
    at = len(spec.layers)
    if after is not None:
        require_node(spec, after)
        at = _index(spec, after) + 1
        if not layer.inputs:
            layer = with_inputs(layer, (after,))
    return revise(spec, layers=(*spec.layers[:at], layer, *spec.layers[at:]))


def insert_on_edge(
    spec: GraphSpec, source: str, target: str, port: Port, layer: Layer
) -> GraphSpec:
    """Put a layer on the edge from ``source`` to a port of ``target``.

    The layer's first port reads ``source``; its other ports stay as they are.

    Raises:
        SpecError: there is no such edge, or the id is taken.
    """
    require_free(spec, layer.id)
    reader = layer_named(spec, target)
    place = port_index(reader, port)
    if place >= len(reader.inputs) or reader.inputs[place] != source:
        raise refusal(
            "no-such-edge",
            f"{target!r} does not read {source!r} at its port {port_name(reader, place)!r}",
            layer=target,
        )
    layer = with_inputs(layer, (source, *layer.inputs[1:]))
    at = _index(spec, target)
    wired = _replace_input(reader, place, layer.id)
    layers = (*spec.layers[:at], layer, wired, *spec.layers[at + 1 :])
    layout = dict(spec.layout)
    if source in layout and target in layout:
        layout[layer.id] = _middle(layout[source], layout[target])
    return revise(spec, layers=layers, layout=layout)


def remove_layers(spec: GraphSpec, ids: Iterable[str], *, reconnect: bool = True) -> GraphSpec:
    """Remove layers and inputs, with all that mentions them.

    With ``reconnect`` whatever read a removed layer reads from then on what that layer's first
    port read, if the shapes allow it; otherwise the port is left empty.

    Raises:
        SpecError: there is no such layer or input.
    """
    gone = set(ids)
    for name in gone:
        require_node(spec, name)
    stand_in = {name: _behind(spec, name, gone) if reconnect else UNCONNECTED for name in gone}
    new = _without(spec, gone, stand_in)
    if not reconnect:
        return new
    rewired = {
        layer.id
        for layer in spec.layers
        if layer.id not in gone and gone.intersection(layer.inputs)
    }
    return _unfit_edges_cut(spec, new, rewired, gone)


def connect(spec: GraphSpec, source: str, target: str, port: Port = 0) -> GraphSpec:
    """Let a port of ``target`` read ``source`` in place of what it read before.

    Raises:
        SpecError: there is no such node or port, or the edge would close a cycle.
    """
    require_node(spec, source)
    reader = layer_named(spec, target)
    place = port_index(reader, port)
    if source not in spec.input_by_id and _reads(spec, source, target):
        raise refusal(
            "cycle",
            f"{source!r} already depends on {target!r}: this edge would close a cycle",
            layer=target,
        )
    return _with_layer(spec, target, _replace_input(reader, place, source))


def disconnect(spec: GraphSpec, target: str, port: Port = 0) -> GraphSpec:
    """Leave a port of ``target`` empty; of a layer that takes any number the port goes.

    Raises:
        SpecError: there is no such layer or port, or nothing is connected to it.
    """
    reader = layer_named(spec, target)
    place = port_index(reader, port, connected=True)
    if reader.inputs[place] == UNCONNECTED:
        raise refusal("no-such-edge", f"nothing is connected to it: {target}.{port}", layer=target)
    return _with_layer(spec, target, without_input(reader, place))


def move(spec: GraphSpec, positions: Iterable[tuple[str, Position]]) -> GraphSpec:
    """Place nodes on the canvas.

    Raises:
        SpecError: there is no such node.
    """
    layout = dict(spec.layout)
    for name, position in positions:
        require_node(spec, name)
        layout[name] = position
    return revise(spec, layout=layout)


def takes_any_number(layer: Layer) -> bool:
    """Whether the last port stands for two inputs or more."""
    return layer.ports[-1].endswith("*")


def port_name(layer: Layer, place: int) -> str:
    """What the input at a place is called: ``x``, ``label``; ``xs[2]`` of a port for many."""
    fixed = len(layer.ports) - takes_any_number(layer)
    if place < fixed:
        return layer.ports[place]
    if takes_any_number(layer):
        return f"{layer.ports[-1].removesuffix('*')}[{place - fixed}]"
    return str(place)


def port_index(layer: Layer, port: Port, *, connected: bool = False) -> int:
    """The place of a port in ``inputs``, by name or place.

    Args:
        layer: the layer.
        port: the name or the place.
        connected: whether only places that are filled will do; then also those that the layer
            should not have.

    Raises:
        SpecError: the layer has no such port (``no-such-port``).
    """
    many = takes_any_number(layer)
    fixed = len(layer.ports) - many
    end = len(layer.inputs) if connected else len(layer.inputs) + 1 if many else fixed
    if isinstance(port, str):
        places = {port_name(layer, i): i for i in range(end)}
        if many:
            # The bare name is the next free place, or with an edge asked for the first one.
            places[layer.ports[-1].removesuffix("*")] = fixed if connected else max(fixed, end - 1)
        found = places.get(port, -1)
    else:
        found = port
    if not 0 <= found < max(end, 0):
        names = ", ".join(name.removesuffix("*") for name in layer.ports)
        wanted = "a connected port" if connected else "a port"
        raise refusal(
            "no-such-port",
            f"{layer.id!r} has no {wanted.removeprefix('a ')} {port!r}; its ports are {names}",
            layer=layer.id,
        )
    return found


def without_input(layer: Layer, place: int) -> Layer:
    """A copy of a layer with one port empty."""
    inputs = list(layer.inputs)
    if (takes_any_number(layer) and place >= len(layer.ports) - 1) or place >= len(layer.ports):
        del inputs[place]
    else:
        inputs[place] = UNCONNECTED
    return with_inputs(layer, inputs)


def _replace_input(layer: Layer, place: int, source: str) -> Layer:
    inputs = [*layer.inputs, *[UNCONNECTED] * (place + 1 - len(layer.inputs))]
    inputs[place] = source
    return with_inputs(layer, inputs)


def _with_layer(spec: GraphSpec, name: str, layer: Layer) -> GraphSpec:
    at = _index(spec, name)
    return revise(spec, layers=(*spec.layers[:at], layer, *spec.layers[at + 1 :]))


def _index(spec: GraphSpec, name: str) -> int:
    """The place of a layer among the layers; −1 for an input."""
    return next((i for i, layer in enumerate(spec.layers) if layer.id == name), -1)


def _middle(a: Position, b: Position) -> Position:
    return (a[0] / 2 + b[0] / 2, a[1] / 2 + b[1] / 2)


def _reads(spec: GraphSpec, reader: str, source: str) -> bool:
    """Whether a layer depends on another one, directly or not."""
    seen: set[str] = set()
    queue = [reader]
    while queue:
        name = queue.pop()
        if name == source:
            return True
        # Of an input and a layer of the same name the input is meant.
        if name not in seen and name in spec.by_id and name not in spec.input_by_id:
            seen.add(name)
            queue.extend(spec.by_id[name].inputs)
    return False


def _behind(spec: GraphSpec, name: str, gone: set[str]) -> str:
    """The first node that stays, going back from a removed one along first ports."""
    seen: set[str] = set()
    while name in gone:
        layer = spec.by_id.get(name)
        if layer is None or not layer.inputs or name in seen:
            return UNCONNECTED
        seen.add(name)
        name = layer.inputs[0]
    return name


def _without(spec: GraphSpec, gone: set[str], stand_in: dict[str, str]) -> GraphSpec:
    layers: list[Layer] = []
    for old_layer in spec.layers:
        layer: Layer = old_layer
        if layer.id in gone:
            continue
        if gone.intersection(layer.inputs):
            names = [stand_in.get(name, name) for name in layer.inputs]
            if takes_any_number(layer):
                names = [name for name in names if name != UNCONNECTED]
            layer = with_inputs(layer, names)
        layers.append(layer)
    kept = {layer.id for layer in layers}
    outputs = [stand_in.get(name, name) for name in spec.outputs]
    return revise(
        spec,
        inputs=(item for item in spec.inputs if item.id not in gone),
        layers=layers,
        outputs=dict.fromkeys(
            new
            for old, new in zip(spec.outputs, outputs, strict=True)
            if old not in gone or new in kept
        ),
        layout={name: position for name, position in spec.layout if name not in gone},
    )


def _unfit_edges_cut(
    old: GraphSpec, new: GraphSpec, rewired: set[str], gone: set[str]
) -> GraphSpec:
    """Empty the rewired ports whose layers can do nothing with what they now read."""
    # check offers edits as fixes, so it stands beside this module, not below it.
    from graphspec.check.shapes import infer_shapes

    unfit = infer_shapes(new).unfit & rewired
    if not unfit:
        return new
    layers: list[Layer] = []
    for old_layer in new.layers:
        layer: Layer = old_layer
        if layer.id in unfit:
            names = [UNCONNECTED if was in gone else was for was in old.by_id[layer.id].inputs]
            if takes_any_number(layer):
                names = [name for name in names if name != UNCONNECTED]
            layer = with_inputs(layer, names)
        layers.append(layer)
    return revise(new, layers=layers)
