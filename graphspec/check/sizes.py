"""What a graph needs of the machine's memory, refused before anything is allocated."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import NamedTuple, Protocol

import numpy as np

from graphspec import edit
from graphspec.check.analysis import Analysis, analyse
from graphspec.check.whole_objective import curvature_problem
from graphspec.errors import Fix, JsonPath, Problem, SizeError
from graphspec.graph import GraphSpec
from graphspec.layers.base import Layer, ParamSpec
from graphspec.memory import (
    NO_WORKSPACE,
    MemoryEstimate,
    Placement,
    Workspace,
    estimate,
)
from graphspec.quantities import size
from graphspec.recipe.config import TrainConfig
from graphspec.tensor import TensorSpec

SHARE_OF_MACHINE = 0.8
"""How much of the machine's memory is taken to be free for a run."""

LESS, MORE = 0.1, 2.0
"""An engine takes between so many times what the layers alone would (what it joins is never
stored): only where that decides is it asked, and for sizes beyond every machine it never is."""


class WorkspaceFor(Protocol):
    """What an engine takes of its own for a batch of so many examples."""

    def __call__(self, batch: int, *, training: bool) -> Workspace:
        """In training, or in an evaluation."""


def _no_workspace(batch: int, *, training: bool) -> Workspace:
    return NO_WORKSPACE


class _Node(NamedTuple):
    layer: Layer
    sources: tuple[TensorSpec, ...]
    output: TensorSpec
    params: Mapping[str, ParamSpec]


@dataclass(frozen=True, slots=True)
class _Sketch:
    """A plan as far as sizes go."""

    inputs: Mapping[str, TensorSpec]
    nodes: Sequence[_Node]
    outputs: Sequence[str]


def find_problems(
    spec: GraphSpec, *, budget: int | None = None, workspace: WorkspaceFor = _no_workspace
) -> tuple[Problem, ...]:
    """List every problem of a graph; it can be run if none of them is an error.

    Args:
        spec: the graph.
        budget: the bytes that a step of training may take (of a graph without a training block:
            a forward pass over one example). None takes 80 % of this machine's memory.
        workspace: what the engine takes of its own, asked only if there is no error so far; by
            default what the layers' own numpy takes is counted.
    """
    analysis = analyse(spec)
    if analysis.errors:
        return analysis.problems
    return (
        *analysis.problems,
        *_size_problems(spec, _sketch(spec, analysis), budget, workspace),
    )


def refuse_oversize(
    spec: GraphSpec,
    plan: Placement,
    *,
    budget: int | None = None,
    workspace: WorkspaceFor = _no_workspace,
) -> None:
    """Refuse to run a plan that does not fit into memory.

    Args:
        spec: the graph, with the batch and update rule that it is run with.
        plan: the part of it that is to run.
        budget: as for ``check``.
        workspace: what the engine takes of its own.

    Raises:
        SizeError: it would not fit; nothing has been allocated.
    """
    problems = tuple(_size_problems(spec, plan, budget, workspace))
    if problems:
        raise SizeError(problems)


def estimate_for(
    config: TrainConfig | None, plan: Placement, workspace: WorkspaceFor = _no_workspace
) -> MemoryEstimate:
    """What a plan takes with these settings; without settings, on one example, forward only."""
    if config is None:
        return estimate(plan, 1, training=False, workspace=workspace(1, training=False))
    slots = config.update.arrays_kept(_trained(plan))
    itemsize = np.dtype(config.dtype).itemsize
    own = workspace(config.batch, training=True)
    return estimate(plan, config.batch, itemsize=itemsize, slots=slots, workspace=own)


def _near_limit(
    config: TrainConfig | None, plan: Placement, limit: int, workspace: WorkspaceFor
) -> MemoryEstimate:
    """The estimate, for which the engine is asked if that decides."""
    needed = estimate_for(config, plan)
    if limit / MORE < needed.total < limit / LESS:
        needed = estimate_for(config, plan, workspace)
    return needed


def _trained(plan: Placement) -> int:
    """How many numbers are trained."""
    params = (param for node in plan.nodes for param in node.params.values())
    return sum(prod(param.shape) for param in params if param.trained)


def _size_problems(
    spec: GraphSpec, plan: Placement, budget: int | None, workspace: WorkspaceFor
) -> Iterator[Problem]:
    if (config := spec.training) is not None:
        curvatures = curvature_problem(config, _trained(plan), np.dtype(config.dtype).itemsize)
        if curvatures is not None:
            yield curvatures
            return
    limit = int(physical_memory() * SHARE_OF_MACHINE) if budget is None else budget
    needed = _near_limit(spec.training, plan, limit, workspace)
    heaviest = needed.heaviest
    if needed.total <= limit or heaviest is None:
        return
    if spec.training is None:
        what = "running this on one example"
        path: JsonPath = ("layers", _index(spec, heaviest.id))
    else:
        what = f"training this with a batch of {needed.batch:,}"
        path = ("training", "batch")
    whose = "80 % of this machine's memory" if budget is None else "the budget"
    yield Problem(
        "too-much-memory",
        f"{what} takes about {size(needed.total)} ({needed}), more than "
        f"{size(limit)}, {whose}. The layer {heaviest.id!r} takes most: "
        f"{size(heaviest.weights)} for its weights, "
        f"{size(heaviest.activations)} for its activations",
        path,
        layer=heaviest.id,
        arithmetic=f"{needed.total:,} > {limit:,} bytes",
        fixes=tuple(_smaller_batch(spec, plan, limit, workspace)),
    )


def _smaller_batch(
    spec: GraphSpec, plan: Placement, limit: int, workspace: WorkspaceFor
) -> Iterator[Fix]:
    """The largest power of two below the batch that fits."""
    config = spec.training
    if config is None:
        return
    batch = 1 << min((config.batch - 1).bit_length(), 62)
    while batch > 1:
        batch //= 2
        smaller = config.model_copy(update={"batch": batch})
        if _near_limit(smaller, plan, limit, workspace).total <= limit:
            yield Fix(
                f"set training.batch to {batch}",
                partial(edit.set_value, path="training.batch", value=batch),
            )
            return


def _sketch(spec: GraphSpec, analysis: Analysis) -> _Sketch:
    """The layers that the outputs and losses need, with their shapes."""
    shapes, by_id = analysis.shapes, spec.by_id
    needed = {*spec.outputs, *(layer.id for layer in spec.layers if layer.is_loss)}
    for name in reversed(analysis.order):
        if name in needed:
            needed.update(by_id[name].inputs)
    nodes = []
    for name in analysis.order:
        if name in needed:
            layer = by_id[name]
            sources = tuple([shapes[source] for source in layer.inputs])
            nodes.append(_Node(layer, sources, shapes[name], layer.params(*sources)))
    inputs = {item.id: shapes[item.id] for item in spec.inputs if item.id in needed}
    return _Sketch(inputs, nodes, spec.outputs)


def _index(spec: GraphSpec, name: str) -> int:
    return next(i for i, layer in enumerate(spec.layers) if layer.id == name)


def physical_memory() -> int:
    """Bytes of memory that this machine has; 8 GB where it does not say."""
    if sys.platform == "win32":
        return _windows_memory()
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 8 * 2**30


def _windows_memory() -> int:
    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            ("total", ctypes.c_ulonglong),
            ("rest", ctypes.c_ulonglong * 6),
        )

    status = Status(length=ctypes.sizeof(Status))
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - only Windows has the name
    if not kernel.GlobalMemoryStatusEx(ctypes.byref(status)):
        return 8 * 2**30
    return int(status.total)
