"""Matrix products: C = A·B, Aᵀ·B, A·Bᵀ, with a bias, functions of it, or added to what C was.

    C[m, n] (+)= Σ_k A[m, k]·B[k, n] (+ bias[n])        m < M, n < N, k < K

Work is cut into chunks of ``row_group`` × ``column_group`` numbers of C, counted along the rows
first, so that a thread's neighbouring chunks share their columns of B:

              N                        a chunk, for each block of KC (256) of the K products:
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

from graphspec.engines.jit.builder import Kernel, Pointer, Value, Variable, maximum, minimum, select
from graphspec.engines.jit.kernels.block import Block
from graphspec.engines.jit.kernels.elementwise import THEN, Then
from graphspec.engines.jit.kernels.packing import pack_columns, pack_rows
from graphspec.engines.jit.target import Target, host

# Numbers of a panel of B for one block of K: 16 KB, half of a 32 KB L1.
PANEL = 4096
# Numbers in a cache line.
LINE = 16


@dataclass(frozen=True, slots=True)
class Gemm:
    """One kernel of the family: where its operands lie, and what happens to C.

    Arguments: a, b, c, bias, scratch, M, N, K, lda, ldb, ldc, row_group, column_group. ``scratch``
    is ``scratch_floats()`` floats for each thread; ``bias`` is not read unless ``add`` is "bias",
    ``lda`` and ``ldb`` not for panels. The settings and draws of the
    functions ``after`` it follow; draws lie as C does. ``row_group`` must be a multiple of
    ``rows()``, ``column_group`` of ``columns()``. The call has ``chunks(…)`` chunks.
    """

    a: Literal["rows", "panels"] = "rows"
    b: Literal["rows", "columns", "panels"] = "rows"
    add: Literal["nothing", "bias", "c"] = "nothing"
    after: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The kernel's name, which tells all of it."""
        return THEN.join((f"gemm_{self.a}_{self.b}_{self.add}", *self.after))

    def __call__(self, k: Kernel) -> None:
        """Write the kernel."""
        product = _Product(self, k)
        with k.chunks() as chunk:
            product.chunk(chunk)


