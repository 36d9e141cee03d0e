"""Kernels that treat every number alike: y = f(x), dx = dy·f′, sums, products, the larger of two.

Memory: any layout, as long as all operands have the same one: n numbers in a row. A chunk is
``CHUNK`` of them (the last one shorter), 16 kB of each operand, so that a core's first cache holds
what a chunk touches::

    x  ├── chunk 0 ──┼── chunk 1 ──┼── … ──┤
    y  ├── chunk 0 ──┼── chunk 1 ──┼── … ──┤
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from math import pi, sqrt

from graphspec.engines.jit.builder import Kernel, Value, absolute, fma, maximum, minimum, select
from graphspec.engines.jit.vector_math import erf, exp, log, log1p, sigmoid, tanh
from graphspec.layers import gelu, selu

CHUNK = 4096
THEN = "_then_"
"""Between the functions in the name of a kernel: with a plain underscore gelu and then tanh would
share theirs with gelu's tanh form."""
_UNROLL = 2

Formula = Callable[..., Value]


@dataclass(frozen=True, slots=True)
class Pointwise:
    """A function of one variable and its gradient.

    ``forward(k, x, *settings, *u)`` gives y, where u are ``draws`` numbers that were drawn for it
    from [0, 1). ``backward(k, dy, v, *settings, *u)`` gives dx from what ``keeps`` has the letters
    of: v is the input ``x`` or the output ``y``, and u is there if ``u`` is among them.
    """

    forward: Formula
    backward: Formula
    keeps: str = "x"
    settings: int = 0
    draws: int = 0


