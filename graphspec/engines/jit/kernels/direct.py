"""Direct convolution, of any kernel, stride, dilation and number of groups.

    y[n, i, j, k] = f( b[k] + Σ_t Σ_c  x̂[n, i·S + du_t, j·S + dv_t, c] · w[t, c, k] )

x̂ is the image with its padding. A tap t is one place (du, dv) of the kernel. Images lie in memory
with their channels last, so the taps of one kernel row are one run of numbers, kx·c:

    x̂  ···│c c c│c c c│c c c│c c c│c c c│···     one row of pixels, C = 3
               └──── run of KW·C ────┘            what output pixel j reads (stride 1)
                     └──── run of KW·C ────┘      what output pixel j + 1 reads

    w  [panel of L filters][tap][c][L]            so packed that it is read from start to end

Registers hold a block of output pixels × L filters. For each number of a run, one row of w is
loaded and multiplied by that number of every pixel of the block:

    pixel j     │acc acc│  +=  x̂[j]  ·│w w│
    pixel j+1   │acc acc│  +=  x̂[j+1]·│w w│          (no im2col: the patches are never copied)
    …

Few channels make short runs, and a loop of few turns. Where a run holds at most ``RUN`` numbers,
its length and the step to the next pixel are the kernel's own: the loop is unrolled, and every
number of the block lies at a fixed distance from one address.

With 2 × 2 max pooling a block is two rows high, and what is stored is the largest of each square
and the byte that says which it was:

    pixel  j  j+1 │ j+2 j+3      row i
           j  j+1 │ j+2 j+3      row i + 1

A chunk is some output rows of one image. Its input rows are first copied beside zeros into the
thread's own halo buffer, so that no tap tests for the border; where there is nothing to pad the
image itself is read.

The gradient of the input is the same sum with the roles of x and y exchanged and the taps mirrored.
At stride S it falls into S·S phases: of the input's rows and columns, those with the same
remainder meet the same taps. Each phase is one such convolution at stride 1, written to every S-th
pixel.

Depthwise (one channel, one filter a group) the lanes of a vector are channels, and x̂ is loaded
as w is, instead of spread from one number.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from graphspec.engines.jit.builder import (
    I8,
    I64,
    Kernel,
    Pointer,
    Value,
    fma,
    maximum,
    minimum,
    select,
)
from graphspec.engines.jit.kernels.block import Block
from graphspec.engines.jit.kernels.elementwise import THEN, Then
from graphspec.engines.jit.kernels.gate import pooled
from graphspec.engines.jit.table import Routine
from graphspec.engines.jit.target import Target

RUN = 24
"""Numbers of the longest run that is unrolled."""


class Geometry(NamedTuple):
    """Where a direct convolution's numbers lie; the kernel reads them in this order.

    Steps and offsets count numbers, rows count rows. ``Any`` is an int where arguments are made,
    and a value of the kernel inside it.
    """

    blocks: Any
    """Blocks of output rows in an image; chunk = image·blocks + block."""
    block_rows: Any
    out_rows: Any
    out_image: Any
    out_row: Any
    out_pixel: Any
    out_first: Any
    """Where the first output pixel of an image lies (phases begin beside each other)."""
    in_rows: Any
    in_image: Any
    in_row: Any
    """H, and the numbers in an image and in a row of it, W·C."""
    down: Any
    """Input rows from one output row to the next."""
    right: Any
    """Numbers from what one output pixel reads to what the next one does."""
    top: Any
    left: Any
    """Rows and numbers of padding in front; negative where pixels are left out instead."""
    reach: Any
    """Input rows that one output row reads."""
    pitch: Any
    """Numbers from one row to the next in the halo buffer, or in the image."""
    groups: Any
    panels: Any
    """Panels of L filters in a group."""
    group_in: Any
    group_out: Any
    taps: Any
    run: Any


class Shape(NamedTuple):
    """The choices made in a kernel; its name tells them all.

    ``run`` and ``right`` are the numbers of a run and from one pixel to the next, where they are
    the kernel's own. ``tail`` says that the filters of a group are no multiple of L. With ``pool``
    the functions ``after`` it are a rectifier or none.
    """

    vectors: int
    bias: bool = False
    pool: bool = False
    halo: bool = False
    tail: bool = False
    depthwise: bool = False
    run: int = 0
    right: int = 0
    after: tuple[str, ...] = ()

    def name(self, start: str, target: Target) -> str:
        """``start`` followed by what differs from the plainest kernel."""
        words = [word for word in self._fields[1:6] if getattr(self, word)]
        if self.run:
            words += [f"run{self.run}", f"by{self.right}"]
        name = "_".join([start, f"{self.vectors}x{target.width}", *words])
        return THEN.join((name, *self.after))

    def blocks(self, target: Target) -> tuple[int, ...]:
        """How many pixels along a row the register blocks hold, largest first."""
        sizes = block_sizes(target, self.vectors)
        if not self.pool:
            return sizes
        # Squares of 2 × 2, so two rows of an even number of pixels.
        return tuple(sorted({max(size // 4, 1) for size in sizes}, reverse=True))


def block_sizes(target: Target, vectors: int) -> tuple[int, ...]:
    """How many rows of sums the register blocks hold, largest first."""
    largest = (target.registers - vectors - 2) // vectors
    return (12, 8, 4, 2, 1) if largest >= 12 else (6, 4, 2, 1)


def block_ends(count: int, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """Cover ``count`` pixels by blocks: where those of each size end.

    Small blocks wait for their own sums, so eight pixels are twice 4, not 6 and 2.
    """
    ends, done = [], 0
    for index, size in enumerate(sizes):
        blocks = (count - done) // size
        following = sizes[index + 1 : index + 2]
        if blocks and following and count - done - blocks * size == 2 * following[0] - size != 0:
            blocks -= 1
        done += blocks * size
        ends.append(done)
    return tuple(ends)


def forward(target: Target, shape: Shape) -> Routine:
    """y from x.

    Arguments: x, y, w, taps, [b], [codes], [halo, its stride], Geometry, ends of the blocks,
    settings and draws of the functions (draws lie as y does).
    """
    return Routine(shape.name("direct", target), partial(_forward, shape=shape))


def _forward(k: Kernel, *, shape: Shape) -> None:
    vectors, tail, tall = shape.vectors, shape.tail, 2 if shape.pool else 1
    x, y, w, taps = k.pointer(), k.pointer(), k.pointer(), k.pointer(I64)
    b = k.pointer() if shape.bias else None
    codes = k.pointer(I8) if shape.pool else None
    copies = Halo.of(k) if shape.halo else None
    g = Geometry(*(k.size() for _ in Geometry._fields))
    sizes = shape.blocks(k.target)
    ends = [k.size() for _ in sizes]
    then = Then(k, shape.after)
    lanes = vectors * k.width
    run, right = (shape.run, shape.right) if shape.run else (g.run, g.right)
    # Whole vectors run over into the next pixels, which are written later, if one panel holds all
    # filters and pixels lie side by side. Behind the row others write: its end needs a mask.
    alone = (g.groups * g.panels).equals(1) & g.out_pixel.equals(g.group_out)
    safe = (
        select(alone, ends[-1] - k.integer(lanes - 1) // g.group_out, k.integer(0))
        if tail
        else None
    )
    with k.chunks() as chunk:
        image, block = chunk // g.blocks, chunk % g.blocks
        begin, end = k.span(block, g.block_rows, g.out_rows)
        rows = (
            copies.fill(x, g, image, begin * tall, end * tall)
            if copies
            else (x + (image * g.in_image + begin * tall * g.down * g.pitch))
        )
        with k.loop(0, g.groups * g.panels) as panel:
            group, part = panel // g.panels, panel % g.panels * lanes
            channel = group * g.group_out + part
            x_panel = rows + (channel if shape.depthwise else group * g.group_in)
            out_panel = g.out_first + image * g.out_image + channel
            w_panel = w + panel * g.taps * run * lanes
            left = g.group_out - part
            first = [
                _part(b + channel, left, j, tail) if b is not None else k.zeros()
                for j in range(vectors)
            ]
            with k.loop(begin, end) as row:
                x_row = x_panel + (row - begin) * tall * g.down * g.pitch
                out_row = out_panel + row * g.out_row
                start: Value | int = 0
                for size, stop in zip(sizes, ends, strict=True):
                    with k.loop(start, stop, size) as pixel:
                        across = size * tall
                        block = Block(k, across * tall, vectors)
                        block.start_from(first)
                        corners = [x_row + pixel * tall * right]
                        if shape.pool:
                            corners.append(corners[0] + g.down * g.pitch)
                        with k.loop(0, g.taps) as tap:
                            tops = [corner + taps[tap] for corner in corners]
                            at = [top + i * right for top in tops for i in range(across)]
                            w_tap = w_panel + tap * run * lanes
                            if shape.depthwise:
                                _multiply_lanes(block, at, w_tap)
                            else:
                                block.multiply(at, 1, w_tap, run)
                        for i in range(size):
                            place = out_row + (pixel + i) * g.out_pixel
                            whole = (
                                (left >= lanes) | (pixel + i < safe) if safe is not None else None
                            )
                            sums, bytes_ = _results(block, i, shape)
                            _store(sums, y, place, left, whole, None if shape.pool else then)
                            if codes is not None:
                                _store(bytes_, codes, place, left, whole)
                    start = stop


def _results(block: Block, i: int, shape: Shape) -> tuple[list[Value], list[Value]]:
    """The block's pixel or square ``i``, a vector after the other, and the codes."""
    sums, codes = [], []
    half = block.rows // 2
    for j in range(block.vectors):
        if shape.pool:
            square = [[block.sums[r + c][j].value for c in (0, 1)] for r in (2 * i, half + 2 * i)]
            [[value]], [[code]] = pooled(square, relu=bool(shape.after))
            codes.append(code)
        else:
            value = block.sums[i][j].value
        sums.append(value)
    return sums, codes


