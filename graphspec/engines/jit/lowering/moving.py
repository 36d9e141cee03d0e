"""Lowering of what only moves numbers or sums them: orders of images, flatten, concat."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from graphspec.engines.jit.buffers import Value, channels_of
from graphspec.engines.jit.kernels import elementwise, transpose
from graphspec.engines.jit.kernels.elementwise import pieces
from graphspec.engines.jit.lowering.site import Backward, Call, Lowering, Site
from graphspec.engines.jit.table import Argument, NativeRow, Note, Routine
from graphspec.plan import Node

ADD = Routine("add", partial(elementwise.combine_kernel, "add", ()))
COPY = {
    adds: Routine(f"copy_rows{'_add' if adds else ''}", partial(elementwise.copy_kernel, adds))
    for adds in (False, True)
}
_ROWS_AT_ONCE = 4096


def same_order(shape: tuple[int, ...]) -> bool:
    """Whether an image's numbers lie in the same order with channels first and last."""
    return shape[1] == 1 or shape[2] * shape[3] == 1


def addition(name: str, a: Value, b: Value, total: Value) -> NativeRow:
    """total = a + b: where several readers of a value send it gradients."""
    args: tuple[Argument, ...] = (a, b, total, a.size)
    note = Note((name,), "backward", "sum of gradients", flops=a.size)
    return NativeRow(ADD, args, pieces(a.size), (a, b), (total,), note)


def channels_last(name: str, fed: Value, image: Value) -> NativeRow:
    """Bring an image that is fed into the engine's order."""
    n, c, h, w = image.shape
    return _transposition(fed, image, n, c, h * w, Note((name,), "forward", "reorder"))


def reorder(at: Site, source: Value, target: Value) -> None:
    """Copy an image from channels first (dense, of any shape) to channels last, or back."""
    n, c, h, w = target.shape if target.channels_last else source.shape
    rows, columns = (c, h * w) if target.channels_last else (h * w, c)
    at.add(_transposition(source, target, n, rows, columns, at.note("reorder")))


def _transposition(
    source: Value, target: Value, examples: int, rows: int, columns: int, note: Note
) -> NativeRow:
    """(N, R, S) → (N, S, R)."""
    few = rows if rows <= transpose.FEW else 0
    routine = Routine(f"transpose_{few or 'many'}", partial(transpose.transpose_kernel, few))
    args: Sequence[Argument] = (source, target, rows, columns)
    chunks = transpose.stripes(examples, columns)
    return NativeRow(routine, tuple(args), chunks, (source,), (target,), note)


def _flatten(at: Site) -> Backward:
    (x,) = at.xs
    flat = (x.shape[0], x.size // x.shape[0])
    if not x.channels_last or same_order(x.shape):
        at.y_is(Value(x.buffer, flat, x.dtype, offset=x.offset))

        def back() -> None:
            dy = at.dy
            at.dx_is(0, Value(dy.buffer, x.shape, dy.dtype, x.channels_last, dy.offset))

        return back
    reorder(at, x, at.y)
    return lambda: reorder(at, at.dy, at.dx(0))


def _concat(at: Site) -> Backward:
    """Each input is a part of every row; those that were written where they belong stay there."""
    xs, y = at.xs, at.y
    parts = parts_of(y, [x.shape[1] for x in xs])
    rows = y.size // y.row
    at_once = max(1, _ROWS_AT_ONCE // y.row)

    def copy(source: Value, target: Value) -> None:
        at.emit(
            COPY[False],
            (source, source.row, target, target.row, rows, target.shape[1], at_once),
            chunks=-(-rows // at_once),
            reads=(source,),
            writes=(target,),
            algorithm="copy",
        )

    for x, part in zip(xs, parts, strict=True):
        if x.buffer is not y.buffer:
            copy(x, part)

    def backward() -> None:
        of_dy = parts_of(at.dy, [x.shape[1] for x in xs])
        for port, (x, part) in enumerate(zip(xs, of_dy, strict=True)):
            if x.buffer is y.buffer:
                at.dx_is(port, part)
            else:
                copy(part, at.dx(port))

    return backward


def parts_of(whole: Value, sizes: Sequence[int]) -> list[Value]:
    """The parts of a concatenation: so many channels (or features) each, one after another."""
    return [channels_of(whole, sum(sizes[:i]), size) for i, size in enumerate(sizes)]


def _along_rows(node: Node, call: Call) -> bool:
    return getattr(node.layer, "axis", 0) == 0 and len(node.output.shape) in (1, 3)


LOWERINGS: dict[str, Lowering] = {
    "flatten": Lowering(_flatten),
    "concat": Lowering(_concat, accepts=_along_rows, joins=True),
}