def pieces(count: int) -> int:
    """How many chunks so many numbers have."""
    return -(-count // CHUNK)


# --- Functions ---------------------------------------------------------------------------------


def _relu(k: Kernel, x: Value) -> Value:
    # This way round a NaN stays one.
    return maximum(k.zeros(), x)


def _relu_back(k: Kernel, dy: Value, y: Value) -> Value:
    return select(y > 0.0, dy, 0.0)


def _leaky(k: Kernel, x: Value, slope: Value) -> Value:
    return maximum(slope * x, x)


def _leaky_back(k: Kernel, dy: Value, y: Value, slope: Value) -> Value:
    # The slope is not negative: y is above 0 exactly where x is.
    return select(y > 0.0, dy, slope * dy)


def _hardswish(k: Kernel, x: Value) -> Value:
    return x * maximum(k.zeros(), minimum(x + 3.0, 6.0)) * (1 / 6)


def _hardswish_back(k: Kernel, dy: Value, x: Value) -> Value:
    middle = select(x < 3.0, fma(x, 1 / 3, 0.5) * dy, dy)
    return select(x > -3.0, middle, 0.0)


def _expm1(x: Value) -> Value:
    """eˣ − 1 = 2t/(1 − t) with t = tanh(x/2), which loses nothing where x is small."""
    t = tanh(x * 0.5)
    return 2.0 * t / (1.0 - t)


def _elu(k: Kernel, x: Value, alpha: Value) -> Value:
    return select(x > 0.0, x, alpha * _expm1(minimum(k.zeros(), x)))


def _elu_back(k: Kernel, dy: Value, y: Value, alpha: Value) -> Value:
    return select(y > 0.0, dy, dy * (y + alpha))


def _selu(k: Kernel, x: Value) -> Value:
    below = _expm1(minimum(k.zeros(), x)) * (selu.SCALE * selu.ALPHA)
    return select(x > 0.0, x * selu.SCALE, below)


def _selu_back(k: Kernel, dy: Value, y: Value) -> Value:
    return dy * select(y > 0.0, k.number(selu.SCALE).spread(), y + selu.SCALE * selu.ALPHA)


def _silu_back(k: Kernel, dy: Value, x: Value) -> Value:
    s = sigmoid(x)
    return dy * s * fma(x, 1.0 - s, 1.0)


def _phi(x: Value) -> Value:
    """Φ, the share of a normal distribution below x."""
    return fma(erf(x * (1 / sqrt(2))), 0.5, 0.5)


def _gelu_back(k: Kernel, dy: Value, x: Value) -> Value:
    return dy * fma(x * (1 / sqrt(2 * pi)), exp(x * x * -0.5), _phi(x))


def _gelu_tanh(k: Kernel, x: Value) -> Value:
    t = tanh(fma(x * x * x, gelu.CUBIC, x) * gelu.SLOPE)
    return x * fma(t, 0.5, 0.5)


def _gelu_tanh_back(k: Kernel, dy: Value, x: Value) -> Value:
    t = tanh(fma(x * x * x, gelu.CUBIC, x) * gelu.SLOPE)
    du = fma(x * x, 3 * gelu.CUBIC, 1.0) * gelu.SLOPE
    return dy * fma(x * (1.0 - t * t), du, 1.0 + t) * 0.5


def _softplus(k: Kernel, x: Value) -> Value:
    return maximum(k.zeros(), x) + log1p(exp(-absolute(x)))


def _drop(k: Kernel, x: Value, drop: Value, s: Value, u: Value) -> Value:
    """x·m·s with m = 1 where u ≥ drop, else 0."""
    return x * select(u >= drop, s, 0.0)


def _relu_drop_back(k: Kernel, dy: Value, y: Value, drop: Value, s: Value) -> Value:
    # y is above 0 exactly where x is and was not dropped: backward needs no draws.
    return select(y > 0.0, dy * s, 0.0)


POINTWISE: dict[str, Pointwise] = {
    "elu": Pointwise(_elu, _elu_back, "y", 1),
    "selu": Pointwise(_selu, _selu_back, "y"),
    "silu": Pointwise(lambda k, x: x * sigmoid(x), _silu_back),
    "gelu": Pointwise(lambda k, x: x * _phi(x), _gelu_back),
    "gelu_tanh": Pointwise(_gelu_tanh, _gelu_tanh_back),
    "sigmoid": Pointwise(lambda k, x: sigmoid(x), lambda k, dy, y: dy * (1.0 - y) * y, "y"),
    "tanh": Pointwise(lambda k, x: tanh(x), lambda k, dy, y: dy * (1.0 - y * y), "y"),
    "softplus": Pointwise(_softplus, lambda k, dy, x: dy * sigmoid(x)),
    "exp": Pointwise(lambda k, x: exp(x), lambda k, dy, y: dy * y, "y"),
    "log": Pointwise(lambda k, x: log(x), lambda k, dy, x: dy / x),
    "relu": Pointwise(_relu, _relu_back, "y"),
    "leaky_relu": Pointwise(_leaky, _leaky_back, "y", 1),
    "hardswish": Pointwise(_hardswish, _hardswish_back),
    "square": Pointwise(lambda k, x: x * x, lambda k, dy, x: dy * x * 2.0),
    "reciprocal": Pointwise(lambda k, x: 1.0 / x, lambda k, dy, y: -(dy * y * y), "y"),
    "scale": Pointwise(lambda k, x, a: a * x, lambda k, dy, x, a: a * dy, "", 1),
    "add_constant": Pointwise(lambda k, x, a: x + a, lambda k, dy, x, a: dy, "", 1),
    "dropout": Pointwise(_drop, lambda k, dy, v, *rest: _drop(k, dy, *rest), "u", 2, 1),
}
"""By kind of layer (gelu has two forms); dropout as it is in training."""
_ITSELF = Pointwise(lambda k, x: x, lambda k, dy, v: dy, "")
_RELU_DROPOUT = Pointwise(
    lambda k, x, *rest: _drop(k, _relu(k, x), *rest), _relu_drop_back, "y", 2, 1
)


def composed(kinds: tuple[str, ...]) -> Pointwise:
    """fₖ(… f₁(x)) as one function: backward makes the values between from x again, in registers.

    dx = f₁′·(… fₖ′·dy). The settings of all follow each other, and so do their draws.
    """
    if not kinds:
        return _ITSELF
    if kinds == ("relu", "dropout"):
        return _RELU_DROPOUT
    if len(kinds) == 1:
        return POINTWISE[kinds[0]]
    functions = [POINTWISE[kind] for kind in kinds]
    settings = sum(function.settings for function in functions)

    def split(rest: tuple[Value, ...]) -> list[tuple[Value, ...]]:
        numbers, draws = iter(rest[:settings]), iter(rest[settings:])
        return [(*islice(numbers, f.settings), *islice(draws, f.draws)) for f in functions]

    def values(k: Kernel, x: Value, rest: tuple[Value, ...]) -> list[Value]:
        found = [x]
        for function, own in zip(functions, split(rest), strict=True):
            found.append(function.forward(k, found[-1], *own))
        return found

    def forward(k: Kernel, x: Value, *rest: Value) -> Value:
        return values(k, x, rest)[-1]

    def backward(k: Kernel, dy: Value, x: Value, *rest: Value) -> Value:
        found = values(k, x, rest)
        for i, own in reversed(list(enumerate(split(rest)))):
            kept = found[i + 1] if functions[i].keeps == "y" else found[i]
            dy = functions[i].backward(k, dy, kept, *own)
        return dy

    # Where no function looks at a value, none is made again: dropout needs its draws alone.
    letters = "".join(function.keeps for function in functions)
    keeps = ("x" if set(letters) & {"x", "y"} else "") + ("u" if "u" in letters else "")
    draws = sum(function.draws for function in functions)
    return Pointwise(forward, backward, keeps, settings, draws)


# --- Kernels -----------------------------------------------------------------------------------


class Rest:
    """What a function reads besides its variable: the next arguments of a kernel."""

    def __init__(self, k: Kernel, function: Pointwise, draws: int) -> None:
        self.settings = [k.scalar().spread() for _ in range(function.settings)]
        self.draws = [k.pointer() for _ in range(draws)]

    def at(self, i: Value, lanes: Value | None) -> list[Value]:
        """The settings, and the draws of some numbers."""
        return [*self.settings, *(u.load(i, lanes) for u in self.draws)]


class Then:
    """Functions that a kernel applies to its results: the next arguments are theirs."""

    def __init__(self, k: Kernel, kinds: tuple[str, ...]) -> None:
        self.k, self.function = k, composed(kinds)
        self.rest = Rest(k, self.function, self.function.draws)

    def __call__(self, value: Value, i: Value, lanes: Value | None = None) -> Value:
        """What becomes of the value that is number ``i``, which is where its draw is."""
        return self.function.forward(self.k, value, *self.rest.at(i, lanes))

    def back(self, gradient: Value, value: Value) -> Value:
        """The gradient in front of functions that draw nothing, at a value that is at hand."""
        function, settings = self.function, self.rest.settings
        kept = function.forward(self.k, value, *settings) if function.keeps == "y" else value
        return function.backward(self.k, gradient, kept, *settings)


def forward_kernel(function: Pointwise, k: Kernel) -> None:
    """y = f(x). Args: x, y, n, settings, draws."""
    x, y, n = k.pointer(), k.pointer(), k.size()
    rest = Rest(k, function, function.draws)
    with k.chunks() as chunk:
        for i, lanes in k.sweep(*k.span(chunk, CHUNK, n), _UNROLL):
            y.store(function.forward(k, x.load(i, lanes), *rest.at(i, lanes)), i, lanes)


def backward_kernel(function: Pointwise, adds: bool, k: Kernel) -> None:
    """dx = dy·f′, or dx += dy·f′ where it ``adds``.

    Args: dy, v (x or y), dx, n, settings, and the draws if they are kept.
    """
    dy, v, dx, n = k.pointer(), k.pointer(), k.pointer(), k.size()
    rest = Rest(k, function, function.draws if "u" in function.keeps else 0)
    keeps_v = bool({"x", "y"} & set(function.keeps))
    with k.chunks() as chunk:
        for i, lanes in k.sweep(*k.span(chunk, CHUNK, n), _UNROLL):
            kept = v.load(i, lanes) if keeps_v else k.zeros()
            part = function.backward(k, dy.load(i, lanes), kept, *rest.at(i, lanes))
            dx.store(dx.load(i, lanes) + part if adds else part, i, lanes)


def combine_kernel(operator: str, kinds: tuple[str, ...], k: Kernel) -> None:
    """y = a ∘ b, or functions of it. Args: a, b, y, n, their settings and draws."""
    a, b, y, n = k.pointer(), k.pointer(), k.pointer(), k.size()
    then = Then(k, kinds)
    with k.chunks() as chunk:
        for i, lanes in k.sweep(*k.span(chunk, CHUNK, n), _UNROLL):
            both = COMBINATIONS[operator](a.load(i, lanes), b.load(i, lanes))
            y.store(then(both, i, lanes), i, lanes)


COMBINATIONS: dict[str, Callable[[Value, Value], Value]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    # The first of equals, and a NaN of either.
    "maximum": lambda a, b: select((b > a) | b.differs(b), b, a),
}


def maximum_back_kernel(k: Kernel) -> None:
    """da = dy, db = 0, where a is the larger or both are equal, else the other way round.

    Args: a, b, dy, da, db, n.
    """
    a, b, dy, da, db, n = (*(k.pointer() for _ in range(5)), k.size())
    with k.chunks() as chunk:
        for i, lanes in k.sweep(*k.span(chunk, CHUNK, n), _UNROLL):
            second, flow = b.load(i, lanes) > a.load(i, lanes), dy.load(i, lanes)
            da.store(select(second, k.zeros(), flow), i, lanes)
            db.store(select(second, flow, 0.0), i, lanes)


def copy_kernel(k: Kernel) -> None:
    """Rows of numbers from one pitch to another.

    y[r, 0 … m) = x[r, 0 … m). Args: x, its pitch, y, its pitch, rows in all, m, rows in a chunk.
    """
    x, x_pitch, y, y_pitch = k.pointer(), k.size(), k.pointer(), k.size()
    rows, m, at_once = k.size(), k.size(), k.size()
    with k.chunks() as chunk:
        begin, end = k.span(chunk, at_once, rows)
        with k.loop(begin, end) as row:
            source, target = x + row * x_pitch, y + row * y_pitch
            for i, lanes in k.sweep(0, m):
                target.store(source.load(i, lanes), i, lanes)
