"""Winograd's convolution of 3×3 filters at stride 1: F(4×4, 3×3) and F(2×2, 3×3).

    V = Bᵀ d B      of every tile d of t × t pixels; tiles overlap by 2, t = m + 2
    U = G g Gᵀ      of every filter g
    M_p = V_p · U_p     for each of the t² points p: (tiles, C) · (C, K)
    Y = Aᵀ M A + b      m × m outputs of every tile, then ReLU, then max pooling 2 × 2

One multiplication stands for m²·9/t² of the direct sum's: 4 for m = 4, 2.25 for m = 2.

A chunk is a block of T tiles (of any images, in reading order), and a thread does all of it, so
that V and M stay in its second-level cache. L is the filters of a register block (16 on AVX2):

    x   [image][H][W][C]                       as everywhere
    V   [i][C/L][tile][j][L]    scratch        p = (i, j): a tile's t vectors of a row of points
    U   [p][K/L][C][L]          all threads'   a panel of filters, read from start to end
    M   [K/L][i][tile][j][L]    scratch
    y   [image][OH][OW][K]  or pooled, with one byte per number: which of the four it was

         V_p, C/L blocks of                 U_p, one panel
         ┌ L ┐     ┌ L ┐                    ┌── L ──┐
    tile │   │  …  │   │       ·          C │       │     =   M_p  T × L, by blocks of 6 × L
         │   │     │   │                    │       │
         └───┘     └───┘                    └───────┘

A transform writes or reads t² vectors for every L channels of a tile. With t of them side by side
it needs t addresses, not t²; a product then finds its rows t·L apart. The rows of points lie a few
cache lines further apart than their numbers need: at a power of two they would all fall into the
same sets of the cache.

Tiles of a row lie some pixels apart on as many pages of memory as a tile has rows, and the
processor's own prefetcher follows none of them for long. So each tile asks for the memory of the
tile below it, in the next row of tiles, when it is read from x and when it is written to y.

Where a tile hangs over the border its pixels are read from a place of zeros: the addresses of a
tile's t² pixels are settled once, for all channels.

The gradient of the input is the same convolution, of dy, with the filters turned by 180° and
channels and filters exchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from graphspec.engines.jit.builder import (
    I8,
    I64,
    Kernel,
    Pointer,
    Value,
    maximum,
    minimum,
    select,
)
from graphspec.engines.jit.kernels.block import Block
from graphspec.engines.jit.kernels.gate import pooled
from graphspec.engines.jit.kernels.gemm import LINE
from graphspec.engines.jit.kernels.transforms import Store, Tile, apply, sandwich
from graphspec.engines.jit.table import Routine
from graphspec.engines.jit.target import Target
from graphspec.engines.winograd import Matrix, Winograd, winograd


class Tiling(NamedTuple):
    """How images are cut into tiles; kernels read the sizes in this order."""

    tiles: Any
    """Of the whole batch."""
    down: Any
    right: Any
    """Rows of tiles in an image, and tiles in a row."""
    rows: Any
    columns: Any
    """H and W, of what is read in overlapping tiles."""
    top: Any
    left: Any
    """Padding; negative where pixels are left out instead."""
    channels: Any
    channel_blocks: Any
    out_rows: Any
    out_columns: Any
    filters: Any
    panels: Any
    pixel: Any
    """Numbers from one pixel of y to the next."""


def lanes(target: Target) -> int:
    """L, the numbers of a row of a panel."""
    return target.block[1] * target.width


def padded(numbers: int) -> int:
    """The pitch of points: some cache lines off a power of two."""
    return -(-numbers // 16) * 16 + 48


def points_at(to: Pointer, pitch: Value, step: int | Value) -> Store:
    """Where the t² points go: rows of points are ``pitch`` apart, points in a row ``step``."""

    def store(i: int, j: int, value: Value) -> None:
        to.store(value, pitch * i + step * j)

    return store


@dataclass(frozen=True, slots=True)
class Source:
    """Images that are read in tiles, and the place of zeros that stands for what is around them.

    ``blocks`` are the channels in blocks of L; with ``tail`` they do not fill the last one.
    """

    images: Pointer
    zeros: Pointer
    rows: Value
    columns: Value
    channels: Value
    blocks: Value
    outputs: int
    tail: bool

    def transform(
        self,
        matrix: Matrix,
        corner: tuple[Value, Value, Value],
        to: Pointer,
        block_step: Value,
        pitch: Value,
    ) -> None:
        """V (or dM) of the tile at (image, row, column), all channels, from ``to`` on."""
        k, size = to.kernel, lanes(to.kernel.target)
        pixels = self._pixels(*corner, matrix.shape[1])
        self._fetch_below(*corner, matrix.shape[1])
        whole = self.channels // k.width * k.width if self.tail else self.channels

        def points(c: Value) -> Store:
            return points_at(to + (c // size * block_step + c % size), pitch, size)

        with k.loop(0, whole, k.width) as c:
            sandwich(matrix, lambda i, j: pixels[i][j].load(c), points(c))
        if self.tail:
            with k.when(whole < self.channels):
                mask = k.first_lanes(self.channels - whole)
                sandwich(matrix, lambda i, j: pixels[i][j].load(whole, mask), points(whole))
            filled = (self.channels + (k.width - 1)) // k.width * k.width
            with k.loop(filled, self.blocks * size, k.width) as c:
                to_points = points(c)
                for i, j in np.ndindex(len(matrix), len(matrix)):
                    to_points(i, j, k.zeros())

    def _fetch_below(self, image: Value, top: Value, left: Value, size: int) -> None:
        """Ask for what the tile below reads and this one does not.

        Below the last row of tiles lies the next image; beyond the last image nothing is fetched.
        """
        k = self.images.kernel
        row_step = self.columns * self.channels
        below = self.images + ((image * self.rows + top + size) * row_step + left * self.channels)
        with k.loop(0, self.channels * self.outputs, LINE) as i:
            for row in range(self.outputs):
                (below + row_step * row).prefetch(i)

    def _pixels(self, image: Value, top: Value, left: Value, size: int) -> list[list[Pointer]]:
        """The addresses of ``size`` × ``size`` pixels from (top, left) on."""
        k = self.images.kernel
        row_step = self.columns * self.channels
        corner = self.images + ((image * self.rows + top) * row_step + left * self.channels)
        table = k.scratch(size * size, I64)
        inside = (top >= 0) & (left >= 0) & (top + size <= self.rows)
        inside = inside & (left + size <= self.columns)
        with k.either(inside) as (yes, no):
            with yes:
                for i, j in np.ndindex(size, size):
                    table[i * size + j] = (corner + (row_step * i + self.channels * j)).number
            with no:
                columns = [(left + j >= 0) & (left + j < self.columns) for j in range(size)]
                for i in range(size):
                    row = (top + i >= 0) & (top + i < self.rows)
                    for j in range(size):
                        place = corner + (row_step * i + self.channels * j)
                        place = k.choose(row & columns[j], place, self.zeros)
                        table[i * size + j] = place.number
        return [[k.address(table[i * size + j]) for j in range(size)] for i in range(size)]


class Walk:
    """Where a tile is: image, row of tiles, tile in the row. From one to the next no division."""

    def __init__(self, k: Kernel, t: Tiling, tile: Value) -> None:
        self.t = t
        row = tile // t.right
        self._image = k.variable(row // t.down)
        self._down = k.variable(row % t.down)
        self._right = k.variable(tile % t.right)

    @property
    def image(self) -> Value:
        """Whose tile it is."""
        return self._image.value

    def corner(self, outputs: int) -> tuple[Value, Value]:
        """The row and column of the tile's first output."""
        return self._down.value * outputs, self._right.value * outputs

    def step(self) -> None:
        """Go to the next tile, in reading order."""
        right = self._right.value + 1
        row_ends = right.equals(self.t.right)
        self._right.value = select(row_ends, right.kernel.integer(0), right)
        down = select(row_ends, self._down.value + 1, self._down.value)
        image_ends = down.equals(self.t.down)
        self._down.value = select(image_ends, right.kernel.integer(0), down)
        self._image.value = select(image_ends, self._image.value + 1, self._image.value)


