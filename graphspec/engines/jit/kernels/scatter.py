"""The gradient of a convolution's input where there are few channels, by overlapping additions.

    dx̂[i·S + u·D, j·S + v, c] += Σ_k dy[i, j, k] · w[k, c, u, v]        for every i, j, u, v

dx̂ is the gradient with its padding. The direct way gathers: lanes are the channels of one pixel of
dx, and of six channels two lanes in eight stay empty. Scattered, lanes are a whole kernel row of
KW·C numbers, which lie side by side in dx̂ (channels last), and no product is made with a padding's
zeros:

    dx̂  ···│c c c│c c c│c c c│c c c│···     one row of pixels, C = 3
            └──── run of KW·C ────┘ 0 0      += what dy[i, j] gives it
                  └──── run of KW·C ────┘    += what dy[i, j + 1] does (stride 1)

    w   [u][panel of L numbers of the run][k][L]          zeros behind the end of the run

A register block holds the runs of R pixels, all in one column of dy: their rows of dx̂ are apart, so
that no addition waits for the one before it. Each is added to dx̂ after the sum over all filters.

A chunk is one image. dx̂ is the thread's own memory; its inside is copied to dx at the end.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from graphspec.engines.jit.builder import I64, Kernel, Value
from graphspec.engines.jit.kernels.block import Block
from graphspec.engines.jit.kernels.direct import block_sizes
from graphspec.engines.jit.table import Routine
from graphspec.engines.jit.target import Target

VECTORS = 2


class Geometry(NamedTuple):
    """Where the numbers lie; the kernel reads them in this order. Steps count numbers.

    ``Any`` is an int where arguments are made, and a value of the kernel inside it.
    """

    columns: Any
    """OW; OH is the end of the last blocks."""
    filters: Any
    kernel_rows: Any
    panels: Any
    """Panels of L numbers in a run."""
    down: Any
    """From what one row of dy meets to what the next one does, S·pitch."""
    dilated: Any
    """From one kernel row to the next, D·pitch."""
    right: Any
    """From what one pixel of dy meets to what the next one does, S·C."""
    pitch: Any
    padded: Any
    """Numbers of a row of dx̂, and of all of it."""
    rows: Any
    row: Any
    first: Any
    """H, W·C, and where the first number of dx lies in dx̂."""


def lanes(target: Target) -> int:
    """L, the numbers of a panel."""
    return VECTORS * target.width


def gradient(target: Target) -> Routine:
    """dx from dy. Arguments: dy, w, dx, dx̂, its stride, Geometry, ends of the blocks of rows."""
    return Routine(f"scatter_{target.width}", _gradient)


def _gradient(k: Kernel) -> None:
    dy, w, dx = k.pointer(), k.pointer(), k.pointer()
    address, stride = k.size(), k.size()
    padded = k.address(address + k.thread * stride)
    g = Geometry(*(k.size() for _ in Geometry._fields))
    sizes = block_sizes(k.target, VECTORS)
    ends = [k.size() for _ in sizes]
    wide = lanes(k.target)
    with k.chunks() as image:
        for i, mask in k.sweep(0, g.padded, unroll=4):
            padded.store(k.zeros(), i, mask)
        pixels = dy + image * ends[-1] * g.columns * g.filters
        start: Value | int = 0
        for size, stop in zip(sizes, ends, strict=True):
            with (
                k.loop(start, stop, size) as i,
                k.loop(0, g.kernel_rows) as u,
                k.loop(0, g.columns) as j,
                k.loop(0, g.panels) as panel,
            ):
                block = Block(k, size, VECTORS)
                block.clear()
                first = pixels + (i * g.columns + j) * g.filters
                at = [first + r * g.columns * g.filters for r in range(size)]
                block.multiply(at, 1, w + (u * g.panels + panel) * g.filters * wide, g.filters)
                corner = padded + (i * g.down + u * g.dilated + j * g.right + panel * wide)
                for r in range(size):
                    place = corner + r * g.down
                    block.add_row(r, place)
                    block.store_row(r, place)
            start = stop
        with k.loop(0, g.rows) as row:
            source = padded + (g.first + row * g.pitch)
            target = dx + (image * g.rows + row) * g.row
            for i, mask in k.sweep(0, g.row, unroll=2):
                target.store(source.load(i, mask), i, mask)


def pack(target: Target) -> Routine:
    """w in panels. Arguments: w, panels, places, the sizes in ``_pack``. Chunk: a kernel row."""
    return Routine(f"scatter_pack_{target.width}", _pack)


def _pack(k: Kernel) -> None:
    """panels[u, p, k, lane] = w[k·step + u·KW + places[p·L + lane]], or 0 behind the run."""
    w, to, places = k.pointer(), k.pointer(), k.pointer(I64)
    filters, step, kernel_width, panels, run = (k.size() for _ in range(5))
    wide = lanes(k.target)
    with k.chunks() as u:
        part = to + u * panels * filters * wide
        for i, mask in k.sweep(0, panels * filters * wide):
            part.store(k.zeros(), i, mask)
        with k.loop(0, run) as number:
            place = part + (number // wide * filters * wide + number % wide)
            source = w + (u * kernel_width + places[number])
            with k.loop(0, filters) as one:
                place[one * wide] = source[one * step]
