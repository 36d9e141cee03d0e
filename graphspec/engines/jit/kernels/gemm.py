"""Matrix products: C = A·B, Aᵀ·B, A·Bᵀ, with a bias, ReLU, or added to what C was.

    C[m, n] (+)= Σ_k A[m, k]·B[k, n] (+ bias[n])        m < M, n < N, k < K

Work is cut into chunks of ``row_group`` × ``column_group`` numbers of C, counted along the rows
first, so that a thread's neighbouring chunks share their columns of B:

              N                        a chunk, for each block of KC of the K products:
        ┌────┬────┬────┐
        │ 0  │ 3  │ 6  │                 for each panel of 16 columns:
      M ├────┼────┼────┤                   pack B[kc, panel] into KC × 16 dense     16 KB: L1
        │ 1  │ 4  │ 7  │                   for each 6 rows:
        ├────┼────┼────┤                     6 × 16 sums over KC (block.py)         A:  6 KB
        │ 2  │ 5  │ 8  │                     C += them     (the first KC: C = bias + them)
        └────┴────┴────┘

How the operands lie is part of a kernel's name:

    A "rows"      A[m][k], rows ``lda`` apart                         C = A·B,  A·Bᵀ
      "panels"    [M/6][K][6], from ``packing.Pack``                   C = Aᵀ·B
    B "rows"      B[k][n], rows ``ldb`` apart: packed by each chunk   C = A·B,  Aᵀ·B
      "columns"   B[n][k], rows ``ldb`` apart: transposed by each     C = A·Bᵀ
      "panels"    [N/16][K][16], from ``packing.Pack``, once for all chunks: where M is large

Blocks at the lower edge read the last row again and store nothing of it; panels at the right
edge are filled with zeros, and their stores are masked: nothing is touched beyond an operand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from graphspec.engines.jit.builder import Kernel, Pointer, Value, maximum, minimum, select
from graphspec.engines.jit.kernels.block import Block
from graphspec.engines.jit.kernels.packing import pack_columns, pack_rows
from graphspec.engines.jit.target import Target, host

# Products summed in registers before C is touched: a panel of B (KC × 16) is half of a 32 KB L1.
KC = 256


@dataclass(frozen=True, slots=True)
class Gemm:
    """One kernel of the family: where its operands lie, and what happens to C.

    Arguments: a, b, c, bias, scratch, M, N, K, lda, ldb, ldc, row_group, column_group. ``scratch``
    is ``scratch_floats()`` floats for each thread; ``bias`` is not read unless ``add`` is "bias",
    ``lda`` and ``ldb`` not for panels. ``row_group`` must be a multiple of ``rows()``,
    ``column_group`` of ``columns()``. The call has ``chunks(…)`` chunks.
    """

    a: Literal["rows", "panels"] = "rows"
    b: Literal["rows", "columns", "panels"] = "rows"
    add: Literal["nothing", "bias", "c"] = "nothing"
    relu: bool = False

    @property
    def name(self) -> str:
        """The kernel's name, which tells all of it."""
        return f"gemm_{self.a}_{self.b}_{self.add}{'_relu' if self.relu else ''}"

    def __call__(self, k: Kernel) -> None:
        """Write the kernel."""
        a, b, c, bias, scratch = (k.pointer() for _ in range(5))
        m, n, depth, lda, ldb, ldc, row_group, column_group = (k.size() for _ in range(8))
        block = Block(k)
        scratch = scratch + k.thread * scratch_floats(k.target)
        # What C starts from where nothing is added: one row of zeros, which every row reads.
        zeros = k.scratch(block.columns)
        for v in range(block.vectors):
            zeros.store(k.zeros(), v * k.width)
        groups = (m + row_group - 1) // row_group

        with k.chunks() as chunk:
            top, bottom = k.span(chunk % groups, row_group, m)
            left, right = k.span(chunk // groups, column_group, n)
            with k.loop(0, depth, KC) as kc, k.loop(left, right, block.columns) as column:
                part = minimum(depth - kc, KC)
                columns = minimum(right - column, block.columns)
                panel = self._panel(k, block, b, (kc, part, depth), (column, columns), ldb, scratch)
                is_first = kc.equals(0)
                with k.loop(top, bottom, block.rows) as row:
                    rows = minimum(bottom - row, block.rows)
                    block.clear()
                    step = 1 if self.a == "rows" else block.rows
                    block.multiply(
                        self._rows(block, a, row, rows, lda, kc, depth), step, panel, part
                    )
                    target = c + row * ldc + column
                    start, pitch = target, ldc
                    if self.add != "c":
                        other = bias + column if self.add == "bias" else zeros
                        start = k.choose(is_first, other, target)
                        pitch = select(is_first, k.integer(0), ldc)
                    is_last = (kc + part).equals(depth)
                    self._finish(block, (start, pitch), (target, ldc), rows, columns, is_last)

    def _rows(
        self,
        block: Block,
        a: Pointer,
        row: Value,
        rows: Value,
        lda: Value,
        kc: Value,
        depth: Value,
    ) -> list[Pointer]:
        """Where each row of the block has its first number of A."""
        if self.a == "panels":
            return [a + row * depth + kc * block.rows + r for r in range(block.rows)]
        return [a + (row + minimum(rows - 1, r)) * lda + kc for r in range(block.rows)]

    def _panel(
        self,
        k: Kernel,
        block: Block,
        b: Pointer,
        ks: tuple[Value, Value, Value],
        ns: tuple[Value, Value],
        ldb: Value,
        scratch: Pointer,
    ) -> Pointer:
        """The panel of B for this block of K: found there, or packed now."""
        (kc, part, depth), (column, columns) = ks, ns
        if self.b == "panels":
            return b + column * depth + kc * block.columns
        wide = block.columns
        if self.b == "rows":
            pack_rows(k, b + kc * ldb + column, ldb, part, columns, wide, scratch)
        else:
            pack_columns(k, b + column * ldb + kc, ldb, part, columns, wide, scratch)
        return scratch

    def _finish(
        self,
        block: Block,
        start: tuple[Pointer, Value],
        target: tuple[Pointer, Value],
        rows: Value,
        columns: Value,
        is_last: Value,
    ) -> None:
        """C = start + sums, through the ReLU after the last products; edges by masks."""
        k = block.k
        # max(x, −∞) is x: blocks of K before the last go through the same instruction.
        lowest = select(is_last, k.number(0.0), k.number(float("-inf"))).spread()

        def finish(r: int, lanes: list[Value] | None) -> None:
            block.add_row(r, start[0] + start[1] * r, lanes)
            if self.relu:
                block.map_row(r, lambda x: maximum(lowest, x))
            block.store_row(r, target[0] + target[1] * r, lanes)

        is_whole = (rows >= block.rows) & (columns >= block.columns)
        with k.either(is_whole) as (whole, edge):
            with whole:
                for r in range(block.rows):
                    finish(r, None)
            with edge:
                lanes = block.lanes(columns)
                for r in range(block.rows):
                    with k.when(rows > r):
                        finish(r, lanes)


def rows(target: Target | None = None) -> int:
    """Rows of a register block: M is covered in multiples of it."""
    return (target or host()).block[0]


def columns(target: Target | None = None) -> int:
    """Columns of a register block, and of a panel of B."""
    target = target or host()
    return target.block[1] * target.width


def scratch_floats(target: Target | None = None) -> int:
    """Scratch of one thread, in floats: one panel of B, on cache lines of its own."""
    return KC * columns(target) + 16


def chunks(m: int, n: int, row_group: int, column_group: int) -> int:
    """How many chunks a product has."""
    return -(-m // row_group) * -(-n // column_group)


def groups(
    m: int, n: int, threads: int, target: Target | None = None, most_rows: int = 96
) -> tuple[int, int]:
    """A good ``row_group`` and ``column_group``.

    A chunk's part of A (``most_rows`` × KC) stays in L2 while the panels of B go by; there are
    some chunks for each thread, so that all end at about the same time.
    """
    high, wide = rows(target), columns(target)
    row_blocks = -(-m // high)
    row_group = min(row_blocks, max(1, most_rows // high))
    row_groups = -(-row_blocks // row_group)
    panels = -(-n // wide)
    # The fewer the chunks, the more evenly they must fall on the threads.
    column_groups = max(1, min(panels, -(-4 * threads // row_groups)))
    return row_group * high, -(-panels // column_groups) * wide
