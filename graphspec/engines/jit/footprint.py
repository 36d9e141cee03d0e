"""How much memory the rows of a step take: they are lowered, and nothing is allocated."""

from __future__ import annotations

from math import prod

import numpy as np

from graphspec.engines.jit.arena import lay_out
from graphspec.engines.jit.buffers import FLOAT, Buffer, Value
from graphspec.engines.jit.lowering.catalog import Catalog
from graphspec.engines.jit.lowering.lower import lower
from graphspec.engines.jit.lowering.site import Accuracy, Call
from graphspec.engines.jit.table import NativeRow, PythonRow
from graphspec.engines.numpy.program import make_program
from graphspec.memory import Workspace
from graphspec.plan import Plan

# What a process grows by besides arrays, in bytes, fitted to 15 networks of 8 to 714 rows on x86-64
# (within 0.9 MB of each): pages of LLVM's library that are touched to load kernels, 6.8 MB of it,
# and of numpy's and the system's, 1.0 MB, the rest being the modules that lower; for each kernel,
# whose code has pages of its own, what LLVM and Python keep of it; and for each row the objects
# that it is made of, which are Python's and counted as kept. A thread adds nothing to speak of.
_LIBRARIES = 8_200_000
_KERNEL = 26_000
_ROW = 4_200


def workspace(
    plan: Plan,
    batch: int,
    *,
    threads: int,
    accuracy: Accuracy,
    catalog: Catalog,
    training: bool,
) -> Workspace:
    """The arena of a training step or an evaluation, and what is kept besides, in bytes.

    The layers without kernels are outside: their own numpy allocates. ``code`` is that of kernels
    which have been compiled before; to compile them takes more, once on a machine.
    """
    losses = plan.losses if training else ()
    program = make_program(plan, plan.outputs, losses=losses, train=training)
    fed = {
        name: ((batch, *tensor.shape), FLOAT if tensor.dtype == "float" else np.dtype(np.int64))
        for name, tensor in program.inputs.items()
    }
    call = Call(batch, training, threads, accuracy, not training, not training, fed)
    lowered = lower(program, plan, call, plan.outputs, _Sizes(plan), catalog)
    by_numpy = {
        layer
        for row in lowered.rows
        if isinstance(row, PythonRow) and row.note.algorithm == "numpy"
        for layer in row.note.layers
    }
    rows = (*lowered.prepare, *lowered.rows)
    kernels = {row.routine.name for row in rows if isinstance(row, NativeRow)}
    statistics = sum(prod(param.shape) for param in plan.params.values() if not param.trained)
    return Workspace(
        kept=sum(buffer.nbytes for buffer in lowered.kept)
        + FLOAT.itemsize * statistics
        + _ROW * len(rows),
        arena=lay_out(lowered.spans).size,
        inside={node.id for node in plan.nodes} - by_numpy,
        code=_LIBRARIES + _KERNEL * len(kernels) if kernels else 0,
    )


class _Sizes:
    """The arrays that outlive calls, as far as their sizes go."""

    def __init__(self, plan: Plan) -> None:
        self._params = plan.params

    def weight(self, full: str) -> Value:
        """A parameter or running statistic."""
        shape = self._params[full].shape
        return Value(Buffer(full, FLOAT.itemsize * prod(shape), "outside"), shape)

    def gradient(self, full: str) -> Value:
        """The gradient of a parameter."""
        return self.weight(full)

    def new_statistic(self, full: str) -> Value:
        """A running statistic's new value."""
        return self.weight(full)
