"""Fully connected layers as matrix products.

    y  = x·w + b      (N, D)·(D, M)    A in rows, B in rows, C starts from the bias; functions last
    dx = dz·wᵀ        (N, M)·(M, D)    A in rows, B in columns: w is read as it is
    dw = xᵀ·dz        (D, N)·(N, M)    A in panels (packed from x), B in rows

The weights are packed inside the products, a panel at a time, while they are in the first cache:
with a batch of some dozens they would else be read and written once more for every pass. A few
examples are not worth even that: y is then made while the weights go by (``kernels/stream.py``).
"""

from __future__ import annotations

from collections.abc import Sequence

from graphspec.engines.jit.buffers import Value
from graphspec.engines.jit.kernels import gemm, stream
from graphspec.engines.jit.kernels.gemm import Gemm
from graphspec.engines.jit.kernels.linear import WayBack, strips
from graphspec.engines.jit.kernels.packing import Pack
from graphspec.engines.jit.lowering.moving import reorder, same_order
from graphspec.engines.jit.lowering.pointwise import Functions, followed_by_functions_of_y
from graphspec.engines.jit.lowering.site import Backward, Lowering, Site
from graphspec.engines.jit.table import Argument, Routine

PACK_X = Routine(Pack("a", "rows").name, Pack("a", "rows"))

# With so many examples, and weights that do not stay in a cache, they are streamed.
FEW_EXAMPLES = 4
MANY_WEIGHTS = 1 << 18


def emit_product(
    at: Site,
    kind: Gemm,
    a: Value,
    b: Value,
    c: Value,
    sizes: tuple[int, int, int],
    pitches: tuple[int, int, int],
    *,
    bias: Value | None = None,
    rest: Sequence[Argument] = (),
    why: str = "",
) -> None:
    """C (+)= A·B: ``sizes`` are M, N and K, ``pitches`` how far rows of A, B and C are apart.

    ``rest`` are the settings and draws of the functions after it.
    """
    m, n, depth = sizes
    row_group, column_group = gemm.groups(m, n, at.call.threads)
    panel, _ = at.scratch("panel of B", 4 * gemm.scratch_floats())
    groups = row_group, column_group
    at.emit(
        Routine(kind.name, kind),
        (a, b, c, c if bias is None else bias, panel, *sizes, *pitches, *groups, *rest),
        chunks=gemm.chunks(m, n, *groups),
        reads=(a, b, *([] if bias is None else [bias]), *_values(rest)),
        writes=(c, panel),
        algorithm="matrix product",
        why=why,
        flops=2 * m * n * depth,
    )


def _lower(at: Site) -> Backward:
    layer, y = at.layer, at.y
    x = at.xs[0]
    n, d, m = x.shape[0], x.size // x.shape[0], layer.units
    flat = x
    if x.channels_last and not same_order(x.shape):
        # The weights' rows are in the canonical order of the image: channels first.
        flat = at.new("flat input", (n, d), image=False)
        reorder(at, x, flat)
    w = at.param("weight")
    bias = at.param("bias") if layer.bias else None
    functions = Functions.of(at.layers, at.call, first=1)
    drawn = functions.draws(at)
    rest: tuple[Argument, ...] = (*functions.settings, *drawn)
    if n <= FEW_EXAMPLES and w.size >= MANY_WEIGHTS:
        _stream(at, flat, w, bias, y, functions.kinds, rest)
    else:
        forward = Gemm("rows", "rows", "bias" if layer.bias else "nothing", functions.kinds)
        why = (
            f"{n} examples share what is packed"
            if n > FEW_EXAMPLES
            else f"{w.size} weights stay in a cache"
        )
        sizes, pitches = (n, m, d), (d, m, m)
        emit_product(at, forward, flat, w, y, sizes, pitches, bias=bias, rest=rest, why=why)

    def backward() -> None:
        dz = _way_back(at, y, functions, drawn)
        if at.asks_for("weight"):
            _weight_gradient(at, flat, dz, at.dparam("weight"))
        if at.need_dx:
            dx = at.dx(0)
            into = dx if flat is x else at.new("flat gradient", (n, d), image=False)
            emit_product(at, Gemm("rows", "columns"), dz, w, into, (n, d, m), (m, m, d))
            if into is not dx:
                reorder(at, into, dx)

    return backward


def _stream(
    at: Site,
    x: Value,
    w: Value,
    bias: Value | None,
    y: Value,
    after: tuple[str, ...],
    rest: Sequence[Argument],
) -> None:
    """y while the weights go by, a slice of them for each thread."""
    n, (d, m), slices = at.batch, w.shape, at.call.threads
    partial = at.new("slices", (slices, n * m))
    at.emit(
        stream.PRODUCTS,
        (x, w, partial, n, d, m, slices),
        chunks=slices,
        reads=(x, w),
        writes=(partial,),
        algorithm="streamed",
        why=f"{n} examples: packing the weights would take longer than the product",
        flops=2 * n * d * m,
    )
    finish = stream.Finish(bias is not None, after)
    also = [] if bias is None else [bias]
    at.emit(
        Routine(finish.name, finish),
        (partial, y, *also, n, m, slices, *rest),
        chunks=-(-m // stream.PIECE),
        reads=(partial, *also, *_values(rest)),
        writes=(y,),
        algorithm="add slices",
    )


def _way_back(at: Site, y: Value, functions: Functions, drawn: tuple[Value, ...]) -> Value:
    """dz, and db where it is asked for."""
    dy = at.dy
    bias = at.layer.bias and at.asks_for("bias")
    if not (functions.kinds or bias):
        return dy
    n, m = y.shape
    kind = WayBack(functions.kinds, bias)
    dz = at.new("dz", y.shape) if functions.kinds else dy
    db = at.dparam("bias") if bias else dy
    kept = y if "y" in functions.keeps else dy
    also = drawn if "u" in functions.keeps else ()
    at.emit(
        Routine(kind.name, kind),
        (dy, kept, dz, db, n, m, *functions.settings, *also),
        chunks=strips(m),
        reads=(dy, kept, *also),
        writes=(*([dz] if functions.kinds else []), *([db] if bias else [])),
        algorithm="gate and sum",
        flops=n * m,
    )
    return dz


def _values(arguments: Sequence[Argument]) -> tuple[Value, ...]:
    return tuple(argument for argument in arguments if isinstance(argument, Value))


def _weight_gradient(at: Site, x: Value, dz: Value, dw: Value) -> None:
    """dw = xᵀ·dz."""
    n, m = dz.shape
    d = x.size // n
    packed = pack_transposed(at, "packed input", x, n, d)
    emit_product(at, Gemm("panels", "rows"), packed, dz, dw, (d, m, n), (0, m, m))


def pack_transposed(at: Site, what: str, x: Value, rows: int, columns: int) -> Value:
    """xᵀ in panels, for a product that sums over the rows of x."""
    high = gemm.rows()
    panels = -(-columns // high)
    packed = at.new(what, (panels * high * rows,))
    at.emit(
        PACK_X,
        (x, packed, rows, columns, columns),
        chunks=panels,
        reads=(x,),
        writes=(packed,),
        algorithm="pack",
    )
    return packed


LOWERINGS: dict[str, Lowering] = {
    "linear": Lowering(_lower, absorbs=followed_by_functions_of_y),
}
