"""The forward and the backward pass over a program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from graphspec.engines.numpy.program import Operation, Program
from graphspec.layers.base import Array, Mode

Watch = Callable[[str, Literal["value", "gradient"], Array], None]
"""Sees every value and gradient as it is made, with the name of the layer that made it."""


@dataclass(slots=True)
class Passed:
    """What a forward pass leaves: kept values, what backward needs, new running statistics."""

    values: dict[str, Array]
    saved: list[tuple[Any, ...]] = field(default_factory=list)
    state: dict[str, Array] = field(default_factory=dict)

    def losses(self, program: Program) -> dict[str, float]:
        """The mean of every loss over the batch."""
        return {name: float(self.values[name].mean(dtype=np.float64)) for name in program.losses}


def forward(
    program: Program,
    feeds: dict[str, Array],
    params: Mapping[str, Mapping[str, Array]],
    modes: Mapping[str, Mode],
    watch: Watch | None = None,
) -> Passed:
    """Run every operation in order, and let go of each value after its last use.

    What a layer saves is kept only where the program has a gradient to send through it.
    """
    passed = Passed(dict(feeds))
    if watch is not None:
        for name in program.inputs:
            watch(name, "value", feeds[name])
    for operation in program.operations:
        _run(operation, passed, params[operation.id], modes[operation.id], watch)
    return passed


def _run(
    operation: Operation,
    passed: Passed,
    params: Mapping[str, Array],
    mode: Mode,
    watch: Watch | None,
) -> None:
    # A function of its own: its names die with it, and with them the arrays that nobody keeps.
    values = passed.values
    y, saved, state = operation.layer.forward(
        tuple([values[source] for source in operation.sources]), params, mode
    )
    values[operation.id] = y
    if watch is not None:
        watch(operation.id, "value", y)
    if operation.backward:
        passed.saved.append(saved)
    for local, array in state.items():
        passed.state[f"{operation.id}.{local}"] = array
    for name in operation.frees:
        del values[name]


@dataclass(slots=True)
class Returned:
    """What a backward pass gives: gradients of parameters by full name, and of tapped values.

    A parameter or value that no loss depends on is not there: its gradient is zero.
    """

    params: dict[str, Array] = field(default_factory=dict)
    values: dict[str, Array] = field(default_factory=dict)


def backward(
    program: Program,
    passed: Passed,
    params: Mapping[str, Mapping[str, Array]],
    watch: Watch | None = None,
) -> Returned:
    """Send the gradient of the total loss back through the program, last operation first.

    The total is the sum over the losses of their means, so each starts with 1/size. Where a value
    is read more than once its gradients are added, always in the same order. What the layers
    saved is consumed: each is let go as soon as it has been used.
    """
    gradients = _Gradients()
    for name in program.losses:
        y = passed.values[name]
        gradients.add(name, np.full(y.shape, 1 / y.size, y.dtype))
    returned = Returned()
    for operation in reversed(program.operations):
        dy = gradients.take(operation.id)
        if dy is not None and operation.id in program.tapped:
            returned.values[operation.id] = dy
        if not operation.backward:
            continue
        saved = passed.saved.pop()
        if dy is None:
            continue
        if watch is not None:
            watch(operation.id, "gradient", dy)
        dxs, dparams = operation.layer.backward(
            dy, saved, params[operation.id], need_dx=operation.need_dx
        )
        for local, name in operation.trained.items():
            returned.params[name] = dparams[local]
            if watch is not None:
                watch(operation.id, "gradient", dparams[local])
        if operation.need_dx:
            for source, dx in zip(operation.sources, dxs, strict=True):
                if dx is None:
                    continue
                if watch is not None:
                    watch(operation.id, "gradient", dx)
                gradients.add(source, dx)
    for name in program.inputs:
        dx = gradients.take(name)
        if dx is not None and name in program.tapped:
            returned.values[name] = dx
    return returned


class _Gradients:
    """Gradients on their way back, added up where several meet."""

    def __init__(self) -> None:
        self._sums: dict[str, Array] = {}
        self._owned: set[str] = set()

    def add(self, name: str, dx: Array) -> None:
        if name not in self._sums:
            self._sums[name] = dx
        elif name in self._owned:
            self._sums[name] += dx
        else:
            # The first may be a view of what another layer was given, so it is not written to.
            self._sums[name] = self._sums[name] + dx
            self._owned.add(name)

    def take(self, name: str) -> Array | None:
        self._owned.discard(name)
        return self._sums.pop(name, None)
