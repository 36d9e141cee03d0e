"""Rows of a Winograd convolution: the sizes of its blocks, and the memory of its transforms."""

from __future__ import annotations

from dataclasses import dataclass

from graphspec.engines.jit.buffers import Value
from graphspec.engines.jit.kernels import winograd, winograd_dw
from graphspec.engines.jit.kernels.transforms import operations
from graphspec.engines.jit.kernels.winograd import Forward
from graphspec.engines.jit.kernels.winograd_dw import Gradients
from graphspec.engines.jit.kernels.winograd_tiles import Tiling, lanes, padded
from graphspec.engines.jit.lowering.pointwise import NOTHING, After
from graphspec.engines.jit.lowering.site import Site
from graphspec.engines.jit.table import Argument
from graphspec.engines.jit.target import host
from graphspec.engines.winograd import Winograd
from graphspec.engines.winograd import winograd as matrices_of

# The transforms of a block of tiles, in bytes: with U and the images that go by they stay in a
# second-level cache of 512 KB. Much smaller blocks read U too often.
CACHE_BYTES = 384 * 1024
FEWEST, MOST = 24, 192
# Backward every block reads and writes dU, and reads U: fewer blocks where these are large.
FEWEST_BACK = 48
# Numbers of dy that are brought in at once: half of a first-level cache.
SPAN = 4096


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


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a convolution does for a normalisation behind it: moments, and with γ a pooling of z."""

    moments: Value
    z: Value
    scale: Value | None

    @property
    def arguments(self) -> tuple[Value, ...]:
        """The last of the kernel's, as ``kernels.winograd_norm.Moments`` reads them."""
        return (self.moments,) if self.scale is None else (self.moments, self.z, self.scale)

    @property
    def reads(self) -> tuple[Value, ...]:
        """What the kernel reads of them."""
        return () if self.scale is None else (self.scale,)

    @property
    def writes(self) -> tuple[Value, ...]:
        """What the kernel writes of them."""
        return (self.moments,) if self.scale is None else (self.moments, self.z)


def forward_block(t: Tiling, outputs: int, threads: int) -> int:
    """Tiles of a chunk."""
    points = (outputs + 2) ** 2
    return _block(t, points * 4 * lanes(host()) * (t.channel_blocks + t.panels), threads)


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
    after: After = NOTHING,
    why: str,
    mirrored: bool = False,
    norm: Gathered | None = None,
) -> None:
    """Transform the filters, and convolve; ``mirrored`` for dx, with ``images`` turned.

    ``norm`` is what is gathered for a normalisation behind it.
    """
    target, outputs = host(), kind.outputs
    t = images.tiling(outputs, at.batch, y.row)
    u, u_pitch = _filters(
        at,
        outputs,
        w,
        panels=(t.filters, 9 if mirrored else 9 * w.shape[1]),
        rows=(t.channels, 9 * w.shape[1] if mirrored else 9),
        turned=mirrored,
    )
    block = forward_block(t, outputs, at.call.threads)
    v_pitch, m_pitch, floats = winograd.scratch_floats(
        outputs, target, block, t.channels, t.filters
    )
    scratch, stride = at.scratch("V, M", 4 * floats)
    written = tuple(value for value in (y, codes) if value is not None)
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
            *after.arguments,
            *(norm.arguments if norm else ()),
        ),
        chunks=-(-t.tiles // block),
        reads=(x, u, *((b,) if b else ()), *after.draws, *(norm.reads if norm else ())),
        writes=(*written, scratch, *(norm.writes if norm else ())),
        algorithm=f"Winograd F({outputs}×{outputs})",
        why=why,
        flops=lambda: _flops(t, matrices_of(outputs)) + (3 * norm.z.size if norm else 0),
    )


