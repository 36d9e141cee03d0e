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

How tiles lie in x and y, and how they are read, is told in ``winograd_tiles.py``.

The gradient of the input is the same convolution, of dy, with the filters turned by 180° and
channels and filters exchanged. Where the weights' gradient is asked for as well, and threads have
images enough, ``winograd_dw.py`` has both from one reading of dy.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from graphspec.engines.jit.builder import I8, Kernel, Pointer, Value, minimum
from graphspec.engines.jit.kernels.block import Block
from graphspec.engines.jit.kernels.elementwise import THEN, Then
from graphspec.engines.jit.kernels.gate import pooled
from graphspec.engines.jit.kernels.transforms import Tile, apply, sandwich
from graphspec.engines.jit.kernels.winograd_norm import Moments
from graphspec.engines.jit.kernels.winograd_tiles import (
    Grid,
    Source,
    Tiling,
    Walk,
    lanes,
    padded,
    points_at,
)
from graphspec.engines.jit.table import Routine
from graphspec.engines.jit.target import Target
from graphspec.engines.winograd import Winograd, winograd


@dataclass(frozen=True, slots=True)
class Forward:
    """The kernel of a convolution, with what is computed in the same breath.

    Arguments: x, U, b, y, codes, scratch, its stride, pitches of V, M and U, tiles of a block,
    ``Tiling``, settings and draws of the functions ``after`` it (draws lie as y does; with ``pool``
    there is a rectifier or nothing), and with ``normed`` those of ``Moments``. ``tail`` where C,
    and ``edge`` where K is no multiple of L.
    """

    outputs: int
    bias: bool = False
    pool: bool = False
    tail: bool = False
    edge: bool = False
    after: tuple[str, ...] = ()
    normed: bool = False

    def routine(self, target: Target) -> Routine:
        """The kernel, with a name that tells all of it."""
        words = [word for word in ("bias", "pool", "tail", "edge", "normed") if getattr(self, word)]
        name = "_".join([f"winograd{self.outputs}", str(target.width), *words])
        return Routine(THEN.join((name, *self.after)), partial(_forward, self))


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
    then = Then(k, kind.after)
    moments = Moments(k, t, kind.pool) if kind.normed else None
    tile_size = matrices.tile * size
    v = k.address(scratch + k.thread * stride)
    m = v + v_pitch * matrices.tile
    m_panel = m_pitch * matrices.tile
    zeros = m + m_panel * t.panels
    with k.loop(0, (t.channel_blocks + 1) * size, k.width) as i:
        zeros.store(k.zeros(), i)
    grid = Grid(x, t.rows, t.columns, t.channels, t.channels)
    source = Source(grid, zeros, t.channel_blocks, kind.tail)
    with k.chunks() as chunk:
        begin, end = k.span(chunk, block, t.tiles)
        walk = Walk(k, t, begin)
        with k.loop(0, end - begin) as tile:
            image, row, column = walk.corner(kind.outputs, t.top, t.left)
            pixels = source.tile((image, row, column), matrices.tile)
            grid.fetch((image, row + matrices.tile, column), kind.outputs)
            to = v + tile * tile_size
            source.transform(matrices.bt, pixels, to, block * tile_size, v_pitch)
            walk.step()
        with (
            k.loop(0, matrices.tile) as i,
            k.loop(0, matrices.tile) as j,
            k.loop(0, t.panels) as panel,
        ):
            number = (i * matrices.tile + j) * u_pitch + panel * t.channel_blocks * size * size
            products(
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
            finish = _Finish(kind, matrices, t, b, y, codes, then, moments, panel * size)
            if moments:
                moments.begin(chunk, panel * size)
            walk = Walk(k, t, begin)
            with k.loop(0, end - begin) as tile:
                finish.fetch_below(walk)
                with k.loop(0, size, k.width) as part:
                    at = m + (panel * m_panel + tile * tile_size + part)
                    finish.tile(at, m_pitch, part, walk, tile)
                walk.step()


def products(
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
        then: Then,
        moments: Moments | None,
        channel: Value,
    ) -> None:
        self.kind, self.matrices, self.t = kind, matrices, t
        self.b, self.y, self.codes, self.then, self.channel = b, y, codes, then, channel
        self.moments = moments
        shrink = 2 if kind.pool else 1
        self.step = matrices.outputs // shrink
        self.height, self.width = t.out_rows // shrink, t.out_columns // shrink

    def fetch_below(self, walk: Walk) -> None:
        """Ask for the places of the tile below, to write to them."""
        image, row, column = walk.corner(self.step)
        below = self._start(image, row + self.step, column) + self.channel
        for i in range(self.step):
            for j in range(self.step):
                self.y.prefetch(below + (i * self.width + j) * self.t.pixel, write=True)
        if self.moments:
            self.moments.fetch_below(walk, self.matrices.outputs, self.channel)

    def _start(self, image: Value, row: Value, column: Value) -> Value:
        """Where the filters of a pixel of y begin."""
        pixel: Value = (image * self.height + row) * self.width + column
        first: Value = pixel * self.t.pixel
        return first

    def tile(self, m: Pointer, pitch: Value, part: Value, walk: Walk, number: Value) -> None:
        """Tile ``number`` of a chunk, one vector of filters from ``channel`` + ``part`` on."""
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
        places: Tile | None = None
        order = None
        if self.moments:
            order = self.moments.add(values, walk, number, channel, mask)
        if kind.pool:
            values, places = pooled(values, relu=bool(kind.after), order=order)
        step, height, width = self.step, self.height, self.width
        image, row, column = walk.corner(step)
        start = self._start(image, row, column) + channel
        whole = (row + step <= height) & (column + step <= width)
        if kind.edge:
            whole = whole & (left >= k.width)

        def store(i: int, j: int, lanes: Value | None) -> None:
            at = start + (i * width + j) * t.pixel
            if places is None:
                self.y.store(self.then(values[i][j], at, lanes), at, lanes)
            else:
                self.y.store(values[i][j], at, lanes)
                self.codes.store(places[i][j], at, lanes)

        with k.either(whole) as (yes, no):
            with yes:
                for i, j in np.ndindex(step, step):
                    store(i, j, None)
            with no:
                for i, j in np.ndindex(step, step):
                    with k.when((row + i < height) & (column + j < width)):
                        store(i, j, mask)


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
