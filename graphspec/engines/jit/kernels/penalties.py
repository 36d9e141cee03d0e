"""The penalties on a weight, all of them in one pass: their gradient, and what their values need.

    dw ← dw + a·sign(w) + 2b·w         with sign(0) = 0
    Σ |w|, Σ w²                         per chunk, in double precision

Every penalty that ships is λ₁ Σ |w| + λ₂ Σ w²; for one weight, a and b are the sums of λ₁ and λ₂
over the penalties that cover it.

Memory: w and dw lie in arrays of the same shape, each in one piece; a chunk is ``CHUNK`` numbers of
each. ``sums`` has two numbers a chunk, which who asked adds up in order::

    w, dw  ├──── chunk 0 ────┼──── chunk 1 ────┼── … ──┤       float32
    sums       Σ |w|, Σ w²       Σ |w|, Σ w²       …           float64
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphspec.engines.jit.builder import F64, Kernel, absolute, fma, select

CHUNK = 8192

NORMS: dict[str, Callable[[Any], tuple[float, float]]] = {
    "l1": lambda penalty: (penalty.strength, 0.0),
    "l2": lambda penalty: (0.0, penalty.strength * (0.5 if penalty.half else 1.0)),
    "elastic_net": lambda penalty: (penalty.l1, penalty.l2),
}
"""λ₁ and λ₂ of a penalty, by kind."""


def emit(k: Kernel) -> None:
    """Args: w, dw, sums (float64, two a chunk), n, a, 2b."""
    w, dw, sums, n = k.pointer(), k.pointer(), k.pointer(F64), k.size()
    a, b = k.scalar().spread(), k.scalar().spread()
    with k.chunks() as chunk:
        lengths, squares = k.variable(k.zeros(F64)), k.variable(k.zeros(F64))
        for i, lanes in k.sweep(*k.span(chunk, CHUNK, n)):
            weight = w.load(i, lanes)
            sign = select(weight > 0.0, a, select(weight < 0.0, -a, 0.0))
            dw.store(fma(weight, b, dw.load(i, lanes) + sign), i, lanes)
            wide = weight.to(F64)
            lengths.value = lengths.value + absolute(wide)
            squares.value = squares.value + wide * wide
        sums[chunk * 2], sums[chunk * 2 + 1] = lengths.value.total(), squares.value.total()
