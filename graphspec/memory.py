"""How much memory a graph takes to train or run, before anything is allocated.

The sums follow the layers' own forward and backward, one after another, and what an engine says
that it takes in their place or besides (``Workspace``). With that, all but the code
is within 0.8 to 1.5 of what Python and numpy are measured to allocate at most, on either engine; on
the fast one, which counts its code too, the total is so of what becomes resident.

All sums are Python's whole numbers, which never overflow.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from types import MappingProxyType
from typing import NamedTuple, Protocol

import numpy as np

from graphspec.layers.base import Array, Layer, Mode, ParamSpec
from graphspec.quantities import size
from graphspec.tensor import TensorSpec

OVERHEAD = 32_000
"""Bytes of objects around the arrays of a small graph."""
DRAWN_ITEMSIZE = 8
"""Initialisers draw in double precision, one parameter after another."""


class Placed(Protocol):
    """One layer with the shapes around it; a plan's nodes are such."""

    @property
    def layer(self) -> Layer:
        """The layer."""
        ...

    @property
    def sources(self) -> Sequence[TensorSpec]:
        """What it reads."""
        ...

    @property
    def output(self) -> TensorSpec:
        """What it gives."""
        ...

    @property
    def params(self) -> Mapping[str, ParamSpec]:
        """What it owns, by local name."""
        ...


class Placement(Protocol):
    """Layers in running order, and what they read and return; a ``Plan`` is one."""

    @property
    def inputs(self) -> Mapping[str, TensorSpec]:
        """The inputs that are read, by name."""
        ...

    @property
    def nodes(self) -> Sequence[Placed]:
        """The layers in running order."""
        ...

    @property
    def outputs(self) -> Sequence[str]:
        """The ids of what is returned."""
        ...


class Workspace(NamedTuple):
    """What an engine takes of its own, in bytes."""

    kept: int = 0
    """For as long as it is loaded."""
    passing: Mapping[str, int] = MappingProxyType({})
    """By layer, while that runs: it takes the place of the layer's own scratch."""
    arena: int = 0
    """Memory in which values take turns."""
    inside: Collection[str] = ()
    """The layers whose values, their gradients, and what they save lie in the arena."""
    code: int = 0
    """Machine code, and pages of libraries that are touched to load it."""


NO_WORKSPACE = Workspace()
"""Of an engine that runs the layers' own forward and backward."""


@dataclass(frozen=True, slots=True)
class LayerMemory:
    """What one layer adds, in bytes."""

    id: str
    weights: int
    """Its parameters with their gradients and update state."""
    activations: int
    """Its output, and what it keeps for backward besides."""
    scratch: int
    """What it allocates and frees while it runs."""

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.activations + self.scratch


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """The memory of one step, in bytes, by what it is for.

    ``total`` is the peak. Not everything is there at once, so it can be less than the sum of
    the parts.
    """

    batch: int
    weights: int
    gradients: int
    update_state: int
    activations: int
    scratch: int
    data: int
    code: int
    total: int
    layers: tuple[LayerMemory, ...]

    @property
    def heaviest(self) -> LayerMemory | None:
        """The layer that adds most."""
        return max(self.layers, key=lambda row: row.total, default=None)

    def __str__(self) -> str:
        """The parts in words: ``weights 1.2 MiB, gradients 1.2 MiB, …``."""
        parts = {
            "weights": self.weights,
            "gradients": self.gradients,
            "update state": self.update_state,
            "activations": self.activations,
            "scratch": self.scratch,
            "data": self.data,
            "code": self.code,
        }
        return ", ".join(f"{name} {size(part)}" for name, part in parts.items() if part)


