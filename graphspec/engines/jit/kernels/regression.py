"""Losses of a regression: a function of δ = f − t, summed over all numbers of an example.

    l2    L = Σ δ²      df = 2δ·dL           dt = −df
    l1    L = Σ |δ|     df = sign(δ)·dL

Memory: f, t and their gradients are examples of m numbers, stored alike. A chunk is one example::

    f, t, df, dt   ├─ m numbers ─┼─ m numbers ─┼─ … ─┤
    L, dL                L₀            L₁         …
"""

from __future__ import annotations

from graphspec.engines.jit.builder import Kernel, Value, absolute, select
from graphspec.engines.jit.kernels.rows import row_total


def forward_kernel(squared: bool, k: Kernel) -> None:
    """L of every example. Args: f, t, L, m."""
    f, t, losses, m = k.pointer(), k.pointer(), k.pointer(), k.size()
    with k.chunks() as n:
        ours, theirs = f + n * m, t + n * m

        def term(i: Value, lanes: Value | None) -> Value:
            delta = ours.load(i, lanes) - theirs.load(i, lanes)
            return delta * delta if squared else absolute(delta)

        losses[n] = row_total(k, m, term)


def backward_kernel(squared: bool, both: bool, k: Kernel) -> None:
    """df, and dt for ``both``. Args: f, t, dL, df, m, [dt]."""
    f, t, dy, df, m = k.pointer(), k.pointer(), k.pointer(), k.pointer(), k.size()
    dt = k.pointer() if both else None
    with k.chunks() as n:
        up, down = dy[n].spread(), (-dy[n]).spread()
        for i, lanes in k.sweep(n * m, n * m + m, 2):
            delta = f.load(i, lanes) - t.load(i, lanes)
            if squared:
                slope = delta * 2.0 * up
            else:
                slope = select(delta > 0.0, up, select(delta < 0.0, down, 0.0))
            df.store(slope, i, lanes)
            if dt is not None:
                dt.store(-slope, i, lanes)
