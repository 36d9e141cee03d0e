"""Max pooling inside a convolution, and the way back through it; a ReLU's where y lies apart.

With 2 × 2 max pooling y is what was pooled, and every number of it has a byte that says which of
the four it was, or 4 where the ReLU in front of it is closed:

    code  0 1      dz  [image][2·row + code//2][2·column + code%2][channel] = dy, the others 0
          2 3

Where a ReLU's y is a part of a concatenation, its rows and those of dy lie among others:

    dz = dy where y > 0, else 0
"""

from __future__ import annotations

from graphspec.engines.jit.builder import I8, Kernel, Value, maximum, select
from graphspec.engines.jit.kernels.pool_tiles import for_windows
from graphspec.engines.jit.kernels.transforms import Tile
from graphspec.engines.jit.table import Routine

PIECE = 8192
"""Numbers of a chunk, about."""

CLOSED = 4
"""The code of a window whose largest number the ReLU has set to 0."""


def _relu_apart(k: Kernel) -> None:
    dy, dy_row, y, y_row, dz = k.pointer(), k.size(), k.pointer(), k.size(), k.pointer()
    rows, m, at_once = k.size(), k.size(), k.size()
    with k.chunks() as chunk, k.loop(*k.span(chunk, at_once, rows)) as row:
        flow, value, out = dy + row * dy_row, y + row * y_row, dz + row * m
        for i, lanes in k.sweep(0, m, unroll=2):
            out.store(select(value.load(i, lanes) > 0.0, flow.load(i, lanes), 0.0), i, lanes)


RELU_APART = Routine("gate_relu_apart", _relu_apart)
"""Arguments: dy, its pitch, y, its pitch, dz, rows, numbers of a row, rows of a chunk."""


def unpool() -> Routine:
    """Arguments: dy, codes, dz, pooled columns, filters. Chunk: a row of pooled pixels."""
    return Routine("gate_unpool", _unpool)


def _unpool(k: Kernel) -> None:
    dy, codes, dz = k.pointer(), k.pointer(I8), k.pointer()
    columns, filters = k.size(), k.size()
    with k.chunks() as row:
        first, corner = row * columns * filters, row * columns * 4 * filters

        def window(j: Value, c: Value, lanes: Value | None) -> None:
            place = first + j * filters + c
            flow, code = dy.load(place, lanes), codes.load(place, lanes)
            for number in range(4):
                pixel = (number // 2) * columns * 2 + j * 2 + number % 2
                dz.store(
                    select(code.equals(number), flow, 0.0), corner + pixel * filters + c, lanes
                )

        for_windows(k, columns, filters, window)


def pooled(values: Tile, *, relu: bool = False, order: Value | None = None) -> tuple[Tile, Tile]:
    """The largest of every 2 × 2, and which it was: 0 … 3 in reading order, the first of equals.

    With ``relu`` the larger of that and 0, and ``CLOSED`` where it is not above 0. With ``order``
    the one that would be the largest if all were multiplied by it.
    """
    k = values[0][0].kernel
    largest: Tile = []
    places: Tile = []
    for i in range(0, len(values), 2):
        largest.append([])
        places.append([])
        for j in range(0, len(values), 2):
            best, place = values[i][j], k.zeros(I8)
            top = best if order is None else best * order
            for number, (down, right) in enumerate(((0, 1), (1, 0), (1, 1)), start=1):
                value = values[i + down][j + right]
                height = value if order is None else value * order
                # A NaN is larger than everything, so that it is not lost.
                wins = (height > top) | height.differs(height)
                best = select(wins, value, best)
                top = best if order is None else select(wins, height, top)
                place = select(wins, k.constant(number, I8).spread(), place)
            if relu:
                place = select(best > 0.0, place, k.constant(CLOSED, I8).spread())
                best = maximum(k.zeros(), best)
            largest[-1].append(best)
            places[-1].append(place)
    return largest, places
