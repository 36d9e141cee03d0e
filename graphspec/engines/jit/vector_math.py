"""Exponential, logarithm, tanh and erf of vectors, as polynomials: within 2 ulp of the true value.

Each brings its argument to a short interval, where a polynomial that minimises the largest error
(found with Remez's exchange) is enough, and puts the result together again. NaN stays NaN, and
infinities are taken to their limits. All work on vectors of float32 and on single numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log as _log

from graphspec.engines.jit.vectors import (
    F32,
    I32,
    Value,
    absolute,
    fma,
    maximum,
    minimum,
    nearest,
    select,
    with_sign_of,
)

_LOG2_E = 1 / _log(2)
# log 2 in two parts: a multiple of the first by a whole number of ten bits is exact.
_LOG2_HIGH = 0.693359375
_LOG2_LOW = _log(2) - _LOG2_HIGH

_EXP = (0.5, 1.666666676e-1, 4.166623900e-2, 8.333285837e-3, 1.394870049e-3, 1.990770445e-4)
_LOG = (
    3.333331045e-1,
    -2.499998658e-1,
    2.000222632e-1,
    -1.666925181e-1,
    1.421866378e-1,
    -1.238433514e-1,
    1.187292612e-1,
    -1.178986502e-1,
    6.915540233e-2,
)
_TANH = (
    -3.333333226e-1,
    1.333325271e-1,
    -5.395182803e-2,
    2.172525234e-2,
    -8.232204284e-3,
    2.188922783e-3,
)
_ERF = (
    1.283791666e-1,
    -3.761263370e-1,
    1.128369394e-1,
    -2.685927082e-2,
    5.200634378e-3,
    -8.137438307e-4,
    8.345227759e-5,
)
_LOG_ERFC = (
    -2.070179504e-4,
    -1.127627359,
    -6.372658265e-1,
    -1.038563051e-1,
    2.218974120e-2,
    -3.033682903e-3,
    1.949457242e-4,
)


def polynomial(x: Value, coefficients: Sequence[float]) -> Value:
    """c₀ + c₁ x + c₂ x² + …, by Horner's rule."""
    value = fma(x, coefficients[-1], coefficients[-2])
    for coefficient in reversed(coefficients[:-2]):
        value = fma(value, x, coefficient)
    return value


def exp(x: Value) -> Value:
    """eˣ = 2ⁿ·eʳ with n = ⌊x/log 2⌉ and |r| ≤ ½ log 2; 0 and ∞ beyond the float's range."""
    # The constant comes first, so that a NaN of x stays.
    x = minimum(_like(x, 89.0), maximum(_like(x, -105.0), x))
    n = nearest(x * _LOG2_E)
    r = fma(n, -_LOG2_LOW, fma(n, -_LOG2_HIGH, x))
    value = fma(polynomial(r, _EXP), r * r, r) + 1.0
    # 2ⁿ in two factors: one alone has no exponent for n = 128, nor for the smallest results.
    power = n.to(I32)
    half = power >> 1
    value = value * ((half + 127) << 23).bits(F32)
    return value * ((power - half + 127) << 23).bits(F32)


def log(x: Value) -> Value:
    """The natural logarithm, e·log 2 + log m with m in [√½, √2): −∞ at 0, NaN below it."""
    tiny = x < 1.17549435e-38
    scaled = select(tiny, x * 2.0**23, x)
    bits = scaled.bits(I32)
    # The bits of √½: what is taken off the exponent leaves a mantissa in [√½, √2).
    shifted = bits - 0x3F3504F3
    exponent = shifted >> 23
    f = (bits - (exponent << 23)).bits(F32) - 1.0
    e = exponent.to(F32) - select(tiny, _like(x, 23.0), 0.0)
    square = f * f
    small = fma(e, _LOG2_LOW, fma(f, square * polynomial(f, _LOG), square * -0.5))
    result = fma(e, _LOG2_HIGH, f + small)
    # +∞ and NaN come out of themselves; 0 and what is below have no logarithm.
    result = select(x < float("inf"), result, x)
    result = select(x.equals(0.0), _like(x, float("-inf")), result)
    return select(x < 0.0, _like(x, float("nan")), result)


def log1p(x: Value) -> Value:
    """log(1 + x), accurate where x is small: what 1 + x loses in rounding is given back."""
    w = x + 1.0
    result = log(w) + (x - (w - 1.0)) / w
    return select(x < float("inf"), result, x)


def sigmoid(x: Value) -> Value:
    """1/(1 + e⁻ˣ)."""
    return 1.0 / (exp(-x) + 1.0)


def tanh(x: Value) -> Value:
    """x + x³·P(x²) near 0, else ±(1 − 2/(e^{2|x|} + 1))."""
    magnitude, square = absolute(x), x * x
    near = fma(x * square, polynomial(square, _TANH), x)
    far = 1.0 - 2.0 / (exp(magnitude * 2.0) + 1.0)
    return with_sign_of(select(magnitude < 0.625, near, far), x)


def erf(x: Value) -> Value:
    """x + x·P(x²) near 0, else ±(1 − e^{Q(|x|)})."""
    magnitude, square = absolute(x), x * x
    near = fma(x, polynomial(square, _ERF), x)
    far = 1.0 - exp(polynomial(minimum(_like(x, 4.0), magnitude), _LOG_ERFC))
    return select(magnitude < 0.925, near, with_sign_of(far, x))


def _like(x: Value, number: float) -> Value:
    """A constant of the shape of x."""
    constant = x.kernel.number(number)
    return constant.spread() if x.is_vector else constant
