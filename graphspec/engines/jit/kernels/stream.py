"""A fully connected layer on a few examples: its weights go by once, as fast as memory gives them.

partial[s, n, m] = Σ_d x[n, d]·w[d, m]           d in slice s of the D inputs
y[n, m] = f( b[m] + Σ_s partial[s, n, m] )       slices in their order

         M columns
┌───────────────────────┐
│ ─────────▶            │  slice 0       A slice is read from its first number to its last,
│ ─────────▶  ROWS rows │                ROWS rows side by side: their products are added to
├───────────────────────┤                one row of sums (per example), which stays in the
│                       │  slice 1       first cache. Nothing is packed: with few examples
│                       │                that would take longer than the product.
└───────────────────────┘
  w (D, M), dense
"""

from __future__ import annotations

from dataclasses import dataclass

from graphspec.engines.jit.builder import Kernel, Pointer, Value, fma
from graphspec.engines.jit.kernels.elementwise import THEN, Then
from graphspec.engines.jit.table import Routine

ROWS = 8
PIECE = 256
"""Columns of a chunk of the sum over slices."""


def _products(k: Kernel) -> None:
    """Arguments: x, w, partial, N, D, M, slices. Chunk: a slice."""
    x, w, partial = k.pointer(), k.pointer(), k.pointer()
    n, d, m, slices = (k.size() for _ in range(4))
    with k.chunks() as part:
        begin, end = d * part // slices, d * (part + 1) // slices
        mine = partial + part * n * m
        for i, lanes in k.sweep(0, n * m, unroll=2):
            mine.store(k.zeros(), i, lanes)
        whole = begin + (end - begin) // ROWS * ROWS
        for first, last, rows in ((begin, whole, ROWS), (whole, end, 1)):
            with k.loop(first, last, rows) as row, k.loop(0, n) as example:
                _add_rows(x + (example * d + row), w + row * m, mine + example * m, m, rows)


def _add_rows(x: Pointer, w: Pointer, sums: Pointer, m: Value, rows: int) -> None:
    """sums[j] += Σ_r x[r]·w[r, j]."""
    factors = [x.spread(r) for r in range(rows)]
    lines = [w + m * r for r in range(rows)]
    for j, lanes in x.kernel.sweep(0, m, unroll=2):
        total = sums.load(j, lanes)
        for factor, line in zip(factors, lines, strict=True):
            total = fma(factor, line.load(j, lanes), total)
        sums.store(total, j, lanes)


PRODUCTS = Routine("stream", _products)


@dataclass(frozen=True, slots=True)
class Finish:
    """The sum over slices, with what follows it.

    Args: partial, y, [b], N, M, slices, the functions' settings and draws.
    """

    bias: bool
    after: tuple[str, ...]

    @property
    def name(self) -> str:
        """The kernel's name, which tells all of it."""
        return THEN.join((f"stream_sum{'_bias' if self.bias else ''}", *self.after))

    def __call__(self, k: Kernel) -> None:
        """Write the kernel. Chunk: ``PIECE`` columns of all examples."""
        partial, y = k.pointer(), k.pointer()
        b = k.pointer() if self.bias else None
        n, m, slices = (k.size() for _ in range(3))
        then = Then(k, self.after)
        with k.chunks() as chunk:
            begin, end = k.span(chunk, PIECE, m)
            with k.loop(0, n) as example:
                for j, lanes in k.sweep(begin, end):
                    total = k.variable(k.zeros() if b is None else b.load(j, lanes))
                    with k.loop(0, slices) as part:
                        place = (part * n + example) * m + j
                        total.value = total.value + partial.load(place, lanes)
                    place = example * m + j
                    y.store(then(total.value, place, lanes), place, lanes)
