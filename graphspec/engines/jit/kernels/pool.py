"""Pooling: the largest or the mean of every window, channel by channel.

max  y[n, i, j, c] = max over (u, v) of x[n, i·S + u − P, j·S + v − P, c]; the first of equals wins
mean y[n, i, j, c] = (Σ over (u, v) of x[…]) / count[i, j]

Images are stored N, H, W, C: the channels of a window's pixel lie side by side, so that a vector
does as many channels at once and windows need no gathering::

    x   (i, j)   c0 c1 c2 … │ (i, j+1)  c0 c1 c2 … │ …
        (i+1, j) c0 c1 c2 … │ …                              y (i, j) c0 c1 c2 …

Forward: a chunk is one row of outputs of one image. Padding is never read: the first and the last
place of a window inside the image are computed for each row and column of windows. Backward of max
compares x with y, in reading order, so that no switches are stored. A chunk is one row of windows
where windows lie side by side, and one whole image where they overlap, as their sums meet.
"""

from __future__ import annotations

from collections.abc import Callable

from graphspec.engines.jit.builder import (
    Kernel,
    Pointer,
    Value,
    Variable,
    maximum,
    minimum,
    select,
)
from graphspec.engines.jit.kernels.reduce import in_pieces


class _Windows:
    """Where the windows lie: the arguments that all pooling kernels share."""

    def __init__(self, k: Kernel) -> None:
        self.k = k
        self.h, self.w, self.c = k.size(), k.size(), k.size()
        self.oh, self.ow = k.size(), k.size()
        self.kh, self.kw = k.size(), k.size()
        self.sh, self.sw = k.size(), k.size()
        self.top, self.left = k.size(), k.size()

    def rows(self, i: Value) -> tuple[Value, Value]:
        """The first row of the image that window row ``i`` sees, and the one after the last."""
        start = i * self.sh - self.top
        return maximum(start, 0), minimum(start + self.kh, self.h)

    def columns(self, j: Value) -> tuple[Value, Value]:
        """The same for the columns."""
        start = j * self.sw - self.left
        return maximum(start, 0), minimum(start + self.kw, self.w)

    def pixels(self, i: Value, j: Value, body: Callable[[Value], None]) -> None:
        """Run the body for the offset in an image of every pixel of a window, in reading order."""
        (top, bottom), (left, right) = self.rows(i), self.columns(j)
        with self.k.loop(top, bottom) as u, self.k.loop(left, right) as v:
            body((u * self.w + v) * self.c)


def max_kernel(k: Kernel) -> None:
    """y of max pooling. Args: x, y, windows. Chunks: N·OH."""
    x, y, at = k.pointer(), k.pointer(), _Windows(k)
    with k.chunks() as chunk:
        n = chunk / at.oh
        i = chunk - n * at.oh
        image, out = x + n * at.h * at.w * at.c, y + chunk * at.ow * at.c
        with k.loop(0, at.ow) as j:
            for c, lanes in k.sweep(0, at.c):
                best = k.variable(k.number(float("-inf")).spread())

                def look(pixel: Value, c=c, lanes=lanes, best=best) -> None:  # type: ignore[no-untyped-def]
                    seen = image.load(pixel + c, lanes)
                    # A NaN wins and stays, so that it is found at the end.
                    best.value = select((seen > best.value) | seen.differs(seen), seen, best.value)

                at.pixels(i, j, look)
                out.store(best.value, j * at.c + c, lanes)


