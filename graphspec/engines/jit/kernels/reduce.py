"""Sums over many numbers, without losing digits: Σ x², and whatever kernels sum down.

    x      ├──── chunk 0 ────┼──── chunk 1 ────┼── … ──┤       float32
    sums            s₀                s₁           …           float64

Each chunk of ``CHUNK`` numbers has a sum of its own in double precision; who asked adds these up in
order, so that the result does not depend on the number of threads.

Kernels that stay in float32 sum ``PIECE`` terms at a time, and then these sums: added one after the
other, n equal terms, such as the gradients behind a global average, lose about n/10 last places.
"""

from __future__ import annotations

from collections.abc import Callable

from graphspec.engines.jit.builder import F64, Kernel, Value, Variable, minimum

CHUNK = 8192
PIECE = 64


def in_pieces(
    k: Kernel, terms: Value, sums: int, add: Callable[[Value, list[Variable]], None]
) -> list[Variable]:
    """So many vectors of sums; ``add`` adds the term at an index to each of them."""
    whole = [k.variable(k.zeros()) for _ in range(sums)]
    with k.loop(0, terms, PIECE) as begin:
        piece = [k.variable(k.zeros()) for _ in range(sums)]
        with k.loop(begin, minimum(begin + PIECE, terms)) as i:
            add(i, piece)
        for total, part in zip(whole, piece, strict=True):
            total.value = total.value + part.value
    return whole


def squares_kernel(k: Kernel) -> None:
    """sums[chunk] = Σ x². Args: x, sums (float64), n. Squares overflow in no sum of doubles."""
    x, sums, n = k.pointer(), k.pointer(F64), k.size()
    with k.chunks() as chunk:
        total = k.variable(k.zeros(F64))
        for i, lanes in k.sweep(*k.span(chunk, CHUNK, n)):
            wide = x.load(i, lanes).to(F64)
            total.value = total.value + wide * wide
        sums[chunk] = total.value.total()
