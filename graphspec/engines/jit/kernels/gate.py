"""The gradients through what was fused into a convolution: a ReLU, and max pooling.

    dz = dy where y > 0, else 0

y is the ReLU's output; numbers lie in the same order everywhere. With 2 × 2 max pooling y is what
was pooled, and every number of it has a byte that says which of the four it was:

    code  0 1      dz  [image][2·row + code//2][2·column + code%2][channel] = dy, the others 0
          2 3
"""

from __future__ import annotations

from functools import partial

from graphspec.engines.jit.builder import I8, Kernel, select
from graphspec.engines.jit.table import Routine

PIECE = 8192
"""Numbers of a chunk."""


def _relu(k: Kernel) -> None:
    dy, y, dz, size = k.pointer(), k.pointer(), k.pointer(), k.size()
    with k.chunks() as chunk:
        begin, end = k.span(chunk, PIECE, size)
        for i, lanes in k.sweep(begin, end, unroll=4):
            open_ = y.load(i, lanes) > 0.0
            dz.store(select(open_, dy.load(i, lanes), 0.0), i, lanes)


RELU = Routine("gate_relu", _relu)
"""Arguments: dy, y, dz, how many. Chunk: ``PIECE`` numbers."""


def unpool(*, relu: bool) -> Routine:
    """Arguments: dy, y, codes, dz, pooled columns, filters. Chunk: a row of pooled pixels."""
    return Routine("gate_unpool_relu" if relu else "gate_unpool", partial(_unpool, relu=relu))


def _unpool(k: Kernel, *, relu: bool) -> None:
    dy, y, codes, dz = k.pointer(), k.pointer(), k.pointer(I8), k.pointer()
    columns, filters = k.size(), k.size()
    with k.chunks() as row, k.loop(0, columns) as column:
        pooled = (row * columns + column) * filters
        corner = (row * columns * 2 + column) * 2 * filters
        for c, lanes in k.sweep(0, filters):
            flow = dy.load(pooled + c, lanes)
            if relu:
                flow = select(y.load(pooled + c, lanes) > 0.0, flow, 0.0)
            code = codes.load(pooled + c, lanes)
            for number in range(4):
                place = corner + ((number // 2) * columns * 2 + number % 2) * filters + c
                dz.store(select(code.equals(number), flow, 0.0), place, lanes)
