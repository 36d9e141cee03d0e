"""As many fused multiply-adds as the processor can do: the peak that shares are measured against.

    sᵢ ← a·sᵢ + b        i < 12, ``ROUNDS`` times over

Twelve sums in registers, none of which waits for another; a chunk is all of their rounds. No memory
is touched but one store at its end, so that LLVM has to keep the sums::

    out  │ chunk 0: Σ sᵢ │ chunk 1: Σ sᵢ │ …        a vector each
"""

from __future__ import annotations

from graphspec.engines.jit.builder import Kernel, fma

ROUNDS = 1_000_000
SUMS = 12


def peak_kernel(k: Kernel) -> None:
    """x ← a·x + b, over and over. Args: out (a vector a chunk), a, b."""
    out, a, b = k.pointer(), k.scalar().spread(), k.scalar().spread()
    with k.chunks() as chunk:
        sums = [k.variable(a * float(i)) for i in range(SUMS)]
        with k.loop(0, ROUNDS):
            for x in sums:
                x.value = fma(x.value, a, b)
        total = sums[0].value
        for x in sums[1:]:
            total = total + x.value
        out.store(total, chunk * k.width)
