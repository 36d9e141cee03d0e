"""Lowering of the layers that treat every number alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from graphspec.engines.jit.buffers import Value
from graphspec.engines.jit.kernels import elementwise
from graphspec.engines.jit.kernels.elementwise import POINTWISE, THEN, composed, pieces
from graphspec.engines.jit.lowering.moving import reorder, same_order
from graphspec.engines.jit.lowering.site import Backward, Call, Lowering, Site
from graphspec.engines.jit.table import Argument, Routine
from graphspec.plan import Node

MAXIMUM_BACK = Routine("maximum_backward", elementwise.maximum_back_kernel)

_LONGEST = 4
"""Functions in one kernel: backward makes all values between them again."""


@cache
def forward_routine(*kinds: str) -> Routine:
    """y = fₖ(… f₁(x))."""
    name = f"{THEN.join(kinds)}_forward"
    return Routine(name, partial(elementwise.forward_kernel, composed(kinds)))


@cache
def backward_routine(*kinds: str, adds: bool) -> Routine:
    """dx = dy·f′, or dx += dy·f′."""
    name = f"{THEN.join(kinds)}_backward{'_add' if adds else ''}"
    return Routine(name, partial(elementwise.backward_kernel, composed(kinds), adds))


@cache
def combination(operator: str, *kinds: str) -> Routine:
    """a ∘ b, and perhaps functions of it."""
    name = THEN.join((operator, *kinds))
    return Routine(name, partial(elementwise.combine_kernel, operator, kinds))


def function_of(layer: Any) -> str:
    """Which of the functions a layer computes."""
    approximate = getattr(layer, "approximate", "none")
    return str(layer.kind) if approximate == "none" else f"{layer.kind}_{approximate}"


@dataclass(frozen=True, slots=True)
class Functions:
    """Functions that are applied one after another, and the numbers that they need."""

    kinds: tuple[str, ...]
    settings: tuple[float, ...]
    dropping: tuple[int, ...]
    """The places in the chain of those that draw."""

    @classmethod
    def of(cls, layers: Sequence[Any], call: Call, *, first: int = 0) -> Functions:
        """Those of a chain's layers from ``first`` on; none for a dropout that does nothing."""
        kinds: list[str] = []
        settings: list[float] = []
        dropping: list[int] = []
        for i, layer in enumerate(layers[first:], first):
            kind, own = function_of(layer), _settings(layer)
            if kind == "dropout" and is_active(layer, call):
                dropping.append(i)
            elif kind == "dropout":
                if layer.inverted:
                    continue
                kind, own = "scale", (1 - layer.drop,)
            kinds.append(kind)
            settings += own
        return cls(tuple(kinds), tuple(settings), tuple(dropping))

    @property
    def keeps(self) -> str:
        """What backward reads; see ``Pointwise``."""
        return composed(self.kinds).keeps

    def draws(self, at: Site) -> tuple[Value, ...]:
        """What is drawn for them, in the order in which the output is stored."""
        return tuple(_draws(at, i) for i in self.dropping)

    def after(self, at: Site) -> After:
        """The same as a kernel applies them to its results."""
        return After(self, self.draws(at))


