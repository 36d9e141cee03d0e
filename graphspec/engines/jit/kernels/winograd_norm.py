"""Batch normalisation behind a Winograd convolution: what of it is done while a tile is at hand.

Forward, z being what the convolution gives, the tile's m² pixels are in registers. Mean and squared
deviations of the tile are merged into those of the chunk (Chan et al., as in ``norm.py``):

    μ ← μ + δ/(t + 1),   s ← s + s_tile + δ²·m²·t/(t + 1),   δ = μ_tile − μ,   t tiles before

With a 2 × 2 pooling behind it, and perhaps a rectifier before that, y = max f((z − μ)·a + β) is
known only with μ. But of four z the largest y comes from the one with the largest γ·z, as f never
falls. So that one is kept, with the byte that says which it was, and all passes of the
normalisation but one go over a quarter of the numbers:

    top = z at the largest γ·z of each 2 × 2,    y = f((top − μ)·a + β)

Backward a tile of dz is made as it is read, and never stored (``level`` and ``slope`` as in
``norm.py``):

    dz = a·(g − level − (z − μ)·slope),   g = f′·dy, with a pooling at the byte's place, else 0

All tiles are whole: m divides the sides of z.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphspec.engines.jit.builder import I32, Kernel, Pointer, Value, fma, select
from graphspec.engines.jit.kernels.elementwise import Then
from graphspec.engines.jit.kernels.transforms import Tile
from graphspec.engines.jit.kernels.winograd_tiles import Grid, Tiling, Walk, lanes


class Moments:
    """What a convolution's kernel gathers.

    Arguments: partial (chunks, 2, K), and with ``pool`` z and γ, as y is then what was pooled.
    """

    def __init__(self, k: Kernel, t: Tiling, pool: bool) -> None:
        self.k, self.t = k, t
        self.partial = k.pointer()
        self.whole = _grid(k.pointer(), t) if pool else None
        self.scale = k.pointer() if pool else None

    def begin(self, chunk: Value, channel: Value) -> None:
        """Nothing is known of a panel of filters yet."""
        t, k = self.t, self.k
        self.means = self.partial + chunk * 2 * t.filters
        self.squares = self.means + t.filters
        with k.loop(0, lanes(k.target), k.width) as part:
            mask = k.first_lanes(t.filters - (channel + part))
            for sums in (self.means, self.squares):
                sums.store(k.zeros(), channel + part, mask)

    def add(
        self, z: Tile, walk: Walk, before: Value, channel: Value, mask: Value | None
    ) -> Value | None:
        """Add a vector of filters of a tile, store z if y is pooled, and return γ then."""
        numbers = [value for row in z for value in row]
        count = len(numbers)
        mean = _total(numbers) * (1 / count)
        squares = self.k.zeros()
        for value in numbers:
            squares = fma(value - mean, value - mean, squares)
        share = 1.0 / (before + 1).to(self.partial.element)
        so_far = self.means.load(channel, mask)
        apart = mean - so_far
        weight = before.to(self.partial.element) * share * float(count)
        self.means.store(fma(apart, share, so_far), channel, mask)
        total = self.squares.load(channel, mask) + squares
        self.squares.store(fma(apart * apart, weight, total), channel, mask)
        if self.whole is None or self.scale is None:
            return None
        place = self.whole.at(walk.corner(len(z))) + channel
        for i, j in np.ndindex(len(z), len(z)):
            place.store(z[i][j], self.whole.step(i, j), mask)
        return self.scale.load(channel, mask)

    def fetch_below(self, walk: Walk, outputs: int, channel: Value) -> None:
        """Ask for z's place of the tile below, to write to it."""
        if self.whole is not None:
            image, row, column = walk.corner(outputs)
            below = self.whole.at((image, row + outputs, column)) + channel
            for i, j in np.ndindex(outputs, outputs):
                below.prefetch(self.whole.step(i, j), write=True)


class Opening:
    """What a tile of dz is made of, as it is read.

    Arguments: z, top (z without a pooling), μ, a, β, level, slope, the settings of the functions
    ``after`` it. With ``pool`` top, dy and the bytes have a quarter of z's pixels.
    """

    def __init__(self, k: Kernel, t: Tiling, pool: bool, after: tuple[str, ...]) -> None:
        self.t, self.pool = t, pool
        self.z, self.top = k.pointer(), k.pointer()
        self.line = [k.pointer() for _ in range(5)]
        self.then = Then(k, after)

    def bring(
        self, walk: Walk, outputs: int, tiles: Value, dy: Pointer, codes: Pointer, to: Grid
    ) -> None:
        """Tiles of dz beside each other, into a place of their own."""
        t, k, shrink = self.t, dy.kernel, 2 if self.pool else 1
        side = outputs // shrink
        small = walk.corner(side)
        zs = _grid(self.z, t).at(walk.corner(outputs))
        flows, tops, places = (_grid(image, t, shrink).at(small) for image in (dy, self.top, codes))
        across, fewer = t.out_columns * t.filters, t.out_columns // shrink * t.filters
        with k.loop(0, side) as i, k.loop(0, tiles * side, side) as left:
            for c, mask in k.sweep(0, t.filters):
                mean, factor, shift, level, slope = (one.load(c, mask) for one in self.line)
                for j in (left + step for step in range(side)):
                    at = fewer * i + j * t.filters + c
                    apart = tops.load(at, mask) - mean
                    flow = self.then.back(flows.load(at, mask), fma(apart, factor, shift))
                    code = places.load(at, mask).to(I32) if self.pool else None
                    for number, (down, right) in enumerate(np.ndindex(shrink, shrink)):
                        row, column = i * shrink + down, j * shrink + right
                        g = flow
                        if code is not None:
                            apart = zs.load(across * row + column * t.filters + c, mask) - mean
                            g = select(code.equals(number), flow, 0.0)
                        out = (g - level - apart * slope) * factor
                        to.start.store(out, to.step(row, column) + c, mask)


def _grid(image: Pointer, t: Tiling, shrink: int = 1) -> Grid:
    """Images as large as the convolution's results, or a quarter of that."""
    return Grid(image, t.out_rows // shrink, t.out_columns // shrink, t.filters, t.filters)


def _total(values: Sequence[Value]) -> Value:
    """The sum, by halves."""
    if len(values) == 1:
        return values[0]
    middle = len(values) // 2
    return _total(values[:middle]) + _total(values[middle:])
