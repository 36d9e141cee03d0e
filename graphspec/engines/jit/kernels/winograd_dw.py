"""The gradients of a Winograd convolution, by its adjoint: of the weights, the bias and the input.

    V = Bᵀ d B,   dM = A dY Aᵀ        of every tile of x and of dy
    dU_p = V_pᵀ · dM_p                summed over all tiles, for each of the t² points p
    dV_p = dM_p · U_pᵀ                if the input's gradient is asked for
    dg = Gᵀ dU G,   dX = Σ B dV Bᵀ    tiles of dx overlap

The tiles are shared out in slices, one for each thread. A slice goes through its tiles a block at
a time, so that V and dM stay in the second-level cache, and adds to a dU of its own. dV_p takes the
place of V_p, which nobody needs any more:

    V, dV [i][C/L][tile][j][L]     read by columns: row c of dU's product is c numbers in
    dM    [i][K/L][tile][j][L]     a panel for each p = (i, j), its rows t·L apart
    U     [p][C/L][K][L]           all threads'
    dU    [slice][p][K/L][C][L], then db [slice][K]

                tiles ──▶
         ┌───────────────┐          ┌── L ──┐
       c │ V_p, turned   │          │ dM_p  │  tiles      =   dU_p  L × L, by blocks of 6 × L
         │               │     ·    │       │
         └───────────────┘          └───────┘

x and dy are read once, and dx is written once, where a convolution of dy with the filters turned by
180° would read dy again. As tiles of dx overlap, all tiles of an image belong to one slice. dy is
first brought into a place of its own, some tiles of a row at once (memory is read fastest where it
is read on and on), through the ReLU or the pooling that it goes back through, or a normalisation
(``winograd_norm.py``), with zeros for pixels and filters that are not there.

The bias's gradient needs no sum of its own: at the point (1, 1), row 1 of A is all ones, so that
dM there is the sum of a tile's dY. The slices are added up in their order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from graphspec.engines.jit.builder import (
    I8,
    I32,
    Kernel,
    Pointer,
    Value,
    Variable,
    maximum,
    minimum,
    select,
)
from graphspec.engines.jit.kernels.block import Block
from graphspec.engines.jit.kernels.elementwise import THEN
from graphspec.engines.jit.kernels.transforms import sandwich
from graphspec.engines.jit.kernels.winograd import products
from graphspec.engines.jit.kernels.winograd_norm import Opening
from graphspec.engines.jit.kernels.winograd_tiles import (
    Grid,
    Source,
    Sums,
    Tiling,
    Walk,
    lanes,
    padded,
)
from graphspec.engines.jit.table import Routine
from graphspec.engines.jit.target import Target
from graphspec.engines.winograd import Winograd, winograd

PLAIN, RELU, POOL = range(3)
"""What dy goes back through first: nothing, a ReLU (with y), 2 × 2 max pooling (with codes)."""


@dataclass(frozen=True, slots=True)
class Gradients:
    """The kernel of a convolution's gradients: dU and db of each slice, and dx if asked for.

    Arguments: x, dy, y or codes, which of them (``PLAIN`` …), U, dU, db, dx, scratch, its stride,
    pitches of V, dM and U, tiles of a block, tiles of dy brought at once, slices, tiles that stay
    in one slice (an image's, with dx), numbers from one pixel of dy and of its gate to the next,
    ``Tiling``; ``Opening``'s where there is a normalisation behind the convolution (y and which
    it is are not used then). Chunk: a slice.

    ``tail`` where C is no multiple of L. ``normed`` are the functions behind the normalisation.
    """

    outputs: int
    dx: bool = False
    tail: bool = False
    pool: bool = False
    normed: tuple[str, ...] | None = None

    def routine(self, target: Target) -> Routine:
        """The kernel, with a name that tells all of it."""
        words = [word for word in ("dx", "tail", "pool") if getattr(self, word)]
        if self.normed is not None:
            words.append(THEN.join(("normed", *self.normed)))
        name = "_".join([f"winograd{self.outputs}_dw", str(target.width), *words])
        return Routine(name, partial(_gradients, self))


def scratch_floats(
    outputs: int, target: Target, tiles: int, span: int, channels: int, filters: int
) -> tuple[int, int, int]:
    """The pitches of V and dM, and the scratch of a thread, for blocks of ``tiles`` tiles.

    ``span`` tiles of dy are brought in at once.
    """
    size, tile = lanes(target), outputs + 2
    blocks = [-(-count // size) for count in (channels, filters)]
    v, m = (padded(count * tiles * tile * size) for count in blocks)
    brought = span * outputs * outputs * blocks[1] * size
    return v, m, tile * (v + m) + 2 * (max(blocks) + 1) * size + brought


def _gradients(kind: Gradients, k: Kernel) -> None:
    size, tile = lanes(k.target), kind.outputs + 2
    x, dy, gate, way = k.pointer(), k.pointer(), k.pointer(), k.size()
    u, du_all, db_all, dx = (k.pointer() for _ in range(4))
    scratch, stride = k.size(), k.size()
    v_pitch, m_pitch, u_pitch, block, span, slices, together = (k.size() for _ in range(7))
    pixels = k.size(), k.size()
    t = Tiling(*(k.size() for _ in Tiling._fields))
    opening = None if kind.normed is None else Opening(k, t, kind.pool, kind.normed)
    v = k.address(scratch + k.thread * stride)
    m = v + v_pitch * tile
    zeros = m + m_pitch * tile
    widest = (maximum(t.channel_blocks, t.panels) + 1) * size
    beyond, filled = zeros + widest, t.panels * size
    side = k.integer(kind.outputs)
    brought = Grid(zeros + widest * 2, side, span * side, filled, filled)
    with k.loop(0, widest * 2 + span * side * side * filled, k.width) as i:
        zeros.store(k.zeros(), i)
    with k.chunks() as part:
        du, db = du_all + part * tile * tile * u_pitch, db_all + part * t.panels * size
        with k.loop(0, u_pitch * tile * tile, k.width) as i:
            du.store(k.zeros(), i)
        with k.loop(0, t.panels * size, k.width) as i:
            db.store(k.zeros(), i)
        groups = t.tiles // together
        last = groups * (part + 1) // slices * together
        with k.loop(groups * part // slices * together, last, block) as begin:
            count = minimum(last - begin, block)
            step = block * tile * size
            work = _Block(kind, t, begin, count, v, v_pitch, m, m_pitch, step, *pixels)
            work.read(x, dy, gate, way, opening, zeros, brought, span)
            work.multiply(du, u, u_pitch)
            work.add_bias(db)
            if kind.dx:
                work.write(dx, zeros, beyond)


@dataclass(frozen=True, slots=True)
class _Block:
    """``count`` tiles from ``begin`` on; V and dM of a block of channels are ``step`` numbers."""

    kind: Gradients
    t: Tiling
    begin: Value
    count: Value
    v: Pointer
    v_pitch: Value
    m: Pointer
    m_pitch: Value
    step: Value
    dy_pixel: Value
    gate_pixel: Value

    def read(
        self,
        x: Pointer,
        dy: Pointer,
        gate: Pointer,
        way: Value,
        opening: Opening | None,
        zeros: Pointer,
        brought: Grid,
        span: Value,
    ) -> None:
        """V and dM of all tiles."""
        kind, t, k = self.kind, self.t, x.kernel
        outputs, matrices = kind.outputs, winograd(kind.outputs)
        tile, tile_size = matrices.tile, matrices.tile * lanes(k.target)
        images = Grid(x, t.rows, t.columns, t.channels, t.channels)
        of_x = Source(images, zeros, t.channel_blocks, kind.tail)
        of_dy = Source(brought, zeros, t.panels, tail=False)
        walk = Walk(k, t, self.begin)
        with k.loop(0, self.count) as number:
            image, row, column = walk.corner(outputs, t.top, t.left)
            pixels = of_x.tile((image, row, column), tile)
            images.fetch((image, row + tile, column), outputs)
            to = self.v + number * tile_size
            of_x.transform(matrices.bt, pixels, to, self.step, self.v_pitch)
            place = walk.right % span
            with k.when(place.equals(0) | number.equals(0)):
                tiles = minimum(minimum(span - place, t.right - walk.right), self.count - number)
                strip = replace(brought, start=brought.start + place * outputs * brought.pixel)
                if opening:
                    opening.bring(walk, outputs, tiles, dy, gate.of(I8), strip)
                else:
                    with k.either(way.equals(POOL)) as (pooled, whole):
                        with pooled:
                            self._unpool(walk, tiles, dy, gate.of(I8), zeros, strip)
                        with whole:
                            self._open(walk, tiles, dy, gate, way, zeros, strip)
            to = self.m + number * tile_size
            tile_of_dy = of_dy.whole_tile(place * outputs)
            of_dy.transform(matrices.at.T, tile_of_dy, to, self.step, self.m_pitch)
            walk.step()

    def _open(
        self,
        walk: Walk,
        tiles: Value,
        dy: Pointer,
        y: Pointer,
        way: Value,
        zeros: Pointer,
        to: Grid,
    ) -> None:
        """Tiles of dy beside each other, where y > 0 if there is a ReLU."""
        t, k, outputs = self.t, zeros.kernel, self.kind.outputs
        flows = Grid(dy, t.out_rows, t.out_columns, t.filters, self.dy_pixel)
        values = Grid(y, t.out_rows, t.out_columns, t.filters, self.gate_pixel)
        corner = walk.corner(outputs)
        with k.loop(0, outputs) as i, k.loop(0, tiles * outputs) as j:
            flow = flows.pixel_at(corner, i, j, zeros)
            place = to.start + to.step(i, j)
            with k.either(way.equals(RELU)) as (gated, plain):
                with gated:
                    value = values.pixel_at(corner, i, j, zeros)
                    for c, mask in k.sweep(0, t.filters):
                        is_open = value.load(c, mask) > 0.0
                        place.store(select(is_open, flow.load(c, mask), 0.0), c, mask)
                with plain:
                    for c, mask in k.sweep(0, t.filters):
                        place.store(flow.load(c, mask), c, mask)

    def _unpool(
        self, walk: Walk, tiles: Value, dy: Pointer, codes: Pointer, zeros: Pointer, to: Grid
    ) -> None:
        """Tiles of dy from a quarter of its numbers, each at the place of its code."""
        t, k, half = self.t, zeros.kernel, self.kind.outputs // 2
        extent = t.out_rows // 2, t.out_columns // 2, t.filters
        flows, places = Grid(dy, *extent, self.dy_pixel), Grid(codes, *extent, self.gate_pixel)
        corner = walk.corner(half)
        with k.loop(0, half) as i, k.loop(0, tiles * half) as j:
            flow = flows.pixel_at(corner, i, j, zeros)
            place = places.pixel_at(corner, i, j, zeros.of(I8))
            pixel = to.start + to.step(i * 2, j * 2)
            for c, mask in k.sweep(0, t.filters):
                numbers, code = flow.load(c, mask), place.load(c, mask).to(I32)
                for which, (down, right) in enumerate(np.ndindex(2, 2)):
                    step = to.step(down, right)
                    pixel.store(select(code.equals(which), numbers, 0.0), step + c, mask)

    def multiply(self, du: Pointer, u: Pointer, u_pitch: Value) -> None:
        """Add to dU, and put dV where V was."""
        t, k, tile = self.t, du.kernel, self.kind.outputs + 2
        size, tile_size = lanes(k.target), tile * lanes(k.target)
        with k.loop(0, tile) as i, k.loop(0, tile) as j:
            dm = self.m + (i * self.m_pitch + j * size)
            v = self.v + (i * self.v_pitch + j * size)
            point = (i * tile + j) * u_pitch
            with k.loop(0, t.panels) as panel, k.loop(0, t.channel_blocks) as c:
                to = du + (point + (panel * t.channel_blocks + c) * size * size)
                rows, columns = v + c * self.step, dm + panel * self.step
                _add_products(k, rows, columns, tile_size, self.count, to)
            if self.kind.dx:
                with k.loop(0, t.channel_blocks) as c:
                    of_c, to = u + (point + c * t.panels * size * size), v + c * self.step
                    products(k, dm, self.step, t.panels, of_c, to, tile_size, self.count)

    def add_bias(self, db: Pointer) -> None:
        """Add dM's numbers at the point (1, 1) to db."""
        kind, k = self.kind, db.kernel
        size = lanes(k.target)
        assert np.all(winograd(kind.outputs).at[:, 1] == 1), "db is read at the point 1"
        with k.loop(0, self.t.panels * size, k.width) as channel:
            at = channel // size * self.step + channel % size
            sums_of_dy = self.m + (self.m_pitch + size + at)
            # The block's by itself: one float32 sum of very many tiles would lose digits.
            total = k.variable(k.zeros())
            with k.loop(0, self.count) as number:
                tile = number * (kind.outputs + 2) * size
                total.value = total.value + sums_of_dy.load(tile)
            db.store(db.load(channel) + total.value, channel)

    def write(self, dx: Pointer, zeros: Pointer, beyond: Pointer) -> None:
        """Add the tiles of dV up to dx."""
        kind, t, k = self.kind, self.t, dx.kernel
        outputs, matrices = kind.outputs, winograd(kind.outputs)
        grid = Grid(dx, t.rows, t.columns, t.channels, t.channels)
        sums = Sums(grid, zeros, beyond, outputs, kind.tail)
        walk = Walk(k, t, self.begin)
        with k.loop(0, self.count) as number:
            image, row, column = walk.corner(outputs, t.top, t.left)
            grid.fetch((image, row + matrices.tile, column), outputs, write=True)
            points = self.v + number * matrices.tile * lanes(k.target)
            corner = image, row, column
            sums.add(matrices.bt.T, corner, walk.began, points, self.step, self.v_pitch)
            walk.step()