class _Product:
    """A kernel of the family while it is written: its arguments, and the steps of the drawing."""

    def __init__(self, kind: Gemm, k: Kernel) -> None:
        self.kind, self.k, self.block = kind, k, Block(k)
        self.a, self.b, self.c, self.bias, scratch = (k.pointer() for _ in range(5))
        self.m, self.n, self.depth = k.size(), k.size(), k.size()
        self.lda, self.ldb, self.ldc = k.size(), k.size(), k.size()
        self.row_group, self.column_group = k.size(), k.size()
        self.then = Then(k, kind.after)
        self.panel = scratch + k.thread * scratch_floats(k.target)
        # What C starts from where nothing is added: one row of zeros, which every row reads.
        self.zeros = k.scratch(self.block.columns)
        for v in range(self.block.vectors):
            self.zeros.store(k.zeros(), v * k.width)
        # All blocks of K about as deep, each a multiple of four.
        most = PANEL // self.block.columns
        parts = (self.depth + (most - 1)) // most
        self.part = minimum((self.depth + parts - 1) // maximum(parts, 1) + 3, most) // 4 * 4

    def chunk(self, chunk: Value) -> None:
        """One chunk of C."""
        k, wide = self.k, self.block.columns
        row_groups = (self.m + self.row_group - 1) // self.row_group
        top, bottom = k.span(chunk % row_groups, self.row_group, self.m)
        left, right = k.span(chunk // row_groups, self.column_group, self.n)
        with k.loop(0, self.depth, self.part) as kc, k.loop(left, right, wide) as column:
            part = minimum(self.depth - kc, self.part)
            columns = minimum(right - column, wide)
            panel = self._panel(kc, part, column, columns)
            fetched, share = self._fetch_plan(part, bottom - top)
            with k.loop(top, bottom, self.block.rows) as row:
                self._fetch(fetched, share, kc, part, column + wide)
                rows = minimum(bottom - row, self.block.rows)
                self._block(row, rows, kc, part, panel, column, columns)

    def _fetch_plan(self, part: Value, rows: Value) -> tuple[Variable, Value]:
        """How many cache lines of the next panel are asked for so far, and before each block.

        A panel's lines lie on as many pages, which the processor's own prefetcher does not follow.
        """
        return self.k.variable(self.k.integer(0)), part * self.block.rows // maximum(rows, 1) + 1

    def _fetch(
        self, fetched: Variable, share: Value, kc: Value, part: Value, column: Value
    ) -> None:
        """Ask for this block's share of the next panel of B (part × 16 numbers: part lines)."""
        k, ldb, wide = self.k, self.ldb, self.block.columns
        if self.kind.b == "panels":
            return
        stop = fetched.value + share
        with k.loop(fetched.value, minimum(stop, part)) as line:
            if self.kind.b == "rows":
                self.b.prefetch((kc + line) * ldb + column)
            else:
                self.b.prefetch((column + line % wide) * ldb + kc + line // wide * LINE)
        fetched.value = stop

    def _panel(self, kc: Value, part: Value, column: Value, columns: Value) -> Pointer:
        """The panel of B for this block of K: found there, or packed now."""
        k, b, ldb, wide = self.k, self.b, self.ldb, self.block.columns
        if self.kind.b == "panels":
            return b + column * self.depth + kc * wide
        if self.kind.b == "rows":
            pack_rows(k, b + kc * ldb + column, ldb, part, columns, wide, self.panel)
        else:
            pack_columns(k, b + column * ldb + kc, ldb, part, columns, wide, self.panel)
        return self.panel

    def _block(
        self,
        row: Value,
        rows: Value,
        kc: Value,
        part: Value,
        panel: Pointer,
        column: Value,
        columns: Value,
    ) -> None:
        """One register block: its products, what C was or starts from, and its edges."""
        k, block = self.k, self.block
        target = self.c + row * self.ldc + column
        block.clear()
        if self.kind.a == "rows":
            first = [self.a + (row + minimum(rows - 1, r)) * self.lda + kc for r in _count(block)]
            block.multiply(first, 1, panel, part)
        else:
            start = self.a + row * self.depth + kc * block.rows
            block.multiply([start + r for r in _count(block)], block.rows, panel, part)
        before, pitch = target, self.ldc
        if self.kind.add != "c":
            other = self.bias + column if self.kind.add == "bias" else self.zeros
            before = k.choose(kc.equals(0), other, target)
            pitch = select(kc.equals(0), k.integer(0), self.ldc)
        is_last = (kc + part).equals(self.depth)

        def finish(r: int, lanes: list[Value] | None) -> None:
            block.add_row(r, before + pitch * r, lanes)
            if self.kind.after:
                with k.when(is_last):
                    self._apply(r, (row + r) * self.ldc + column, lanes)
            block.store_row(r, target + self.ldc * r, lanes)

        is_whole = (rows >= block.rows) & (columns >= block.columns)
        with k.either(is_whole) as (whole, edge):
            with whole:
                for r in _count(block):
                    finish(r, None)
            with edge:
                lanes = block.lanes(columns)
                for r in _count(block):
                    with k.when(rows > r):
                        finish(r, lanes)

    def _apply(self, r: int, place: Value, lanes: list[Value] | None) -> None:
        """Put a row of sums, which belongs at a place of C, through the functions."""
        for v, one in enumerate(self.block.sums[r]):
            at = place + v * self.k.width
            one.value = self.then(one.value, at, lanes[v] if lanes else None)


def _count(block: Block) -> range:
    return range(block.rows)


def rows(target: Target | None = None) -> int:
    """Rows of a register block: M is covered in multiples of it."""
    return (target or host()).block[0]


def columns(target: Target | None = None) -> int:
    """Columns of a register block, and of a panel of B."""
    target = target or host()
    return target.block[1] * target.width


def scratch_floats(target: Target | None = None) -> int:
    """Scratch of one thread, in floats: one panel of B, on cache lines of its own."""
    return PANEL // columns(target) * columns(target) + LINE


def chunks(m: int, n: int, row_group: int, column_group: int) -> int:
    """How many chunks a product has."""
    return -(-m // row_group) * -(-n // column_group)


def groups(
    m: int, n: int, threads: int, target: Target | None = None, most_rows: int = 192
) -> tuple[int, int]:
    """A good ``row_group`` and ``column_group``.

    A chunk's part of A (``most_rows`` × KC) stays in L2 while the panels of B go by; there are
    some chunks for each thread, so that all end at about the same time.
    """
    high, wide = rows(target), columns(target)
    row_blocks, panels = -(-m // high), -(-n // wide)
    row_groups = -(-row_blocks * high // most_rows)
    row_group = -(-row_blocks // row_groups)
    # The fewer the chunks, the more evenly they must fall on the threads.
    column_groups = max(1, min(panels, -(-4 * threads // row_groups)))
    return row_group * high, -(-panels // column_groups) * wide
