"""Lowering of batch normalisation, with functions behind it, or a rectifier and max pooling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from graphspec.engines.jit.buffers import Value
from graphspec.engines.jit.kernels import norm, norm_pool
from graphspec.engines.jit.kernels.elementwise import THEN
from graphspec.engines.jit.lowering.pointwise import Functions, followed_by_functions
from graphspec.engines.jit.lowering.pooling import halves
from graphspec.engines.jit.lowering.site import Backward, Call, Lowering, Site
from graphspec.engines.jit.table import Routine

MOMENTS = Routine("batch_norm_moments", norm.moments_kernel)
MERGE = Routine("batch_norm_merge", norm.merge_kernel)
FOLD = Routine("batch_norm_fold", norm.fold_kernel)
POOLED = {
    relu: Routine(
        f"batch_norm_pool{'_relu' if relu else ''}", partial(norm_pool.normalise_kernel, relu)
    )
    for relu in (False, True)
}
POOLED_SUMS = Routine("batch_norm_sums_pool", norm_pool.sums_kernel)
POOLED_GRADIENT = {
    training: Routine(
        f"batch_norm_gradient_pool{'' if training else '_fixed'}",
        partial(norm_pool.gradient_kernel, training),
    )
    for training in (False, True)
}
ADD_UP = Routine("batch_norm_add_up", norm.add_up_kernel)

Line = tuple[Value, Value, Value]
"""Where μ, a and β are."""


def _batch_norm(at: Site) -> Backward:
    x = at.xs[0]
    channels = x.shape[1]
    factor, inverse = at.new("factor", (channels,)), at.new("inverse", (channels,))
    mean = _from_batch(at, factor, inverse) if at.training else _from_running(at, factor, inverse)
    line = mean, factor, at.param("shift")
    through: _Rows | _Windows = (
        _Windows.of(at, line) if halves(at.layers[-1]) else _Rows.of(at, line)
    )
    through.normalise()

    def backward() -> None:
        part = at.new("sums of chunks", (through.chunks, 2, channels), image=False)
        through.sums(part)
        level, slope = at.new("level", (channels,)), at.new("slope", (channels,))
        sums = (_gradient(at, "scale", channels), _gradient(at, "shift", channels), level, slope)
        at.emit(
            ADD_UP,
            (part, x.size // channels, channels, through.chunks, inverse, *sums),
            chunks=1,
            reads=(part, inverse),
            writes=sums,
        )
        if at.need_dx:
            through.gradient(level, slope)

    return backward


def _from_batch(at: Site, factor: Value, inverse: Value) -> Value:
    """μ, γ/√(σ² + ε) and 1/√(σ² + ε) of the batch, and what becomes of the running statistics."""
    x, layer = at.xs[0], at.layer
    channels, rows, at_once, chunks = _shares(x)
    part = at.new("moments of chunks", (chunks, 2, channels), image=False)
    at.emit(
        MOMENTS,
        (x, rows, channels, at_once, part),
        chunks=chunks,
        reads=(x,),
        writes=(part,),
        flops=3 * x.size,
    )
    scale, mean = at.param("scale"), at.new("mean", (channels,))
    old = at.param("mean"), at.param("variance")
    out = (at.new_statistic("mean"), at.new_statistic("variance"), mean, factor, inverse)
    settings = float(layer.epsilon), float(layer.momentum)
    at.emit(
        MERGE,
        (part, rows, channels, at_once, chunks, scale, *old, *out, *settings),
        chunks=1,
        reads=(part, scale, *old),
        writes=out,
    )
    return mean


def _from_running(at: Site, factor: Value, inverse: Value) -> Value:
    """The same of the running statistics."""
    scale, variance = at.param("scale"), at.param("variance")
    at.emit(
        FOLD,
        (scale.size, scale, variance, factor, inverse, float(at.layer.epsilon)),
        chunks=1,
        reads=(scale, variance),
        writes=(factor, inverse),
    )
    return at.param("mean")


def _shares(x: Value) -> tuple[int, int, int, int]:
    """Channels, rows, rows of a chunk, chunks."""
    channels = x.shape[1]
    rows, at_once = x.size // channels, norm.rows_at_once(channels)
    return channels, rows, at_once, -(-rows // at_once)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Passes over all rows, through functions that follow; ``line`` are μ, a and β."""

    at: Site
    line: Line
    sizes: tuple[int, int, int]
    chunks: int
    functions: Functions

    @classmethod
    def of(cls, at: Site, line: Line) -> _Rows:
        channels, rows, at_once, chunks = _shares(at.xs[0])
        functions = Functions.of(at.layers, at.call, first=1)
        return cls(at, line, (rows, channels, at_once), chunks, functions)

    def normalise(self) -> None:
        x, y = self.at.xs[0], self.at.y
        self._emit("normalise", norm.normalise_kernel, (x, y), (), (x,), y, 2)

    def sums(self, part: Value) -> None:
        x, dy = self.at.xs[0], self.at.dy
        self._emit("sums", norm.sums_kernel, (x, dy), (part,), (x, dy), part, 4)

    def gradient(self, level: Value, slope: Value) -> None:
        x, dy, dx, training = self.at.xs[0], self.at.dy, self.at.dx(0), self.at.training
        kernel = partial(norm.gradient_kernel, training)
        name = "gradient" if training else "gradient_fixed"
        self._emit(name, kernel, (x, dy, dx), (level, slope), (x, dy, level, slope), dx, 4)

    def _emit(
        self,
        name: str,
        kernel: Callable[..., None],
        images: tuple[Value, ...],
        rest: tuple[Value, ...],
        reads: tuple[Value, ...],
        out: Value,
        flops: int,
    ) -> None:
        kinds, settings = self.functions.kinds, self.functions.settings
        self.at.emit(
            Routine(THEN.join((f"batch_norm_{name}", *kinds)), partial(kernel, kinds)),
            (*images, *self.sizes, *self.line, *rest, *settings),
            chunks=self.chunks,
            reads=(*reads, *self.line),
            writes=(out,),
            flops=flops * images[0].size,
        )