def estimate(
    plan: Placement,
    batch: int,
    *,
    itemsize: int = 4,
    slots: int = 0,
    training: bool = True,
    workspace: Workspace = NO_WORKSPACE,
) -> MemoryEstimate:
    """Follow one step through a plan and add up what is alive at each moment.

    A value lives until its last reader has run; in training also until backward, if a layer saved
    it. Gradients of values live from the first layer that sends one to the layer that takes it.

    Args:
        plan: what is to run.
        batch: examples per step.
        itemsize: bytes of one number.
        slots: arrays like each weight that the update rule keeps (momentum 1, Adam 2).
        training: whether backward and update are run, or the forward pass alone.
        workspace: what the engine takes of its own.
    """
    costs = [
        cost._replace(scratch=workspace.passing.get(node.layer.id, cost.scratch))
        for node, cost in zip(plan.nodes, _costs(plan.nodes, batch, itemsize), strict=True)
    ]
    step = _Step(plan, costs, batch, itemsize, training, workspace.inside)
    step.forward()
    if training:
        step.backward()
    every = [param for node in plan.nodes for param in node.params.values()]
    weights = sum(prod(param.shape) for param in every) * itemsize
    trained = [prod(param.shape) * itemsize for param in every if param.trained]
    gradients = sum(trained) if training else 0
    update_state = gradients * slots
    data = sum(
        tensor.size * batch * (itemsize if tensor.dtype == "float" else 8)
        for tensor in plan.inputs.values()
    )
    largest = max((prod(param.shape) for param in every), default=0)
    loading = weights + data + largest * DRAWN_ITEMSIZE
    # The rules work with one array of the size of the weight besides their slots.
    updating = gradients + (max(trained, default=0) if training and slots else 0)
    passing = max(step.peak, updating)
    if workspace.inside:
        # There, gradients have their memory from the start, and rules need no other.
        passing = workspace.arena + step.most_activations + step.most_scratch + gradients
    working = weights + update_state + data + workspace.kept + passing
    total = OVERHEAD + workspace.code + max(loading, working)
    return MemoryEstimate(
        batch=batch,
        weights=weights,
        gradients=gradients,
        update_state=update_state,
        activations=workspace.arena + step.most_activations,
        scratch=step.most_scratch + workspace.kept,
        data=data,
        code=workspace.code,
        total=total,
        layers=tuple(
            _row(node, cost, itemsize, slots, training)
            for node, cost in zip(plan.nodes, costs, strict=True)
        ),
    )


class _Cost(NamedTuple):
    """The memory that a layer takes for a batch, in bytes."""

    output: int
    saved: int
    scratch: int
    keeps: Keeping


def _costs(nodes: Sequence[Placed], batch: int, itemsize: int) -> list[_Cost]:
    """The costs of all layers; deep graphs repeat theirs, and where windows lie takes its time."""
    known: dict[object, _Cost] = {}
    costs = []
    for node in nodes:
        layer = node.layer
        # Values of a layer are hashable, as it is frozen; the id and inputs come first.
        key = (type(layer), tuple(node.sources), *list(layer.__dict__.values())[2:])
        cost = known.get(key)
        if cost is None:
            cost = known[key] = _cost(node, batch, itemsize)
        costs.append(cost)
    return costs


def _cost(node: Placed, batch: int, itemsize: int) -> _Cost:
    layer, sources = node.layer, node.sources
    return _Cost(
        node.output.size * batch * itemsize,
        layer.saved_size(*sources) * batch * itemsize,
        layer.scratch_size(*sources, batch=batch) * itemsize,
        keeping(type(layer)),
    )


def _row(node: Placed, cost: _Cost, itemsize: int, slots: int, training: bool) -> LayerMemory:
    numbers = 0
    for param in node.params.values():
        numbers += prod(param.shape) * (2 + slots if training and param.trained else 1)
    own = 0 if cost.keeps.output_is_input else cost.output
    kept = own + (cost.saved if training else 0)
    return LayerMemory(node.layer.id, numbers * itemsize, kept, cost.scratch)


