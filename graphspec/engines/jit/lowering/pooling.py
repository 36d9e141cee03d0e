"""Lowering of the pooling layers, and of their opposite: pixels that are repeated."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from graphspec.engines.jit.buffers import Value
from graphspec.engines.jit.kernels import pool, pool_tiles
from graphspec.engines.jit.lowering.site import Backward, Call, Lowering, Site
from graphspec.engines.jit.table import Routine
from graphspec.layers.max_pool2d import MaxPool2d
from graphspec.layers.sliding import Sliding, as_pair, place
from graphspec.plan import Node

MAX = Routine("max_pool", pool.max_kernel)
MAX_BACK = {
    overlap: Routine(
        f"max_pool_backward{'_overlap' if overlap else ''}",
        partial(pool.max_back_kernel, overlap),
    )
    for overlap in (False, True)
}
MEAN, MEAN_BACK = (
    Routine("mean_pool", pool.mean_kernel),
    Routine("mean_pool_backward", pool.mean_back_kernel),
)
GLOBAL = Routine("global_mean", pool.global_mean_kernel)
GLOBAL_BACK = Routine("global_mean_backward", pool.global_mean_back_kernel)


# Larger windows would make long kernels; they are rare.
_LARGEST_TILE = 4
_TILES = "windows side by side from edge to edge"
_NO_TILES = "they overlap, or do not end at the edges"


def _max(at: Site) -> Backward:
    (x,), y = at.xs, at.y
    sliding = at.layer._place(x.shape[2:])
    tiles = _tiles(sliding)
    if tiles and max(sliding.kernel) <= _LARGEST_TILE:
        return _max_of_tiles(at, sliding)
    windows = _windows(x, y, sliding)
    height, width = sliding.kernel
    places = height * width
    why = f"{height}×{width} is too large to unroll" if tiles else _NO_TILES
    at.emit(
        MAX,
        (x, y, *windows),
        chunks=y.shape[0] * y.shape[2],
        reads=(x,),
        writes=(y,),
        algorithm="windows",
        why=why,
        flops=y.size * places,
    )

    def backward() -> None:
        dy, dx = at.dy, at.dx(0)
        at.emit(
            MAX_BACK[not tiles],
            (x, y, dy, dx, *windows),
            chunks=y.shape[0] * (y.shape[2] if tiles else 1),
            reads=(x, y, dy),
            writes=(dx,),
            algorithm="windows",
            why=why,
            flops=y.size * places,
        )

    return backward


def halves(layer: Any) -> bool:
    """Whether a layer takes the largest of each 2 × 2, of images whose sides are even."""
    # "Exact" windows that neither overlap nor leave gaps.
    return (
        isinstance(layer, MaxPool2d)
        and as_pair(layer.kernel) == (2, 2)
        and layer.stride in (None, 2, (2, 2))
        and layer.pad in (0, (0, 0), (0, 0, 0, 0))
        and layer.rounding == "exact"
    )


def _tiles(sliding: Sliding) -> bool:
    """Whether windows lie side by side up to the edges, so that each pixel is in one window."""
    return sliding.stride == sliding.kernel and all(
        lo == 0 and count * stride == size
        for stride, lo, count, size in zip(
            sliding.stride, sliding.before, sliding.out, sliding.size, strict=True
        )
    )


def _max_of_tiles(at: Site, sliding: Sliding) -> Backward:
    (x,), y = at.xs, at.y
    kernel = sliding.kernel
    sizes = (x.shape[2], *sliding.out, x.shape[1])
    chunks, flops = y.shape[0] * y.shape[2], x.size
    name = f"max_pool_{kernel[0]}x{kernel[1]}"
    at.emit(
        Routine(name, partial(pool_tiles.tiles_forward, *kernel)),
        (x, y, *sizes),
        chunks=chunks,
        reads=(x,),
        writes=(y,),
        algorithm="tiles",
        why=_TILES,
        flops=flops,
    )

    def backward() -> None:
        dy, dx = at.dy, at.dx(0)
        at.emit(
            Routine(f"{name}_backward", partial(pool_tiles.tiles_backward, *kernel)),
            (x, y, dy, dx, *sizes),
            chunks=chunks,
            reads=(x, y, dy),
            writes=(dx,),
            algorithm="tiles",
            why=_TILES,
            flops=flops,
        )

    return backward


def _mean(at: Site) -> Backward:
    (x,), y = at.xs, at.y
    sliding = at.layer._place(x.shape[2:])
    windows = _windows(x, y, sliding)
    places = sliding.kernel[0] * sliding.kernel[1]
    share = at.constant("shares", 1 / at.layer._counts(sliding).astype(np.float64))
    at.emit(
        MEAN,
        (x, y, share, *windows),
        chunks=y.shape[0] * y.shape[2],
        reads=(x, share),
        writes=(y,),
        flops=y.size * places,
    )

    def backward() -> None:
        dy, dx = at.dy, at.dx(0)
        at.emit(
            MEAN_BACK,
            (dy, dx, share, *windows),
            chunks=y.shape[0],
            reads=(dy, share),
            writes=(dx,),
            flops=y.size * places,
        )

    return backward


def _global(at: Site) -> Backward:
    (x,), y = at.xs, at.y
    n, c, h, w = x.shape
    sizes = (h * w, c, 1 / (h * w))
    at.emit(GLOBAL, (x, y, *sizes), chunks=n, reads=(x,), writes=(y,), flops=x.size)

    def backward() -> None:
        dy, dx = at.dy, at.dx(0)
        at.emit(GLOBAL_BACK, (dy, dx, *sizes), chunks=n, reads=(dy,), writes=(dx,), flops=x.size)

    return backward


def _repeat(at: Site) -> Backward:
    """Mean pooling backwards: each pixel is shared out, undivided, over a window of its own."""
    (x,), y = at.xs, at.y
    places = as_pair(at.layer.factor)
    _, _, height, width = y.shape
    sliding = place((height, width), places, places, 0)
    windows, whole = _windows(y, x, sliding), at.constant("ones", np.ones(sliding.out))
    at.emit(MEAN_BACK, (x, y, whole, *windows), chunks=at.batch, reads=(x, whole), writes=(y,))

    def backward() -> None:
        dy, dx = at.dy, at.dx(0)
        at.emit(
            MEAN,
            (dy, dx, whole, *windows),
            chunks=at.batch * x.shape[2],
            reads=(dy, whole),
            writes=(dx,),
            flops=y.size,
        )

    return backward


def _repeats(node: Node, call: Call) -> bool:
    """Pixels that are mixed go through numpy."""
    return getattr(node.layer, "mode", "") == "nearest"


def _windows(x: Value, y: Value, sliding: Sliding) -> tuple[int, ...]:
    _, c, h, w = x.shape
    return (h, w, c, *y.shape[2:], *sliding.kernel, *sliding.stride, *sliding.before)


LOWERINGS: dict[str, Lowering] = {
    "max_pool2d": Lowering(_max),
    "avg_pool2d": Lowering(_mean),
    "global_avg_pool2d": Lowering(_global),
    "upsample2d": Lowering(_repeat, accepts=_repeats),
}
