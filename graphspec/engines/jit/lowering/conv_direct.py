"""Rows of a direct convolution: how its numbers lie, and the tables that its kernels read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from graphspec.engines.jit.buffers import Value, outside
from graphspec.engines.jit.kernels import direct, direct_dw
from graphspec.engines.jit.kernels.direct import RUN, Geometry, Shape, block_ends
from graphspec.engines.jit.lowering.pointwise import NOTHING, After
from graphspec.engines.jit.lowering.site import Site
from graphspec.engines.jit.target import Target, host
from graphspec.layers.sliding import Sliding

# A chunk's halo buffer stays well inside a second-level cache, next to the weights.
HALO_BYTES = 96 * 1024
SHORT_ROW = 24
"""Rows of fewer pixels are joined where that is possible."""


@dataclass(frozen=True, slots=True)
class Tap:
    """A place of the kernel: where it reads, in input rows and pixels, and its number in w."""

    down: int
    right: int
    place: int


@dataclass(frozen=True, slots=True)
class Pass:
    """One convolution from ``x`` (H, W, C) to ``y`` (OH, OW, K), as a direct kernel does it.

    ``step`` are the pixels of x from one output to the next. ``out_step`` and ``out_first`` say
    which pixels of y are written: all, or those of one phase.
    """

    size: tuple[int, int]
    channels: int
    out_size: tuple[int, int]
    filters: int
    groups: int
    taps: tuple[Tap, ...]
    step: tuple[int, int]
    count: tuple[int, int]
    out_step: tuple[int, int] = (1, 1)
    out_first: tuple[int, int] = (0, 0)

    @property
    def depthwise(self) -> bool:
        """Whether lanes are channels."""
        return self.groups > 1 and self.groups == self.channels == self.filters

    @property
    def group_shape(self) -> tuple[int, int, int]:
        """Groups, and the channels and filters of each, as the kernel has them."""
        if self.depthwise:
            return 1, self.channels, self.filters
        return self.groups, self.channels // self.groups, self.filters // self.groups

    @property
    def first(self) -> tuple[int, int]:
        """The row and pixel of x that the first output's first tap reads: −padding."""
        return (
            min((tap.down for tap in self.taps), default=0),
            min((tap.right for tap in self.taps), default=0),
        )

    @property
    def reach(self) -> tuple[int, int]:
        """Rows and pixels that one output reads."""
        top, left = self.first
        return (
            max((tap.down for tap in self.taps), default=0) - top + 1,
            max((tap.right for tap in self.taps), default=0) - left + 1,
        )

    @property
    def span(self) -> tuple[int, int]:
        """Rows and pixels that all outputs read."""
        return (
            (self.count[0] - 1) * self.step[0] + self.reach[0],
            (self.count[1] - 1) * self.step[1] + self.reach[1],
        )

    @property
    def needs_halo(self) -> bool:
        """Whether some output reads beyond the image (depthwise, lanes read beyond a pixel)."""
        return self.depthwise or any(
            first < 0 or first + span > size
            for first, span, size in zip(self.first, self.span, self.size, strict=True)
        )


def forward_pass(sliding: Sliding, channels: int, filters: int, groups: int) -> Pass:
    """y from x."""
    (kh, kw), (dh, dw), (top, left) = sliding.kernel, sliding.dilation, sliding.before
    taps = tuple(Tap(u * dh - top, v * dw - left, u * kw + v) for u in range(kh) for v in range(kw))
    return Pass(
        sliding.size, channels, sliding.out, filters, groups, taps, sliding.stride, sliding.out
    )


