"""Batch normalisation with fixed statistics, folded into the weights of the layer before it.

γ·(w·x + b − μ)/√(σ² + ε) + β = (a·w)·x + (b − μ)·a + β with a = γ/√(σ² + ε): each filter is
multiplied by its a. A chunk is one filter, w[k] with all of its numbers::

    w  w[0] ├── C·KH·KW numbers ──┤ · a[0]      chunk 0
       w[1] ├─────────────────────┤ · a[1]      chunk 1
"""

from __future__ import annotations

from graphspec.engines.jit.builder import Kernel, fma, sqrt


def fold_kernel(bias: bool, k: Kernel) -> None:
    """Args: w, b, γ, β, μ, σ², the new w and b, numbers of a filter, ε."""
    w, b, scale, shift, mean, variance, new_w, new_b = (k.pointer() for _ in range(8))
    count, epsilon = k.size(), k.scalar()
    with k.chunks() as filter:
        a = scale[filter] / sqrt(variance[filter] + epsilon)
        start = -mean[filter]
        if bias:
            start = b[filter] - mean[filter]
        new_b[filter] = fma(start, a, shift[filter])
        spread, source, target = a.spread(), w + filter * count, new_w + filter * count
        for i, lanes in k.sweep(0, count):
            target.store(source.load(i, lanes) * spread, i, lanes)