@dataclass(frozen=True, slots=True)
class _Windows:
    """Passes over 2 × 2 windows, of which the largest is kept, rectified if that is asked for."""

    at: Site
    line: Line
    codes: Value
    sizes: tuple[int, int]
    chunks: int

    @classmethod
    def of(cls, at: Site, line: Line) -> _Windows:
        _, channels, rows, columns = at.y.shape
        codes = at.new("codes", at.y.shape, np.uint8)
        return cls(at, line, codes, (columns, channels), at.batch * rows)

    def normalise(self) -> None:
        x, y, relu = self.at.xs[0], self.at.y, len(self.at.layers) > 2
        self.at.emit(
            POOLED[relu],
            (x, y, self.codes, *self.sizes, *self.line),
            chunks=self.chunks,
            reads=(x, *self.line),
            writes=(y, self.codes),
            flops=2 * x.size,
        )

    def sums(self, part: Value) -> None:
        x, dy, mean = self.at.xs[0], self.at.dy, self.line[0]
        self.at.emit(
            POOLED_SUMS,
            (x, dy, self.codes, *self.sizes, mean, part),
            chunks=self.chunks,
            reads=(x, dy, self.codes, mean),
            writes=(part,),
            flops=4 * x.size,
        )

    def gradient(self, level: Value, slope: Value) -> None:
        (x, dy, dx), (mean, factor, _) = (self.at.xs[0], self.at.dy, self.at.dx(0)), self.line
        self.at.emit(
            POOLED_GRADIENT[self.at.training],
            (x, dy, self.codes, dx, *self.sizes, mean, factor, level, slope),
            chunks=self.chunks,
            reads=(x, dy, self.codes, mean, factor, level, slope),
            writes=(dx,),
            flops=4 * x.size,
        )


def _gradient(at: Site, local: str, channels: int) -> Value:
    """Where a parameter's gradient goes; nobody may have asked for it."""
    return at.dparam(local) if at.asks_for(local) else at.new(f"d{local}", (channels,))


def _absorbs(chain: tuple[Any, ...], after: Any, call: Call) -> bool:
    if halves(chain[-1]):
        return False
    if halves(after):
        return Functions.of(chain, call, first=1).kinds in ((), ("relu",))
    # Backward reads x, and makes again from it what the functions were given; draws would have to
    # be read twice.
    return (
        followed_by_functions(chain, after, call)
        and not Functions.of((*chain, after), call, first=1).dropping
    )


def _has_rows(node: Any, call: Call) -> bool:
    return len(node.output.shape) in (1, 3)


LOWERINGS: dict[str, Lowering] = {
    "batch_norm": Lowering(_batch_norm, accepts=_has_rows, absorbs=_absorbs),
}
