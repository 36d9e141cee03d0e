"""Lowering of the layers that treat every number alike."""

from __future__ import annotations

from functools import partial
from typing import Any

from graphspec.engines.jit.buffers import Value
from graphspec.engines.jit.kernels import elementwise
from graphspec.engines.jit.kernels.elementwise import POINTWISE, pieces
from graphspec.engines.jit.lowering.moving import reorder, same_order
from graphspec.engines.jit.lowering.site import Backward, Call, Lowering, Site
from graphspec.engines.jit.table import Routine
from graphspec.plan import Node

FORWARD = {kind: Routine(f"{kind}_forward", elementwise.forward_of(kind)) for kind in POINTWISE}
BACKWARD = {
    (kind, adds): Routine(
        f"{kind}_backward{'_add' if adds else ''}", elementwise.backward_of(kind, adds)
    )
    for kind in POINTWISE
    for adds in (False, True)
}
COMBINE = {
    (operator, relu): Routine(
        f"{operator}{'_relu' if relu else ''}",
        partial(elementwise.combine_kernel, operator, relu),
    )
    for operator in elementwise.COMBINATIONS
    for relu in (False, True)
}
DROP = {
    adds: Routine(f"drop{'_add' if adds else ''}", partial(elementwise.drop_kernel, adds))
    for adds in (False, True)
}


def function_of(layer: Any) -> str:
    """Which of the functions a layer computes."""
    approximate = getattr(layer, "approximate", "none")
    return str(layer.kind) if approximate == "none" else f"{layer.kind}_{approximate}"


def _settings(layer: Any) -> tuple[float, ...]:
    match layer.kind:
        case "leaky_relu":
            return (float(layer.slope),)
        case "elu":
            return (float(layer.alpha),)
        case "scale":
            return (float(layer.factor),)
        case "add_constant":
            return (float(layer.constant),)
    return ()


def _pointwise(at: Site) -> Backward:
    kind = function_of(at.layer)
    (x,), y, settings = at.xs, at.y, _settings(at.layer)
    at.emit(
        FORWARD[kind],
        (x, y, x.size, *settings),
        chunks=pieces(x.size),
        reads=(x,),
        writes=(y,),
        flops=x.size,
    )

    def backward() -> None:
        dy, keeps = at.dy, POINTWISE[kind].keeps
        kept = {"x": x, "y": y, "": dy}[keeps]
        dx, adds = at.dx_or_sum(0)
        at.emit(
            BACKWARD[kind, adds],
            (dy, kept, dx, x.size, *settings),
            chunks=pieces(x.size),
            reads=(dy, kept, *((dx,) if adds else ())),
            writes=(dx,),
            flops=2 * x.size,
        )

    return backward


# --- Several inputs ----------------------------------------------------------------------------


def _add(at: Site) -> Backward:
    relu = len(at.nodes) > 1
    first, *others = at.xs
    y = at.y
    for i, x in enumerate(others):
        last = relu and i == len(others) - 1
        at.emit(
            COMBINE["add", last],
            (first, x, y, y.size),
            chunks=pieces(y.size),
            reads=(first, x),
            writes=(y,),
            flops=y.size,
        )
        first = y

    def backward() -> None:
        dy = at.dy
        if relu:
            masked = dy if at.owns_dy else at.new("masked gradient", y.shape)
            at.emit(
                BACKWARD["relu", False],
                (dy, y, masked, y.size),
                chunks=pieces(y.size),
                reads=(dy, y),
                writes=(masked,),
                flops=y.size,
            )
            dy = masked
        for port in range(len(at.layer.inputs)):
            at.dx_is(port, dy)

    return backward


def _followed_by_relu(chain: tuple[Any, ...], after: Any, call: Call) -> bool:
    return len(chain) == 1 and after.kind == "relu"


def _subtract(at: Site) -> Backward:
    (a, b), y = at.xs, at.y
    at.emit(
        COMBINE["subtract", False],
        (a, b, y, y.size),
        chunks=pieces(y.size),
        reads=(a, b),
        writes=(y,),
        flops=y.size,
    )

    def backward() -> None:
        dy, db = at.dy, at.dx(1)
        at.emit(
            FORWARD["scale"],
            (dy, db, dy.size, -1.0),
            chunks=pieces(dy.size),
            reads=(dy,),
            writes=(db,),
            flops=dy.size,
        )
        at.dx_is(0, dy)

    return backward


def _multiply(at: Site) -> Backward:
    (a, b), y = at.xs, at.y

    def product(p: Value, q: Value, out: Value) -> None:
        at.emit(
            COMBINE["multiply", False],
            (p, q, out, out.size),
            chunks=pieces(out.size),
            reads=(p, q),
            writes=(out,),
            flops=out.size,
        )

    product(a, b, y)

    def backward() -> None:
        product(at.dy, b, at.dx(0))
        product(at.dy, a, at.dx(1))

    return backward


def _two_inputs(node: Node, call: Call) -> bool:
    return len(node.layer.inputs) == 2


# --- Dropout -----------------------------------------------------------------------------------


def _dropout(at: Site) -> Backward:
    layer, (x,) = at.layer, at.xs
    if not at.training or layer.drop == 0:
        if layer.inverted:
            at.y_is(x)
            return lambda: at.dx_is(0, at.dy)
        keep = 1 - layer.drop
        _scaled(at, x, at.y, keep)
        return lambda: _scaled(at, at.dy, at.dx(0), keep)
    drawn = at.draw()
    u = drawn
    if x.channels_last and not same_order(x.shape):
        u = at.new("draws, channels last", x.shape)
        reorder(at, drawn, u)
    # The numpy layer divides 1 by this, in float32.
    settings = (float(layer.drop), 1 / (1 - layer.drop) if layer.inverted else 1.0)

    def masked(source: Value, target: Value, adds: bool = False) -> None:
        at.emit(
            DROP[adds],
            (source, u, target, source.size, *settings),
            chunks=pieces(source.size),
            reads=(source, u, *((target,) if adds else ())),
            writes=(target,),
            flops=source.size,
        )

    masked(x, at.y)

    def backward() -> None:
        masked(at.dy, *at.dx_or_sum(0))

    return backward


def _scaled(at: Site, source: Value, target: Value, factor: float) -> None:
    at.emit(
        FORWARD["scale"],
        (source, target, source.size, factor),
        chunks=pieces(source.size),
        reads=(source,),
        writes=(target,),
        flops=source.size,
    )


LOWERINGS: dict[str, Lowering] = {
    **{kind: Lowering(_pointwise) for kind in POINTWISE},
    "add": Lowering(_add, absorbs=_followed_by_relu),
    "subtract": Lowering(_subtract),
    "multiply": Lowering(_multiply, accepts=_two_inputs),
    "dropout": Lowering(_dropout),
}
