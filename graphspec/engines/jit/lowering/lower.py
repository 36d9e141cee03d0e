"""The pass from a program to a table: which layers fuse, where values live, in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Protocol

import numpy as np

from graphspec.engines.jit.arena import Span
from graphspec.engines.jit.buffers import Array, Buffer, Value, is_image
from graphspec.engines.jit.lowering.catalog import Catalog
from graphspec.engines.jit.lowering.fallback import (
    Contribution,
    Environment,
    Place,
    backward_row,
    forward_row,
)
from graphspec.engines.jit.lowering.moving import addition, channels_last, parts_of
from graphspec.engines.jit.lowering.site import Backward, Call, Lowering, Site
from graphspec.engines.jit.table import NativeRow, Note, PythonRow, Row, touched
from graphspec.engines.numpy.program import Operation, Program
from graphspec.layers.base import Layer
from graphspec.plan import Plan


class Store(Protocol):
    """The arrays that outlive calls, as the executable has them."""

    def weight(self, full: str) -> Value:
        """A parameter or running statistic."""

    def gradient(self, full: str) -> Value:
        """The gradient of a parameter."""

    def new_statistic(self, full: str) -> Value:
        """A running statistic's new value."""


@dataclass(slots=True)
class Lowered:
    """A program as rows.

    ``values`` has where the kept values are (a name stands for the environment), ``gradients``
    where the tapped gradients are (None for the environment's). ``prepare`` are the rows that
    depend on weights alone.
    """

    prepare: list[Row] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    kept: list[Buffer] = field(default_factory=list)
    fills: list[tuple[Value, Array | float]] = field(default_factory=list)
    feeds: dict[str, Value] = field(default_factory=dict)
    values: dict[str, Place] = field(default_factory=dict)
    gradients: dict[str, Value | None] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    statistics: dict[str, Value] = field(default_factory=dict)


def lower(
    program: Program,
    plan: Plan,
    call: Call,
    keep: Sequence[str],
    store: Store,
    catalog: Catalog,
) -> Lowered:
    """Turn a program into rows for batches of ``call.batch``."""
    return _Pass(program, plan, call, keep, store, catalog).run()


@dataclass(frozen=True, slots=True)
class _Group:
    """Operations that are lowered as one; ``lowering`` None for one that runs through numpy."""

    operations: tuple[Operation, ...]
    lowering: Lowering | None

    @property
    def last(self) -> Operation:
        return self.operations[-1]


