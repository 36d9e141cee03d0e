"""compile_graph: from a GraphSpec to a Plan that an engine can load."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

from graphspec.check import analyse
from graphspec.errors import Problem, SpecError
from graphspec.graph import GraphSpec
from graphspec.initialisers.base import Initialiser
from graphspec.initialisers.catalog import INITIALISERS
from graphspec.initialisers.lecun import Lecun
from graphspec.layers.base import Layer, ParamSpec
from graphspec.record import kind_of
from graphspec.spelling import did_you_mean
from graphspec.tensor import TensorSpec

_INITIALISER_BY_KIND = {kind_of(kind): kind for kind in INITIALISERS}
_LECUN = Lecun()


@dataclass(frozen=True, slots=True)
class Node:
    """One layer in its place: what it reads, what shapes that has, and what it owns.

    The initialisers of ``params`` are resolved: none is None.
    """

    layer: Layer
    sources: tuple[TensorSpec, ...]
    output: TensorSpec
    params: Mapping[str, ParamSpec]

    @property
    def id(self) -> str:
        """The layer's id."""
        return self.layer.id


@dataclass(frozen=True, eq=False)
class Plan:
    """A checked graph in running order, pruned to what is asked of it.

    ``outputs`` are the values that a run returns; ``nodes`` holds what they need, and in a plan of
    the whole graph also what the losses need. Parameters are named ``<layer id>.<local name>``,
    such as ``conv1.weight``.
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

    @cached_property
    def _restricted(self) -> dict[tuple[str, ...], Plan]:
        return {}

    def restrict(self, outputs: Sequence[str]) -> Plan:
        """The part of this plan that the given layers (or inputs) need, and nothing else.

        The answer is kept, so that asking again costs nothing.

        Raises:
            SpecError: an output is not in this plan.
        """
        wanted = tuple(outputs)
        part = self._restricted.get(wanted)
        if part is None:
            _refuse_unknown(wanted, [*self.by_id, *self.inputs], self.spec)
            part = self._restricted[wanted] = replace(
                _pruned(self, wanted), outputs=tuple(dict.fromkeys(wanted))
            )
        return part


def compile_graph(
    spec: GraphSpec, *, outputs: Sequence[str] | None = None, init: Initialiser | None = None
) -> Plan:
    """Check a graph, order it, resolve its initialisers, and prune it to what is asked for.

    Args:
        spec: the graph.
        outputs: ids of the layers that are wanted. None takes the spec's outputs (of a graph that
            names none: its losses) and keeps every loss, so that the plan can be trained.
        init: what the weights of every layer that names no initialiser start with. None takes for
            each what suits the activation that follows.

    Raises:
        SpecError: the graph has problems (it carries all of them), or an asked output is unknown.
    """
    analysis = analyse(spec)
    if analysis.errors:
        raise SpecError(analysis.errors)
    nodes = []
    for name in analysis.order:
        layer = spec.by_id[name]
        sources = tuple(analysis.shapes[source] for source in layer.inputs)
        nodes.append(Node(layer, sources, analysis.shapes[name], layer.params(*sources)))
    inputs = {item.id: analysis.shapes[item.id] for item in spec.inputs}
    whole = Plan(spec, inputs, _with_initialisers(nodes, init), spec.outputs)
    if outputs is not None:
        return whole.restrict(outputs)
    return replace(
        _pruned(whole, [*spec.outputs, *whole.losses]), outputs=spec.outputs or whole.losses
    )


def _pruned(plan: Plan, targets: Iterable[str]) -> Plan:
    needed = set(targets)
    for node in reversed(plan.nodes):
        if node.id in needed:
            needed.update(node.layer.inputs)
    return replace(
        plan,
        inputs={name: tensor for name, tensor in plan.inputs.items() if name in needed},
        nodes=tuple(node for node in plan.nodes if node.id in needed),
    )


def _refuse_unknown(wanted: Sequence[str], known: Sequence[str], spec: GraphSpec) -> None:
    problems = []
    for name in wanted:
        if name in known:
            continue
        if name in spec.by_id or name in spec.input_by_id:
            message = f"{name!r} was pruned from this plan: compile the graph with it as an output"
        else:
            message = f"there is no layer {name!r} to ask for{did_you_mean(name, known)}"
        problems.append(Problem("unknown-output", message, layer=name))
    if problems:
        raise SpecError(problems)


def _with_initialisers(nodes: Sequence[Node], init: Initialiser | None) -> tuple[Node, ...]:
    """Give every parameter that leaves its start open ``init``, or what suits the activation.

    The activation that follows is found by walking forward through layers that own no weights
    (pooling, batch normalisation, dropout, addition …) to the nearest one that prefers an
    initialiser. Where none comes before the next weights, the loss or the end of the graph, the
    start is lecun, 1/√n, which keeps the variance of a linear layer's output. The whole graph is
    walked, so that pruning changes no draw.
    """
    # From the back: for each value, how many steps away the nearest preference is, and which.
    nearest: dict[str, tuple[int, str]] = {}
    for node in reversed(nodes):
        layer = node.layer
        if layer.preferred_init is not None:
            found: tuple[int, str] | None = (0, layer.preferred_init)
        elif layer.is_loss or any(param.decay and param.trained for param in node.params.values()):
            found = None
        else:
            found = nearest.get(layer.id)
        if found is not None:
            offer = (found[0] + 1, found[1])
            for source in layer.inputs:
                # Of two equally near ones the first in running order counts: it comes last here.
                if source not in nearest or offer[0] <= nearest[source][0]:
                    nearest[source] = offer
    return tuple(_resolved(node, init or _preferred(nearest.get(node.id))) for node in nodes)


def _preferred(found: tuple[int, str] | None) -> Initialiser:
    return _LECUN if found is None else _default(found[1])


@cache
def _default(kind: str) -> Initialiser:
    return _INITIALISER_BY_KIND[kind]()


def _resolved(node: Node, init: Initialiser) -> Node:
    if all(param.init is not None for param in node.params.values()):
        return node
    params = {
        name: replace(param, init=init) if param.init is None else param
        for name, param in node.params.items()
    }
    return replace(node, params=params)
