"""Lowering of the layers that treat each channel in its own way: learned slopes, response norms."""

from __future__ import annotations

from functools import partial

from graphspec.engines.jit.kernels import norm, prelu, response_norm
from graphspec.engines.jit.lowering.rows import SUM, column_sum
from graphspec.engines.jit.lowering.site import Backward, Call, Lowering, Site
from graphspec.engines.jit.table import Routine
from graphspec.engines.jit.target import host
from graphspec.plan import Node


def _routines(shared: bool) -> tuple[Routine, Routine]:
    name = "prelu_shared" if shared else "prelu"
    return (
        Routine(name, partial(prelu.forward_kernel, shared)),
        Routine(f"{name}_backward", partial(prelu.backward_kernel, shared)),
    )


PRELU = {shared: _routines(shared) for shared in (False, True)}
RESPONSE = Routine("response_norm", response_norm.forward_kernel)
RESPONSE_BACK = Routine("response_norm_backward", response_norm.backward_kernel)


def _prelu(at: Site) -> Backward:
    (x,), y, slope = at.xs, at.y, at.param("slope")
    channels = x.shape[1]
    rows, at_once = x.size // channels, norm.rows_at_once(channels)
    chunks = -(-rows // at_once)
    forward, back = PRELU[at.layer.shared]
    sizes = (rows, channels, at_once)
    at.emit(
        forward,
        (x, slope, y, *sizes),
        chunks=chunks,
        reads=(x, slope),
        writes=(y,),
        flops=2 * x.size,
    )

    def backward() -> None:
        dy, dx = at.dy, at.dx(0)
        sums = at.new("sums of chunks", (chunks, channels))
        at.emit(
            back,
            (x, slope, dy, dx, sums, *sizes),
            chunks=chunks,
            reads=(x, slope, dy),
            writes=(dx, sums),
            flops=4 * x.size,
        )
        if at.asks_for("slope") and at.layer.shared:
            da = at.dparam("slope")
            at.emit(SUM, (sums, da, sums.size, 1.0), chunks=1, reads=(sums,), writes=(da,))
        elif at.asks_for("slope"):
            column_sum(at, sums, at.dparam("slope"))

    return backward


def _response_norm(at: Site) -> Backward:
    layer, (x,), y = at.layer, at.xs, at.y
    channels = x.shape[1]
    pixels = x.size // channels
    # Of more neighbours than there are channels the others are zeros.
    size = 2 * min(layer.size // 2, channels - 1) + 1
    row = response_norm.scratch_floats(channels, size, host().width)
    sizes = (pixels, channels, size)
    constants = (float(layer.k), float(layer._strength), -float(layer.beta))
    chunks = -(-pixels // response_norm.PIXELS)
    squares, stride = at.scratch("squares", 4 * row)
    at.emit(
        RESPONSE,
        (x, y, squares, stride, *sizes, *constants),
        chunks=chunks,
        reads=(x,),
        writes=(y, squares),
        flops=(40 + size) * x.size,
    )

    def backward() -> None:
        dy, dx = at.dy, at.dx(0)
        sums, stride = at.scratch("squares, pulls", 8 * row)
        at.emit(
            RESPONSE_BACK,
            (x, dy, dx, row, sums, stride, *sizes, *constants),
            chunks=chunks,
            reads=(x, dy),
            writes=(dx, sums),
            flops=(50 + 2 * size) * x.size,
        )

    return backward


def _channels_run_along(node: Node, call: Call) -> bool:
    """Images, whose channels are stored last, and features."""
    return len(node.sources[0].shape) in (1, 3)


LOWERINGS: dict[str, Lowering] = {
    "prelu": Lowering(_prelu, accepts=_channels_run_along),
    "local_response_norm": Lowering(_response_norm, accepts=_channels_run_along),
}
