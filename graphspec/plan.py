"""compile_graph: from a GraphSpec to a Plan that an engine can load."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from graphspec.check import analyse
from graphspec.errors import SpecError
from graphspec.graph import GraphSpec
from graphspec.layers.base import Layer, ParamSpec
from graphspec.tensor import TensorSpec


@dataclass(frozen=True)
class Node:
    """One layer in its place: what it reads, what shapes that has, and what it owns."""

    layer: Layer
    sources: tuple[TensorSpec, ...]
    output: TensorSpec
    params: Mapping[str, ParamSpec]

    @property
    def id(self) -> str:
        """The layer's id."""
        return self.layer.id


@dataclass(frozen=True)
class Plan:
    """A checked graph in running order, pruned to what its outputs need.

    Parameters are named ``<layer id>.<local name>``, such as ``conv1.weight``.
    """

    spec: GraphSpec
    inputs: Mapping[str, TensorSpec]
    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]

    @cached_property
    def by_id(self) -> Mapping[str, Node]:
        """The nodes by id."""
        return {node.id: node for node in self.nodes}

    @cached_property
    def losses(self) -> tuple[str, ...]:
        """The ids of the loss layers, in running order."""
        return tuple(node.id for node in self.nodes if node.layer.is_loss)

    @cached_property
    def params(self) -> Mapping[str, ParamSpec]:
        """Every parameter and running statistic by full name, in running order."""
        return {
            f"{node.id}.{name}": param for node in self.nodes for name, param in node.params.items()
        }

    @cached_property
    def last_use(self) -> Mapping[str, int]:
        """For every value, the index of the last node that reads it (−1 when none does)."""
        last = dict.fromkeys([*self.inputs, *self.by_id], -1)
        for i, node in enumerate(self.nodes):
            for source in node.layer.inputs:
                last[source] = i
        return last


def compile_graph(spec: GraphSpec, *, outputs: Sequence[str] | None = None) -> Plan:
    """Check a graph, order it, and prune it to what is asked for.

    Args:
        spec: the graph.
        outputs: ids of the layers that are wanted; None takes the spec's outputs and every loss.

    Raises:
        SpecError: the graph has problems; it carries all of them.
    """
    analysis = analyse(spec)
    if analysis.errors:
        raise SpecError(analysis.errors)
    losses = [layer.id for layer in spec.layers if layer.is_loss]
    wanted = (
        tuple(outputs) if outputs is not None else tuple(dict.fromkeys([*spec.outputs, *losses]))
    )
    needed = _ancestors(spec, wanted)
    nodes = []
    for name in analysis.order:
        if name in needed:
            layer = spec.by_id[name]
            sources = tuple(analysis.shapes[source] for source in layer.inputs)
            nodes.append(Node(layer, sources, analysis.shapes[name], layer.params(*sources)))
    inputs = {item.id: item.tensor() for item in spec.inputs if item.id in needed}
    return Plan(spec, inputs, tuple(nodes), wanted)


def _ancestors(spec: GraphSpec, ids: Iterable[str]) -> set[str]:
    """The ids themselves and everything that they read, directly or not."""
    found: set[str] = set()
    queue = list(ids)
    while queue:
        name = queue.pop()
        if name not in found:
            found.add(name)
            if name in spec.by_id:
                queue.extend(spec.by_id[name].inputs)
    return found
