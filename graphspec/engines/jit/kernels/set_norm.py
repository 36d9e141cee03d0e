"""Group and instance normalisation: y = γ·(x − μ)/√(σ² + ε) + β, over sets of an example's values.

A set is some neighbouring channels of all pixels; γ and β are one per channel.

Memory: P pixels of C channels an example, one after another (a vector of features is one pixel). A
chunk is some sets of one example, which are read again while they are in a core's second cache::

             set 0     set 1     set 2
    pixel 0  c0 c1 c2  c3 c4 c5  c6 c7 c8     each channel is summed down the pixels, and then the
    pixel 1  c0 c1 c2  c3 c4 c5  c6 c7 c8     channels of a set are; what belongs to a set, such as
    …        └────── chunk ──┘                μ, is stored once for each of its channels

With g = γ·dy: dx = (g − mean g − x̂·mean(g·x̂))/√(σ² + ε).
"""

from __future__ import annotations

from collections.abc import Callable

from graphspec.engines.jit.builder import Kernel, Pointer, Value, Variable, fma, sqrt
from graphspec.engines.jit.kernels.norm import columns_of
from graphspec.engines.jit.kernels.reduce import in_pieces
from graphspec.engines.jit.kernels.rows import Part, row_total

Sum = Callable[[Value, Value, Value | None], Value]


class _Sets:
    """The sizes of a kernel, its next five arguments, and the chunk that it is at.

    Args: P, C, the sets of an example, the channels of a set, the sets of a chunk.
    """

    def __init__(self, k: Kernel) -> None:
        self.k = k
        self.pixels, self.channels = k.size(), k.size()
        self.sets, self.wide, self.at_once = k.size(), k.size(), k.size()

    def place(self, chunk: Value) -> tuple[Value, Value, Value, Value]:
        """Of a chunk: its example, its first channel, its channels, its sets."""
        chunks = (self.sets + self.at_once - 1) // self.at_once
        begin, end = self.k.span(chunk % chunks, self.at_once, self.sets)
        return chunk // chunks, begin * self.wide, (end - begin) * self.wide, end - begin

    def sum_down(self, channels: Value, out: list[Pointer], parts: list[Sum]) -> None:
        """out[i][c] = Σ over the pixels of parts[i](the place of c in the pixel, c, lanes)."""
        k = self.k
        for columns in columns_of(k, channels):
            wanted = [(*column, part) for column in columns for part in parts]

            def add(pixel: Value, sums: list[Variable], wanted=wanted) -> None:  # type: ignore[no-untyped-def]
                for (c, lanes, part), total in zip(wanted, sums, strict=True):
                    total.value = total.value + part(pixel * self.channels + c, c, lanes)

            totals = iter(in_pieces(k, self.pixels, len(wanted), add))
            for c, lanes in columns:
                for to in out:
                    to.store(next(totals).value, c, lanes)

    def share(
        self, sets: Value, part: Part, function: Callable[[Value], Value], to: Pointer
    ) -> None:
        """A function of the sum of ``part`` over a set's channels, stored for each of them."""
        k, wide = self.k, self.wide
        with k.loop(0, sets) as one:
            first = one * wide
            result = function(row_total(k, wide, lambda c, lanes: part(first + c, lanes)))
            for c, lanes in k.sweep(0, wide):
                to.store(result, first + c, lanes)


def forward_kernel(k: Kernel) -> None:
    """y, and what backward reads. Args: x, γ, β, y, μ (N, C), 1/√… (N, C), sizes, 1/m, ε."""
    x, scale, shift, y, means, inverses = (k.pointer() for _ in range(6))
    s = _Sets(k)
    share, epsilon = k.scalar(), k.scalar()
    with k.chunks() as chunk:
        example, first, channels, sets = s.place(chunk)
        start = example * s.pixels * s.channels + first
        row, out = x + start, y + start
        mean, inverse = (at + (example * s.channels + first) for at in (means, inverses))
        gamma, beta = scale + first, shift + first

        s.sum_down(channels, [mean], [lambda at, c, lanes: row.load(at, lanes)])
        s.share(sets, mean.load, lambda total: total * share, mean)

        def square(at: Value, c: Value, lanes: Value | None) -> Value:
            apart = row.load(at, lanes) - mean.load(c, lanes)
            return apart * apart

        s.sum_down(channels, [inverse], [square])
        s.share(sets, inverse.load, lambda total: 1.0 / sqrt(total * share + epsilon), inverse)
        for columns in columns_of(k, channels):
            lines = [
                (mean.load(c, lanes), inverse.load(c, lanes) * gamma.load(c, lanes))
                for c, lanes in columns
            ]
            levels = [beta.load(c, lanes) for c, lanes in columns]
            with k.loop(0, s.pixels) as pixel:
                for (c, lanes), (level, factor), b in zip(columns, lines, levels, strict=True):
                    at = pixel * s.channels + c
                    out.store(fma(row.load(at, lanes) - level, factor, b), at, lanes)


def sums_kernel(k: Kernel) -> None:
    """Σ dy and Σ dy·x̂ of every example. Args: x, μ, 1/√…, dy, sums (N, 2, C), sizes."""
    x, means, inverses, dy, sums = (k.pointer() for _ in range(5))
    s = _Sets(k)
    with k.chunks() as chunk:
        example, first, channels, _ = s.place(chunk)
        start = example * s.pixels * s.channels + first
        row, gradient = x + start, dy + start
        mean, inverse = (at + (example * s.channels + first) for at in (means, inverses))
        plain = sums + (example * 2 * s.channels + first)

        def weighted(at: Value, c: Value, lanes: Value | None) -> Value:
            normal = (row.load(at, lanes) - mean.load(c, lanes)) * inverse.load(c, lanes)
            return gradient.load(at, lanes) * normal

        s.sum_down(
            channels,
            [plain, plain + s.channels],
            [lambda at, c, lanes: gradient.load(at, lanes), weighted],
        )


def gradient_kernel(k: Kernel) -> None:
    """dx. Args: x, γ, μ, 1/√…, dy, sums (N, 2, C), level and slope (N, C), dx, sizes, 1/m."""
    x, scale, means, inverses, dy, sums, levels, slopes, dx = (k.pointer() for _ in range(9))
    s, share = _Sets(k), k.scalar()
    with k.chunks() as chunk:
        example, first, channels, sets = s.place(chunk)
        start = example * s.pixels * s.channels + first
        row, gradient, out = x + start, dy + start, dx + start
        mean, inverse, level, slope = (
            at + (example * s.channels + first) for at in (means, inverses, levels, slopes)
        )
        plain, gamma = sums + (example * 2 * s.channels + first), scale + first
        for part, to in ((plain, level), (plain + s.channels, slope)):
            s.share(sets, _product(gamma, part), lambda total: total * share, to)
        for columns in columns_of(k, channels):
            known = [
                tuple(at.load(c, lanes) for at in (mean, inverse, gamma, level, slope))
                for c, lanes in columns
            ]
            with k.loop(0, s.pixels) as pixel:
                for (c, lanes), (m, i, g, flat, rising) in zip(columns, known, strict=True):
                    at = pixel * s.channels + c
                    normal = (row.load(at, lanes) - m) * i
                    apart = g * gradient.load(at, lanes) - flat - normal * rising
                    out.store(apart * i, at, lanes)


def _product(a: Pointer, b: Pointer) -> Part:
    return lambda c, lanes: a.load(c, lanes) * b.load(c, lanes)
