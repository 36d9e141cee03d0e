"""Convolutions of few pixels with many weights, as matrix products of their patches.

    y  = P·Wᵀ + b     (R, D)·(D, K)     R = N·OH·OW windows, D = C·U·V numbers of each
    dW = dzᵀ·P        (K, R)·(R, D)
    dP = dz·W         (R, K)·(K, D)     and dx is what the patches have for each of its pixels

W is read, and dW written, as it lies: once each. Winograd's transforms make 4 times as much of
them (F(4×4)), for each thread, and direct kernels pack them.
"""

from __future__ import annotations

from graphspec.engines.jit.buffers import Value
from graphspec.engines.jit.kernels import patches
from graphspec.engines.jit.kernels.gemm import Gemm
from graphspec.engines.jit.kernels.linear import WayBack, strips
from graphspec.engines.jit.lowering.linear import emit_product, pack_transposed
from graphspec.engines.jit.lowering.pointwise import After
from graphspec.engines.jit.lowering.site import Call, Site
from graphspec.engines.jit.table import Routine
from graphspec.layers.sliding import Sliding

PATCHES = Routine("patches", patches.patches_kernel)
ADD_PATCHES = Routine("patches_add", patches.add_patches_kernel)

# With more windows the products cost more than the memory of the weights. Fewer where transformed
# or packed weights are kept from call to call.
MOST_WINDOWS = 384
MOST_WINDOWS_FIXED = 128
FEWEST_CHANNELS = 128


def pays(sliding: Sliding, channels: int, filters: int, call: Call) -> bool:
    """Whether the windows of the batch are few and the weights many."""
    windows = call.batch * sliding.out[0] * sliding.out[1]
    return (
        windows <= (MOST_WINDOWS_FIXED if call.fixed else MOST_WINDOWS)
        and min(channels, filters) >= FEWEST_CHANNELS
        and sliding.kernel != (1, 1)
    )


def emit_forward(
    at: Site, sliding: Sliding, x: Value, y: Value, w: Value, b: Value | None, after: After
) -> Value:
    """y; gives P, which backward needs."""
    rows, filters, depth = _sizes(at, sliding, w)
    made = at.new("patches", (rows, depth))
    at.emit(
        PATCHES,
        (x, made, *_windows(sliding, x.shape[1])),
        chunks=at.batch * sliding.out[0],
        reads=(x,),
        writes=(made,),
        algorithm="patches",
    )
    kind = Gemm("rows", "columns", "nothing" if b is None else "bias", after.kinds)
    sizes, pitches = (rows, filters, depth), (depth, depth, y.row)
    why = f"{rows} windows: the weights are read as they lie"
    emit_product(at, kind, made, w, y, sizes, pitches, bias=b, rest=after.arguments, why=why)
    return made


def emit_weight_gradient(
    at: Site, sliding: Sliding, made: Value, dz: Value, dw: Value, db: Value | None
) -> None:
    """dW, and db."""
    rows, filters, depth = _sizes(at, sliding, dw)
    packed = pack_transposed(at, "packed dz", dz, rows, filters)
    sizes, pitches = (filters, depth, rows), (0, depth, depth)
    emit_product(at, Gemm("panels", "rows"), packed, made, dw, sizes, pitches)
    if db is not None:
        kind = WayBack((), bias=True)
        at.emit(
            Routine(kind.name, kind),
            (dz, dz, dz, db, rows, filters),
            chunks=strips(filters),
            reads=(dz,),
            writes=(db,),
            algorithm="sum",
            flops=rows * filters,
        )


def emit_input_gradient(at: Site, sliding: Sliding, dz: Value, dx: Value, w: Value) -> None:
    """dx, by way of dP."""
    rows, filters, depth = _sizes(at, sliding, w)
    spread = at.new("gradient of patches", (rows, depth))
    sizes, pitches = (rows, depth, filters), (filters, depth, depth)
    emit_product(at, Gemm("rows", "rows"), dz, w, spread, sizes, pitches)
    at.emit(
        ADD_PATCHES,
        (spread, dx, *_windows(sliding, dx.shape[1])),
        chunks=at.batch * sliding.size[0],
        reads=(spread,),
        writes=(dx,),
        algorithm="add patches",
        flops=rows * depth,
    )


def _sizes(at: Site, sliding: Sliding, w: Value) -> tuple[int, int, int]:
    """R, K and D."""
    return at.batch * sliding.out[0] * sliding.out[1], w.shape[0], w.size // w.shape[0]


def _windows(sliding: Sliding, channels: int) -> patches.Windows:
    return patches.Windows(
        *sliding.size,
        *sliding.out,
        channels,
        *sliding.kernel,
        *sliding.stride,
        *sliding.dilation,
        *sliding.before,
    )
