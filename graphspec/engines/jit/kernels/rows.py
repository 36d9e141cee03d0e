"""Kernels that look at one row of numbers at a time: sums, softmax, layer normalisation.

    sum           y[r] = a·Σ x[r, j]                       dx[r, j] = a·dy[r]
    softmax       y = e^(x − max x)/Σ e^(x − max x)        dx = y·(dy − Σ y·dy)
    layer norm    y = γ·x̂ + β,  x̂ = (x − μ)/√(σ² + ε)      dx = (g − mean g − x̂·mean(g·x̂))/√(σ² + ε)
                  with g = γ·dy;  dβ = Σ_r dy,  dγ = Σ_r dy·x̂

Memory: R rows of m numbers, each row in one piece; a chunk is one row. What is summed over the rows
(the gradients of γ and β) has a kernel of its own, whose chunk is a block of columns::

             ┌ a chunk of columns
    row 0   x00 x01 x02 …   ← a chunk of all others
    row 1   x10 x11 x12 …
"""

from __future__ import annotations

from collections.abc import Callable

from graphspec.engines.jit.builder import (
    Kernel,
    Pointer,
    Value,
    Variable,
    fma,
    maximum,
    minimum,
    select,
    sqrt,
)
from graphspec.engines.jit.kernels.reduce import in_pieces
from graphspec.engines.jit.vector_math import exp

COLUMNS = 64
"""Columns in a chunk of the kernels that sum over rows."""
_ABREAST = 4

Part = Callable[[Value, Value | None], Value]


def row_total(k: Kernel, m: Value, part: Part) -> Value:
    """Σ over a row; ``part(i, lanes)`` gives a vector with zeros outside of the mask."""
    # A sum alone would wait for its own last addition.
    totals = [k.variable(k.zeros()) for _ in range(_ABREAST)]
    for copy, (i, lanes) in enumerate(k.sweep(0, m, _ABREAST)):
        total = totals[copy % _ABREAST]
        total.value = total.value + part(i, lanes)
    a, b, c, d = (total.value for total in totals)
    return ((a + b) + (c + d)).total()


def _only(k: Kernel, value: Value, lanes: Value | None) -> Value:
    """The value where the mask holds, else 0."""
    return value if lanes is None else select(lanes, value, 0.0)


def sum_kernel(k: Kernel) -> None:
    """y[r] = a·Σ x[r]. Args: x, y, m, a."""
    x, y, m, a = k.pointer(), k.pointer(), k.size(), k.scalar()
    with k.chunks() as r:
        row = x + r * m
        y[r] = row_total(k, m, row.load) * a


def spread_kernel(k: Kernel) -> None:
    """dx[r, i] = a·dy[r]. Args: dy, dx, m, a."""
    dy, dx, m, a = k.pointer(), k.pointer(), k.size(), k.scalar()
    with k.chunks() as r:
        part, row = (dy[r] * a).spread(), dx + r * m
        for i, lanes in k.sweep(0, m, 2):
            row.store(part, i, lanes)


def column_sum_kernel(k: Kernel) -> None:
    """y[i] = Σ x[r, i] over the rows. Args: x, its pitch, y, R, m."""
    x, pitch, y, rows, m = k.pointer(), k.size(), k.pointer(), k.size(), k.size()
    with k.chunks() as chunk:
        for i, lanes in k.sweep(*k.span(chunk, COLUMNS, m)):

            def add(r: Value, sums: list[Variable], i=i, lanes=lanes) -> None:  # type: ignore[no-untyped-def]
                sums[0].value = sums[0].value + _at(x, r, pitch, i, lanes)

            (total,) = in_pieces(k, rows, 1, add)
            y.store(total.value, i, lanes)


def softmax_kernel(k: Kernel) -> None:
    """y = eˣ/Σeˣ, with the largest x taken off first. Args: x, y, m."""
    x, y, m = k.pointer(), k.pointer(), k.size()
    with k.chunks() as r:
        source, target = x + r * m, y + r * m
        lowest = k.number(float("-inf"))
        largest = k.variable(lowest.spread())
        for i, lanes in k.sweep(0, m):
            seen = source.load(i, lanes)
            if lanes is not None:
                seen = select(lanes, seen, lowest)
            largest.value = maximum(largest.value, seen)
        top = largest.value.largest()

        def part(i: Value, lanes: Value | None) -> Value:
            e = exp(source.load(i, lanes) - top)
            target.store(e, i, lanes)
            return _only(k, e, lanes)

        share = 1.0 / row_total(k, m, part)
        for i, lanes in k.sweep(0, m):
            target.store(target.load(i, lanes) * share, i, lanes)


