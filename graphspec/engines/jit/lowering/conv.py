"""Convolutions: which algorithm each pass of a layer takes, and why.

A ReLU that follows is computed in the same kernel; its gradient opens and closes dy first.
"""

from __future__ import annotations

from typing import Any

from graphspec.engines.jit.buffers import Value
from graphspec.engines.jit.kernels import gate
from graphspec.engines.jit.lowering.conv_direct import (
    emit_forward,
    emit_weight_gradient,
    forward_pass,
    input_passes,
)
from graphspec.engines.jit.lowering.site import Backward, Call, Lowering, Site
from graphspec.layers.conv2d import Conv2d
from graphspec.layers.relu import Relu


def _lower(at: Site) -> Backward:
    layer: Conv2d = at.layer
    x, y = at.xs[0], at.y
    channels, height, width = x.shape[1:]
    sliding = layer._place((height, width))
    relu = len(at.layers) > 1
    w, b = at.param("weight"), at.param("bias") if layer.bias else None
    shape = (sliding, channels, layer.filters, layer.groups)
    ahead = forward_pass(*shape)
    emit_forward(at, ahead, x, y, w, b, relu=relu, why="")

    def backward() -> None:
        dz = _gated(at, y) if relu else at.dy
        if at.asks_for("weight") or at.asks_for("bias"):
            db = at.dparam("bias") if layer.bias else None
            emit_weight_gradient(at, ahead, x, dz, at.dparam("weight"), db, why="")
        if at.need_dx:
            dx = at.dx(0)
            for p in input_passes(*shape):
                emit_forward(at, p, dz, dx, w, None, relu=False, why="", mirrored=True)

    return backward


def _gated(at: Site, y: Value) -> Value:
    """dy where the ReLU was open."""
    dz = at.new("dz", y.shape)
    chunks = -(-y.size // gate.PIECE)
    at.emit(gate.RELU, (at.dy, y, dz, y.size), chunks=chunks, reads=(at.dy, y), writes=(dz,))
    return dz


def _absorbs(chain: tuple[Any, ...], after: Any, call: Call) -> bool:
    return len(chain) == 1 and isinstance(after, Relu)


LOWERINGS = {"conv2d": Lowering(_lower, absorbs=_absorbs)}
