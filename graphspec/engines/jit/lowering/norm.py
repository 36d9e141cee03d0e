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
from graphspec.plan import Node

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
    found = from_batch(at, 0, x, *_moments(at, x)) if at.training else _from_running(at, x)
    through: Rows | _Windows = (
        _Windows.of(at, found.line)
        if halves(at.layers[-1])
        else Rows.of(at, found.line, x, Functions.of(at.layers, at.call, first=1))
    )
    through.normalise()

    def backward() -> None:
        level, slope = found.slopes(through)
        if at.need_dx:
            through.gradient(level, slope)

    return backward


def _moments(at: Site, x: Value) -> tuple[Value, int]:
    """Those of chunks, and the rows of one."""
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
    return part, at_once


def from_batch(at: Site, number: int, x: Value, moments: Value, at_once: int) -> Norm:
    """The layer ``number`` of the chain, by the batch's statistics; the running ones go on.

    ``moments`` are the mean and squared deviations of chunks, ``at_once`` rows of x in each.
    """
    layer: Any = at.layers[number]
    found = Norm.new(at, number, x, at.new("mean", x.shape[1:2]))
    mean, factor, _ = found.line
    scale, chunks = at.param("scale", number), moments.shape[0]
    old = at.param("mean", number), at.param("variance", number)
    new = at.new_statistic("mean", number), at.new_statistic("variance", number)
    out = (*new, mean, factor, found.inverse)
    settings = float(layer.epsilon), float(layer.momentum)
    at.emit(
        MERGE,
        (moments, found.rows, scale.size, at_once, chunks, scale, *old, *out, *settings),
        chunks=1,
        reads=(moments, scale, *old),
        writes=out,
    )
    return found


def _from_running(at: Site, x: Value) -> Norm:
    """The same by the running statistics."""
    found = Norm.new(at, 0, x, at.param("mean"))
    factor, scale, variance = found.line[1], at.param("scale"), at.param("variance")
    at.emit(
        FOLD,
        (scale.size, scale, variance, factor, found.inverse, float(at.layer.epsilon)),
        chunks=1,
        reads=(scale, variance),
        writes=(factor, found.inverse),
    )
    return found


@dataclass(frozen=True, slots=True)
class Norm:
    """What is known of a normalisation's channels: ``line`` and 1/√(σ² + ε), of so many rows."""

    at: Site
    number: int
    rows: int
    line: Line
    inverse: Value

    @classmethod
    def new(cls, at: Site, number: int, x: Value, mean: Value) -> Norm:
        """Memory for it."""
        channels = x.shape[1:2]
        factor, inverse = at.new("factor", channels), at.new("inverse", channels)
        line = mean, factor, at.param("shift", number)
        return cls(at, number, x.size // x.shape[1], line, inverse)

    def slopes(self, through: Rows | _Windows) -> tuple[Value, Value]:
        """Write dγ and dβ; what dx needs: dβ/m, and x̂'s share."""
        at, channels = self.at, self.inverse.size
        part = at.new("sums of chunks", (through.chunks, 2, channels), image=False)
        through.sums(part)
        level, slope = at.new("level", (channels,)), at.new("slope", (channels,))
        dscale, dshift = (self._gradient(local) for local in ("scale", "shift"))
        sums = dscale, dshift, level, slope
        at.emit(
            ADD_UP,
            (part, self.rows, channels, through.chunks, self.inverse, *sums),
            chunks=1,
            reads=(part, self.inverse),
            writes=sums,
        )
        return level, slope

    def _gradient(self, local: str) -> Value:
        """Where a parameter's gradient goes; nobody may have asked for it."""
        if self.at.asks_for(local, self.number):
            return self.at.dparam(local, self.number)
        return self.at.new(f"d{local}", self.inverse.shape)


def _shares(x: Value) -> tuple[int, int, int, int]:
    """Channels, rows, rows of a chunk, chunks."""
    channels = x.shape[1]
    rows, at_once = x.size // channels, norm.rows_at_once(channels)
    return channels, rows, at_once, -(-rows // at_once)


@dataclass(frozen=True, slots=True)
class Rows:
    """Passes over all rows of x, through functions that follow; ``line`` are μ, a and β."""

    at: Site
    line: Line
    x: Value
    sizes: tuple[int, int, int]
    chunks: int
    functions: Functions

    @classmethod
    def of(cls, at: Site, line: Line, x: Value, functions: Functions) -> Rows:
        """As they are cut into chunks."""
        channels, rows, at_once, chunks = _shares(x)
        return cls(at, line, x, (rows, channels, at_once), chunks, functions)

    def normalise(self) -> None:
        """y."""
        x, y = self.x, self.at.y
        self._emit("normalise", norm.normalise_kernel, (x, y), (), (x,), y, 2)

    def sums(self, part: Value) -> None:
        """What dγ and dβ are made of."""
        x, dy = self.x, self.at.dy
        self._emit("sums", norm.sums_kernel, (x, dy), (part,), (x, dy), part, 4)

    def gradient(self, level: Value, slope: Value) -> None:
        """dx, of the site's input."""
        x, dy, dx, training = self.x, self.at.dy, self.at.dx(0), self.at.training
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


def absorbs(node: Node, chain: tuple[Any, ...], after: Any, call: Call) -> bool:
    """Whether the next layer is done in the passes of a chain that begins with a normalisation."""
    if halves(chain[-1]):
        return False
    if halves(after):
        return Functions.of(chain, call, first=1).kinds in ((), ("relu",))
    # Backward reads x, and makes again from it what the functions were given; draws would have to
    # be read twice.
    return (
        followed_by_functions(node, chain, after, call)
        and not Functions.of((*chain, after), call, first=1).dropping
    )


def _has_rows(node: Node, call: Call) -> bool:
    return len(node.output.shape) in (1, 3)


LOWERINGS: dict[str, Lowering] = {
    "batch_norm": Lowering(_batch_norm, accepts=_has_rows, absorbs=absorbs),
}
