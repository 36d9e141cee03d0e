"""The rectifier with a learned slope: y = x where x > 0, else a·x, with one a per channel or one.

Memory: rows of C numbers, the channels of a pixel or the features of an example. A chunk is R rows,
and has its own sums, which are added up in the order of the chunks::

    row 0   c0 c1 c2 …   ┐
    row 1   c0 c1 c2 …   ├ chunk 0, gone down a few vectors of channels at a time
    …                    ┘

dx = dy where x > 0, else a·dy; da = Σ dy·min(x, 0).
"""

from __future__ import annotations

from graphspec.engines.jit.builder import Kernel, fma, minimum, select
from graphspec.engines.jit.kernels.norm import columns_of


def forward_kernel(shared: bool, k: Kernel) -> None:
    """y from x. Args: x, a, y, rows, C, R."""
    x, slope, y = (k.pointer() for _ in range(3))
    rows, channels, at_once = (k.size() for _ in range(3))
    with k.chunks() as chunk:
        begin, end = k.span(chunk, at_once, rows)
        for columns in columns_of(k, channels):
            slopes = [slope.spread() if shared else slope.load(*column) for column in columns]
            with k.loop(begin, end) as row:
                for (c, lanes), a in zip(columns, slopes, strict=True):
                    value = x.load(row * channels + c, lanes)
                    y.store(select(value > 0.0, value, a * value), row * channels + c, lanes)


def backward_kernel(shared: bool, k: Kernel) -> None:
    """dx, and da of each chunk and channel. Args: x, a, dy, dx, sums (chunks, C), rows, C, R."""
    x, slope, dy, dx, sums = (k.pointer() for _ in range(5))
    rows, channels, at_once = (k.size() for _ in range(3))
    with k.chunks() as chunk:
        begin, end = k.span(chunk, at_once, rows)
        for columns in columns_of(k, channels):
            slopes = [slope.spread() if shared else slope.load(*column) for column in columns]
            totals = [k.variable(k.zeros()) for _ in columns]
            with k.loop(begin, end) as row:
                for (c, lanes), a, total in zip(columns, slopes, totals, strict=True):
                    at = row * channels + c
                    value, gradient = x.load(at, lanes), dy.load(at, lanes)
                    # This way round a NaN of x stays one.
                    below = minimum(k.zeros(), value)
                    total.value = fma(gradient, below, total.value)
                    dx.store(select(value > 0.0, gradient, a * gradient), at, lanes)
            for (c, lanes), total in zip(columns, totals, strict=True):
                sums.store(total.value, chunk * channels + c, lanes)