def _add_products(k: Kernel, v: Pointer, dm: Pointer, step: int, tiles: Value, to: Pointer) -> None:
    """to (L × L) += V_pᵀ · dM_p for L channels and L filters; a tile's rows are ``step`` apart."""
    size, start = lanes(k.target), 0
    for height in _heights(size, k.target.block[0]):
        rows = [to + (start + r) * size for r in range(height)]
        products = Block(k, height)
        products.clear()
        products.multiply([v + (start + r) for r in range(height)], step, dm, tiles, step)
        for r, row in enumerate(rows):
            products.add_row(r, row)
            products.store_row(r, row)
        start += height


def _heights(size: int, most: int) -> list[int]:
    """The rows of a square of L × L in blocks of about the same height."""
    blocks = -(-size // most)
    return [size * (i + 1) // blocks - size * i // blocks for i in range(blocks)]


def add_slices(outputs: int, target: Target) -> Routine:
    """dw and db of all slices. Arguments: dU, their db, dw, db (0 for none), ``_add``'s sizes."""
    return Routine(f"winograd{outputs}_dw_add_{target.width}", partial(_add, outputs))


def _add(outputs: int, k: Kernel) -> None:
    """dw[k, c] = Σ_s Gᵀ dU[s, :, k, c] G; lanes are filters. Chunk: L channels of a panel."""
    matrices, size = winograd(outputs), lanes(k.target)
    du, db_slices, dw, db_address = k.pointer(), k.pointer(), k.pointer(), k.size()
    db = k.address(db_address)
    slices, u_pitch, channels, channel_blocks, filters = (k.size() for _ in range(5))
    slice_size = u_pitch * matrices.tile**2
    with k.chunks() as chunk:
        panel, block = chunk // channel_blocks, chunk % channel_blocks
        with k.loop(block * size, minimum((block + 1) * size, channels)) as c:
            row = du + (panel * channel_blocks * size + c) * size
            with k.loop(0, size, k.width) as part:
                first = panel * size + part
                totals = [[k.variable(k.zeros()) for _ in range(3)] for _ in range(3)]
                with k.loop(0, slices) as number:
                    points = row + (number * slice_size + part)
                    _add_turned(matrices, points, u_pitch, totals)
                for lane in range(k.width):
                    with k.when(first + lane < filters):
                        to = dw + ((first + lane) * channels + c) * 9
                        for i, sums_row in enumerate(totals):
                            for j, total in enumerate(sums_row):
                                to[3 * i + j] = total.value.lane(lane)
        with (
            k.when(block.equals(0) & db_address.differs(0)),
            k.loop(0, size, k.width) as part,
        ):
            first = panel * size + part
            bias = k.variable(k.zeros())
            with k.loop(0, slices) as number:
                at = db_slices + (number * ((filters + (size - 1)) // size * size) + first)
                bias.value = bias.value + at.load()
            (db + first).store(bias.value, 0, k.first_lanes(filters - first))


def _add_turned(
    matrices: Winograd, points: Pointer, pitch: Value, totals: list[list[Variable]]
) -> None:
    """totals += Gᵀ dU G."""

    def load(i: int, j: int) -> Value:
        return points.load(pitch * (i * matrices.tile + j))

    def add(i: int, j: int, value: Value) -> None:
        totals[i][j].value = totals[i][j].value + value

    sandwich(matrices.g.T, load, add)