def max_back_kernel(overlap: bool, k: Kernel) -> None:
    """dx of max pooling. Args: x, y, dy, dx, windows.

    Chunks: N where windows ``overlap`` or leave pixels out (dx is set to zero first), else N·OH.
    """
    x, y, dy, dx, at = k.pointer(), k.pointer(), k.pointer(), k.pointer(), _Windows(k)
    image, out = at.h * at.w * at.c, at.oh * at.ow * at.c

    def row(n: Value, i: Value) -> None:
        seen, made = x + n * image, dx + n * image
        with k.loop(0, at.ow) as j:
            window = n * out + (i * at.ow + j) * at.c
            for c, lanes in k.sweep(0, at.c):
                best, gradient = y.load(window + c, lanes), dy.load(window + c, lanes)
                left = k.variable(gradient)

                def give(pixel: Value, c=c, lanes=lanes, best=best, left=left) -> None:  # type: ignore[no-untyped-def]
                    won = seen.load(pixel + c, lanes).equals(best)
                    part = select(won, left.value, 0.0)
                    # Given away once: the pixels behind it that are equal get nothing.
                    left.value = select(won, k.zeros(), left.value)
                    if overlap:
                        part = made.load(pixel + c, lanes) + part
                    made.store(part, pixel + c, lanes)

                at.pixels(i, j, give)

    with k.chunks() as chunk:
        if overlap:
            _clear(k, dx + chunk * image, image)
            with k.loop(0, at.oh) as i:
                row(chunk, i)
        else:
            n = chunk / at.oh
            row(n, chunk - n * at.oh)


def mean_kernel(k: Kernel) -> None:
    """y of mean pooling. Args: x, y, 1/count (OH, OW), windows. Chunks: N·OH."""
    x, y, share, at = k.pointer(), k.pointer(), k.pointer(), _Windows(k)
    with k.chunks() as chunk:
        n = chunk / at.oh
        i = chunk - n * at.oh
        image, out = x + n * at.h * at.w * at.c, y + chunk * at.ow * at.c
        with k.loop(0, at.ow) as j:
            for c, lanes in k.sweep(0, at.c):
                total = k.variable(k.zeros())

                def look(pixel: Value, c=c, lanes=lanes, total=total) -> None:  # type: ignore[no-untyped-def]
                    total.value = total.value + image.load(pixel + c, lanes)

                at.pixels(i, j, look)
                out.store(total.value * share[i * at.ow + j], j * at.c + c, lanes)


def mean_back_kernel(k: Kernel) -> None:
    """dx of mean pooling. Args: dy, dx, 1/count (OH, OW), windows. Chunks: N."""
    dy, dx, share, at = k.pointer(), k.pointer(), k.pointer(), _Windows(k)
    image, out = at.h * at.w * at.c, at.oh * at.ow * at.c
    with k.chunks() as n:
        made, gradients = dx + n * image, dy + n * out
        _clear(k, made, image)
        with k.loop(0, at.oh) as i, k.loop(0, at.ow) as j:
            window = i * at.ow + j
            for c, lanes in k.sweep(0, at.c):
                part = gradients.load(window * at.c + c, lanes) * share[window]

                def give(pixel: Value, c=c, lanes=lanes, part=part) -> None:  # type: ignore[no-untyped-def]
                    made.store(made.load(pixel + c, lanes) + part, pixel + c, lanes)

                at.pixels(i, j, give)


def global_mean_kernel(k: Kernel) -> None:
    """y[n, c] = mean over the pixels. Args: x, y, pixels, C, 1/pixels. Chunks: N."""
    x, y, pixels, channels, share = k.pointer(), k.pointer(), k.size(), k.size(), k.scalar()
    with k.chunks() as n:
        image = x + n * pixels * channels
        for c, lanes in k.sweep(0, channels):

            def add(pixel: Value, sums: list[Variable], c=c, lanes=lanes) -> None:  # type: ignore[no-untyped-def]
                sums[0].value = sums[0].value + image.load(pixel * channels + c, lanes)

            (total,) = in_pieces(k, pixels, 1, add)
            y.store(total.value * share, n * channels + c, lanes)


def global_mean_back_kernel(k: Kernel) -> None:
    """dx[n, p, c] = dy[n, c]/pixels. Args: dy, dx, pixels, C, 1/pixels. Chunks: N."""
    dy, dx, pixels, channels, share = k.pointer(), k.pointer(), k.size(), k.size(), k.scalar()
    with k.chunks() as n:
        image = dx + n * pixels * channels
        for c, lanes in k.sweep(0, channels):
            part = dy.load(n * channels + c, lanes) * share
            with k.loop(0, pixels) as pixel:
                image.store(part, pixel * channels + c, lanes)


def _clear(k: Kernel, target: Pointer, count: Value) -> None:
    for i, lanes in k.sweep(0, count, 4):
        target.store(k.zeros(), i, lanes)
