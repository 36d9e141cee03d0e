"""The register block: the one loop in which nearly all of a network's time is spent.

    C[r, j] = Σ_k A[r, k]·B[k, j]        r < R rows,  j < V·W columns,  k < depth

On AVX2, R = 6 rows and V = 2 vectors of W = 8 columns make 12 sums, each in a register of its own
for the whole depth; for every k two vectors of B and, one after the other, six numbers of A (each
spread over the lanes) are read, and 12 fused multiply-adds done:

                     b panel, k-major: row k is V·W numbers, dense
                     ┌────────┬────────┐
                   k │ b[k,0] │ b[k,1] │        two loads
                     └────────┴────────┘
      a      ┌───┐   ┌────────┬────────┐
             │a0k│   │ s[0,0] │ s[0,1] │
             │a1k│   │ s[1,0] │ s[1,1] │        s[r,v] += a[r,k] · b[k,v]
             │ … │   │   …    │   …    │
             │a5k│   │ s[5,0] │ s[5,1] │
             └───┘   └────────┴────────┘

A[r, k] is read at ``rows[r] + k·step``, so A may lie in rows (step 1), or in panels of R rows,
k-major (rows one apart, step R), or in channel blocks as Winograd's points do: it is read one
number at a time, and needs no order of its own. Other kernels use the block inline:

    block = Block(k)
    block.clear()
    with k.loop(0, channels // 16) as c:                    # Σ over blocks of 16 channels
        block.multiply(rows_at(c), 1, panel_at(c), depth=16)
    block.store(lambda r: y + r * y_row)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from graphspec.engines.jit.builder import Kernel, Pointer, Value, fma

# Steps of k in one turn of the loop: enough to hide the loop's own counting.
_UNROLL = 4


class Block:
    """The sums of ``rows`` × ``vectors``·width numbers, in registers, of a kernel being written."""

    def __init__(self, k: Kernel, rows: int | None = None, vectors: int | None = None) -> None:
        best_rows, best_vectors = k.target.block
        self.k = k
        self.rows = rows or best_rows
        self.vectors = vectors or best_vectors
        self.columns = self.vectors * k.width
        zero = k.zeros()
        self.sums = [[k.variable(zero) for _ in range(self.vectors)] for _ in range(self.rows)]

    def clear(self) -> None:
        """Set every sum to 0."""
        for sums in self.sums:
            for one in sums:
                one.value = self.k.zeros()

    def start_from(self, row: Sequence[Value]) -> None:
        """Set the sums of every row to the same vectors: a bias."""
        for sums in self.sums:
            for one, start in zip(sums, row, strict=True):
                one.value = start

    def multiply(
        self,
        a: Sequence[Pointer],
        step: Value | int,
        b: Pointer,
        depth: Value | int,
        b_step: int | None = None,
    ) -> None:
        """Add A·B to the sums: ``a[r]`` is A[r, 0], ``step`` further is A[r, 1]; b is a panel.

        A ``depth`` that is a Python number is unrolled whole. The rows of b are dense
        unless ``b_step`` says how far they are apart.
        """
        k = self.k
        b_step = b_step or self.columns
        if isinstance(depth, int):
            for index in range(depth):
                self._multiply_one(a, b, index, step, b_step)
            return
        depth = k.integer(depth)
        whole = depth // _UNROLL * _UNROLL
        with k.loop(0, whole, _UNROLL) as start:
            for turn in range(_UNROLL):
                self._multiply_one(a, b, start + turn, step, b_step)
        with k.loop(whole, depth) as left:
            self._multiply_one(a, b, left, step, b_step)

    def _multiply_one(
        self,
        a: Sequence[Pointer],
        b: Pointer,
        index: Value | int,
        step: Value | int,
        b_step: int,
    ) -> None:
        k = self.k
        index = k.integer(index)
        row = [b.load(index * b_step + v * k.width) for v in range(self.vectors)]
        for r in range(self.rows):
            factor = a[r].spread(index * step)
            for v in range(self.vectors):
                self.sums[r][v].value = fma(factor, row[v], self.sums[r][v].value)

    def add_row(self, r: int, row: Pointer, lanes: Lanes = None) -> None:
        """Add a row of memory (a bias, or what C was before) to the sums of row r."""
        for v, one in enumerate(self.sums[r]):
            one.value = one.value + row.load(v * self.k.width, lanes[v] if lanes else None)

    def map_row(self, r: int, function: Callable[[Value], Value]) -> None:
        """Put the sums of row r through a function: an activation."""
        for one in self.sums[r]:
            one.value = function(one.value)

    def store(self, row: Callable[[int], Pointer], lanes: Lanes = None) -> None:
        """Write row r of the sums to ``row(r)``."""
        for r in range(self.rows):
            self.store_row(r, row(r), lanes)

    def store_row(self, r: int, row: Pointer, lanes: Lanes = None) -> None:
        """Write the sums of row r."""
        for v, one in enumerate(self.sums[r]):
            row.store(one.value, v * self.k.width, lanes[v] if lanes else None)

    def lanes(self, columns: Value) -> list[Value]:
        """The masks, one a vector, of the first ``columns`` columns."""
        return [self.k.first_lanes(columns - v * self.k.width) for v in range(self.vectors)]


Lanes = Sequence[Value] | None
