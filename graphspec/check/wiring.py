"""Who reads whom: names, ports, the order, and what is wrong with them."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

from graphspec.errors import Problem
from graphspec.graph import UNCONNECTED, GraphSpec
from graphspec.layers.base import Layer
from graphspec.record import kind_of
from graphspec.spelling import Speller

SHOWN_OF_A_CYCLE = 12
"""A longer cycle is told with its middle left out."""


@dataclass(slots=True)
class Wiring:
    """The edges of a graph, by numbers.

    A layer's number is its place in the document; inputs count down from −1. A name belongs to
    the first node that has it, inputs first.
    """

    names: dict[str, int] = field(default_factory=dict)
    sources: list[tuple[int | None, ...]] = field(default_factory=list)
    """For every layer what each port reads; None where that is nothing or unknown."""
    order: list[int] = field(default_factory=list)
    """The layers in running order; those on a cycle, or behind one, are left out."""
    problems: list[Problem] = field(default_factory=list)


def wire(spec: GraphSpec) -> Wiring:
    """Resolve every name, and order the layers so that each comes after what it reads."""
    wiring = Wiring()
    _name_nodes(spec, wiring)
    _resolve_inputs(spec, wiring)
    _order_layers(spec, wiring)
    return wiring


def wanted_ports(layer: Layer) -> tuple[str, ...]:
    """The names of the ports that a layer must have; a port for many needs two."""
    last = layer.ports[-1]
    if not last.endswith("*"):
        return layer.ports
    return (*layer.ports[:-1], f"{last[:-1]}[0]", f"{last[:-1]}[1]")


def _name_nodes(spec: GraphSpec, wiring: Wiring) -> None:
    names = wiring.names
    for k, item in enumerate(spec.inputs):
        if names.setdefault(item.id, -1 - k) != -1 - k:
            wiring.problems.append(
                Problem("duplicate-id", f"two inputs are called {item.id!r}", ("inputs", item.id))
            )
    for i, layer in enumerate(spec.layers):
        first = names.setdefault(layer.id, i)
        if first != i or layer.id == UNCONNECTED:
            if layer.id == UNCONNECTED:
                message = f"{UNCONNECTED!r} stands for an empty port and cannot be a layer's id"
            elif first < 0:
                message = f"{layer.id!r} is already the name of an input"
            else:
                message = f"{layer.id!r} is already the name of layers[{first}]"
            wiring.problems.append(
                Problem("duplicate-id", message, ("layers", i, "id"), layer=layer.id)
            )


def _resolve_inputs(spec: GraphSpec, wiring: Wiring) -> None:
    names = wiring.names
    # A port that is marked as empty is not a misspelt name.
    names.pop(UNCONNECTED, None)
    speller: Speller | None = None
    for i, layer in enumerate(spec.layers):
        sources = tuple([names.get(name) for name in layer.inputs])
        wiring.sources.append(sources)
        if None in sources:
            speller = speller or Speller(names)
            wiring.problems += _unknown_inputs(layer, i, sources, speller)
        ports = layer.ports
        if len(sources) != len(ports) or ports[-1].endswith("*"):
            wiring.problems += _miscounted_inputs(layer, i)


def _unknown_inputs(
    layer: Layer, i: int, sources: tuple[int | None, ...], speller: Speller
) -> Iterator[Problem]:
    ports = wanted_ports(layer)
    for j, (name, source) in enumerate(zip(layer.inputs, sources, strict=True)):
        if source is None and name != UNCONNECTED:
            near = speller.nearest(name, exclude=(layer.id,))
            yield Problem(
                "unknown-input",
                f"there is no input or layer {name!r}"
                + (f". Did you mean {near!r}?" if near else ""),
                ("layers", i, "inputs", j),
                layer=layer.id,
                port=port_label(layer, j),
            )
        elif source is None:
            yield Problem(
                "missing-input",
                f"nothing is connected to the port {port_label(layer, j)!r}: "
                f"{_a_kind(layer)} reads {_listed(ports)}",
                ("layers", i, "inputs", j),
                layer=layer.id,
                port=port_label(layer, j),
            )


def _miscounted_inputs(layer: Layer, i: int) -> Iterator[Problem]:
    ports = wanted_ports(layer)
    count = len(layer.inputs)
    many = layer.ports[-1].endswith("*")
    reads = f"{len(ports)} inputs or more" if many else _listed(ports)
    for port in ports[count:]:
        yield Problem(
            "missing-input",
            f"nothing is connected to the port {port!r}: {_a_kind(layer)} reads {reads}",
            ("layers", i, "inputs"),
            layer=layer.id,
            port=port,
            arithmetic=f"{count} of {len(ports)} inputs",
        )
    if not many:
        for j in range(len(ports), count):
            yield Problem(
                "extra-input",
                f"{_a_kind(layer)} reads {reads}, and {layer.inputs[j]!r} is one input more",
                ("layers", i, "inputs", j),
                layer=layer.id,
                arithmetic=f"{count} of {len(ports)} inputs",
            )


def port_label(layer: Layer, j: int) -> str | None:
    """The name of the port at a place: ``x``, ``label``, ``xs[2]``; None beyond the last one."""
    fixed = len(layer.ports) - 1
    last = layer.ports[-1]
    if j < fixed:
        return layer.ports[j]
    if last.endswith("*"):
        return f"{last[:-1]}[{j - fixed}]"
    return last if j == fixed else None


def _a_kind(layer: Layer) -> str:
    kind = kind_of(layer)
    return f"{'an' if kind[0] in 'aeio' else 'a'} {kind}"


def _listed(ports: tuple[str, ...]) -> str:
    if len(ports) == 1:
        return f"one input ({ports[0]})"
    return f"{len(ports)} inputs ({', '.join(ports)})"


def _order_layers(spec: GraphSpec, wiring: Wiring) -> None:
    """Kahn's algorithm; of the layers that are ready the first in the document goes first."""
    sources = wiring.sources
    if all(source is None or source < i for i, group in enumerate(sources) for source in group):
        wiring.order = list(range(len(sources)))
        return
    readers: list[list[int]] = [[] for _ in sources]
    waits = [0] * len(sources)
    for i, group in enumerate(sources):
        for source in group:
            if source is not None and source >= 0:
                readers[source].append(i)
                waits[i] += 1
    ready = [i for i, count in enumerate(waits) if count == 0]
    while ready:
        i = heapq.heappop(ready)
        wiring.order.append(i)
        for reader in readers[i]:
            waits[reader] -= 1
            if waits[reader] == 0:
                heapq.heappush(ready, reader)
    if len(wiring.order) < len(sources):
        stuck = [i for i, count in enumerate(waits) if count > 0]
        wiring.problems += _cycles(spec, sources, readers, stuck)


