"""Gradients of the weights and the bias of a Winograd convolution: its adjoint.

    V = Bᵀ d B,   dM = A dY Aᵀ        of every tile of x and of dy
    dU_p = V_pᵀ · dM_p                summed over all tiles, for each of the t² points p
    dg = Gᵀ dU G

The tiles are shared out in slices, one for each thread. A slice goes through its tiles a block at
a time, so that V and dM stay in the second-level cache, and adds to a dU of its own:

    V     [i][C/L][tile][j][L]     read by columns: row c of the product is c numbers in
    dM    [i][K/L][tile][j][L]     a panel for each p = (i, j), its rows t·L apart
    dU    [slice][p][K/L][C][L], then db [slice][K]

                tiles ──▶
         ┌───────────────┐          ┌── L ──┐
       c │ V_p, turned   │          │ dM_p  │  tiles      =   dU_p  L × L, by blocks of 6 × L
         │               │     ·    │       │
         └───────────────┘          └───────┘

The bias's gradient needs no sum of its own: at the point (1, 1), row 1 of A is all ones, so that
dM there is the sum of a tile's dY. The slices are added up in their order.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from graphspec.engines.jit.builder import Kernel, Pointer, Value, Variable, maximum, minimum
from graphspec.engines.jit.kernels.block import Block
from graphspec.engines.jit.kernels.transforms import sandwich
from graphspec.engines.jit.kernels.winograd import Source, Tiling, Walk, lanes, padded
from graphspec.engines.jit.table import Routine
from graphspec.engines.jit.target import Target
from graphspec.engines.winograd import Winograd, winograd


def sums(outputs: int, target: Target, *, tail: bool, edge: bool) -> Routine:
    """dU and db of each slice. Chunk: a slice.

    Arguments: x, dy, dU, db, scratch, its stride, pitches of V, dM and dU, tiles of a block,
    slices, ``Tiling``. ``tail`` where C, and ``edge`` where K is no multiple of L.
    """
    words = [word for word, on in (("tail", tail), ("edge", edge)) if on]
    name = "_".join([f"winograd{outputs}_dw", str(target.width), *words])
    return Routine(name, partial(_sums, outputs=outputs, tail=tail, edge=edge))


def scratch_floats(
    outputs: int, target: Target, tiles: int, channels: int, filters: int
) -> tuple[int, int, int]:
    """The pitches of V and dM, and the scratch of a thread, for blocks of ``tiles`` tiles."""
    size, tile = lanes(target), outputs + 2
    blocks = [-(-count // size) for count in (channels, filters)]
    v, m = (padded(count * tiles * tile * size) for count in blocks)
    return v, m, tile * (v + m) + (max(blocks) + 1) * size


def _sums(k: Kernel, *, outputs: int, tail: bool, edge: bool) -> None:
    matrices = winograd(outputs)
    size, points = lanes(k.target), matrices.tile**2
    tile_size = matrices.tile * size
    assert np.all(matrices.at[:, 1] == 1), "db is read at the point 1"
    x, dy, du_all, db_all = (k.pointer() for _ in range(4))
    scratch, stride = k.size(), k.size()
    v_pitch, m_pitch, u_pitch, block, slices = (k.size() for _ in range(5))
    t = Tiling(*(k.size() for _ in Tiling._fields))
    v = k.address(scratch + k.thread * stride)
    m = v + v_pitch * matrices.tile
    zeros = m + m_pitch * matrices.tile
    with k.loop(0, (maximum(t.channel_blocks, t.panels) + 1) * size, k.width) as i:
        zeros.store(k.zeros(), i)
    of_x = Source(x, zeros, t.rows, t.columns, t.channels, t.channel_blocks, outputs, tail)
    of_dy = Source(dy, zeros, t.out_rows, t.out_columns, t.filters, t.panels, outputs, edge)
    with k.chunks() as part:
        du = du_all + part * points * u_pitch
        db = db_all + part * t.panels * size
        with k.loop(0, points * u_pitch, k.width) as i:
            du.store(k.zeros(), i)
        with k.loop(0, t.panels * size, k.width) as i:
            db.store(k.zeros(), i)
        last = t.tiles * (part + 1) // slices
        with k.loop(t.tiles * part // slices, last, block) as begin:
            count = minimum(last - begin, block)
            walk = Walk(k, t, begin)
            with k.loop(0, count) as number:
                row, column = walk.corner(outputs)
                place = number * tile_size
                corner = walk.image, row - t.top, column - t.left
                of_x.transform(matrices.bt, corner, v + place, block * tile_size, v_pitch)
                corner = walk.image, row, column
                of_dy.transform(matrices.at.T, corner, m + place, block * tile_size, m_pitch)
                walk.step()
            with (
                k.loop(0, matrices.tile) as i,
                k.loop(0, matrices.tile) as j,
                k.loop(0, t.panels) as panel,
            ):
                dm = m + (i * m_pitch + panel * block * tile_size + j * size)
                with k.loop(0, t.channel_blocks) as c:
                    rows = v + (i * v_pitch + c * block * tile_size + j * size)
                    number = (panel * t.channel_blocks + c) * size * size
                    to = du + ((i * matrices.tile + j) * u_pitch + number)
                    _add_products(k, rows, dm, tile_size, count, to)
            with k.loop(0, t.panels * size, k.width) as channel:
                at = channel // size * block * tile_size + channel % size
                sums_of_dy = m + (m_pitch + size + at)
                total = k.variable(db.load(channel))
                with k.loop(0, count) as number:
                    total.value = total.value + sums_of_dy.load(number * tile_size)
                db.store(total.value, channel)


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
