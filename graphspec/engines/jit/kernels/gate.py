"""The gradient through a ReLU that was fused into a convolution.

    dz = dy where y > 0, else 0

y is the ReLU's output; numbers lie in the same order everywhere.
"""

from __future__ import annotations

from graphspec.engines.jit.builder import Kernel, select
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