def _cycles(
    spec: GraphSpec,
    sources: list[tuple[int | None, ...]],
    readers: list[list[int]],
    stuck: list[int],
) -> Iterator[Problem]:
    """One problem for every edge that leads back; without these edges there is no cycle.

    A walk in depth along the readers, without recursion: an edge to a node that is still on the
    path closes a cycle.
    """
    done: set[int] = set()
    on_path: dict[int, int] = {}
    for start in stuck:
        if start in done:
            continue
        path = [start]
        on_path = {start: 0}
        walks = [iter(dict.fromkeys(readers[start]))]
        while path:
            reader = next(walks[-1], None)
            if reader is None:
                walks.pop()
                last = path.pop()
                del on_path[last]
                done.add(last)
            elif reader in on_path:
                names = _cycle_names(spec, path, on_path[reader])
                for j, source in enumerate(sources[reader]):
                    if source == path[-1]:
                        yield _cycle_problem(spec, reader, j, names)
            elif reader not in done:
                on_path[reader] = len(path)
                path.append(reader)
                walks.append(iter(dict.fromkeys(readers[reader])))


def _cycle_names(spec: GraphSpec, path: list[int], start: int) -> str:
    count = len(path) - start
    if count <= SHOWN_OF_A_CYCLE:
        names = [spec.layers[i].id for i in path[start:]]
    else:
        half = SHOWN_OF_A_CYCLE // 2
        names = [spec.layers[i].id for i in path[start : start + half]]
        names.append(f"… {count - 2 * half} more …")
        names += [spec.layers[i].id for i in path[-half:]]
    return " → ".join([*names, names[0]])


def _cycle_problem(spec: GraphSpec, reader: int, j: int, names: str) -> Problem:
    layer = spec.layers[reader]
    return Problem(
        "cycle",
        f"the layers form a cycle: {names}. A layer cannot read what depends on it",
        ("layers", reader, "inputs", j),
        layer=layer.id,
        port=port_label(layer, j),
    )
