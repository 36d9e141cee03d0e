"""Batch normalisation: y = γ·(x − μ)/√(σ² + ε) + β, channel by channel.

Memory: rows of C channels; an image stored channels last has N·H·W of them, a vector N::

    row 0   c0 c1 c2 …   ┐
    row 1   c0 c1 c2 …   ├ chunk 0: R rows, about what a core's first cache holds
    …                    ┘

Each chunk finds its own mean, and then the squares about it, while its rows are still in the cache;
one more row of the table merges the chunks in order (Chan et al. 1983, Algorithms for computing the
sample variance). So the sums lose no digits where the mean is large, and do not depend on the
number of threads.

Backward, with x̂ made again from x: dβ = Σ g, dγ = Σ g·x̂, dx = a·(g − dβ/m − x̂·dγ/m), a = γ/√…,
where g is dy, or what is in front of the functions that follow.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphspec.engines.jit.builder import Kernel, Pointer, Value, fma, sqrt
from graphspec.engines.jit.kernels.elementwise import Then

_ABREAST = 4
"""Vectors of channels that go down the rows together: a sum alone would wait for its own last
addition, and a cache line would be asked for twice."""

Column = tuple[Value, Value | None]
Line = tuple[Value, Value, Value]
"""μ, a and β of a vector of channels: y = (x − μ)·a + β."""


def rows_at_once(channels: int) -> int:
    """R: how many rows a chunk has."""
    return max(8, 4096 // channels)


def columns_of(k: Kernel, channels: Value, abreast: int = _ABREAST) -> Iterator[list[Column]]:
    """The channels, by vectors: as many abreast as there can be, then one by one, then the rest."""
    step = k.width * abreast
    whole = channels // step * step
    with k.loop(0, whole, step) as first:
        yield [(first + part * k.width, None) for part in range(abreast)]
    for c, lanes in k.sweep(whole, channels):
        yield [(c, lanes)]


def line_of(places: tuple[Pointer, Pointer, Pointer], c: Value, lanes: Value | None) -> Line:
    """μ, a and β of a vector of channels."""
    mean, factor, shift = places
    return mean.load(c, lanes), factor.load(c, lanes), shift.load(c, lanes)


def moments_kernel(k: Kernel) -> None:
    """Mean and squared deviations of each chunk. Args: x, rows, C, R, partial (chunks, 2, C)."""
    x, rows, channels, at_once, partial = (
        k.pointer(), k.size(), k.size(), k.size(), k.pointer()
    )  # fmt: skip
    with k.chunks() as chunk:
        begin, end = k.span(chunk, at_once, rows)
        share = 1.0 / (end - begin).to(x.element)
        out = partial + chunk * 2 * channels
        for columns in columns_of(k, channels):
            totals = [k.variable(k.zeros()) for _ in columns]
            with k.loop(begin, end) as row:
                for (c, lanes), total in zip(columns, totals, strict=True):
                    total.value = total.value + x.load(row * channels + c, lanes)
            means = [total.value * share for total in totals]
            squares = [k.variable(k.zeros()) for _ in columns]
            with k.loop(begin, end) as row:
                for (c, lanes), mean, sum_ in zip(columns, means, squares, strict=True):
                    apart = x.load(row * channels + c, lanes) - mean
                    sum_.value = fma(apart, apart, sum_.value)
            for (c, lanes), mean, sum_ in zip(columns, means, squares, strict=True):
                out.store(mean, c, lanes)
                out.store(sum_.value, channels + c, lanes)


def merge_kernel(k: Kernel) -> None:
    """Statistics of all rows from those of the chunks. One chunk.

    Args: partial, rows, C, R, chunks, γ, running mean and variance, the new ones, μ, a, inverse
    deviation, ε, how much of the running ones is kept.
    """
    partial, rows, channels, at_once, chunks = (
        k.pointer(), k.size(), k.size(), k.size(), k.size()
    )  # fmt: skip
    scale, old_mean, old_variance, new_mean, new_variance = (k.pointer() for _ in range(5))
    mean_out, factor_out, inverse_out = (k.pointer() for _ in range(3))
    epsilon, keep = k.scalar(), k.scalar()
    with k.loop(k.first, k.last):
        for c, lanes in k.sweep(0, channels):
            mean, squares = k.variable(k.zeros()), k.variable(k.zeros())
            with k.loop(0, chunks) as chunk:
                begin, end = k.span(chunk, at_once, rows)
                of_chunk = partial + chunk * 2 * channels
                share = (end - begin).to(scale.element) / end.to(scale.element)
                apart = of_chunk.load(c, lanes) - mean.value
                squares.value = squares.value + fma(
                    apart * apart,
                    begin.to(scale.element) * share,
                    of_chunk.load(channels + c, lanes),
                )
                mean.value = fma(apart, share, mean.value)
            variance = squares.value / rows.to(scale.element)
            rest = 1.0 - keep
            new_mean.store(fma(old_mean.load(c, lanes), keep, mean.value * rest), c, lanes)
            new_variance.store(fma(old_variance.load(c, lanes), keep, variance * rest), c, lanes)
            inverse = 1.0 / sqrt(variance + epsilon)
            mean_out.store(mean.value, c, lanes)
            inverse_out.store(inverse, c, lanes)
            factor_out.store(inverse * scale.load(c, lanes), c, lanes)


def fold_kernel(k: Kernel) -> None:
    """The same of running statistics. One chunk. Args: C, γ, variance, a, inverse, ε."""
    channels, scale, variance, factor, inverse = (
        k.size(), k.pointer(), k.pointer(), k.pointer(), k.pointer()
    )  # fmt: skip
    epsilon = k.scalar()
    with k.loop(k.first, k.last):
        for c, lanes in k.sweep(0, channels):
            one = 1.0 / sqrt(variance.load(c, lanes) + epsilon)
            inverse.store(one, c, lanes)
            factor.store(one * scale.load(c, lanes), c, lanes)


def normalise_kernel(after: tuple[str, ...], k: Kernel) -> None:
    """y = f((x − μ)·a + β), f being the functions ``after`` it.

    Args: x, y, rows, C, R, μ, a, β, their settings.
    """
    x, y, rows, channels, at_once = k.pointer(), k.pointer(), k.size(), k.size(), k.size()
    mean, factor, shift = k.pointer(), k.pointer(), k.pointer()
    then = Then(k, after)
    with k.chunks() as chunk:
        begin, end = k.span(chunk, at_once, rows)
        for columns in columns_of(k, channels):
            known = [line_of((mean, factor, shift), *column) for column in columns]
            with k.loop(begin, end) as row:
                for (c, lanes), (m, a, b) in zip(columns, known, strict=True):
                    at = row * channels + c
                    y.store(then(fma(x.load(at, lanes) - m, a, b), at, lanes), at, lanes)


def sums_kernel(after: tuple[str, ...], k: Kernel) -> None:
    """Σ g and Σ g·(x − μ) of each chunk, g being dy in front of the functions.

    What they were given is computed from x again, by the same two operations as in
    ``normalise_kernel``: neither it nor y need be read.
    Args: x, dy, rows, C, R, μ, a, β, partial, the functions' settings.
    """
    x, dy, rows, channels, at_once = k.pointer(), k.pointer(), k.size(), k.size(), k.size()
    mean, factor, shift, partial = (k.pointer() for _ in range(4))
    then = Then(k, after)
    with k.chunks() as chunk:
        begin, end = k.span(chunk, at_once, rows)
        out = partial + chunk * 2 * channels
        for columns in columns_of(k, channels):
            known = [line_of((mean, factor, shift), *column) for column in columns]
            sums = [(k.variable(k.zeros()), k.variable(k.zeros())) for _ in columns]
            with k.loop(begin, end) as row:
                for (c, lanes), (m, a, b), (plain, weighted) in zip(
                    columns, known, sums, strict=True
                ):
                    at = row * channels + c
                    apart = x.load(at, lanes) - m
                    gradient = then.back(dy.load(at, lanes), fma(apart, a, b))
                    plain.value = plain.value + gradient
                    weighted.value = fma(gradient, apart, weighted.value)
            for (c, lanes), (plain, weighted) in zip(columns, sums, strict=True):
                out.store(plain.value, c, lanes)
                out.store(weighted.value, channels + c, lanes)


def add_up_kernel(k: Kernel) -> None:
    """dβ, dγ, and what dx needs: dβ/m and x̂'s share. One chunk.

    Args: partial, rows, C, chunks, inverse, dγ, dβ, dβ/m, inverse·dγ/m.
    """
    partial, rows, channels, chunks = k.pointer(), k.size(), k.size(), k.size()
    inverse, dscale, dshift, level, slope = (k.pointer() for _ in range(5))
    with k.loop(k.first, k.last):
        share = 1.0 / rows.to(dscale.element)
        for c, lanes in k.sweep(0, channels):
            plain, weighted = k.variable(k.zeros()), k.variable(k.zeros())
            with k.loop(0, chunks) as chunk:
                of_chunk = partial + chunk * 2 * channels
                plain.value = plain.value + of_chunk.load(c, lanes)
                weighted.value = weighted.value + of_chunk.load(channels + c, lanes)
            one = inverse.load(c, lanes)
            scaled = weighted.value * one
            dshift.store(plain.value, c, lanes)
            dscale.store(scaled, c, lanes)
            level.store(plain.value * share, c, lanes)
            slope.store(scaled * one * share, c, lanes)


def gradient_kernel(training: bool, after: tuple[str, ...], k: Kernel) -> None:
    """dx = a·(g − level − (x − μ)·slope), or a·g in evaluation.

    Args: x, dy, dx, rows, C, R, μ, a, β, level, slope, the functions' settings.
    """
    x, dy, dx = (k.pointer() for _ in range(3))
    rows, channels, at_once = (k.size() for _ in range(3))
    mean, factor, shift, level, slope = (k.pointer() for _ in range(5))
    then = Then(k, after)
    with k.chunks() as chunk:
        begin, end = k.span(chunk, at_once, rows)
        for columns in columns_of(k, channels):
            lines = [line_of((mean, factor, shift), *column) for column in columns]
            slopes = [(level.load(c, lanes), slope.load(c, lanes)) for c, lanes in columns]
            with k.loop(begin, end) as row:
                for (c, lanes), (m, a, b), (flat, rising) in zip(
                    columns, lines, slopes, strict=True
                ):
                    at = row * channels + c
                    apart = x.load(at, lanes) - m
                    gradient = then.back(dy.load(at, lanes), fma(apart, a, b))
                    if training:
                        gradient = gradient - flat - apart * rising
                    dx.store(gradient * a, at, lanes)
