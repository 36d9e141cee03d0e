"""Weights with a batch normalisation folded in, where no gradient is asked for."""

from __future__ import annotations

from functools import partial
from typing import Any

from graphspec.engines.jit.buffers import Value
from graphspec.engines.jit.kernels import fold
from graphspec.engines.jit.lowering.site import Call, Site
from graphspec.engines.jit.table import Routine
from graphspec.layers.batch_norm import BatchNorm

_FOLD = {
    bias: Routine(f"fold_batch_norm{'_bias' if bias else ''}", partial(fold.fold_kernel, bias))
    for bias in (False, True)
}


def can_fold(chain: tuple[Any, ...], after: Any, call: Call) -> bool:
    """Whether the layer that follows is a normalisation that only multiplies and adds here."""
    return (
        isinstance(after, BatchNorm) and len(chain) == 1 and not call.training and call.forward_only
    )


def folded_weights(at: Site) -> tuple[Value, Value | None]:
    """The first layer's weight and bias; with the normalisation behind it, if it was taken in."""
    w, b = at.param("weight"), at.param("bias") if at.layer.bias else None
    if len(at.layers) < 2 or not isinstance(at.layers[1], BatchNorm):
        return w, b
    filters = w.shape[0]
    new_w, new_b = at.kept("folded weight", w.shape), at.kept("folded bias", (filters,))
    norm = tuple(at.param(local, 1) for local in ("scale", "shift", "mean", "variance"))
    at.prepare(
        _FOLD[b is not None],
        (w, b or 0, *norm, new_w, new_b, w.size // filters, float(at.layers[1].epsilon)),
        chunks=filters,
        reads=(w, *norm) if b is None else (w, b, *norm),
        writes=(new_w, new_b),
        algorithm="fold batch norm",
    )
    return new_w, new_b
