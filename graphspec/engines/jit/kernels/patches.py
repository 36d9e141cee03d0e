"""Patches: what a convolution's kernel covers, as rows of a matrix, and the way back.

    P[r, c·T + t] = x[n, i·S − P + u·D, j·S − P + v·D, c]      r = (n, i, j),  t = u·V + v
                    0 beyond the border                        T = U·V taps

    x (H, W, C)           P, a window in a row, and W, a filter in a row
     · · · ·
     · a b ·     ──▶      │ a₀ b₀ d₀ e₀ │ a₁ b₁ d₁ e₁ │ …
     · d e ·              │ w₀ w₀ w₀ w₀ │ w₁ w₁ w₁ w₁ │ …      all taps of channel 0, of 1, …

The order within a row is that of a filter's weights (C, U, V), so that y = P·Wᵀ reads the weights
as they lie. That is worth it where pixels are few and weights many: there, what costs is the
weights' memory, and every other algorithm lays them out anew.

Going back, a pixel of x sums what the patches that cover it have for it, tap by tap in their order.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from graphspec.engines.jit.builder import Kernel


class Windows(NamedTuple):
    """Where the windows lie; kernels read the sizes in this order."""

    rows: Any
    columns: Any
    """H and W."""
    out_rows: Any
    out_columns: Any
    channels: Any
    kernel_rows: Any
    kernel_columns: Any
    down: Any
    right: Any
    """The strides."""
    dilation_down: Any
    dilation_right: Any
    top: Any
    left: Any
    """Padding."""


def patches_kernel(k: Kernel) -> None:
    """P from x. Args: x, P, ``Windows``. Chunk: a row of windows of an image."""
    x, to = k.pointer(), k.pointer()
    w = Windows(*(k.size() for _ in Windows._fields))
    taps = w.kernel_rows * w.kernel_columns
    with k.chunks() as chunk:
        image, i = chunk // w.out_rows, chunk % w.out_rows
        with (
            k.loop(0, w.out_columns) as j,
            k.loop(0, w.kernel_rows) as u,
            k.loop(0, w.kernel_columns) as v,
        ):
            row = i * w.down - w.top + u * w.dilation_down
            column = j * w.right - w.left + v * w.dilation_right
            inside = row.within(w.rows) & column.within(w.columns)
            source = x + ((image * w.rows + row) * w.columns + column) * w.channels
            patch = to + (chunk * w.out_columns + j) * taps * w.channels
            patch = patch + (u * w.kernel_columns + v)
            whole = w.channels // k.width * k.width
            with k.either(inside) as (yes, no):
                with yes:
                    with k.loop(0, whole, k.width) as c:
                        numbers = source.load(c)
                        for lane in range(k.width):
                            patch[(c + lane) * taps] = numbers.lane(lane)
                    with k.loop(whole, w.channels) as c:
                        patch[c * taps] = source[c]
                with no, k.loop(0, w.channels) as c:
                    patch[c * taps] = 0.0


def add_patches_kernel(k: Kernel) -> None:
    """dx from dP. Args: dP, dx, ``Windows``. Chunk: a row of pixels of an image."""
    patches, dx = k.pointer(), k.pointer()
    w = Windows(*(k.size() for _ in Windows._fields))
    taps = w.kernel_rows * w.kernel_columns
    with k.chunks() as chunk:
        image, row = chunk // w.rows, chunk % w.rows
        with k.loop(0, w.columns) as column:
            to = dx + (chunk * w.columns + column) * w.channels
            for c, lanes in k.sweep(0, w.channels):
                to.store(k.zeros(), c, lanes)
            with k.loop(0, w.kernel_rows) as u, k.loop(0, w.kernel_columns) as v:
                below = row + w.top - u * w.dilation_down
                beside = column + w.left - v * w.dilation_right
                i, j = below // w.down, beside // w.right
                covers = (i * w.down).equals(below) & i.within(w.out_rows)
                covers = covers & (j * w.right).equals(beside) & j.within(w.out_columns)
                with k.when(covers):
                    patch = patches + ((image * w.out_rows + i) * w.out_columns + j) * (
                        taps * w.channels
                    )
                    patch = patch + (u * w.kernel_columns + v)
                    whole = w.channels // k.width * k.width
                    with k.loop(0, whole, k.width) as c:
                        numbers = k.vector([patch[(c + lane) * taps] for lane in range(k.width)])
                        to.store(to.load(c) + numbers, c)
                    with k.loop(whole, w.channels) as c:
                        to[c] = to[c] + patch[c * taps]