def emit_gradients(
    at: Site,
    images: Images,
    kind: Gradients,
    values: tuple[Value, Value, Value | None],
    way: int,
    dw: Value,
    db: Value | None,
    through: tuple[Value, Value] | None,
    *,
    why: str,
    opening: tuple[Argument, ...] = (),
) -> None:
    """Sums of each thread's tiles, then of all, in order; ``values`` are x, dy, and its gate.

    ``opening`` is what a tile of dy is made of where there is a normalisation (``Opening``).
    ``way`` is what dy goes back through, ``winograd_dw.PLAIN``, ``RELU`` or ``POOL``.
    ``through`` is w and dx, where dx is asked for as well.
    """
    target, outputs = host(), kind.outputs
    t = images.tiling(outputs, at.batch)
    x, dy, gate = values
    size, points = lanes(target), (outputs + 2) ** 2
    together = t.down * t.right if through else 1
    slices = min(at.call.threads, t.tiles // together)
    u_pitch = _pitch(t.filters, t.channels)
    reads = [x, dy] if gate is None else [x, dy, gate]
    reads += [value for value in opening if isinstance(value, Value)]
    u: Value | None = None
    dx: Value | None = None
    if through:
        w, dx = through
        u, _ = _filters(
            at, outputs, w, panels=(t.channels, 9), rows=(t.filters, 9 * t.channels), turned=False
        )
        reads.append(u)
    du = at.new("dU", (slices, points, u_pitch))
    partial_db = at.new("partial db", (slices, t.panels * size))
    tile_bytes = points * 4 * size * (t.channel_blocks + t.panels)
    block = _block(t, tile_bytes, slices, FEWEST_BACK)
    span = min(t.right, max(1, SPAN // (outputs**2 * t.panels * size)))
    v_pitch, m_pitch, floats = winograd_dw.scratch_floats(
        outputs, target, block, span, t.channels, t.filters
    )
    scratch, stride = at.scratch("V, dM", 4 * floats)
    sums = [du, partial_db, scratch]
    at.emit(
        kind.routine(target),
        (
            x,
            dy,
            gate or 0,
            way,
            u or 0,
            du,
            partial_db,
            dx or 0,
            scratch,
            stride,
            v_pitch,
            m_pitch,
            u_pitch,
            block,
            span,
            slices,
            together,
            dy.row,
            dy.row if gate is None else gate.row,
            *t,
            *opening,
        ),
        chunks=slices,
        reads=reads,
        writes=sums if dx is None else [*sums, dx],
        algorithm=f"Winograd F({outputs}×{outputs}) {'dw, dx' if dx else 'dw'}",
        why=why,
        flops=lambda: (
            _flops_back(t, matrices_of(outputs), dx=kind.dx)
            + (4 * t.tiles * outputs**2 * t.filters if opening else 0)
        ),
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


def _filters(
    at: Site,
    outputs: int,
    w: Value,
    *,
    panels: tuple[int, int],
    rows: tuple[int, int],
    turned: bool,
) -> tuple[Value, int]:
    """U and its pitch: ``panels`` and ``rows`` say how many there are, and how far apart in w."""
    target, size = host(), lanes(host())
    lane_count, lane_step = panels
    row_count, row_step = rows
    panel_count, row_blocks = -(-lane_count // size), -(-row_count // size)
    u_pitch = _pitch(lane_count, row_count)
    u = at.kept(f"U {at.stage}", ((outputs + 2) ** 2, u_pitch))
    places = (8 if turned else 0, lane_count, lane_step, row_count, row_step, -1 if turned else 1)
    at.prepare(
        winograd.filters(outputs, target),
        (w, u, u_pitch, *places, row_blocks),
        chunks=panel_count * row_blocks,
        reads=(w,),
        writes=(u,),
        algorithm="transform filters",
        flops=lambda: lane_count * row_count * operations(matrices_of(outputs).g),
    )
    return u, u_pitch


def _pitch(filters: int, channels: int) -> int:
    """Numbers from one point of U to the next."""
    size = lanes(host())
    return padded(-(-filters // size) * -(-channels // size) * size * size)


def _flops(t: Tiling, matrices: Winograd) -> int:
    """What is really done: the products, and the additions of both transforms."""
    products = 2 * matrices.tile**2 * t.channels * t.filters
    of_x, of_y = t.channels * operations(matrices.bt), t.filters * operations(matrices.at)
    return int(t.tiles * (products + of_x + of_y))


def _flops_back(t: Tiling, matrices: Winograd, *, dx: bool) -> int:
    """The same of the gradients: dU, and with ``dx`` dV."""
    products = 2 * matrices.tile**2 * t.channels * t.filters
    of_x, of_dy = t.channels * operations(matrices.bt), t.filters * operations(matrices.at.T)
    flops = products + of_x + of_dy
    if dx:
        flops += products + t.channels * (operations(matrices.bt.T) + matrices.tile**2)
    return int(t.tiles * flops)


def _block(t: Tiling, tile_bytes: int, threads: int, fewest: int = FEWEST) -> int:
    """Tiles of a block: as the cache holds, and so that all threads have the same share."""
    most = min(max(CACHE_BYTES // tile_bytes, fewest), MOST)
    share = -(-t.tiles // threads)
    blocks = -(-share // most)
    return winograd.block_tiles(host(), -(-share // blocks))
