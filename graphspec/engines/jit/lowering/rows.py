"""Lowering of what looks at one row of numbers at a time: softmax, layer norm, sums."""

from __future__ import annotations

from typing import Any

from graphspec.engines.jit.buffers import Value
from graphspec.engines.jit.kernels import rows
from graphspec.engines.jit.lowering.moving import reorder, same_order
from graphspec.engines.jit.lowering.site import Backward, Call, Lowering, Site
from graphspec.engines.jit.table import Routine
from graphspec.plan import Node

SUM, SPREAD = Routine("row_sum", rows.sum_kernel), Routine("row_spread", rows.spread_kernel)
SOFTMAX = Routine("softmax", rows.softmax_kernel)
SOFTMAX_BACK = Routine("softmax_backward", rows.softmax_back_kernel)
COLUMN_SUM = Routine("column_sum", rows.column_sum_kernel)
NORM = Routine("layer_norm", rows.layer_norm_kernel)
NORM_BACK = Routine("layer_norm_backward", rows.layer_norm_back_kernel)
NORM_SUMS = Routine("layer_norm_sums", rows.layer_norm_sums_kernel)


def column_sum(at: Site, x: Value, total: Value) -> None:
    """Sum x (R, m) over its rows."""
    count, m = x.shape
    at.emit(
        COLUMN_SUM,
        (x, x.row, total, count, m),
        chunks=-(-m // rows.COLUMNS),
        reads=(x,),
        writes=(total,),
        algorithm="sum over rows",
        flops=x.size,
    )


def _sum(at: Site) -> Backward:
    """All numbers of an example, in whatever order they are stored."""
    (x,), y = at.xs, at.y
    n, m = x.shape[0], x.size // x.shape[0]
    factor = 1 / m if at.layer.kind == "reduce_mean" else 1.0
    at.emit(SUM, (x, y, m, factor), chunks=n, reads=(x,), writes=(y,), flops=x.size)

    def backward() -> None:
        dy, dx = at.dy, at.dx(0)
        at.emit(SPREAD, (dy, dx, m, factor), chunks=n, reads=(dy,), writes=(dx,))

    return backward


def _softmax(at: Site) -> Backward:
    (x,), y = at.xs, at.y
    n, m = x.shape[0], x.shape[1]
    at.emit(SOFTMAX, (x, y, m), chunks=n, reads=(x,), writes=(y,), flops=20 * x.size)

    def backward() -> None:
        dy, dx = at.dy, at.dx(0)
        args = (y, dy, dx, m)
        at.emit(SOFTMAX_BACK, args, chunks=n, reads=(y, dy), writes=(dx,), flops=4 * x.size)

    return backward


def _layer_norm(at: Site) -> Backward:
    (x,), y, layer = at.xs, at.y, at.layer
    m = at.param("scale").size
    count = x.size // m
    turned = x.channels_last and not same_order(x.shape)
    scale, shift = (_as_stored(at, local, turned=turned) for local in ("scale", "shift"))
    mean, inverse = at.new("means", (count,)), at.new("inverse deviations", (count,))
    at.emit(
        NORM,
        (x, scale, shift, y, mean, inverse, m, 1 / m, float(layer.epsilon)),
        chunks=count,
        reads=(x, scale, shift),
        writes=(y, mean, inverse),
        flops=8 * x.size,
    )

    def backward() -> None:
        dy = at.dy
        if at.asks_for("scale"):
            wanted = at.dparam("scale"), at.dparam("shift")
            sums = tuple(at.new("sums", scale.shape) if turned else to for to in wanted)
            at.emit(
                NORM_SUMS,
                (x, mean, inverse, dy, *sums, count, m),
                chunks=-(-m // rows.COLUMNS),
                reads=(x, mean, inverse, dy),
                writes=sums,
                flops=5 * x.size,
            )
            if turned:
                for made, to in zip(sums, wanted, strict=True):
                    reorder(at, made, to)
        if at.need_dx:
            dx = at.dx(0)
            at.emit(
                NORM_BACK,
                (x, scale, mean, inverse, dy, dx, m, 1 / m),
                chunks=count,
                reads=(x, scale, mean, inverse, dy),
                writes=(dx,),
                flops=10 * x.size,
            )

    return backward


def _as_stored(at: Site, local: str, *, turned: bool) -> Value:
    """A parameter with the shape of an example, in the order in which images are stored."""
    param = at.param(local)
    if not turned:
        return param
    stored = at.new(f"{local}, channels last", (1, *param.shape))
    reorder(at, param, stored)
    return stored


def _over_everything(node: Node, call: Call) -> bool:
    layer: Any = node.layer
    axes = getattr(layer, "axes", None)
    return axes is None or len(axes) == len(node.sources[0].shape)


def _features(node: Node, call: Call) -> bool:
    return len(node.sources[0].shape) == 1


def _in_one_piece(node: Node, call: Call) -> bool:
    """What is normalised together lies together: of an image, all of it."""
    layer: Any = node.layer
    return len(node.sources[0].shape) != 3 or layer.axis == 0


LOWERINGS: dict[str, Lowering] = {
    "sum_loss": Lowering(_sum),
    "reduce_sum": Lowering(_sum, accepts=_over_everything),
    "reduce_mean": Lowering(_sum, accepts=_over_everything),
    "softmax": Lowering(_softmax, accepts=_features),
    "layer_norm": Lowering(_layer_norm, accepts=_in_one_piece),
}