class _Pass:
    """The state of one lowering: it is every site's book."""

    def __init__(
        self,
        program: Program,
        plan: Plan,
        call: Call,
        keep: Sequence[str],
        store: Store,
        catalog: Catalog,
    ) -> None:
        self.program, self.plan, self.call = program, plan, call
        self.keep = frozenset((*keep, *program.losses))
        self.store = store
        self.out = Lowered()
        self.draws: list[Row] = []
        self.readers = Counter(
            name for operation in program.operations for name in operation.sources
        )
        self.asked = self.keep | program.tapped
        self.passing = {part.id for part in program.operations if part.backward}
        self.groups = self._group(catalog)
        self.native = {
            name
            for group in self.groups
            if group.lowering is not None
            for name in (*group.operations[0].sources, group.last.id)
        }
        self.values: dict[str, Value] = {}
        self.sums: dict[str, Value] = {}
        self.owned: set[str] = set()
        self.sent: list[tuple[str, Value, bool]] = []

    def run(self) -> Lowered:
        for name in self.program.inputs:
            if name in self.native:
                self._take_in(name)
        self._write_into_joins()
        finishes = [self._forward(group) for group in self.groups]
        for name in self.keep:
            self.out.values[name] = self.values[name] if name in self.native else name
            if name in self.native:
                self.values[name].buffer.lasting = True
        if self.program.losses:
            self._seed()
            for group, finish in zip(reversed(self.groups), reversed(finishes), strict=True):
                self._backward(group, finish)
            for name in self.program.inputs:
                self._tap(name, self._take(name))
                if name in self.program.tapped and name not in self.native:
                    self.out.rows.append(
                        PythonRow(_taking(name), (), (), Note((name,), "backward"))
                    )
        self.out.rows = [*self.draws, *self.out.rows]
        self._measure_lives()
        return self.out

    # --- Which layers fuse -------------------------------------------------------------------

    def _group(self, catalog: Catalog) -> list[_Group]:
        reader = {
            name: operation for operation in self.program.operations for name in operation.sources
        }
        done: set[str] = set()
        groups = []
        for operation in self.program.operations:
            if operation.id in done:
                continue
            node = self.plan.by_id[operation.id]
            lowering = catalog.get(node.layer.kind)  # type: ignore[attr-defined]
            if lowering is None or not lowering.accepts(node, self.call):
                groups.append(_Group((operation,), None))
                continue
            chain = [operation]
            while self._is_between(chain[-1].id):
                after = reader[chain[-1].id]
                if len(after.sources) > 1 or not lowering.absorbs(
                    node, self._layers(chain), self.plan.by_id[after.id].layer, self.call
                ):
                    break
                chain.append(after)
                done.add(after.id)
            groups.append(_Group(tuple(chain), lowering))
        return groups

    def _is_between(self, name: str) -> bool:
        """Whether one layer reads a value, and nobody else ever sees it."""
        return self.readers[name] == 1 and name not in self.asked

    def _layers(self, operations: Iterable[Operation]) -> tuple[Layer, ...]:
        return tuple(self.plan.by_id[operation.id].layer for operation in operations)

    def _write_into_joins(self) -> None:
        """Let layers write their channels where a concatenation wants them."""
        maker = {group.last.id: group for group in self.groups}
        for group in self.groups:
            if group.lowering is None or not group.lowering.joins:
                continue
            sources = group.last.sources
            if not is_image((1, *self.plan.by_id[group.last.id].output.shape)):
                continue
            sizes = [tensor.shape[0] for tensor in self.plan.by_id[group.last.id].sources]
            for name, part in zip(sources, parts_of(self.value(group.last.id), sizes), strict=True):
                by = maker.get(name)
                if by is None or by.lowering is None or not self._is_between(name):
                    continue
                if by.lowering.apart(self._layers(by.operations), self.call):
                    self.values[name] = part

    # --- Forward -----------------------------------------------------------------------------

    def _take_in(self, name: str) -> None:
        """Let an input be read where it is fed; images are brought into the engine's order."""
        shape, dtype = self.call.fed[name]
        fed = Value(Buffer(name, prod(shape) * dtype.itemsize, "feed"), shape, dtype)
        self.out.feeds[name] = fed
        if not is_image(shape) or dtype != np.float32:
            self.values[name] = fed
        elif shape[1] == 1 or shape[2] * shape[3] == 1:
            self.values[name] = Value(fed.buffer, shape, dtype, channels_last=True)
        else:
            value = Value(Buffer(name, fed.nbytes), shape, dtype, channels_last=True)
            self.values[name] = value
            self.out.rows.append(channels_last(name, fed, value))

    def _forward(self, group: _Group) -> tuple[Site, Backward] | None:
        if group.lowering is None:
            (operation,) = group.operations
            xs = tuple(map(self._place, operation.sources))
            self.add_row(forward_row(operation, xs, self._place(operation.id)))
            return None
        first, last = group.operations[0], group.last
        site = Site(
            self,
            self.call,
            [self.plan.by_id[operation.id] for operation in group.operations],
            backward=any(operation.backward for operation in group.operations),
            need_dx=first.need_dx,
            trained={
                full: full for operation in group.operations for full in operation.trained.values()
            },
        )
        finish = group.lowering.lower(site)
        assert last.id in self.values, f"the lowering of {last.id} has made no output"
        return None if finish is None else (site, finish)

    def _place(self, name: str) -> Place:
        # Layers that run through numpy read what is fed as it is, in its own order.
        if name not in self.native or name in self.program.inputs:
            return name
        return self.value(name)

    # --- Backward ----------------------------------------------------------------------------

    def _seed(self) -> None:
        """The total is the sum of the losses' means: each starts with 1/size."""
        for name in self.program.losses:
            if name in self.native:
                y = self.values[name]
                seed = Value(Buffer(f"{name} seed", y.nbytes, "kept"), y.shape, y.dtype)
                self.out.fills.append((seed, 1 / y.size))
                self.sums[name] = seed
            else:
                self.out.rows.append(PythonRow(_seeding(name), (), (), Note((name,), "backward")))

    def _backward(self, group: _Group, finish: tuple[Site, Backward] | None) -> None:
        last = group.last
        in_python = last.id not in self.native
        owned = last.id in self.owned
        dy = None if in_python else self._take(last.id)
        if group.lowering is None:
            (operation,) = group.operations
            tapped = operation.id in self.program.tapped
            if not in_python:
                self._tap(operation.id, dy)
            elif tapped:
                self.out.gradients[operation.id] = None
            if in_python or (dy is not None and operation.backward):
                self._backward_in_python(operation, dy, tapped=tapped)
            return
        self._tap(last.id, dy)
        if dy is None or not any(operation.backward for operation in group.operations):
            return
        assert finish is not None, f"the lowering of {last.id} has no backward"
        site, backward = finish
        site.stage, site.gradient = "backward", dy
        site.owns_dy = owned and last.id not in self.program.tapped
        backward()
        self._collect()

    def _backward_in_python(self, operation: Operation, dy: Value | None, *, tapped: bool) -> None:
        xs = tuple(map(self._place, operation.sources))
        dxs: list[Contribution | None] = []
        for name in operation.sources:
            if not operation.need_dx or self._is_label(name):
                dxs.append(None)
            elif name not in self.native:
                dxs.append(Contribution(name, None))
            else:
                so_far = self.gradient_to_add_to(name)
                value = self.gradient_to_write(name) if so_far is None else so_far
                dxs.append(Contribution(name, value, adds=so_far is not None))
        dparams = (
            {local: self.weight_gradient(full) for local, full in operation.trained.items()}
            if operation.backward
            else {}
        )
        self.add_row(
            backward_row(
                operation, xs, self._place(operation.id), dy, tuple(dxs), dparams, tapped=tapped
            )
        )
        self._collect()

    def _is_label(self, name: str) -> bool:
        tensor = self.program.inputs.get(name)
        return tensor is not None and tensor.dtype == "int"

    def _take(self, name: str) -> Value | None:
        self.owned.discard(name)
        return self.sums.pop(name, None)

    def _tap(self, name: str, gradient: Value | None) -> None:
        if name in self.program.tapped:
            if name not in self.native:
                self.out.gradients[name] = None
            elif gradient is not None:
                gradient.buffer.lasting = True
                self.out.gradients[name] = gradient

    def _collect(self) -> None:
        """Add what a layer has sent to the sums, in the order of its inputs."""
        for name, gradient, own in self.sent:
            so_far = self.sums.get(name)
            if so_far is None:
                self.sums[name] = gradient
            elif name in self.owned:
                self.out.rows.append(addition(name, so_far, gradient, so_far))
                continue
            else:
                # The first may be what another layer was given as well, so it is not written to.
                total = gradient if own else self._new_gradient(name)
                self.out.rows.append(addition(name, so_far, gradient, total))
                self.sums[name], own = total, True
            if own:
                self.owned.add(name)
        self.sent = []

    def _new_gradient(self, name: str) -> Value:
        inputs, nodes = self.program.inputs, self.plan.by_id
        tensor = inputs[name] if name in inputs else nodes[name].output
        shape = (self.call.batch, *tensor.shape)
        return Value(
            Buffer(f"{name} gradient", prod(shape) * 4), shape, channels_last=is_image(shape)
        )

    # --- The book that sites write to --------------------------------------------------------

    def add_row(self, row: NativeRow | PythonRow) -> None:
        (self.out.prepare if row.note.stage == "prepare" else self.out.rows).append(row)

    def value(self, name: str) -> Value:
        found = self.values.get(name)
        if found is None:
            shape = (self.call.batch, *self.plan.by_id[name].output.shape)
            found = self.values[name] = Value(
                Buffer(name, prod(shape) * 4), shape, channels_last=is_image(shape)
            )
        return found

    def set_value(self, name: str, value: Value) -> None:
        self.values[name] = value

    def weight(self, full: str) -> Value:
        return self.store.weight(full)

    def weight_gradient(self, full: str) -> Value:
        self.out.written.add(full)
        return self.store.gradient(full)

    def new_statistic(self, full: str) -> Value:
        return self.out.statistics.setdefault(full, self.store.new_statistic(full))

    def wants_gradient(self, name: str) -> bool:
        return name in self.program.tapped or name in self.passing

    def gradient_to_write(self, name: str) -> Value:
        gradient = self._new_gradient(name)
        self.sent.append((name, gradient, True))
        return gradient

    def gradient_to_add_to(self, name: str) -> Value | None:
        return self.sums[name] if name in self.owned else None

    def pass_gradient(self, name: str, gradient: Value) -> None:
        self.sent.append((name, gradient, False))

    def fill(self, value: Value, numbers: Array | float) -> None:
        self.out.fills.append((value, numbers))

    def uniform(self, layer: str, value: Value) -> None:
        def draw(env: Environment) -> None:
            rng = env.modes[layer].rng
            assert rng is not None
            rng.random(out=value.view(), dtype=np.float32)

        self.draws.append(
            PythonRow(draw, (), (value,), Note((layer,), "forward", "draw", "numpy's generator"))
        )

    # --- How long buffers live ---------------------------------------------------------------

    def _measure_lives(self) -> None:
        first: dict[Buffer, int] = {}
        last: dict[Buffer, int] = {}
        kept: dict[Buffer, None] = {}
        for i, row in enumerate([*self.out.prepare, *self.out.rows]):
            for buffer in touched(row):
                if buffer.home == "arena":
                    first.setdefault(buffer, i)
                    last[buffer] = i
                elif buffer.home == "kept":
                    kept[buffer] = None
        end = len(self.out.prepare) + len(self.out.rows)
        self.out.spans = [
            Span(buffer, start, end if buffer.lasting else last[buffer])
            for buffer, start in first.items()
        ]
        self.out.kept = list(kept)


def _seeding(name: str) -> Callable[[Environment], None]:
    def call(env: Environment) -> None:
        y = env.values[name]
        env.sums.add(name, np.full(y.shape, 1 / y.size, y.dtype))

    return call


def _taking(name: str) -> Callable[[Environment], None]:
    def call(env: Environment) -> None:
        gradient = env.sums.take(name)
        if gradient is not None:
            env.tapped[name] = gradient

    return call