@dataclass(frozen=True, slots=True)
class After:
    """What a kernel applies to its results, and what was drawn for it."""

    functions: Functions = Functions((), (), ())
    draws: tuple[Value, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """Which functions, in their order."""
        return self.functions.kinds

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """The last arguments of such a kernel."""
        return (*self.functions.settings, *self.draws)


NOTHING = After()


def _draws(at: Site, layer: int) -> Value:
    drawn = at.draw(layer)
    if not at.y.channels_last or same_order(at.y.shape):
        return drawn
    u = at.new("draws, channels last", at.y.shape)
    reorder(at, drawn, u)
    return u


def is_active(dropout: Any, call: Call) -> bool:
    """Whether a dropout drops anything here."""
    return call.training and dropout.drop > 0


def drop_settings(layer: Any) -> tuple[float, float]:
    """Below which draw a number is dropped, and by what the others are multiplied."""
    # The numpy layer divides 1 by this, in float32.
    return float(layer.drop), 1 / (1 - layer.drop) if layer.inverted else 1.0


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
        case "dropout":
            return drop_settings(layer)
    return ()


def _pointwise(at: Site) -> Backward:
    functions, (x,) = Functions.of(at.layers, at.call), at.xs
    kinds = functions.kinds
    if not kinds:
        at.y_is(x)
        return lambda: at.dx_is(0, at.dy)
    u, y = functions.draws(at), at.y
    at.emit(
        forward_routine(*kinds),
        (x, y, x.size, *functions.settings, *u),
        chunks=pieces(x.size),
        reads=(x, *u),
        writes=(y,),
        flops=len(kinds) * x.size,
    )

    def backward() -> None:
        dx, adds = at.dx_or_sum(0)
        through(at, After(functions, u), (x, y), dx, adds=adds)

    return backward


def through(
    at: Site, after: After, ends: tuple[Value, Value], dx: Value, *, adds: bool = False
) -> None:
    """dx = dy·f′, from what of x, y and the draws the functions keep."""
    (x, y), functions, dy = ends, after.functions, at.dy
    keeps = functions.keeps
    kept = x if "x" in keeps else y if "y" in keeps else dy
    drawn = after.draws if "u" in keeps else ()
    at.emit(
        backward_routine(*functions.kinds, adds=adds),
        (dy, kept, dx, dx.size, *functions.settings, *drawn),
        chunks=pieces(dx.size),
        reads=(dy, kept, *drawn, *((dx,) if adds else ())),
        writes=(dx,),
        flops=2 * len(functions.kinds) * dx.size,
    )


def followed_by_functions(node: Node, chain: tuple[Any, ...], after: Any, call: Call) -> bool:
    """Whether the next layer is a function, and the kernel would not become too long."""
    return len(chain) < _LONGEST and function_of(after) in POINTWISE


# --- Several inputs ----------------------------------------------------------------------------


def _add(at: Site) -> Backward:
    first, *others = at.xs
    functions = Functions.of(at.layers, at.call, first=1)
    u, y = functions.draws(at), at.y
    for i, x in enumerate(others):
        last = i == len(others) - 1
        kinds, settings, drawn = (functions.kinds, functions.settings, u) if last else ((), (), ())
        at.emit(
            combination("add", *kinds),
            (first, x, y, y.size, *settings, *drawn),
            chunks=pieces(y.size),
            reads=(first, x, *drawn),
            writes=(y,),
            flops=y.size,
        )
        first = y

    def backward() -> None:
        dy = at.dy
        if functions.kinds:
            dy = through_output(at, After(functions, u), y)
        for port in range(len(at.layer.inputs)):
            at.dx_is(port, dy)

    return backward


def through_output(at: Site, after: After, y: Value) -> Value:
    """The gradient in front of functions of which only the output is there."""
    dz = at.dy if at.owns_dy else at.new("gradient in front of functions", y.shape)
    through(at, after, (y, y), dz)
    return dz


def followed_by_functions_of_y(node: Node, chain: tuple[Any, ...], after: Any, call: Call) -> bool:
    """What they are functions of is stored nowhere: backward must do with what comes out."""
    if not followed_by_functions(node, chain, after, call):
        return False
    return call.forward_only or "x" not in Functions.of((*chain, after), call, first=1).keeps


def _combine(at: Site, operator: str, a: Value, b: Value, y: Value) -> None:
    """y = a ∘ b."""
    at.emit(
        combination(operator),
        (a, b, y, y.size),
        chunks=pieces(y.size),
        reads=(a, b),
        writes=(y,),
        flops=y.size,
    )


def _negate(at: Site, x: Value, y: Value) -> None:
    """y = −x."""
    at.emit(
        forward_routine("scale"),
        (x, y, x.size, -1.0),
        chunks=pieces(x.size),
        reads=(x,),
        writes=(y,),
        flops=x.size,
    )


def _subtract(at: Site) -> Backward:
    a, b = at.xs
    _combine(at, "subtract", a, b, at.y)

    def backward() -> None:
        _negate(at, at.dy, at.dx(1))
        at.dx_is(0, at.dy)

    return backward


def _multiply(at: Site) -> Backward:
    a, b = at.xs
    _combine(at, "multiply", a, b, at.y)

    def backward() -> None:
        _combine(at, "multiply", at.dy, b, at.dx(0))
        _combine(at, "multiply", at.dy, a, at.dx(1))

    return backward


def _divide(at: Site) -> Backward:
    (a, b), y = at.xs, at.y
    _combine(at, "divide", a, b, y)

    def backward() -> None:
        da, db = at.dx(0), at.dx(1)
        _combine(at, "divide", at.dy, b, da)
        _combine(at, "multiply", da, y, db)
        _negate(at, db, db)

    return backward


def _maximum(at: Site) -> Backward:
    a, b = at.xs
    _combine(at, "maximum", a, b, at.y)

    def backward() -> None:
        dy, da, db = at.dy, at.dx(0), at.dx(1)
        at.emit(
            MAXIMUM_BACK,
            (a, b, dy, da, db, dy.size),
            chunks=pieces(dy.size),
            reads=(a, b, dy),
            writes=(da, db),
        )

    return backward


def _two_inputs(node: Node, call: Call) -> bool:
    return len(node.layer.inputs) == 2


LOWERINGS: dict[str, Lowering] = {
    **{kind: Lowering(_pointwise, absorbs=followed_by_functions) for kind in POINTWISE},
    "add": Lowering(_add, absorbs=followed_by_functions_of_y),
    "subtract": Lowering(_subtract),
    "multiply": Lowering(_multiply, accepts=_two_inputs),
    "divide": Lowering(_divide),
    "maximum": Lowering(_maximum, accepts=_two_inputs),
}