@dataclass(frozen=True, slots=True)
class Forward:
    """The kernel of a convolution, with what is computed in the same breath.

    Arguments: x, U, b, y, codes, scratch, its stride, pitches of V, M and U, tiles of a block,
    ``Tiling``. ``tail`` where C, and ``edge`` where K is no multiple of L.
    """

    outputs: int
    bias: bool = False
    relu: bool = False
    pool: bool = False
    tail: bool = False
    edge: bool = False

    def routine(self, target: Target) -> Routine:
        """The kernel, with a name that tells all of it."""
        words = [word for word in ("bias", "relu", "pool", "tail", "edge") if getattr(self, word)]
        name = "_".join([f"winograd{self.outputs}", str(target.width), *words])
        return Routine(name, partial(_forward, self))


def scratch_floats(
    outputs: int, target: Target, tiles: int, channels: int, filters: int
) -> tuple[int, int, int]:
    """The pitches of V and M, and the scratch of a thread, for blocks of ``tiles`` tiles."""
    size, tile = lanes(target), outputs + 2
    blocks, panels = -(-channels // size), -(-filters // size)
    v, m = padded(blocks * tiles * tile * size), padded(tiles * tile * size)
    return v, m, tile * (v + panels * m) + (blocks + 1) * size


def block_tiles(target: Target, wanted: int) -> int:
    """A number of tiles that register blocks divide."""
    rows = target.block[0]
    return max(rows, -(-wanted // rows) * rows)


def _forward(kind: Forward, k: Kernel) -> None:
    matrices = winograd(kind.outputs)
    size = lanes(k.target)
    x, u, b, y, codes = k.pointer(), k.pointer(), k.pointer(), k.pointer(), k.pointer(I8)
    scratch, stride = k.size(), k.size()
    v_pitch, m_pitch, u_pitch, block = (k.size() for _ in range(4))
    t = Tiling(*(k.size() for _ in Tiling._fields))
    tile_size = matrices.tile * size
    v = k.address(scratch + k.thread * stride)
    m = v + v_pitch * matrices.tile
    m_panel = m_pitch * matrices.tile
    zeros = m + m_panel * t.panels
    with k.loop(0, (t.channel_blocks + 1) * size, k.width) as i:
        zeros.store(k.zeros(), i)
    source = Source(
        x, zeros, t.rows, t.columns, t.channels, t.channel_blocks, kind.outputs, kind.tail
    )
    with k.chunks() as chunk:
        begin, end = k.span(chunk, block, t.tiles)
        walk = Walk(k, t, begin)
        with k.loop(0, end - begin) as tile:
            row, column = walk.corner(kind.outputs)
            corner = walk.image, row - t.top, column - t.left
            to = v + tile * tile_size
            source.transform(matrices.bt, corner, to, block * tile_size, v_pitch)
            walk.step()
        with (
            k.loop(0, matrices.tile) as i,
            k.loop(0, matrices.tile) as j,
            k.loop(0, t.panels) as panel,
        ):
            number = (i * matrices.tile + j) * u_pitch + panel * t.channel_blocks * size * size
            _products(
                k,
                v + (i * v_pitch + j * size),
                block * tile_size,
                t.channel_blocks,
                u + number,
                m + (panel * m_panel + i * m_pitch + j * size),
                tile_size,
                end - begin,
            )
        with k.loop(0, t.panels) as panel:
            finish = _Finish(kind, matrices, t, b, y, codes, panel * size)
            walk = Walk(k, t, begin)
            with k.loop(0, end - begin) as tile:
                finish.fetch_below(walk)
                with k.loop(0, size, k.width) as part:
                    at = m + (panel * m_panel + tile * tile_size + part)
                    finish.tile(at, m_pitch, part, walk)
                walk.step()


def _products(
    k: Kernel,
    v: Pointer,
    block_step: Value,
    blocks: Value,
    u: Pointer,
    m: Pointer,
    step: int,
    tiles: Value,
) -> None:
    """M_p = V_p · U_p for one point and one panel; a tile's rows are ``step`` apart."""
    size = lanes(k.target)
    with k.loop(0, tiles, k.target.block[0]) as first:
        sums = Block(k)
        sums.clear()
        with k.loop(0, blocks) as c:
            rows = v + (c * block_step + first * step)
            at = [rows + r * step for r in range(sums.rows)]
            sums.multiply(at, 1, u + c * size * size, size)
        for r in range(sums.rows):
            sums.store_row(r, m + (first + r) * step)


class _Finish:
    """From M to y: the output transform of a tile, and what is fused into it."""

    def __init__(
        self,
        kind: Forward,
        matrices: Winograd,
        t: Tiling,
        b: Pointer,
        y: Pointer,
        codes: Pointer,
        channel: Value,
    ) -> None:
        self.kind, self.matrices, self.t = kind, matrices, t
        self.b, self.y, self.codes, self.channel = b, y, codes, channel
        shrink = 2 if kind.pool else 1
        self.step = matrices.outputs // shrink
        self.height, self.width = t.out_rows // shrink, t.out_columns // shrink

    def fetch_below(self, walk: Walk) -> None:
        """Ask for the place of the tile below, to write to it."""
        row, column = walk.corner(self.step)
        below = self._start(walk.image, row + self.step, column) + self.channel
        for i in range(self.step):
            for j in range(self.step):
                self.y.prefetch(below + (i * self.width + j) * self.t.pixel, write=True)

    def _start(self, image: Value, row: Value, column: Value) -> Value:
        """Where the filters of a pixel of y begin."""
        pixel: Value = (image * self.height + row) * self.width + column
        first: Value = pixel * self.t.pixel
        return first

    def tile(self, m: Pointer, pitch: Value, part: Value, walk: Walk) -> None:
        """One tile, one vector of filters from ``channel`` + ``part`` on."""
        k, t, kind = m.kernel, self.t, self.kind
        channel = self.channel + part
        size = self.matrices.tile
        left = t.filters - channel
        mask = k.first_lanes(left) if kind.edge else None
        step = lanes(k.target)
        tile = [[m.load(pitch * i + step * j) for j in range(size)] for i in range(size)]
        columns = [apply(self.matrices.at, column) for column in zip(*tile, strict=True)]
        values = [apply(self.matrices.at, row) for row in zip(*columns, strict=True)]
        if kind.bias:
            bias = self.b.load(channel, mask)
            values = [[value + bias for value in row] for row in values]
        if kind.relu:
            values = [[maximum(k.zeros(), value) for value in row] for row in values]
        places: Tile | None = None
        if kind.pool:
            values, places = pooled(values)
        step, height, width = self.step, self.height, self.width
        row, column = walk.corner(step)
        start = self._start(walk.image, row, column) + channel
        whole = (row + step <= height) & (column + step <= width)
        if kind.edge:
            whole = whole & (left >= k.width)
        with k.either(whole) as (yes, no):
            with yes:
                for i in range(step):
                    for j in range(step):
                        at = start + (i * width + j) * t.pixel
                        self.y.store(values[i][j], at)
                        if places is not None:
                            self.codes.store(places[i][j], at)
            with no:
                for i in range(step):
                    for j in range(step):
                        with k.when((row + i < height) & (column + j < width)):
                            at = start + (i * width + j) * t.pixel
                            self.y.store(values[i][j], at, mask)
                            if places is not None:
                                self.codes.store(places[i][j], at, mask)


def filters(outputs: int, target: Target) -> Routine:
    """U from w. Arguments: w, U, the pitch of U, and ``_filters``'s sizes."""
    return Routine(f"winograd{outputs}_filters_{target.width}", partial(_filters, outputs))


def _filters(outputs: int, k: Kernel) -> None:
    """U[p, panel, row, lane] = (G g Gᵀ)_p, g_i = w[begin + lane·lane_step + row·row_step + i·step].

    Forward the lanes are filters and the rows channels; for dx the other way round, with
    ``step`` −1 from weight 8 back: turned by 180°. Chunk: L rows of a panel, the last rows
    and lanes repeated where there are no more (V has zeros there, and y no place for them).
    """
    matrices, size = winograd(outputs), lanes(k.target)
    w, u, pitch = k.pointer(), k.pointer(), k.size()
    begin, lane_count, lane_step, row_count, row_step, step = (k.size() for _ in range(6))
    row_blocks = k.size()
    with k.chunks() as chunk:
        panel, block = chunk // row_blocks, chunk % row_blocks
        with k.loop(block * size, (block + 1) * size) as row:
            start = w + begin + minimum(row, row_count - 1) * row_step
            to = u + (panel * row_blocks * size + row) * size
            with k.loop(0, size, k.width) as part:
                weights = [
                    start + minimum(panel * size + (part + lane), lane_count - 1) * lane_step
                    for lane in range(k.width)
                ]
                g = [
                    [k.vector([one[step * (3 * i + j)] for one in weights]) for j in range(3)]
                    for i in range(3)
                ]
                points = points_at(to + part, pitch * matrices.tile, pitch)
                sandwich(matrices.g, lambda i, j, g=g: g[i][j], points)  # type: ignore[misc]
