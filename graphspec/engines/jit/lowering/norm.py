"""Lowering of batch normalisation, with a rectifier and 2 × 2 max pooling behind it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from graphspec.engines.jit.buffers import Value
from graphspec.engines.jit.kernels import norm, norm_pool
from graphspec.engines.jit.lowering.pooling import halves
from graphspec.engines.jit.lowering.site import Backward, Call, Lowering, Site
from graphspec.engines.jit.table import Routine

MOMENTS = Routine("batch_norm_moments", norm.moments_kernel)
MERGE = Routine("batch_norm_merge", norm.merge_kernel)
FOLD = Routine("batch_norm_fold", norm.fold_kernel)
POOLED_SUMS = Routine("batch_norm_sums_pool", norm_pool.sums_kernel)
ADD_UP = Routine("batch_norm_add_up", norm.add_up_kernel)


def _variant(name: str, kernel: Any, *choices: bool) -> Routine:
    """A kernel with its choices in its name."""
    return Routine(
        f"batch_norm_{name}_{''.join('ny'[c] for c in choices)}", partial(kernel, *choices)
    )


def _batch_norm(at: Site) -> Backward:
    layer, (x,), y = at.layer, at.xs, at.y
    relu = len(at.nodes) > 1
    pool = len(at.nodes) > 2
    channels = x.shape[1]
    rows, at_once = x.size // channels, norm.rows_at_once(channels)
    chunks = -(-rows // at_once)
    sizes = (rows, channels, at_once)
    scale, shift = at.param("scale"), at.param("shift")
    mean, factor, inverse = (at.new(what, (channels,)) for what in ("mean", "factor", "inverse"))
    if at.training:
        part = at.new("moments of chunks", (chunks, 2, channels), image=False)
        at.emit(
            MOMENTS, (x, *sizes, part), chunks=chunks, reads=(x,), writes=(part,), flops=3 * x.size
        )
        old = at.param("mean"), at.param("variance")
        new = at.new_statistic("mean"), at.new_statistic("variance")
        out = (*new, mean, factor, inverse)
        at.emit(
            MERGE,
            (part, *sizes, chunks, scale, *old, *out, float(layer.epsilon), float(layer.momentum)),
            chunks=1,
            reads=(part, scale, *old),
            writes=out,
        )
    else:
        mean = at.param("mean")
        variance = at.param("variance")
        at.emit(
            FOLD,
            (channels, scale, variance, factor, inverse, float(layer.epsilon)),
            chunks=1,
            reads=(scale, variance),
            writes=(factor, inverse),
        )
    line = mean, factor, shift
    if pool:
        codes = at.new("codes", y.shape, np.uint8)
        windows = y.shape[3], channels
        pooled_rows = at.batch * y.shape[2]
        at.emit(
            _variant("normalise_pool", norm_pool.normalise_kernel, relu),
            (x, y, codes, *windows, *line),
            chunks=pooled_rows,
            reads=(x, *line),
            writes=(y, codes),
            flops=2 * x.size,
        )
    else:
        at.emit(
            _variant("normalise", norm.normalise_kernel, relu),
            (x, y, *sizes, *line),
            chunks=chunks,
            reads=(x, *line),
            writes=(y,),
            flops=2 * x.size,
        )

    def backward() -> None:
        dy = at.dy
        parts = pooled_rows if pool else chunks
        part = at.new("sums of chunks", (parts, 2, channels), image=False)
        if pool:
            at.emit(
                POOLED_SUMS,
                (x, dy, codes, *windows, mean, part),
                chunks=parts,
                reads=(x, dy, codes, mean),
                writes=(part,),
                flops=4 * x.size,
            )
        else:
            at.emit(
                _variant("sums", norm.sums_kernel, relu),
                (x, dy, *sizes, *line, part),
                chunks=parts,
                reads=(x, dy, *line),
                writes=(part,),
                flops=4 * x.size,
            )
        level, slope = at.new("level", (channels,)), at.new("slope", (channels,))
        sums = (_gradient(at, "scale", channels), _gradient(at, "shift", channels), level, slope)
        at.emit(
            ADD_UP,
            (part, rows, channels, parts, inverse, *sums),
            chunks=1,
            reads=(part, inverse),
            writes=sums,
        )
        if not at.need_dx:
            return
        dx = at.dx(0)
        if pool:
            at.emit(
                _variant("gradient_pool", norm_pool.gradient_kernel, at.training),
                (x, dy, codes, dx, *windows, mean, factor, level, slope),
                chunks=parts,
                reads=(x, dy, codes, mean, factor, level, slope),
                writes=(dx,),
                flops=4 * x.size,
            )
        else:
            at.emit(
                _variant("gradient", norm.gradient_kernel, relu, at.training),
                (x, dy, dx, *sizes, *line, level, slope),
                chunks=parts,
                reads=(x, dy, *line, level, slope),
                writes=(dx,),
                flops=4 * x.size,
            )

    return backward


def _gradient(at: Site, local: str, channels: int) -> Value:
    """Where a parameter's gradient goes; nobody may have asked for it."""
    return at.dparam(local) if at.asks_for(local) else at.new(f"d{local}", (channels,))


def _absorbs(chain: tuple[Any, ...], after: Any, call: Call) -> bool:
    return after.kind == "relu" if len(chain) == 1 else len(chain) == 2 and halves(after)


def _has_rows(node: Any, call: Call) -> bool:
    return len(node.output.shape) in (1, 3)


LOWERINGS: dict[str, Lowering] = {
    "batch_norm": Lowering(_batch_norm, accepts=_has_rows, absorbs=_absorbs),
}
