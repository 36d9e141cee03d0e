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
    M   [i][tile][j][L]         scratch        one panel of filters at a time
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

Where a tile hangs over the border its pixels are read from a place of zeros: the addresses of a
tile's t² pixels are settled once, for all channels.

The gradient of the input is the same convolution, of dy, with the filters turned by 180° and
channels and filters exchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from graphspec.engines.jit.builder import (
    I8,
    Kernel,
    Pointer,
    Value,
    maximum,
    minimum,
    select,
)
from graphspec.engines.jit.kernels.block import Block
from graphspec.engines.jit.kernels.transforms import Tile, sandwich
from graphspec.engines.jit.table import Routine
from graphspec.engines.jit.target import Target
from graphspec.engines.winograd import Winograd, winograd


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


def lanes(target: Target) -> int:
    """L, the numbers of a row of a panel."""
    return target.block[1] * target.width


def padded(numbers: int) -> int:
    """The pitch of points: some cache lines off a power of two."""
    return -(-numbers // 16) * 16 + 48


@dataclass(frozen=True, slots=True)
class Source:
    """Images that are cut into tiles, and the place of zeros that stands for the padding."""

    images: Pointer
    zeros: Pointer
    rows: Value
    columns: Value
    channels: Value

    def pixels(self, image: Value, top: Value, left: Value, size: int) -> list[list[Pointer]]:
        """The addresses of ``size`` × ``size`` pixels from (top, left) on."""
        k = self.images.kernel
        corner = self.images + image * self.rows * self.columns * self.channels
        inside_columns, places = [], []
        for j in range(size):
            column = left + j
            inside_columns.append((column >= 0) & (column < self.columns))
            places.append(column * self.channels)
        found = []
        for i in range(size):
            row = top + i
            inside_row = (row >= 0) & (row < self.rows)
            start = corner + row * self.columns * self.channels
            found.append(
                [
                    k.choose(inside_row & inside, start + place, self.zeros)
                    for inside, place in zip(inside_columns, places, strict=True)
                ]
            )
        return found


def write_points(to: Pointer, pitch: Value, step: int | Value, points: Tile) -> None:
    """Store t² vectors: rows of points are ``pitch`` apart, points in a row ``step``."""
    for i, row in enumerate(points):
        for j, point in enumerate(row):
            to.store(point, pitch * i + step * j)


def transform(
    k: Kernel,
    matrix: Any,
    pixels: list[list[Pointer]],
    channels: Value,
    blocks: Value,
    ahead: Value,
    to: Pointer,
    block_step: Value,
    pitch: Value,
    tail: bool,
) -> None:
    """V (or dM) of one tile, all channels: ``to`` is its place at the first point.

    With ``tail`` the channels are no multiple of L: the lanes beyond them become zero.
    """
    size = lanes(k.target)
    whole = channels // k.width * k.width if tail else channels

    def point(c: Value) -> Pointer:
        return to + (c // size * block_step + c % size)

    with k.loop(0, whole, k.width) as c:
        for row in pixels[2:]:
            for pixel in row[1:-1]:
                pixel.prefetch(c + ahead)
        tile = [[pixel.load(c) for pixel in row] for row in pixels]
        write_points(point(c), pitch, size, sandwich(matrix, tile))
    if tail:
        with k.when(whole < channels):
            mask = k.first_lanes(channels - whole)
            tile = [[pixel.load(whole, mask) for pixel in row] for row in pixels]
            write_points(point(whole), pitch, size, sandwich(matrix, tile))
        points = len(matrix)
        zeros = [[k.zeros()] * points] * points
        with k.loop((channels + (k.width - 1)) // k.width * k.width, blocks * size, k.width) as c:
            write_points(point(c), pitch, size, zeros)


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


def scratch_floats(outputs: int, target: Target, tiles: int, channels: int) -> tuple[int, int, int]:
    """The pitches of V and M, and the scratch of a thread, for blocks of ``tiles`` tiles."""
    size, tile = lanes(target), outputs + 2
    blocks = -(-channels // size)
    v, m = padded(blocks * tiles * tile * size), padded(tiles * tile * size)
    return v, m, tile * (v + m) + (blocks + 1) * size


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
    zeros = m + m_pitch * matrices.tile
    with k.loop(0, (t.channel_blocks + 1) * size, k.width) as i:
        zeros.store(k.zeros(), i)
    source = Source(x, zeros, t.rows, t.columns, t.channels)
    with k.chunks() as chunk:
        begin, end = k.span(chunk, block, t.tiles)
        with k.loop(begin, end) as tile:
            image, down, right = place(t, tile)
            top, left = down * matrices.outputs - t.top, right * matrices.outputs - t.left
            transform(
                k,
                matrices.bt,
                source.pixels(image, top, left, matrices.tile),
                t.channels,
                t.channel_blocks,
                t.columns * t.channels * matrices.outputs,
                v + (tile - begin) * tile_size,
                block * tile_size,
                v_pitch,
                kind.tail,
            )
        with k.loop(0, t.panels) as panel:
            panel_of_u = u + panel * t.channel_blocks * size * size
            with k.loop(0, matrices.tile) as i, k.loop(0, matrices.tile) as j:
                _products(
                    k,
                    v + (i * v_pitch + j * size),
                    block * tile_size,
                    t.channel_blocks,
                    panel_of_u + (i * matrices.tile + j) * u_pitch,
                    u_pitch,
                    m + (i * m_pitch + j * size),
                    tile_size,
                    end - begin,
                )
            finish = _Finish(kind, matrices, t, b, y, codes, panel * size)
            with k.loop(begin, end) as tile:
                image, down, right = place(t, tile)
                for part in range(0, size, k.width):
                    at = m + ((tile - begin) * tile_size + part)
                    finish.tile(at, m_pitch, part, image, down, right)


def _products(
    k: Kernel,
    v: Pointer,
    block_step: Value,
    blocks: Value,
    u: Pointer,
    following: Value,
    m: Pointer,
    step: int,
    tiles: Value,
) -> None:
    """M_p = V_p · U_p for one point and one panel; a tile's rows are ``step`` apart.

    What the next point reads of U is fetched meanwhile: two lines for each register block.
    """
    size = lanes(k.target)
    with k.loop(0, tiles, k.target.block[0]) as first:
        sums = Block(k)
        sums.clear()
        ahead = u + following + first // k.target.block[0] % (size // 2) * (2 * size)
        with k.loop(0, blocks) as c:
            rows = v + (c * block_step + first * step)
            ahead.prefetch(c * size * size)
            ahead.prefetch(c * size * size + size)
            at = [rows + r * step for r in range(sums.rows)]
            sums.multiply(at, 1, u + c * size * size, size)
        for r in range(sums.rows):
            sums.store_row(r, m + (first + r) * step)


def place(t: Tiling, tile: Value) -> tuple[Value, Value, Value]:
    """Where a tile is: image, row of tiles and tile in the row."""
    row = tile // t.right
    return row // t.down, row % t.down, tile % t.right


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

    def tile(
        self, m: Pointer, pitch: Value, part: int, image: Value, down: Value, right: Value
    ) -> None:
        """One tile, one vector of filters from ``channel`` + ``part`` on."""
        k, t, kind = m.kernel, self.t, self.kind
        channel = self.channel + part
        size = self.matrices.tile
        left = t.filters - channel
        mask = k.first_lanes(left) if kind.edge else None
        step = lanes(k.target)
        tile = [[m.load(pitch * i + step * j) for j in range(size)] for i in range(size)]
        values = sandwich(self.matrices.at, tile)
        if kind.bias:
            bias = self.b.load(channel, mask)
            values = [[value + bias for value in row] for row in values]
        if kind.relu:
            values = [[maximum(k.zeros(), value) for value in row] for row in values]
        places: Tile | None = None
        step, height, width = self.matrices.outputs, t.out_rows, t.out_columns
        if kind.pool:
            values, places = _pooled(values)
            step, height, width = step // 2, height // 2, width // 2
        row, column = down * step, right * step
        start = ((image * height + row) * width + column) * t.filters + channel
        whole = (row + step <= height) & (column + step <= width)
        if kind.edge:
            whole = whole & (left >= k.width)
        if part == 0:
            for i in range(step):
                for j in range(step):
                    self.y.prefetch(start + (i * width + step + j) * t.filters)
        with k.either(whole) as (yes, no):
            with yes:
                for i in range(step):
                    for j in range(step):
                        at = start + (i * width + j) * t.filters
                        self.y.store(values[i][j], at)
                        if places is not None:
                            self.codes.store(places[i][j], at)
            with no:
                for i in range(step):
                    for j in range(step):
                        with k.when((row + i < height) & (column + j < width)):
                            at = start + (i * width + j) * t.filters
                            self.y.store(values[i][j], at, mask)
                            if places is not None:
                                self.codes.store(places[i][j], at, mask)


def _pooled(values: Tile) -> tuple[Tile, Tile]:
    """The largest of every 2 × 2, and which it was: 0 … 3 in reading order, the first of equals."""
    k = values[0][0].kernel
    largest: Tile = []
    places: Tile = []
    for i in range(0, len(values), 2):
        largest.append([])
        places.append([])
        for j in range(0, len(values), 2):
            best, place = values[i][j], k.zeros(I8)
            for number, (down, right) in enumerate(((0, 1), (1, 0), (1, 1)), start=1):
                value = values[i + down][j + right]
                # A NaN is larger than everything, so that it is not lost.
                wins = (value > best) | value.differs(value)
                best = select(wins, value, best)
                place = select(wins, k.constant(number, I8).spread(), place)
            largest[-1].append(best)
            places[-1].append(place)
    return largest, places


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
            for part in range(0, size, k.width):
                weights = [
                    start + minimum(panel * size + (part + lane), lane_count - 1) * lane_step
                    for lane in range(k.width)
                ]
                g = [
                    [k.vector([one[step * (3 * i + j)] for one in weights]) for j in range(3)]
                    for i in range(3)
                ]
                write_points(to + part, pitch * matrices.tile, pitch, sandwich(matrices.g, g))