def softmax_back_kernel(k: Kernel) -> None:
    """dx = y·(dy − Σ dy·y). Args: y, dy, dx, m."""
    y, dy, dx, m = k.pointer(), k.pointer(), k.pointer(), k.size()
    with k.chunks() as r:
        p, g, out = y + r * m, dy + r * m, dx + r * m
        inner = row_total(k, m, lambda i, lanes: p.load(i, lanes) * g.load(i, lanes))
        for i, lanes in k.sweep(0, m):
            out.store(p.load(i, lanes) * (g.load(i, lanes) - inner), i, lanes)


def layer_norm_kernel(k: Kernel) -> None:
    """y = γ·(x − μ)/√(σ² + ε) + β. Args: x, γ, β, y, μ (R), 1/√… (R), m, 1/m, ε."""
    x, scale, shift, y, means, inverses = (k.pointer() for _ in range(6))
    m, share, epsilon = k.size(), k.scalar(), k.scalar()
    with k.chunks() as r:
        row, out = x + r * m, y + r * m
        mean = row_total(k, m, row.load) * share

        def square(i: Value, lanes: Value | None) -> Value:
            apart = _only(k, row.load(i, lanes) - mean, lanes)
            return apart * apart

        inverse = 1.0 / sqrt(row_total(k, m, square) * share + epsilon)
        means[r], inverses[r] = mean, inverse
        for i, lanes in k.sweep(0, m):
            normal = (row.load(i, lanes) - mean) * inverse
            out.store(fma(normal, scale.load(i, lanes), shift.load(i, lanes)), i, lanes)


def layer_norm_back_kernel(k: Kernel) -> None:
    """dx = (g − mean g − x̂·mean(g·x̂))/√…, g = γ·dy. Args: x, γ, μ, 1/√…, dy, dx, m, 1/m."""
    x, scale, means, inverses, dy, dx = (k.pointer() for _ in range(6))
    m, share = k.size(), k.scalar()
    with k.chunks() as r:
        row, gradient, out = x + r * m, dy + r * m, dx + r * m
        mean, inverse = means[r], inverses[r]

        def g(i: Value, lanes: Value | None) -> Value:
            return gradient.load(i, lanes) * scale.load(i, lanes)

        def normal(i: Value, lanes: Value | None) -> Value:
            return (row.load(i, lanes) - mean) * inverse

        level = row_total(k, m, g) * share
        slope = row_total(k, m, lambda i, lanes: g(i, lanes) * normal(i, lanes)) * share
        for i, lanes in k.sweep(0, m):
            apart = g(i, lanes) - level - normal(i, lanes) * slope
            out.store(apart * inverse, i, lanes)


def layer_norm_sums_kernel(k: Kernel) -> None:
    """dγ = Σ dy·x̂, dβ = Σ dy over the rows. Args: x, μ, 1/√…, dy, dγ, dβ, R, m."""
    x, means, inverses, dy, dscale, dshift = (k.pointer() for _ in range(6))
    rows, m = k.size(), k.size()
    with k.chunks() as chunk:
        for i, lanes in k.sweep(chunk * COLUMNS, minimum(chunk * COLUMNS + COLUMNS, m)):

            def add(r: Value, sums: list[Variable], i=i, lanes=lanes) -> None:  # type: ignore[no-untyped-def]
                gradient = _at(dy, r, m, i, lanes)
                normal = (_at(x, r, m, i, lanes) - means[r]) * inverses[r]
                sums[0].value = fma(gradient, normal, sums[0].value)
                sums[1].value = sums[1].value + gradient

            weighted, plain = in_pieces(k, rows, 2, add)
            dscale.store(weighted.value, i, lanes)
            dshift.store(plain.value, i, lanes)


def _at(pointer: Pointer, row: Value, m: Value, i: Value, lanes: Value | None) -> Value:
    return pointer.load(row * m + i, lanes)
