"""Lowering of the transposed convolution, which is a convolution's backward pass.

    y  = Σ stamps + b     the gradient of that convolution's input
    dx = w ∗ dy           that convolution
    dw                    the gradient of its weights, with x where its dy is
    db = Σ dy             pixels first, then images

w (C, K, FH, FW) are the weights of a convolution from K channels to C, as they lie.
"""

from __future__ import annotations

from graphspec.engines.jit.buffers import Value
from graphspec.engines.jit.lowering import conv_direct
from graphspec.engines.jit.lowering.pooling import GLOBAL
from graphspec.engines.jit.lowering.rows import column_sum
from graphspec.engines.jit.lowering.site import Backward, Lowering, Site

_WHY = "the backward pass of a convolution"


def _lower(at: Site) -> Backward:
    layer, (x,), y = at.layer, at.xs, at.y
    w, b = at.param("weight"), at.param("bias") if layer.bias else None
    back = (layer._place(x.shape[2:]), layer.filters, x.shape[1], 1)
    for p in conv_direct.input_passes(*back):
        conv_direct.emit_forward(at, p, x, y, w, b, None, why=_WHY, mirrored=True)

    def backward() -> None:
        dy, p = at.dy, conv_direct.forward_pass(*back)
        if at.asks_for("weight"):
            conv_direct.emit_weight_gradient(at, p, dy, x, at.dparam("weight"), None, why=_WHY)
        if at.asks_for("bias"):
            _bias_gradient(at, dy, at.dparam("bias"))
        if at.need_dx:
            conv_direct.emit_forward(at, p, dy, at.dx(0), w, None, None, why=_WHY)

    return backward


def _bias_gradient(at: Site, dy: Value, db: Value) -> None:
    n, filters, height, width = dy.shape
    sums = at.new("sums of images", (n, filters))
    at.emit(
        GLOBAL,
        (dy, sums, height * width, filters, 1.0),
        chunks=n,
        reads=(dy,),
        writes=(sums,),
        algorithm="sum",
        flops=dy.size,
    )
    column_sum(at, sums, db)


LOWERINGS: dict[str, Lowering] = {"conv_transpose2d": Lowering(_lower)}
