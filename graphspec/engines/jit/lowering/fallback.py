"""Layers without kernels: their own numpy forward and backward, as Python rows.

A value that only such layers touch stays an array of Python's; one that a kernel reads or writes
as well has memory in the arena, and is seen here as a view of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from graphspec.engines.jit.buffers import Array, Value
from graphspec.engines.jit.table import Note, PythonRow
from graphspec.engines.numpy.passes import _Gradients as Sums
from graphspec.engines.numpy.program import Operation
from graphspec.layers.base import Mode


@dataclass(slots=True)
class Environment:
    """What Python rows share during one call."""

    values: dict[str, Array]
    params: Mapping[str, Mapping[str, Array]]
    modes: Mapping[str, Mode]
    saved: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    state: dict[str, Array] = field(default_factory=dict)
    """New running statistics by full name."""
    sums: Sums = field(default_factory=Sums)
    tapped: dict[str, Array] = field(default_factory=dict)
    """Gradients that were asked for, of values that live in Python."""


Place = Value | str
"""Where a value is: in a buffer, or under its name in the environment."""


def forward_row(operation: Operation, xs: tuple[Place, ...], y: Place) -> PythonRow:
    """Run a layer's forward."""
    borrowed = tuple(x for x in xs if isinstance(x, Value))

    def call(env: Environment) -> None:
        arrays = tuple(x.view() if isinstance(x, Value) else env.values[x] for x in xs)
        result, saved, state = operation.layer.forward(
            arrays, env.params[operation.id], env.modes[operation.id]
        )
        if isinstance(y, Value):
            y.view()[...] = result
        else:
            env.values[y] = _own(result, borrowed)
        if operation.backward:
            env.saved[operation.id] = saved
        for local, array in state.items():
            env.state[f"{operation.id}.{local}"] = array
        for name in operation.frees:
            env.values.pop(name, None)

    writes = (y,) if isinstance(y, Value) else ()
    return PythonRow(call, borrowed, writes, Note((operation.id,), "forward", "numpy"))


@dataclass(frozen=True, slots=True)
class Contribution:
    """Where the gradient of one input goes: into memory, or to the sums in the environment."""

    name: str
    value: Value | None
    adds: bool = False
    """Whether it is added to what is there."""


def backward_row(
    operation: Operation,
    xs: tuple[Place, ...],
    y: Place,
    dy: Value | None,
    dxs: tuple[Contribution | None, ...],
    dparams: Mapping[str, Value],
    *,
    tapped: bool,
) -> PythonRow:
    """Run a layer's backward; ``dy`` None takes it from the sums in the environment."""
    borrowed = tuple(v for v in (*xs, y, dy) if isinstance(v, Value))

    def call(env: Environment) -> None:
        gradient = env.sums.take(operation.id) if dy is None else dy.view()
        if tapped and dy is None and gradient is not None:
            env.tapped[operation.id] = gradient
        if not operation.backward:
            return
        saved = env.saved.pop(operation.id)
        if gradient is None:
            for value in dparams.values():
                value.view()[...] = 0
            for dx in dxs:
                if dx is not None:
                    _give(env, dx, None, borrowed)
            return
        arrays, made = operation.layer.backward(
            gradient, saved, env.params[operation.id], need_dx=operation.need_dx
        )
        for local, value in dparams.items():
            value.view()[...] = made[local]
        if operation.need_dx:
            for dx, array in zip(dxs, arrays, strict=True):
                if dx is not None:
                    _give(env, dx, array, borrowed)

    writes = [*dparams.values(), *(dx.value for dx in dxs if dx is not None and dx.value)]
    return PythonRow(call, borrowed, tuple(writes), Note((operation.id,), "backward", "numpy"))


def _give(
    env: Environment, dx: Contribution, array: Array | None, borrowed: tuple[Value, ...]
) -> None:
    if dx.value is None:
        if array is not None:
            env.sums.add(dx.name, _own(array, borrowed))
    elif dx.adds:
        if array is not None:
            view = dx.value.view()
            view += array
    else:
        dx.value.view()[...] = 0 if array is None else array


def _own(array: Array, borrowed: tuple[Value, ...]) -> Array:
    """The array, copied where it is a view of lent memory, which will soon be somebody else's."""
    shares = any(np.may_share_memory(array, value.view()) for value in borrowed)
    return array.copy() if shares else array