def _multiply_lanes(block: Block, x: list[Pointer], w: Pointer) -> None:
    """Add one tap of a depthwise convolution: lane by lane, as each filter has its own channel."""
    for j in range(block.vectors):
        row = w.load(j * block.k.width)
        for place, sums in zip(x, block.sums, strict=True):
            sums[j].value = fma(place.load(j * block.k.width), row, sums[j].value)


def _store(
    vectors: list[Value],
    to: Pointer,
    place: Value,
    left: Value,
    whole: Value | None,
    then: Then | None = None,
) -> None:
    """Write the vectors of one pixel: all lanes, or only the ``left`` filters that there are."""
    k = to.kernel

    def write(j: int, lanes: Value | None) -> None:
        at = place + j * k.width
        to.store(vectors[j] if then is None else then(vectors[j], at, lanes), at, lanes)

    def every() -> None:
        for j in range(len(vectors)):
            write(j, None)

    if whole is None:
        every()
        return
    with k.either(whole) as (yes, no):
        with yes:
            every()
        with no:
            for j in range(len(vectors)):
                write(j, k.first_lanes(left - j * k.width))


def _part(pointer: Pointer, left: Value, j: int, tail: bool) -> Value:
    k = pointer.kernel
    return pointer.load(j * k.width, k.first_lanes(left - j * k.width) if tail else None)


