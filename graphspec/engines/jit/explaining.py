"""What a plan becomes: its table of operations in words, with times if asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import count
from math import prod
from statistics import median
from typing import Any

import numpy as np

from graphspec.engines.base import Array
from graphspec.engines.jit.buffers import Value, outside
from graphspec.engines.jit.engine import JitEngine
from graphspec.engines.jit.lowering.site import Accuracy
from graphspec.engines.jit.table import NativeRow, Note, Routine, Row, bind
from graphspec.engines.jit.threads import Pool
from graphspec.memory import estimate
from graphspec.plan import Plan
from graphspec.recipe.rules.base import UpdateRule

_REPEATS = 5
_SHORTEST = 2e-6
"""Seconds below which a share of the peak would tell more of the clock than of the kernel."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table.

    ``bytes`` are those of everything that it reads and writes; ``seconds`` and ``share`` (of the
    peak of all threads, counting the operations that are really done) are there where it was run.
    """

    stage: str
    layers: tuple[str, ...]
    operation: str
    algorithm: str
    why: str
    layout: str
    chunks: int
    bytes: int
    flops: int
    seconds: float | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The table of one kind of call, and the memory that it takes, in bytes.

    ``total`` is what a process grows by when it trains so. ``code`` is what of it is no array:
    kernels, and the pages of LLVM that load them.
    ``passing`` is the arena, in which values take turns; ``apart`` is what it would be if none
    did; ``by_numpy`` is what the layers without kernels allocate besides. ``peak`` is the measured
    peak in operations per second, where the rows were run.
    """

    lines: tuple[Line, ...]
    batch: int
    threads: int
    passing: int
    apart: int
    by_numpy: int
    kept: int
    weights: int
    gradients: int
    update_state: int
    data: int
    code: int
    peak: float | None = None

    @property
    def total(self) -> int:
        """All of the memory."""
        parts = (
            self.passing,
            self.by_numpy,
            self.kept,
            self.weights,
            self.gradients,
            self.update_state,
            self.data,
            self.code,
        )
        return sum(parts)

    @property
    def seconds(self) -> float:
        """The sum of the rows' times."""
        return sum(line.seconds or 0.0 for line in self.lines)

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {**asdict(self), "total": self.total}


def explain(
    plan: Plan,
    *,
    batch: int,
    threads: int,
    accuracy: Accuracy = "fast",
    training: bool = True,
    rule: UpdateRule | None = None,
    profile: bool = False,
    watch: Callable[[float], object] = lambda share: None,
) -> Explanation:
    """The rows of a training step, or of an evaluation; with ``profile`` they are run as well.

    ``rule`` is what the step updates weights by; without one, it ends with the gradients. ``watch``
    is told the share of the runs that is done, from 0 to 1, and may raise to end them.

    Raises:
        EngineError: there are no kernels for this processor.
    """
    engine = JitEngine(threads=threads, accuracy=accuracy)
    # Times do not depend on the weights, and drawing those of a large network takes a while.
    weights = {name: np.zeros(param.shape, np.float32) for name, param in plan.params.items()}
    executable = engine.load(plan, seed=0, weights=weights)
    feeds = _feeds(plan, batch)
    running, env = executable.lowered_step(feeds, training=training)
    update = executable.lowered_update(rule) if training and rule else ()
    rows: list[Row] = [*running.lowered.prepare, *running.lowered.rows]
    rows += [row for table in update for row in table.notes]
    times: list[float | None] = [None] * len(rows)
    peak = None
    if profile:
        done = count(1)
        every = _REPEATS * len(rows)
        runs = [
            running.profile(env(), update, lambda: watch(next(done) / every))
            for _ in range(_REPEATS)
        ]
        times = [min(column) for column in zip(*runs, strict=True)]
        peak = measure_peak(threads)
    gradients = (
        sum(4 * prod(param.shape) for param in plan.params.values() if param.trained)
        if training
        else 0
    )
    own = engine.workspace(plan, batch, training=training)
    needed = estimate(plan, batch, training=training, workspace=own)
    lines = [_line(row, seconds, peak) for row, seconds in zip(rows, times, strict=True)]
    return Explanation(
        lines=tuple(lines),
        batch=batch,
        threads=threads,
        passing=running.layout.size,
        apart=sum(span.buffer.nbytes for span in running.lowered.spans),
        by_numpy=needed.activations - own.arena + needed.scratch - own.kept,
        kept=own.kept,
        weights=sum(array.nbytes for array in weights.values()),
        gradients=gradients,
        update_state=len(rule.slots(np.zeros(1))) * gradients if rule else 0,
        data=sum(array.nbytes for array in feeds.values()),
        code=own.code,
        peak=peak,
    )


def measure_peak(threads: int, *, typical: bool = False) -> float:
    """Floating-point operations a second of all threads, doing nothing but multiply-adds.

    The most that was reached; or what is ``typical``, for what is measured by its median as well.
    """
    from graphspec.engines.jit.kernels.peak import ROUNDS, SUMS, peak_kernel
    from graphspec.engines.jit.target import host

    out = outside("out", np.zeros(threads * host().width, np.float32))
    flops = 2 * host().width * SUMS * ROUNDS * threads
    args, note = (out, 0.5, 0.25), Note(flops=flops)
    row = NativeRow(Routine("peak", peak_kernel), args, threads, (), (out,), note)
    table, pool = bind([row]), Pool(threads)
    pool.run(table.native, 0, 1)
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        pool.run(table.native, 0, 1)
        times.append(time.perf_counter() - start)
    pool.close()
    seconds = median(times) if typical else min(times)
    return flops / seconds


def _feeds(plan: Plan, batch: int) -> dict[str, Array]:
    rng = np.random.default_rng(0)
    return {
        name: rng.standard_normal((batch, *tensor.shape)).astype(np.float32)
        if tensor.dtype == "float"
        else rng.integers(0, tensor.classes or 2, (batch, *tensor.shape))
        for name, tensor in plan.inputs.items()
    }


def _line(row: Row, seconds: float | None, peak: float | None) -> Line:
    note = row.note
    flops = note.flops if isinstance(note.flops, int) else note.flops()
    share = None
    if seconds is not None and seconds > _SHORTEST and peak is not None and flops:
        share = flops / seconds / peak
    return Line(
        stage=note.stage,
        layers=note.layers,
        operation=row.routine.name if isinstance(row, NativeRow) else "python",
        algorithm=", into ".join((note.algorithm, *_joins(row))),
        why=note.why or ("no kernel for this layer" if note.algorithm == "numpy" else ""),
        layout=_layout((*row.reads, *row.writes)),
        chunks=row.chunks if isinstance(row, NativeRow) else 1,
        bytes=sum(value.nbytes for value in {*row.reads, *row.writes}),
        flops=flops,
        seconds=seconds,
        share=share,
    )


def _joins(row: Row) -> tuple[str, ...]:
    """The concatenation that a row writes into, if it does."""
    return tuple({value.buffer.name for value in row.writes if value.pitch})


def _layout(values: tuple[Value, ...]) -> str:
    """How what a row touches is stored: NHWC where images are among it."""
    if any(value.channels_last for value in values):
        return "NHWC"
    return "rows" if values else ""
