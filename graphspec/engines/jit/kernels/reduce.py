"""Sums over many numbers: Σ x², the square of the gradient's norm.

    x      ├──── chunk 0 ────┼──── chunk 1 ────┼── … ──┤       float32
    sums            s₀                s₁           …           float64

Each chunk of ``CHUNK`` numbers has a sum of its own in double precision; who asked adds these up in
order, so that the result does not depend on the number of threads.
"""

from __future__ import annotations

from graphspec.engines.jit.builder import F64, Kernel

CHUNK = 8192


def squares_kernel(k: Kernel) -> None:
    """sums[chunk] = Σ x². Args: x, sums (float64), n. Squares overflow in no sum of doubles."""
    x, sums, n = k.pointer(), k.pointer(F64), k.size()
    with k.chunks() as chunk:
        total = k.variable(k.zeros(F64))
        for i, lanes in k.sweep(*k.span(chunk, CHUNK, n)):
            wide = x.load(i, lanes).to(F64)
            total.value = total.value + wide * wide
        sums[chunk] = total.value.total()