class Halo:
    """A thread's own copy of some input rows, with the zeros around them."""

    def __init__(self, memory: Pointer) -> None:
        self.memory = memory

    @classmethod
    def of(cls, k: Kernel) -> Halo:
        """The next two arguments: the memory of all threads, and the bytes of each."""
        address, stride = k.size(), k.size()
        return cls(k.address(address + k.thread * stride))

    def fill(self, x: Pointer, g: Geometry, image: Value, begin: Value, end: Value) -> Pointer:
        """Copy what the output rows begin … end − 1 read; returns the first row's address."""
        k = x.kernel
        first = begin * g.down - g.top
        count = (end - begin - 1) * g.down + g.reach
        front = minimum(maximum(g.left, 0), g.pitch)
        back = maximum(minimum(g.left + g.in_row, g.pitch), front)
        with k.loop(0, count) as row:
            to, source = self.memory + row * g.pitch, first + row
            with k.either(source.within(g.in_rows)) as (yes, no):
                with yes:
                    source_row = x + (image * g.in_image + source * g.in_row - g.left)
                    for i, lanes in k.sweep(0, front):
                        to.store(k.zeros(), i, lanes)
                    for i, lanes in k.sweep(front, back, unroll=2):
                        to.store(source_row.load(i, lanes), i, lanes)
                    for i, lanes in k.sweep(back, g.pitch):
                        to.store(k.zeros(), i, lanes)
                with no:
                    for i, lanes in k.sweep(0, g.pitch, unroll=2):
                        to.store(k.zeros(), i, lanes)
        return self.memory


def pack(target: Target, *, vectors: int) -> Routine:
    """Panels of weights. Arguments: w, panels, places, and the sizes in ``_pack``."""
    return Routine(f"direct_pack_{vectors}x{target.width}", partial(_pack, vectors=vectors))


def _pack(k: Kernel, *, vectors: int) -> None:
    """panels[g, p, t, c, lane] = w[g·group + (p·L + lane)·lane_step + c·run_step + places[t]].

    Chunk: one panel of one group. Lanes beyond the last filter of a group repeat it.
    """
    w, to, places = k.pointer(), k.pointer(), k.pointer(I64)
    panels, count, group_step, lane_step = k.size(), k.size(), k.size(), k.size()
    taps, run, run_step = k.size(), k.size(), k.size()
    lanes = vectors * k.width
    with k.chunks() as chunk:
        group, first = chunk // panels, chunk % panels * lanes
        panel = to + chunk * taps * run * lanes
        filters = [
            w + (group * group_step + minimum(first + lane, count - 1) * lane_step)
            for lane in range(lanes)
        ]
        with k.loop(0, taps) as tap, k.loop(0, run) as c:
            number = places[tap] + c * run_step
            row = panel + (tap * run + c) * lanes
            for start in range(0, lanes, k.width):
                row.store(
                    k.vector([one[number] for one in filters[start : start + k.width]]), start
                )
