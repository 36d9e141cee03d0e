"""Lowering of what only moves numbers or sums them: orders of images, reshape, concat, crop."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from graphspec.engines.jit.buffers import Value, channels_of
from graphspec.engines.jit.kernels import elementwise, frame, transpose
from graphspec.engines.jit.kernels.elementwise import pieces
from graphspec.engines.jit.lowering.site import Backward, Call, Lowering, Site
from graphspec.engines.jit.table import Argument, NativeRow, Note, Routine
from graphspec.layers.sliding import sides
from graphspec.plan import Node

ADD = Routine("add", partial(elementwise.combine_kernel, "add", ()))
COPY = Routine("copy_rows", elementwise.copy_kernel)
FRAME = Routine("frame", frame.frame_kernel)
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


def _reshape(at: Site) -> Backward:
    """The same numbers in canonical order: the same memory, unless an image is stored otherwise."""
    (x,), y = at.xs, at.y
    if _is_turned(x) or _is_turned(y):
        _move(at, x, y)
        return lambda: _move(at, at.dy, at.dx(0))
    at.y_is(_shaped(x, y))
    return lambda: at.dx_is(0, _shaped(at.dy, x))


def _is_turned(value: Value) -> bool:
    """Whether an image's numbers lie in another order than the canonical one."""
    return value.channels_last and not same_order(value.shape)


def _shaped(value: Value, like: Value) -> Value:
    """The same memory with another shape."""
    return Value(value.buffer, like.shape, value.dtype, like.channels_last, value.offset)


def _flat(value: Value) -> Value:
    """Memory in canonical order, with no shape."""
    return Value(value.buffer, (value.size,), value.dtype, offset=value.offset)


def _move(at: Site, source: Value, target: Value) -> None:
    """Copy in canonical order between images of different shapes."""
    if _is_turned(source) and _is_turned(target):
        between = at.new("in canonical order", (source.size,))
        reorder(at, source, between)
        reorder(at, between, target)
    elif _is_turned(source):
        reorder(at, source, _flat(target))
    else:
        reorder(at, _flat(source), target)


def _copy(at: Site, source: Value, pitch: int, target: Value) -> None:
    """Copy rows that are ``pitch`` apart; 0 takes the same one for all."""
    count = target.shape[1]
    rows = target.size // count
    at_once = max(1, _ROWS_AT_ONCE // max(pitch, target.row))
    at.emit(
        COPY,
        (source, pitch, target, target.row, rows, count, at_once),
        chunks=-(-rows // at_once),
        reads=(source,),
        writes=(target,),
        algorithm="copy",
    )


def _append_one(at: Site) -> Backward:
    (x,), y = at.xs, at.y
    turned, shape = _is_turned(x), (at.batch, x.size // at.batch)
    flat = at.new("flat input", shape) if turned else _shaped(x, Value(x.buffer, shape))
    if turned:
        reorder(at, x, flat)
    front, last = parts_of(y, [shape[1], 1])
    _copy(at, flat, shape[1], front)
    _copy(at, at.constant("one", np.ones(1)), 0, last)

    def backward() -> None:
        front, _ = parts_of(at.dy, [shape[1], 1])
        dx = at.dx(0)
        into = at.new("flat gradient", shape) if turned else _shaped(dx, flat)
        _copy(at, front, front.row, into)
        if turned:
            reorder(at, into, dx)

    return backward


def _concat(at: Site) -> Backward:
    """Each input is a part of every row; those that were written where they belong stay there."""
    xs, y = at.xs, at.y
    sizes = [x.shape[1] for x in xs]
    for x, part in zip(xs, parts_of(y, sizes), strict=True):
        if x.buffer is not y.buffer:
            _copy(at, x, x.row, part)

    def backward() -> None:
        for port, (x, part) in enumerate(zip(xs, parts_of(at.dy, sizes), strict=True)):
            if x.buffer is y.buffer:
                at.dx_is(port, part)
            else:
                _copy(at, part, part.row, at.dx(port))

    return backward


def parts_of(whole: Value, sizes: Sequence[int]) -> list[Value]:
    """The parts of a concatenation: so many channels (or features) each, one after another."""
    return [channels_of(whole, sum(sizes[:i]), size) for i, size in enumerate(sizes)]


def _crop(at: Site) -> Backward:
    return _framed(at, *sides(at.layer.crop)[0], 0.0)


def _pad(at: Site) -> Backward:
    top, left = sides(at.layer.pad)[0]
    return _framed(at, -top, -left, float(at.layer.value))


def _framed(at: Site, top: int, left: int, fill: float) -> Backward:
    """y has x's pixels from row ``top`` and column ``left`` on; dx has dy's the other way round."""

    def place(source: Value, target: Value, top: int, left: int, fill: float) -> None:
        (_, c, h, w), (n, _, oh, ow) = source.shape, target.shape
        at.emit(
            FRAME,
            (source, target, h, w * c, oh, ow * c, top, left * c, fill),
            chunks=n * oh,
            reads=(source,),
            writes=(target,),
            algorithm="copy",
        )

    place(at.xs[0], at.y, top, left, fill)
    return lambda: place(at.dy, at.dx(0), -top, -left, 0.0)


def _with_a_number(node: Node, call: Call) -> bool:
    """Edges and mirrors are copied by numpy."""
    return getattr(node.layer, "mode", "") == "constant"


def _along_rows(node: Node, call: Call) -> bool:
    return getattr(node.layer, "axis", 0) == 0 and len(node.output.shape) in (1, 3)


LOWERINGS: dict[str, Lowering] = {
    "flatten": Lowering(_reshape),
    "reshape": Lowering(_reshape),
    "append_one": Lowering(_append_one),
    "concat": Lowering(_concat, accepts=_along_rows, joins=True),
    "crop2d": Lowering(_crop),
    "pad2d": Lowering(_pad, accepts=_with_a_number),
}
