"""Batch normalisation, a rectifier, and 2 × 2 max pooling behind them, in one pass over x.

    y = max over the window of (x − μ)·a + β, at least 0 with the rectifier

What is kept is y, a quarter of x, and one byte per number: which of the four it was, or that the
rectifier is closed (``gate.py``). Backward needs dy, the bytes and x, whose pixels are those of
the gradient:

    g    = dy at the place that the byte names, 0 at the other three
    dβ = Σ g,   dγ = Σ g·x̂,   dx = a·(g − dβ/m − x̂·dγ/m)

Chunk r is a row of windows::

    x  row 2r      (0) (1) │ (0) (1) │ …      y  row r   (code) │ (code) │ …
       row 2r + 1  (2) (3) │ (2) (3) │ …
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphspec.engines.jit.builder import I8, I32, Kernel, Pointer, Value, fma, select
from graphspec.engines.jit.kernels.gate import CLOSED, pooled
from graphspec.engines.jit.kernels.norm import Column, columns_of, line_of

_ABREAST = 2
"""Vectors of channels that go along a row together; more would not leave registers for a window."""


def _windows(
    k: Kernel, row: Value, count: Value, channels: Value, columns: Sequence[Column]
) -> Iterator[tuple[int, Value, list[Value]]]:
    """Each window of a row: which of ``columns``, its place in y, and its four places in x."""
    with k.loop(0, count) as j:
        for number, (c, _) in enumerate(columns):
            corner = (row * 2 * count + j) * 2 * channels + c
            squares = [
                corner + (i * 2 * count + right) * channels for i in (0, 1) for right in (0, 1)
            ]
            yield number, (row * count + j) * channels + c, squares


def normalise_kernel(relu: bool, k: Kernel) -> None:
    """y and the bytes. Args: x, y, codes, OW, C, μ, a, β. Chunks: N·OH."""
    x, y, codes = k.pointer(), k.pointer(), k.pointer(I8)
    count, channels = k.size(), k.size()
    mean, factor, shift = k.pointer(), k.pointer(), k.pointer()
    with k.chunks() as row:
        for columns in columns_of(k, channels, _ABREAST):
            known = [line_of((mean, factor, shift), *column) for column in columns]
            for number, place, pixels in _windows(k, row, count, channels, columns):
                lanes, (m, a, b) = columns[number][1], known[number]
                four = [fma(x.load(pixel, lanes) - m, a, b) for pixel in pixels]
                [[out]], [[code]] = pooled([four[:2], four[2:]], relu=relu)
                y.store(out, place, lanes)
                codes.store(code, place, lanes)


def sums_kernel(k: Kernel) -> None:
    """Σ g and Σ g·(x − μ) of each chunk. Args: x, dy, codes, OW, C, μ, partial. Chunks: N·OH."""
    x, dy, codes = k.pointer(), k.pointer(), k.pointer(I8)
    count, channels, mean, partial = k.size(), k.size(), k.pointer(), k.pointer()
    with k.chunks() as row:
        out = partial + row * 2 * channels
        for columns in columns_of(k, channels, _ABREAST):
            means = [mean.load(*column) for column in columns]
            sums = [(k.variable(k.zeros()), k.variable(k.zeros())) for _ in columns]
            for number, place, pixels in _windows(k, row, count, channels, columns):
                lanes, (plain, weighted) = columns[number][1], sums[number]
                flow, code = _flow(dy, codes, place, lanes)
                g = select(code < CLOSED, flow, 0.0)
                largest = x.load(pixels[0], lanes)
                for which, pixel in enumerate(pixels[1:], start=1):
                    largest = select(code.equals(which), x.load(pixel, lanes), largest)
                plain.value = plain.value + g
                weighted.value = fma(g, largest - means[number], weighted.value)
            for (c, lanes), (plain, weighted) in zip(columns, sums, strict=True):
                out.store(plain.value, c, lanes)
                out.store(weighted.value, channels + c, lanes)


def gradient_kernel(training: bool, k: Kernel) -> None:
    """dx. Args: x, dy, codes, dx, OW, C, μ, a, level, slope. Chunks: N·OH."""
    x, dy, codes, dx = k.pointer(), k.pointer(), k.pointer(I8), k.pointer()
    count, channels = k.size(), k.size()
    mean, factor, level, slope = (k.pointer() for _ in range(4))
    with k.chunks() as row:
        for columns in columns_of(k, channels, _ABREAST):
            known = [
                [place.load(*column) for place in (mean, factor, level, slope)]
                for column in columns
            ]
            for number, place, pixels in _windows(k, row, count, channels, columns):
                lanes, (m, a, flat, rising) = columns[number][1], known[number]
                flow, code = _flow(dy, codes, place, lanes)
                for which, pixel in enumerate(pixels):
                    g = select(code.equals(which), flow, 0.0)
                    if training:
                        g = g - flat - (x.load(pixel, lanes) - m) * rising
                    dx.store(g * a, pixel, lanes)


def _flow(dy: Pointer, codes: Pointer, place: Value, lanes: Value | None) -> tuple[Value, Value]:
    return dy.load(place, lanes), codes.load(place, lanes).to(I32)
