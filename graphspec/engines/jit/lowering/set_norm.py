"""Lowering of group and instance normalisation."""

from __future__ import annotations

from graphspec.engines.jit.buffers import Value, channels_of
from graphspec.engines.jit.kernels import set_norm
from graphspec.engines.jit.lowering.rows import column_sum
from graphspec.engines.jit.lowering.site import Backward, Call, Lowering, Site
from graphspec.engines.jit.table import Routine
from graphspec.plan import Node

FORWARD = Routine("set_norm", set_norm.forward_kernel)
SUMS = Routine("set_norm_sums", set_norm.sums_kernel)
GRADIENT = Routine("set_norm_gradient", set_norm.gradient_kernel)


def _set_norm(at: Site) -> Backward:
    layer, (x,), y = at.layer, at.xs, at.y
    n, channels = x.shape[:2]
    sets = layer.sets(x.shape[1:])
    share = n * sets / x.size
    # Few examples: several chunks of each, so that all threads have something to do.
    at_once = -(-sets // max(1, min(sets, 4 * at.call.threads // n)))
    parts = -(-sets // at_once)
    chunks = n * parts
    why = f"{n} examples are few for the threads: {parts} chunks of each" if parts > 1 else ""
    sizes = (x.size // (n * channels), channels, sets, channels // sets, at_once)
    scale, shift = at.param("scale"), at.param("shift")
    known = at.new("means", (n, channels)), at.new("inverse deviations", (n, channels))
    at.emit(
        FORWARD,
        (x, scale, shift, y, *known, *sizes, share, float(layer.epsilon)),
        chunks=chunks,
        reads=(x, scale, shift),
        writes=(y, *known),
        why=why,
        flops=6 * x.size,
    )

    def backward() -> None:
        dy = at.dy
        sums = at.new("sums", (n, 2 * channels))
        at.emit(
            SUMS,
            (x, *known, dy, sums, *sizes),
            chunks=chunks,
            reads=(x, *known, dy),
            writes=(sums,),
            why=why,
            flops=5 * x.size,
        )
        for i, local in enumerate(("shift", "scale")):
            if at.asks_for(local):
                column_sum(at, channels_of(sums, i * channels, channels), at.dparam(local))
        if at.need_dx:
            dx = at.dx(0)
            work: tuple[Value, Value] = (
                at.new("levels", (n, channels)),
                at.new("slopes", (n, channels)),
            )
            at.emit(
                GRADIENT,
                (x, scale, *known, dy, sums, *work, dx, *sizes, share),
                chunks=chunks,
                reads=(x, scale, *known, dy, sums),
                writes=(*work, dx),
                why=why,
                flops=6 * x.size,
            )

    return backward


def _channels_run_along(node: Node, call: Call) -> bool:
    """Images, whose channels are stored last, and features."""
    return len(node.sources[0].shape) in (1, 3)


LOWERINGS: dict[str, Lowering] = {
    kind: Lowering(_set_norm, accepts=_channels_run_along)
    for kind in ("group_norm", "instance_norm")
}
