"""Rows of a Winograd convolution: the sizes of its blocks, and the memory of its transforms."""

from __future__ import annotations

from dataclasses import dataclass

from graphspec.engines.jit.buffers import Value
from graphspec.engines.jit.kernels import winograd, winograd_dw
from graphspec.engines.jit.kernels.transforms import operations
from graphspec.engines.jit.kernels.winograd import Forward, Tiling, lanes, padded
from graphspec.engines.jit.lowering.site import Site
from graphspec.engines.jit.target import host
from graphspec.engines.winograd import Winograd
from graphspec.engines.winograd import winograd as matrices_of

# The transforms of a block of tiles, in bytes. A little more than a second-level cache of 512 KB is
# no loss, as they are written and read in order; much smaller blocks read U too often.
CACHE_BYTES = 640 * 1024
FEWEST, MOST = 24, 192


@dataclass(frozen=True, slots=True)
class Images:
    """What is convolved: x (N, C, H, W) to y (N, K, OH, OW), with the padding at top and left."""

    size: tuple[int, int]
    channels: int
    out_size: tuple[int, int]
    filters: int
    before: tuple[int, int]

    @property
    def turned(self) -> Images:
        """dx from dy: the filters turned by 180° reach 2 − P pixels beyond."""
        top, left = self.before
        return Images(self.out_size, self.filters, self.size, self.channels, (2 - top, 2 - left))

    def tiling(self, outputs: int, batch: int, pixel: int | None = None) -> Tiling:
        """The kernels' sizes; pixels of y may be further apart than the filters take."""
        down, right = (-(-extent // outputs) for extent in self.out_size)
        size = lanes(host())
        return Tiling(
            tiles=batch * down * right,
            down=down,
            right=right,
            rows=self.size[0],
            columns=self.size[1],
            top=self.before[0],
            left=self.before[1],
            channels=self.channels,
            channel_blocks=-(-self.channels // size),
            out_rows=self.out_size[0],
            out_columns=self.out_size[1],
            filters=self.filters,
            panels=-(-self.filters // size),
            pixel=pixel or self.filters,
        )


def emit_forward(
    at: Site,
    images: Images,
    kind: Forward,
    x: Value,
    y: Value,
    w: Value,
    b: Value | None,
    codes: Value | None,
    *,
    why: str,
    mirrored: bool = False,
) -> None:
    """Transform the filters, and convolve; ``mirrored`` for dx, with ``images`` turned."""
    target, outputs = host(), kind.outputs
    t = images.tiling(outputs, at.batch, y.row)
    size, points = lanes(target), (outputs + 2) ** 2
    u_pitch = padded(t.panels * t.channel_blocks * size * size)
    u = at.kept("U turned" if mirrored else "U", (points, u_pitch))
    across, along = 9 * w.shape[1], 9
    places = (8, t.filters, along, t.channels, across, -1)
    if not mirrored:
        places = (0, t.filters, across, t.channels, along, 1)
    at.prepare(
        winograd.filters(outputs, target),
        (w, u, u_pitch, *places, t.channel_blocks),
        chunks=t.panels * t.channel_blocks,
        reads=(w,),
        writes=(u,),
        algorithm="transform filters",
        flops=lambda: t.channels * t.filters * operations(matrices_of(outputs).g),
    )
    block = _block(t, points * 4 * size * (t.channel_blocks + t.panels), at.call.threads)
    v_pitch, m_pitch, floats = winograd.scratch_floats(
        outputs, target, block, t.channels, t.filters
    )
    scratch, stride = at.scratch("V, M", 4 * floats)
    at.emit(
        kind.routine(target),
        (
            x,
            u,
            0 if b is None else b,
            y,
            0 if codes is None else codes,
            scratch,
            stride,
            v_pitch,
            m_pitch,
            u_pitch,
            block,
            *t,
        ),
        chunks=-(-t.tiles // block),
        reads=(x, u) if b is None else (x, u, b),
        writes=(y, scratch) if codes is None else (y, codes, scratch),
        algorithm=f"Winograd F({outputs}×{outputs})",
        why=why,
        flops=lambda: _flops(t, matrices_of(outputs), dw=False),
    )


def emit_weight_gradient(
    at: Site,
    images: Images,
    outputs: int,
    x: Value,
    dy: Value,
    dw: Value,
    db: Value | None,
    *,
    why: str,
) -> None:
    """Sums of each thread's tiles, then of all, in order."""
    target = host()
    t = images.tiling(outputs, at.batch)
    size, points = lanes(target), (outputs + 2) ** 2
    slices = min(at.call.threads, t.tiles)
    u_pitch = padded(t.panels * t.channel_blocks * size * size)
    du = at.new("dU", (slices, points, u_pitch))
    partial_db = at.new("partial db", (slices, t.panels * size))
    block = _block(t, points * 4 * size * (t.channel_blocks + t.panels), slices)
    v_pitch, m_pitch, floats = winograd_dw.scratch_floats(
        outputs, target, block, t.channels, t.filters
    )
    scratch, stride = at.scratch("V, dM", 4 * floats)
    at.emit(
        winograd_dw.sums(outputs, target, tail=t.channels % size != 0, edge=t.filters % size != 0),
        (
            x,
            dy,
            du,
            partial_db,
            scratch,
            stride,
            v_pitch,
            m_pitch,
            u_pitch,
            block,
            slices,
            *t,
        ),
        chunks=slices,
        reads=(x, dy),
        writes=(du, partial_db, scratch),
        algorithm=f"Winograd F({outputs}×{outputs}) dw",
        why=why,
        flops=lambda: _flops(t, matrices_of(outputs), dw=True),
    )
    at.emit(
        winograd_dw.add_slices(outputs, target),
        (
            du,
            partial_db,
            dw,
            0 if db is None else db,
            slices,
            u_pitch,
            t.channels,
            t.channel_blocks,
            t.filters,
        ),
        chunks=t.panels * t.channel_blocks,
        reads=(du, partial_db),
        writes=(dw,) if db is None else (dw, db),
        algorithm="transform dU",
        flops=lambda: slices * t.channels * t.filters * operations(matrices_of(outputs).g.T),
    )


def _flops(t: Tiling, matrices: Winograd, *, dw: bool) -> int:
    """What is really done: the products, and the additions of both transforms."""
    products = 2 * matrices.tile**2 * t.channels * t.filters
    of_x = t.channels * operations(matrices.bt)
    of_y = t.filters * operations(matrices.at.T if dw else matrices.at)
    return int(t.tiles * (products + of_x + of_y))


def _block(t: Tiling, tile_bytes: int, threads: int) -> int:
    """Tiles of a block: as the cache holds, and so that all threads have the same share."""
    most = min(max(CACHE_BYTES // tile_bytes, FEWEST), MOST)
    share = -(-t.tiles // threads)
    blocks = -(-share // most)
    return winograd.block_tiles(host(), -(-share // blocks))
