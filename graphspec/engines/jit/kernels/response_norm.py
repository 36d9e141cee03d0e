"""Local response normalisation: each channel is damped where its neighbours are strong.

    y[c] = x[c]/s[c]^β        s[c] = k + a·Σ x[j]², over the n channels around c
    dx[c] = dy[c]/s[c]^β − 2·a·β·x[c]·Σ dy[j]·y[j]/s[j], over the same channels

Memory: pixels of C channels, one after another. What is summed over neighbours is written between
zeros first, in memory of the thread's own, so that no sum asks where the channels end::

    0 0 │ x0² x1² … │ 0 0        n = 5: the sum for c begins at c, with n − 1 others behind it

s^−β is e^(−β·log s); s is computed again on the way back, which costs less than to keep it.
"""

from __future__ import annotations

from graphspec.engines.jit.builder import Kernel, Pointer, Value, fma
from graphspec.engines.jit.kernels.gemm import LINE
from graphspec.engines.jit.vector_math import exp, log

PIXELS = 64
"""Pixels of a chunk."""


def scratch_floats(channels: int, size: int, width: int) -> int:
    """Numbers of a row between zeros; whole vectors are read of it."""
    return -(-(channels + size - 1 + width) // LINE) * LINE


class _Response:
    """The arguments of both kernels after their images, and what they compute of a pixel.

    Args: the memory of all threads, the bytes of each, pixels in all, C, n, k, a, −β.
    """

    def __init__(self, k: Kernel) -> None:
        self.k = k
        address, stride = k.size(), k.size()
        self.squares = k.address(address + k.thread * stride)
        self.pixels, self.channels, self.size = k.size(), k.size(), k.size()
        self.least, self.strength, self.power = (k.scalar().spread() for _ in range(3))

    def between_zeros(self, row: Pointer) -> Pointer:
        """Zeros in all of a row, and where its first channel goes."""
        width = self.k.width
        with self.k.loop(0, self.channels + self.size - 1 + (width - 1), width) as i:
            row.store(self.k.zeros(), i)
        return row + self.size // 2

    def around(self, row: Pointer, c: Value, lanes: Value | None) -> Value:
        """The sum over the neighbours of some channels."""
        total = self.k.variable(self.k.zeros())
        with self.k.loop(0, self.size) as j:
            total.value = total.value + row.load(c + j, lanes)
        return total.value

    def strengths(self, pixel: Pointer, middle: Pointer) -> None:
        """Squares of a pixel, between the zeros."""
        for c, lanes in self.k.sweep(0, self.channels, 2):
            value = pixel.load(c, lanes)
            middle.store(value * value, c, lanes)

    def s(self, c: Value, lanes: Value | None) -> Value:
        """k + a·Σ x²; k in lanes that are not there."""
        return fma(self.around(self.squares, c, lanes), self.strength, self.least)


def forward_kernel(k: Kernel) -> None:
    """y from x. Args: x, y, and those of ``_Response``."""
    x, y, r = k.pointer(), k.pointer(), _Response(k)
    middle = r.between_zeros(r.squares)
    with k.chunks() as chunk, k.loop(*k.span(chunk, PIXELS, r.pixels)) as number:
        pixel, out = x + number * r.channels, y + number * r.channels
        r.strengths(pixel, middle)
        for c, lanes in k.sweep(0, r.channels):
            damping = exp(log(r.s(c, lanes)) * r.power)
            out.store(pixel.load(c, lanes) * damping, c, lanes)


def backward_kernel(k: Kernel) -> None:
    """dx from x and dy. Args: x, dy, dx, numbers of a row, and those of ``_Response``."""
    x, dy, dx, row = k.pointer(), k.pointer(), k.pointer(), k.size()
    r = _Response(k)
    pulls = r.squares + row
    middle, middle_of_pulls = r.between_zeros(r.squares), r.between_zeros(pulls)
    twice = r.power * r.strength * 2.0
    with k.chunks() as chunk, k.loop(*k.span(chunk, PIXELS, r.pixels)) as number:
        first = number * r.channels
        pixel, gradient, out = x + first, dy + first, dx + first
        r.strengths(pixel, middle)
        for c, lanes in k.sweep(0, r.channels):
            s = r.s(c, lanes)
            damped = gradient.load(c, lanes) * exp(log(s) * r.power)
            middle_of_pulls.store(damped * pixel.load(c, lanes) / s, c, lanes)
            out.store(damped, c, lanes)
        for c, lanes in k.sweep(0, r.channels):
            pulled = pixel.load(c, lanes) * r.around(pulls, c, lanes)
            out.store(fma(pulled, twice, out.load(c, lanes)), c, lanes)