def input_passes(sliding: Sliding, channels: int, filters: int, groups: int) -> list[Pass]:
    """dx from dy: a pass for each phase, dx[r + S·i] = Σ w[u]·dy[i + (r + P − u·D)/S]."""
    (kh, kw), (dh, dw), (sh, sw) = sliding.kernel, sliding.dilation, sliding.stride
    (top, left), (height, width) = sliding.before, sliding.size
    passes = []
    for down in range(min(sh, height)):
        for right in range(min(sw, width)):
            taps = sorted(
                (
                    Tap((down + top - u * dh) // sh, (right + left - v * dw) // sw, u * kw + v)
                    for u in range(kh)
                    for v in range(kw)
                    if (down + top - u * dh) % sh == 0 and (right + left - v * dw) % sw == 0
                ),
                key=lambda tap: (tap.down, tap.right),
            )
            passes.append(
                Pass(
                    sliding.out,
                    filters,
                    sliding.size,
                    channels,
                    groups,
                    tuple(taps),
                    (1, 1),
                    (-(-(height - down) // sh), -(-(width - right) // sw)),
                    sliding.stride,
                    (down, right),
                )
            )
    return passes


def _joined(p: Pass) -> Pass:
    """The same pass with some rows of an image taken as one long row.

    Where one pixel is read for each that is written there are no rows to respect, and long ones
    fill the blocks of registers: 7 × 7 pixels are 1 × 49.
    """
    height, width = p.count
    alone = p.taps and all((tap.down, tap.right) == (0, 0) for tap in p.taps)
    if not alone or p.step != (1, 1) or not p.size == p.out_size == p.count or p.depthwise:
        return p
    divisors = [rows for rows in range(1, height + 1) if height % rows == 0]
    rows = next((rows for rows in divisors if rows * width >= SHORT_ROW), height)
    size = (height // rows, width * rows)
    return replace(p, size=size, out_size=size, count=size)


def vectors_for(filters: int, target: Target) -> int:
    """Two vectors of filters a block, or one where that holds them all."""
    return 1 if filters <= target.width else 2


def emit_forward(
    at: Site,
    p: Pass,
    x: Value,
    y: Value,
    w: Value,
    b: Value | None,
    codes: Value | None,
    *,
    after: After = NOTHING,
    why: str,
    mirrored: bool = False,
) -> None:
    """Pack the weights, and convolve; with ``codes``, pool 2 × 2 and say which was the largest.

    ``mirrored`` is for dx: w (K, C, …) then goes from its first axis to its second.
    """
    target, pool = host(), codes is not None
    p = p if pool else _joined(p)
    groups, group_in, group_out = p.group_shape
    vectors = vectors_for(group_out, target)
    lanes = vectors * target.width
    panels = -(-group_out // lanes)
    width = 1 if p.depthwise else group_in
    number = len(p.taps)
    packed = at.kept(
        f"packed {p.out_first}" if mirrored else "packed",
        (groups * panels, max(number, 1), width, lanes),
    )
    places = table(at, [tap.place for tap in p.taps])
    size = w.shape[2] * w.shape[3]
    across, along = w.shape[1] * size, size  # from one filter, one channel of w to the next
    if p.depthwise:
        lane_step, run_step, group_step = across, 0, 0
    elif mirrored:
        lane_step, run_step, group_step = along, across, group_in * across
    else:
        lane_step, run_step, group_step = across, along, group_out * across
    sizes = (panels, group_out, group_step, lane_step, number, width, run_step)
    at.prepare(
        direct.pack(target, vectors=vectors),
        (w, packed, places, *sizes),
        chunks=groups * panels,
        reads=(w,),
        writes=(packed,),
        algorithm="pack",
    )
    tall = 2 if pool else 1
    count = (p.count[0] // tall, p.count[1] // tall)
    rows, block = _block_rows(p, at.call.threads, at.batch, tall)
    pitch = _pitch(p)
    runs, run = _runs(p, pitch)
    taps = table(at, runs)
    halo: tuple[Value | int, ...] = ()
    if p.needs_halo:
        high = (block * tall - 1) * p.step[0] + p.reach[0]
        halo = at.scratch("halo", 4 * (high * pitch + lanes))
    geometry = _geometry(p, rows, block, pitch, panels, len(runs), run, y.row)
    if pool:
        geometry = geometry._replace(
            out_rows=count[0],
            out_image=count[0] * count[1] * p.filters,
            out_row=count[1] * p.filters,
        )
    own = run if run <= RUN and not p.depthwise else 0
    shape = Shape(
        vectors=vectors,
        bias=b is not None,
        pool=pool,
        halo=bool(halo),
        tail=group_out % lanes != 0,
        depthwise=p.depthwise,
        run=own,
        right=geometry.right if own else 0,
        after=after.kinds,
    )
    base = [] if b is None else [b]
    also = [] if codes is None else [codes]
    x_args: list[Value | int] = [x, y, packed, taps, *base, *also, *halo, *geometry]
    memory = [value for value in halo if isinstance(value, Value)]
    at.emit(
        direct.forward(target, shape),
        (*x_args, *block_ends(count[1], shape.blocks(target)), *after.arguments),
        chunks=at.batch * rows,
        reads=(x, packed, *base, *after.draws),
        writes=(y, *also, *memory),
        algorithm="depthwise" if p.depthwise else "direct",
        why=why,
        flops=2 * at.batch * p.count[0] * p.count[1] * p.filters * number * width,
    )


def emit_weight_gradient(
    at: Site, p: Pass, x: Value, dy: Value, dw: Value, db: Value | None, *, why: str
) -> None:
    """Sums of each thread's images, then of all, in order."""
    target, p = host(), _joined(p)
    groups, group_in, group_out = p.group_shape
    vectors = vectors_for(group_out, target)
    lanes = vectors * target.width
    panels = -(-group_out // lanes)
    number = len(p.taps)
    width = 1 if p.depthwise else group_in
    count = number * width
    slices = min(at.call.threads, at.batch)
    slice_size = groups * (count + 1) * panels * lanes
    sums = at.new("partial dw", (slices, slice_size))
    rows, block = _block_rows(p, 1, at.batch, 1)
    pitch = _pitch(p)
    # Rows in the order of w: channel, then place.
    places = [_offset(p, tap, pitch) for tap in p.taps]
    offsets = table(at, [place + c for c in range(width) for place in places])
    halo: tuple[Value | int, ...] = ()
    if p.needs_halo:
        halo = at.scratch("halo", 4 * (((block - 1) * p.step[0] + p.reach[0]) * pitch + lanes))
    memory = [value for value in halo if isinstance(value, Value)]
    geometry = _geometry(p, rows, block, pitch, panels, number, width, dy.row)
    at.emit(
        direct_dw.weight_gradient(
            target,
            vectors=vectors,
            halo=bool(halo),
            tail=group_out % lanes != 0,
            depthwise=p.depthwise,
        ),
        (
            x,
            dy,
            sums,
            offsets,
            *halo,
            *geometry,
            at.batch,
            slices,
            p.count[1],
            count,
            *block_ends(count, direct_dw.row_blocks(target, vectors)),
        ),
        chunks=slices,
        reads=(x, dy),
        writes=(sums, *memory),
        algorithm="direct dw",
        why=why,
        flops=2 * at.batch * p.count[0] * p.count[1] * p.filters * count,
    )
    pieces = -(-group_out // target.width)
    at.emit(
        direct_dw.add_slices(target),
        (
            sums,
            dw,
            0 if db is None else db,
            slices,
            slice_size,
            count,
            panels * lanes,
            group_out,
            pieces,
        ),
        chunks=groups * pieces,
        reads=(sums,),
        writes=(dw,) if db is None else (dw, db),
        algorithm="add slices",
    )


def table(at: Site, numbers: Sequence[int]) -> Value:
    """Whole numbers that a kernel reads."""
    return outside(f"{at.nodes[0].id} places", np.array([*numbers, 0], np.int64))


def _pitch(p: Pass) -> int:
    """Numbers from one row to the next in what the kernel reads."""
    return (p.span[1] if p.needs_halo else p.size[1]) * p.channels


def _offset(p: Pass, tap: Tap, pitch: int) -> int:
    """Where a tap reads: from the halo buffer's first number, or from the image's."""
    if not p.needs_halo:
        return tap.down * pitch + tap.right * p.channels
    return (tap.down - p.first[0]) * pitch + (tap.right - p.first[1]) * p.channels


def _runs(p: Pass, pitch: int) -> tuple[list[int], int]:
    """Where the runs begin, and how long they are: taps that lie side by side are one run."""
    starts = [_offset(p, tap, pitch) for tap in p.taps]
    width = 1 if p.depthwise else p.channels // p.groups
    if len({tap.right for tap in p.taps}) < 2:
        return starts, width
    rows = len({tap.down for tap in p.taps})
    in_row = len(starts) // rows
    side_by_side = all(
        starts[i] == starts[i - i % in_row] + (i % in_row) * width for i in range(len(starts))
    )
    return (starts[::in_row], in_row * width) if side_by_side else (starts, width)


def _block_rows(p: Pass, threads: int, batch: int, tall: int) -> tuple[int, int]:
    """Blocks of stored rows in an image, each ``tall`` output rows, and the rows of a block."""
    row = max(1, 4 * p.step[0] * tall * _pitch(p))
    most = max(1, HALO_BYTES // row)
    count = p.count[0] // tall
    # Few images: more blocks than threads, so that all have something to do.
    if batch < 4 * threads:
        most = min(most, max(1, -(-count * batch // (4 * threads))))
    blocks = -(-count // min(most, count))
    return blocks, -(-count // blocks)


def _geometry(
    p: Pass, blocks: int, block_rows: int, pitch: int, panels: int, taps: int, run: int, pixel: int
) -> Geometry:
    """``pixel`` are the numbers from one pixel of y to the next."""
    groups, group_in, group_out = p.group_shape
    (height, width), out_width = p.size, p.out_size[1]
    top, left = p.first
    return Geometry(
        blocks=blocks,
        block_rows=block_rows,
        out_rows=p.count[0],
        out_image=p.out_size[0] * out_width * pixel,
        out_row=p.out_step[0] * out_width * pixel,
        out_pixel=p.out_step[1] * pixel,
        out_first=(p.out_first[0] * out_width + p.out_first[1]) * pixel,
        in_rows=height,
        in_image=height * width * p.channels,
        in_row=width * p.channels,
        down=p.step[0],
        right=p.step[1] * p.channels,
        top=-top,
        left=-left * p.channels,
        reach=p.reach[0],
        pitch=pitch,
        groups=groups,
        panels=panels,
        group_in=group_in,
        group_out=group_out,
        taps=taps,
        run=run,
    )
