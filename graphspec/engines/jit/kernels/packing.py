"""Operands of a matrix product, laid out in the order in which the register block reads them.

    B[k, n]  →  panels of P = 16 columns              A[m, k]  →  panels of R = 6 rows

    panel 0          panel 1                           panel 0       panel 1
    k=0 │n=0 … 15│   k=0 │n=16 … 31│                   k=0 │m=0 … 5│  k=0 │m=6 … 11│
    k=1 │n=0 … 15│   k=1 │n=16 … 31│  …                k=1 │m=0 … 5│  k=1 │m=6 … 11│  …
     ⋮                ⋮                                 ⋮             ⋮
    K−1 │n=0 … 15│   K−1 │n=16 … 31│                   K−1 │m=0 … 5│  K−1 │m=6 … 11│

Each row of a panel is dense, and so is each panel: [N/P][K][P] and [M/R][K][R]. What the last
panel has beyond N or M is arbitrary: the product computes it, and does not store it.

A source lies in "rows" when the panel's own index runs along memory (B[k][n], A[k][m]), and in
"columns" when k does (B[n][k], A[m][k]): those are transposed, a square of vectors at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from graphspec.engines.jit.builder import Kernel, Pointer, Value, minimum, transposed


@dataclass(frozen=True, slots=True)
class Pack:
    """A kernel that lays a whole operand out in panels; chunk p is panel p.

    Arguments: source, panels, K, extent (N or M), ld (how far the source's rows are apart).
    ``panels`` has room for ⌈extent/size⌉·K·size floats.
    """

    operand: Literal["a", "b"]
    source: Literal["rows", "columns"]

    @property
    def name(self) -> str:
        """The kernel's name, which tells all of it."""
        return f"pack_{self.operand}_{self.source}"

    def __call__(self, k: Kernel) -> None:
        """Write the kernel."""
        rows, vectors = k.target.block
        size = rows if self.operand == "a" else vectors * k.width
        source, panels = k.pointer(), k.pointer()
        depth, extent, ld = k.size(), k.size(), k.size()
        with k.chunks() as panel:
            start = panel * size
            count = minimum(extent - start, size)
            target = panels + start * depth
            if self.source == "rows":
                pack_rows(k, source + start, ld, depth, count, size, target)
            else:
                pack_columns(k, source + start * ld, ld, depth, count, size, target)


def pack_rows(
    k: Kernel, source: Pointer, ld: Value, depth: Value, count: Value, size: int, panel: Pointer
) -> None:
    """panel[kk][j] = source[kk·ld + j] for j < count; the rest of the row is 0."""
    with k.either(count >= size) as (whole, edge):
        with whole:
            _copy_rows(k, source, ld, depth, k.integer(size), size, panel, exact=True)
        with edge:
            _copy_rows(k, source, ld, depth, count, size, panel, exact=False)


def _copy_rows(
    k: Kernel,
    source: Pointer,
    ld: Value,
    depth: Value,
    count: Value,
    size: int,
    panel: Pointer,
    exact: bool,
) -> None:
    starts = range(0, size, k.width)
    masks = {
        start: None if exact and start + k.width <= size else k.first_lanes(count - start)
        for start in starts
    }
    with k.loop(0, depth) as kk:
        for start in starts:
            numbers = source.load(kk * ld + start, masks[start])
            _store_first(numbers, min(k.width, size - start), panel + kk * size + start)


def pack_columns(
    k: Kernel, source: Pointer, ld: Value, depth: Value, count: Value, size: int, panel: Pointer
) -> None:
    """panel[kk][j] = source[j·ld + kk] for j < count; the rest of the row repeats the last."""
    for start in range(0, size, k.width):
        used = min(k.width, size - start)
        last = count - 1
        lines = [source + minimum(last, start + min(j, used - 1)) * ld for j in range(k.width)]
        for kk, lanes in k.sweep(0, depth):
            square = transposed([line.load(kk, lanes) for line in lines])
            for j, numbers in enumerate(square):
                target = panel + (kk + j) * size + start
                if lanes is None:
                    _store_first(numbers, used, target)
                else:
                    with k.when(kk + j < depth):
                        _store_first(numbers, used, target)


def _store_first(numbers: Value, count: int, target: Pointer) -> None:
    """Store the first lanes by whole stores of 8, 4, 2 and 1: a masked store is slow."""
    start, piece = 0, numbers.lanes
    while start < count:
        while start + piece > count:
            piece //= 2
        part = numbers
        if piece < numbers.lanes:
            part = numbers.shuffle(numbers, range(start, start + piece))
        target.store(part, start)
        start += piece
