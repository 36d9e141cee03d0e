"""Lowering of the layers that treat every number alike."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from graphspec.engines.jit.buffers import Value
from graphspec.engines.jit.kernels import elementwise
from graphspec.engines.jit.kernels.elementwise import POINTWISE, composed, pieces
from graphspec.engines.jit.lowering.moving import reorder, same_order
from graphspec.engines.jit.lowering.site import Backward, Call, Lowering, Site
from graphspec.engines.jit.table import Routine
from graphspec.plan import Node

_LONGEST = 4
"""Functions in one kernel: backward makes all values between them again."""
DROP = {
    adds: Routine(f"drop{'_add' if adds else ''}", partial(elementwise.drop_kernel, adds))
    for adds in (False, True)
}


@cache
def forward_routine(*kinds: str) -> Routine:
    """y = fₖ(… f₁(x))."""
    name = f"{'_'.join(kinds)}_forward"
    return Routine(name, partial(elementwise.forward_kernel, composed(kinds)))


@cache
def backward_routine(*kinds: str, adds: bool) -> Routine:
    """dx = dy·f′, or dx += dy·f′."""
    name = f"{'_'.join(kinds)}_backward{'_add' if adds else ''}"
    return Routine(name, partial(elementwise.backward_kernel, composed(kinds), adds))


@cache
def combination(operator: str, kind: str | None = None) -> Routine:
    """a + b, a − b or a · b, and perhaps a function of it."""
    name = operator if kind is None else f"{operator}_{kind}"
    return Routine(name, partial(elementwise.combine_kernel, operator, kind))


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
    kinds = tuple(map(function_of, at.layers))
    (x,), y = at.xs, at.y
    settings = tuple(number for layer in at.layers for number in _settings(layer))
    at.emit(
        forward_routine(*kinds),
        (x, y, x.size, *settings),
        chunks=pieces(x.size),
        reads=(x,),
        writes=(y,),
        flops=len(kinds) * x.size,
    )

    def backward() -> None:
        dy, keeps = at.dy, composed(kinds).keeps
        kept = {"x": x, "y": y, "": dy}[keeps]
        dx, adds = at.dx_or_sum(0)
        at.emit(
            backward_routine(*kinds, adds=adds),
            (dy, kept, dx, x.size, *settings),
            chunks=pieces(x.size),
            reads=(dy, kept, *((dx,) if adds else ())),
            writes=(dx,),
            flops=2 * len(kinds) * x.size,
        )

    return backward


def _followed_by_functions(chain: tuple[Any, ...], after: Any, call: Call) -> bool:
    return len(chain) < _LONGEST and function_of(after) in POINTWISE


# --- Several inputs ----------------------------------------------------------------------------


def _add(at: Site) -> Backward:
    first, *others = at.xs
    y, function = at.y, at.layers[1] if len(at.layers) > 1 else None
    kind = None if function is None else function_of(function)
    settings = () if function is None else _settings(function)
    for i, x in enumerate(others):
        last = i == len(others) - 1
        at.emit(
            combination("add", kind if last else None),
            (first, x, y, y.size, *(settings if last else ())),
            chunks=pieces(y.size),
            reads=(first, x),
            writes=(y,),
            flops=y.size,
        )
        first = y

    def backward() -> None:
        dy = at.dy
        if kind is not None:
            through = dy if at.owns_dy else at.new(f"gradient before {kind}", y.shape)
            at.emit(
                backward_routine(kind, adds=False),
                (dy, y, through, y.size, *settings),
                chunks=pieces(y.size),
                reads=(dy, y),
                writes=(through,),
                flops=y.size,
            )
            dy = through
        for port in range(len(at.layer.inputs)):
            at.dx_is(port, dy)

    return backward


def _followed_by_one_that_keeps_y(chain: tuple[Any, ...], after: Any, call: Call) -> bool:
    """Backward then needs no sum, which nobody stores."""
    function = POINTWISE.get(function_of(after))
    return len(chain) == 1 and function is not None and function.keeps != "x"


def _subtract(at: Site) -> Backward:
    (a, b), y = at.xs, at.y
    at.emit(
        combination("subtract"),
        (a, b, y, y.size),
        chunks=pieces(y.size),
        reads=(a, b),
        writes=(y,),
        flops=y.size,
    )

    def backward() -> None:
        dy, db = at.dy, at.dx(1)
        at.emit(
            forward_routine("scale"),
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
            combination("multiply"),
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
        forward_routine("scale"),
        (source, target, source.size, factor),
        chunks=pieces(source.size),
        reads=(source,),
        writes=(target,),
        flops=source.size,
    )


LOWERINGS: dict[str, Lowering] = {
    **{kind: Lowering(_pointwise, absorbs=_followed_by_functions) for kind in POINTWISE},
    "add": Lowering(_add, absorbs=_followed_by_one_that_keeps_y),
    "subtract": Lowering(_subtract),
    "multiply": Lowering(_multiply, accepts=_two_inputs),
    "dropout": Lowering(_dropout),
}