class _Step:
    """A step that is followed through, with what is alive at the moment, in bytes."""

    def __init__(
        self,
        plan: Placement,
        costs: Sequence[_Cost],
        batch: int,
        itemsize: int,
        training: bool,
        inside: Collection[str],
    ) -> None:
        self._nodes, self._inside = plan.nodes, inside
        self._costs = [
            cost._replace(output=0, saved=0, scratch=0) if node.layer.id in inside else cost
            for node, cost in zip(plan.nodes, costs, strict=True)
        ]
        self._itemsize, self._unit = itemsize, batch * itemsize
        self._outputs = set(plan.outputs)
        self._backward, self._wanted = _gradient_paths(plan) if training else (set(), set())
        # Views share the memory of what they look at, so memory is counted by its owner.
        self._owner: dict[str, str] = {name: name for name in plan.inputs}
        self._bytes: dict[str, int] = dict.fromkeys(plan.inputs, 0)
        self._held: dict[str, int] = dict.fromkeys(plan.inputs, 1)
        self._saved: dict[str, tuple[str, ...]] = {}
        self._alive = self._gradients = 0
        self.peak = self.most_activations = self.most_scratch = 0

    def forward(self) -> None:
        """First layer first: each makes its output, and what nobody needs any more goes."""
        last: dict[str, int] = {}
        for i, node in enumerate(self._nodes):
            last.update(dict.fromkeys(node.layer.inputs, i))
        for i, (node, cost) in enumerate(zip(self._nodes, self._costs, strict=True)):
            layer, keeps = node.layer, cost.keeps
            if keeps.output_is_input:
                owner = self._owner[layer.inputs[0]]
                self._held[owner] += 1
            else:
                owner = layer.id
                self._bytes[owner] = cost.output
                self._held[owner] = 1
                self._alive += self._bytes[owner]
            self._owner[layer.id] = owner
            self._mark(cost.saved, cost.scratch)
            if layer.id in self._backward:
                self._alive += cost.saved
                saved = [
                    self._owner[name]
                    for j, name in enumerate(layer.inputs)
                    if keeps.inputs[min(j, len(keeps.inputs) - 1)]
                ]
                saved += [owner] if keeps.output else []
                self._saved[layer.id] = tuple(saved)
                for name in saved:
                    self._held[name] += 1
            done = [name for name in dict.fromkeys(layer.inputs) if last[name] == i]
            for name in [*done, *([] if layer.id in last else [layer.id])]:
                if name not in self._outputs:
                    self._release(self._owner[name])

    def backward(self) -> None:
        """Last layer first: each takes its output's gradient and makes those of its inputs."""
        waiting: dict[str, int] = {}
        for node, cost in zip(reversed(self._nodes), reversed(self._costs), strict=True):
            layer = node.layer
            dy = waiting.pop(layer.id, 0)
            if layer.id in self._backward:
                self._gradients += self._itemsize * sum(
                    prod(param.shape) for param in node.params.values() if param.trained
                )
                made = self._dxs(node, cost)
                self._alive += sum(size for _, size in made)
                self._mark(0, cost.scratch)
                self._alive -= cost.saved
                for owner in self._saved.pop(layer.id):
                    self._release(owner)
                for name, size in made:
                    if name in waiting:
                        # The sum of the two is a third array, before they go.
                        self._mark(size, 0)
                        self._alive -= size
                    elif name not in self._wanted:
                        self._alive -= size
                    else:
                        waiting[name] = size
            self._alive -= dy

    def _dxs(self, node: Placed, cost: _Cost) -> list[tuple[str, int]]:
        """The gradients that a layer makes for its inputs, in bytes."""
        layer = node.layer
        floats = [
            (name, tensor.size * self._unit)
            for name, tensor in zip(layer.inputs, node.sources, strict=True)
            if tensor.dtype == "float"
        ]
        if self._wanted.isdisjoint(layer.inputs) or layer.id in self._inside:
            return []
        if not cost.keeps.dx_is_dy:
            return floats
        # What is only passed on (all to one, or to each its part) takes the place of dy.
        passed, left = [], cost.output
        for name, nbytes in floats:
            if nbytes <= left:
                passed.append((name, nbytes))
                left -= nbytes
        return passed

    def _mark(self, activations: int, scratch: int) -> None:
        activations += self._alive
        self.peak = max(self.peak, activations + scratch + self._gradients)
        self.most_activations = max(self.most_activations, activations)
        self.most_scratch = max(self.most_scratch, scratch)

    def _release(self, owner: str) -> None:
        self._held[owner] -= 1
        if self._held[owner] == 0:
            self._alive -= self._bytes[owner]


def _gradient_paths(plan: Placement) -> tuple[set[str], set[str]]:
    """The layers that run backward, and the values whose gradient a layer waits for."""
    reaching = {node.layer.id for node in plan.nodes if node.layer.is_loss}
    for node in reversed(plan.nodes):
        if node.layer.id in reaching:
            reaching.update(node.layer.inputs)
    wanted: set[str] = set()
    for node in plan.nodes:
        has_trained = any(param.trained for param in node.params.values())
        if has_trained or not wanted.isdisjoint(node.layer.inputs):
            wanted.add(node.layer.id)
    return wanted & reaching, wanted


class Keeping(NamedTuple):
    """Which arrays around a layer its forward pass keeps alive for backward."""

    inputs: tuple[bool, ...]
    """By port; the last counts for all ports of a layer that takes any number."""
    output: bool
    output_is_input: bool
    """The output is a view of the first input: flatten, reshape."""
    dx_is_dy: bool
    """The gradient is passed on as it is: flatten, add."""


@lru_cache(maxsize=1024)
def keeping(kind: type[Layer]) -> Keeping:
    """Run a kind's first example on a batch of one, and see whose memory it holds on to.

    Asking the layer itself needs no declaration that could be wrong.
    """
    layer, tensors = kind.examples()[0]
    rng = np.random.default_rng(0)
    xs = tuple(
        np.ones((2, *tensor.shape), np.float32)
        if tensor.dtype == "float"
        else np.zeros((2, *tensor.shape), np.intp)
        for tensor in tensors
    )
    params = {
        name: np.ones(param.shape, np.float32) for name, param in layer.params(*tensors).items()
    }
    with np.errstate(all="ignore"):
        y, saved, _ = layer.forward(xs, params, Mode(training=True, rng=rng))
        dy = np.ones_like(y)
        dxs, _ = layer.backward(dy, saved, params)
    arrays = [item for item in saved if isinstance(item, np.ndarray)]
    return Keeping(
        tuple(_shares(x, arrays) for x in xs),
        _shares(y, arrays),
        _shares(y, [xs[0]]),
        all(dx is None or _shares(dx, [dy]) for dx in dxs),
    )


def _shares(array: Array, others: Sequence[Array]) -> bool:
    return any(np.may_share_memory(array, other) for other in others)
