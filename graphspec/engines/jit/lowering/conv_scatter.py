"""Rows of the gradient of a convolution's input by overlapping additions, where that pays."""

from __future__ import annotations

from collections.abc import Sequence

from graphspec.engines.jit.buffers import Value
from graphspec.engines.jit.kernels import scatter
from graphspec.engines.jit.kernels.direct import block_ends, block_sizes
from graphspec.engines.jit.lowering.conv_direct import Pass, table, vectors_for
from graphspec.engines.jit.lowering.site import Site
from graphspec.engines.jit.target import Target, host
from graphspec.layers.sliding import Sliding

# What clearing, adding and storing a block costs, in turns of its loop over the filters.
OVERHEAD = 8


def pays(at: Site, sliding: Sliding, channels: int, filters: int, passes: Sequence[Pass]) -> bool:
    """Whether it takes fewer multiply-adds, empty lanes counted, than ``passes`` that gather."""
    if at.layer.groups > 1 or sliding.dilation[1] > 1 or at.batch < at.call.threads:
        return False
    target = host()
    width = vectors_for(channels, target) * target.width
    gathered = sum(
        p.count[0] * p.count[1] * len(p.taps) * filters * -(-channels // width) * width
        for p in passes
    )
    (rows, columns), (kernel_rows, _) = sliding.out, sliding.kernel
    numbers = _panels(sliding, channels, target) * scatter.lanes(target)
    return rows * columns * kernel_rows * numbers * (filters + OVERHEAD) < gathered


def emit_input_gradient(at: Site, sliding: Sliding, dy: Value, dx: Value, w: Value) -> None:
    """Pack the weights, and scatter."""
    target = host()
    filters, channels, kernel_rows, kernel_width = w.shape
    (height, width), (rows, columns) = sliding.size, sliding.out
    (down, right), (dilation, _), (top, left) = sliding.stride, sliding.dilation, sliding.before
    run, panels = kernel_width * channels, _panels(sliding, channels, target)
    wide = panels * scatter.lanes(target)
    packed = at.kept("packed rows", (kernel_rows, filters, wide))
    size = kernel_rows * kernel_width
    places = table(at, [c * size + v for v in range(kernel_width) for c in range(channels)])
    at.prepare(
        scatter.pack(target),
        (w, packed, places, filters, channels * size, kernel_width, panels, run),
        chunks=kernel_rows,
        reads=(w,),
        writes=(packed,),
        algorithm="pack",
    )
    # As large as what is added to, and as what is copied from.
    high = max((rows - 1) * down + (kernel_rows - 1) * dilation + 1, top + height)
    pitch = max((columns - 1) * right * channels + wide, (left + width) * channels)
    geometry = scatter.Geometry(
        columns=columns,
        filters=filters,
        kernel_rows=kernel_rows,
        panels=panels,
        down=down * pitch,
        dilated=dilation * pitch,
        right=right * channels,
        pitch=pitch,
        padded=high * pitch,
        rows=height,
        row=width * channels,
        first=top * pitch + left * channels,
    )
    padded, stride = at.scratch("padded dx", 4 * high * pitch)
    at.emit(
        scatter.gradient(target),
        (dy, packed, dx, padded, stride, *geometry, *block_ends(rows, block_sizes(target, 2))),
        chunks=at.batch,
        reads=(dy, packed),
        writes=(dx, padded),
        algorithm="scattered",
        why=f"{channels} channels leave lanes empty, rows of {run} numbers fewer",
        flops=2 * at.batch * rows * columns * filters * run * kernel_rows,
    )


def _panels(sliding: Sliding, channels: int, target: Target) -> int:
    return -(-sliding.kernel[1] * channels // scatter.lanes(target))
