"""Gradients of a direct convolution's weights and bias.

    dw[k, c, u, v] = Σ_n Σ_i Σ_j  x̂[n, i·S + u·D, j·S + v·D, c] · dy[n, i, j, k],    db[k] = Σ dy

The images are shared out in slices, one for each thread, and each slice has sums of its own:

    partial   [slice][group][row r of C·KH·KW, then db][filters of the group, rounded up to L]

Registers hold a block of rows r × L filters. For every output pixel, L numbers of dy are loaded
and multiplied by the number of x̂ that each row meets there; ``offsets[r]`` says where, from the
pixel's own place:

    row r      │acc acc│  +=  x̂[pixel + offsets[r]]    ·│dy dy│
    row r+1    │acc acc│  +=  x̂[pixel + offsets[r + 1]]·│dy dy│
    …

Each block of rows of an image is summed by itself and then added to its slice, and so is each row
of db: a float32 sum of very many numbers would lose digits. The slices are then added up in their
order, and each sum goes to its place in dw (K, C, KH, KW).
Depthwise the lanes are channels, and x̂ is loaded as dy is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from graphspec.engines.jit.builder import I64, Kernel, Pointer, Value, Variable, fma
from graphspec.engines.jit.kernels.direct import Geometry, Halo, block_sizes
from graphspec.engines.jit.table import Routine
from graphspec.engines.jit.target import Target


def row_blocks(target: Target, vectors: int) -> tuple[int, ...]:
    """How many rows the register blocks hold, largest first."""
    sizes = block_sizes(target, vectors)
    # 5 × 5 places of one channel are 9, 8 and 8: one alone would wait for its own sum.
    return (9, 8, 4, 2, 1) if vectors == 1 else sizes


def weight_gradient(
    target: Target, *, vectors: int, halo: bool, tail: bool, depthwise: bool = False
) -> Routine:
    """Sums of each slice. Chunk: a slice.

    Arguments: x, dy, partial, offsets, [halo, its stride], Geometry (its output is dy), images,
    slices, columns of dy, rows of a group, and the ends of the blocks of rows.
    """
    words = [word for word, on in (("halo", halo), ("tail", tail), ("depthwise", depthwise)) if on]
    name = "_".join(["direct_dw", f"{vectors}x{target.width}", *words])
    emit = partial(_sums, vectors=vectors, halo=halo, tail=tail, depthwise=depthwise)
    return Routine(name, emit)


def _sums(k: Kernel, *, vectors: int, halo: bool, tail: bool, depthwise: bool) -> None:
    x, dy, sums, offsets = k.pointer(), k.pointer(), k.pointer(), k.pointer(I64)
    copies = Halo.of(k) if halo else None
    g = Geometry(*(k.size() for _ in Geometry._fields))
    images, slices, columns, count = (k.size() for _ in range(4))
    sizes = row_blocks(k.target, vectors)
    ends = [k.size() for _ in sizes]
    lanes = vectors * k.width
    width = g.panels * lanes  # filters of a group, rounded up
    slice_size = g.groups * (count + 1) * width
    with k.chunks() as part:
        mine = sums + part * slice_size
        for i, mask in k.sweep(0, slice_size):
            mine.store(k.zeros(), i, mask)
        with (
            k.loop(images * part // slices, images * (part + 1) // slices) as image,
            k.loop(0, g.blocks) as block,
        ):
            begin, end = k.span(block, g.block_rows, g.out_rows)
            rows = (
                copies.fill(x, g, image, begin, end)
                if copies
                else x + (image * g.in_image + begin * g.down * g.pitch)
            )
            with k.loop(0, g.groups * g.panels) as panel:
                group, first = panel // g.panels, panel % g.panels * lanes
                channel = group * g.group_out + first
                x_panel = rows + (channel if depthwise else group * g.group_in)
                dy_panel = dy + (image * g.out_image + begin * g.out_row + channel)
                sums_panel = mine + (group * (count + 1) * width + first)
                masks = [
                    k.first_lanes(g.group_out - first - j * k.width) if tail else None
                    for j in range(vectors)
                ]

                @contextmanager
                def pixels_of(row: Value) -> Iterator[tuple[Pointer, list[Value]]]:
                    with k.loop(0, columns) as pixel:
                        at = dy_panel + (row * g.out_row + pixel * g.out_pixel)
                        dys = [at.load(j * k.width, masks[j]) for j in range(vectors)]
                        yield x_panel + (row * g.down * g.pitch + pixel * g.right), dys

                start = k.integer(0)
                for size, stop in zip(sizes, ends, strict=True):
                    with k.loop(start, stop, size) as r:
                        where = [offsets[r + i] for i in range(size)]
                        places = [sums_panel + (r + i) * width for i in range(size)]
                        acc = [_zeros(k, vectors) for _ in places]
                        with (
                            k.loop(0, end - begin) as row,
                            pixels_of(row) as (x_pixel, dys),
                        ):
                            for offset, row_acc in zip(where, acc, strict=True):
                                for j, total in enumerate(row_acc):
                                    number = (
                                        x_pixel.load(offset + j * k.width)
                                        if depthwise
                                        else x_pixel.spread(offset)
                                    )
                                    total.value = fma(number, dys[j], total.value)
                        for place, row_acc in zip(places, acc, strict=True):
                            _add_to(place, row_acc)
                    start = stop
                bias = _zeros(k, vectors)
                with k.loop(0, end - begin) as row:
                    of_row = _zeros(k, vectors)
                    with pixels_of(row) as (_, dys):
                        for total, number in zip(of_row, dys, strict=True):
                            total.value = total.value + number
                    for total, part_sum in zip(bias, of_row, strict=True):
                        total.value = total.value + part_sum.value
                _add_to(sums_panel + count * width, bias)


def _zeros(k: Kernel, vectors: int) -> list[Variable]:
    return [k.variable(k.zeros()) for _ in range(vectors)]


def _add_to(place: Pointer, sums: list[Variable]) -> None:
    for j, total in enumerate(sums):
        at = place + j * place.kernel.width
        at.store(at.load() + total.value)


def add_slices(target: Target) -> Routine:
    """dw and db from the slices. Arguments: partial, dw, db (0 for none), and ``_add``'s sizes."""
    return Routine(f"direct_dw_add_{target.width}", _add)


def _add(k: Kernel) -> None:
    """dw[g·K/G + i, r] = Σ_s partial[s, g, r, i]; row ``rows`` of a group is db.

    Chunk: a vector of filters of one group.
    """
    sums, dw, db_address = k.pointer(), k.pointer(), k.size()
    db = k.address(db_address)
    slices, slice_size, rows, width, filters, vectors = (k.size() for _ in range(6))
    with k.chunks() as chunk:
        group, first = chunk // vectors, chunk % vectors * k.width
        source = sums + (group * (rows + 1) * width + first)
        place = dw + (group * filters + first) * rows
        left = filters - first
        with k.loop(0, rows + 1) as r:
            total = k.variable(k.zeros())
            with k.loop(0, slices) as part:
                total.value = total.value + source.load(part * slice_size + r * width)
            with k.either(r < rows) as (weight, bias):
                with weight:
                    for lane in range(k.width):
                        with k.when(left > lane):
                            place[lane * rows + r] = total.value.lane(lane)
                with bias, k.when(db_address.differs(0)):
                    (db + (group * filters + first)).store(total.value, 0, k.first_lanes(left))
