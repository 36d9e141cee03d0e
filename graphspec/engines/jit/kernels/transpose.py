"""Between channels first and channels last: each example's matrix is transposed.

in (N, R, S), out (N, S, R), both dense. An image (C, H·W) becomes (H·W, C) and back::

    in   c0: p0 p1 p2 …          out  p0: c0 c1 c2
         c1: p0 p1 p2 …    ──▶        p1: c0 c1 c2
         c2: p0 p1 p2 …               p2: c0 c1 c2

Where both sides have a vector's width, squares of width × width go through registers. Few rows (the
three colours of a picture) are laced together instead. A chunk is one example and a stripe of
``STRIPE`` columns.
"""

from __future__ import annotations

from collections.abc import Sequence

from graphspec.engines.jit.builder import Kernel, Pointer, Value, minimum, transposed

STRIPE = 512
FEW = 4
"""Up to so many rows are laced together."""


def stripes(examples: int, columns: int) -> int:
    """How many chunks there are."""
    return examples * -(-columns // STRIPE)


def transpose_kernel(rows: int, k: Kernel) -> None:
    """out[n, s, r] = in[n, r, s]. Args: in, out, R, S. ``rows`` is R where that is few, else 0."""
    source, target, many, columns = k.pointer(), k.pointer(), k.size(), k.size()
    per_example = (columns + (STRIPE - 1)) // STRIPE
    with k.chunks() as chunk:
        example = chunk / per_example
        begin = (chunk - example * per_example) * STRIPE
        end = minimum(begin + STRIPE, columns)
        x, y = source + example * many * columns, target + example * many * columns
        if rows:
            _lace(k, x, y, rows, columns, begin, end)
        else:
            _squares(k, x, y, many, columns, begin, end)


def _lace(
    k: Kernel, x: Pointer, y: Pointer, rows: int, columns: Value, begin: Value, end: Value
) -> None:
    width = k.width
    stop = begin + (end - begin) / width * width
    with k.loop(begin, stop, width) as s:
        vectors = [x.load(columns * r + s) for r in range(rows)]
        for part in range(rows):
            y.store(_laced(vectors, part, width), s * rows + part * width)
    with k.loop(stop, end) as s:
        for r in range(rows):
            y[s * rows + r] = x[columns * r + s]


def _laced(vectors: Sequence[Value], part: int, width: int) -> Value:
    """Vector ``part`` of a0 b0 c0 a1 b1 c1 …: one operand after another is mixed in."""
    rows = len(vectors)
    wanted = [divmod(part * width + lane, rows) for lane in range(width)]  # (element, row)
    mixed = vectors[0]
    for r in range(rows):
        mixed = mixed.shuffle(
            vectors[r],
            [width + element if row == r else lane for lane, (element, row) in enumerate(wanted)],
        )
    return mixed


def _squares(
    k: Kernel, x: Pointer, y: Pointer, rows: Value, columns: Value, begin: Value, end: Value
) -> None:
    width = k.width
    whole_rows = rows / width * width
    stop = begin + (end - begin) / width * width
    with k.loop(begin, stop, width) as s:
        with k.loop(0, whole_rows, width) as r:
            square = [x.load((r + i) * columns + s) for i in range(width)]
            for j, column in enumerate(transposed(square)):
                y.store(column, (s + j) * rows + r)
        with k.loop(whole_rows, rows) as r:
            for j in range(width):
                y[(s + j) * rows + r] = x[r * columns + s + j]
    with k.loop(stop, end) as s, k.loop(0, rows) as r:
        y[s * rows + r] = x[r * columns + s]
