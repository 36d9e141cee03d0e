"""Where Winograd's tiles lie in images, how they are read, and how they are added up again.

A tile is t × t pixels; tiles begin m pixels apart, t = m + 2, and so overlap by 2:

    forward      V = Bᵀ d B        t × t pixels of x are read                    ``Source``
    backward     dM = A dY Aᵀ      m × m pixels of dy, which do not overlap      ``Source``
                 dX += B dV Bᵀ     t × t pixels of dx are added to               ``Sums``

A tile lies on as many pages of memory as it has rows, and the processor's own prefetcher follows
none of them for long. So each tile asks for its share of the next row of tiles, when it is read and
when it is written. What is read once (dy, and what it goes back through) is brought in by several
tiles at a time, row by row.

Where a tile hangs over the border its pixels are read from a place of zeros: the addresses of a
tile's pixels are settled once, for all channels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

import numpy as np

from graphspec.engines.jit.builder import I64, Kernel, Pointer, Value, select
from graphspec.engines.jit.kernels.gemm import LINE
from graphspec.engines.jit.kernels.transforms import Load, Store, sandwich
from graphspec.engines.jit.target import Target
from graphspec.engines.winograd import Matrix


class Tiling(NamedTuple):
    """How images are cut into tiles; kernels read the sizes in this order."""

    tiles: Any
    """Of the whole batch."""
    down: Any
    right: Any
    """Rows of tiles in an image, and tiles in a row."""
    rows: Any
    columns: Any
    """H and W, of what is read in overlapping tiles."""
    top: Any
    left: Any
    """Padding; negative where pixels are left out instead."""
    channels: Any
    channel_blocks: Any
    out_rows: Any
    out_columns: Any
    filters: Any
    panels: Any
    pixel: Any
    """Numbers from one pixel of y to the next."""


def lanes(target: Target) -> int:
    """L, the numbers of a row of a panel."""
    return target.block[1] * target.width


def padded(numbers: int) -> int:
    """The pitch of points: some cache lines off a power of two."""
    return -(-numbers // 16) * 16 + 48


def points_at(to: Pointer, pitch: Value, step: int | Value) -> Store:
    """Where the t² points go: rows of points are ``pitch`` apart, points in a row ``step``."""

    def store(i: int, j: int, value: Value) -> None:
        to.store(value, pitch * i + step * j)

    return store


Corner = tuple[Value, Value, Value]
"""Image, row and column of a tile's first pixel; row and column may lie outside."""

Began = tuple[Value, Value]
"""Whether there is a row of tiles above a tile, and whether there is a tile to its left."""

Loader = Callable[[Value | int, Value | None], Load]
"""From a vector of channels (its first, the mask of its lanes) to the pixels of a tile."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Images in memory: [image][row][column][channel]; pixels are ``pixel`` numbers apart."""

    start: Pointer
    rows: Value
    columns: Value
    channels: Value
    pixel: Value

    def at(self, corner: Corner) -> Pointer:
        """The address of a pixel."""
        image, row, column = corner
        return self.start + ((image * self.rows + row) * self.columns + column) * self.pixel

    def fetch(self, corner: Corner, size: int, *, write: bool = False) -> None:
        """Ask for a tile's share of ``size`` rows, which lie in memory in one piece.

        Of what lies beyond the images nothing comes.
        """
        image, row, column = corner
        first = self.at((image, row, column * size))
        with first.kernel.loop(0, self.pixel * size * size, LINE) as i:
            first.prefetch(i, write=write)

    def pixels(self, corner: Corner, size: int, outside: Pointer) -> list[list[Pointer]]:
        """The addresses of ``size`` × ``size`` pixels; ``outside`` for those that are not there."""
        k, first = self.start.kernel, self.at(corner)
        table = k.scratch(size * size, I64)
        with k.either(self.surrounds(corner, size)) as (yes, no):
            with yes:
                for i, j in np.ndindex(size, size):
                    table[i * size + j] = (first + self.step(i, j)).number
            with no, k.loop(0, size) as i, k.loop(0, size) as j:
                table[i * size + j] = self.pixel_at(corner, i, j, outside).number
        return [[k.address(table[i * size + j]) for j in range(size)] for i in range(size)]

    def surrounds(self, corner: Corner, size: int) -> Value:
        """Whether ``size`` × ``size`` pixels are all there."""
        _, top, left = corner
        inside = (top >= 0) & (left >= 0) & (top + size <= self.rows)
        return inside & (left + size <= self.columns)

    def pixel_at(self, corner: Corner, i: Value, j: Value, outside: Pointer) -> Pointer:
        """The address of one pixel of a tile, or ``outside``."""
        image, top, left = corner
        inside = (top + i).within(self.rows) & (left + j).within(self.columns)
        return self.start.kernel.choose(inside, self.at((image, top + i, left + j)), outside)

    def step(self, i: Value | int, j: Value | int) -> Value:
        """From a pixel to the one ``i`` rows below and ``j`` columns to the right."""
        return (self.columns * i + j) * self.pixel


@dataclass(frozen=True, slots=True)
class Source:
    """Images that are read in tiles, and the place of zeros that stands for what is around them.

    ``blocks`` are the channels in blocks of L; with ``tail`` they do not fill the last one.
    """

    grid: Grid
    zeros: Pointer
    blocks: Value
    tail: bool

    def transform(
        self, matrix: Matrix, load: Loader, to: Pointer, block_step: Value, pitch: Value
    ) -> None:
        """V (or dM) of a tile of which ``load`` has the pixels, all channels, from ``to`` on."""
        k, size, channels = to.kernel, lanes(to.kernel.target), self.grid.channels
        whole = channels // k.width * k.width if self.tail else channels

        def points(c: Value) -> Store:
            return points_at(to + (c // size * block_step + c % size), pitch, size)

        with k.loop(0, whole, k.width) as c:
            sandwich(matrix, load(c, None), points(c))
        if self.tail:
            with k.when(whole < channels):
                sandwich(matrix, load(whole, k.first_lanes(channels - whole)), points(whole))
            filled = (channels + (k.width - 1)) // k.width * k.width
            with k.loop(filled, self.blocks * size, k.width) as c:
                to_points = points(c)
                for i, j in np.ndindex(len(matrix), len(matrix)):
                    to_points(i, j, k.zeros())

    def tile(self, corner: Corner, size: int) -> Loader:
        """The ``size`` × ``size`` pixels from ``corner`` on."""
        pixels = self.grid.pixels(corner, size, self.zeros)
        return lambda c, mask: lambda i, j: pixels[i][j].load(c, mask)

    def whole_tile(self, column: Value) -> Loader:
        """The pixels from a column on, of an image that is as high as a tile."""
        grid = self.grid
        place = grid.start + column * grid.pixel
        return lambda c, mask: lambda i, j: place.load(grid.step(i, j) + c, mask)


@dataclass(frozen=True, slots=True)
class Sums:
    """Images that overlapping tiles are added up to, one after the other in reading order.

    A pixel's first tile writes it, the others add: no pixel need be 0 before. ``beyond`` is where
    pixels go that are not there.
    """

    grid: Grid
    zeros: Pointer
    beyond: Pointer
    outputs: int
    tail: bool

    def add(
        self, matrix: Matrix, corner: Corner, began: Began, v: Pointer, step: Value, pitch: Value
    ) -> None:
        """Add the tile whose points are at ``v``, block of channels by block, ``step`` apart.

        ``began`` says whether there is a row of tiles above, and a tile to the left.
        """
        k, size, channels = v.kernel, lanes(v.kernel.target), self.grid.channels
        to = self.grid.pixels(corner, len(matrix), self.beyond)
        so_far = self._so_far(corner, began, to)
        whole = channels // k.width * k.width if self.tail else channels

        def add(c: Value, mask: Value | None) -> None:
            points = v + (c // size * step + c % size)

            def store(i: int, j: int, value: Value) -> None:
                before = so_far.get((i, j))
                total = value if before is None else value + before.load(c, mask)
                to[i][j].store(total, c, mask)

            sandwich(matrix, lambda i, j: points.load(pitch * i + size * j), store)

        with k.loop(0, whole, k.width) as c:
            add(c, None)
        if self.tail:
            with k.when(whole < channels):
                add(whole, k.first_lanes(channels - whole))

    def _so_far(
        self, corner: Corner, began: Began, to: list[list[Pointer]]
    ) -> dict[tuple[int, int], Pointer]:
        """Where the sum so far is, of the pixels that an earlier tile may have begun."""
        k, size = self.zeros.kernel, len(to)
        overlap = size - self.outputs
        shared = [(i, j) for i, j in np.ndindex(size, size) if min(i, j) < overlap]
        table = k.scratch(len(shared), I64)
        above, before = began
        with k.either(above & before & self.grid.surrounds(corner, size)) as (yes, no):
            with yes:
                for number, (i, j) in enumerate(shared):
                    table[number] = to[i][j].number
            with no:
                _, top, left = corner
                for number, (i, j) in enumerate(shared):
                    ways = [above] * (i < overlap) + [before] * (j < overlap)
                    is_there = (top + i).within(self.grid.rows)
                    is_there = is_there & (left + j).within(self.grid.columns)
                    has_sum = is_there & reduce(or_, ways)
                    table[number] = k.choose(has_sum, to[i][j], self.zeros).number
        return {place: k.address(table[number]) for number, place in enumerate(shared)}


class Walk:
    """Where a tile is: image, row of tiles, tile in the row. From one to the next no division."""

    def __init__(self, k: Kernel, t: Tiling, tile: Value) -> None:
        self.t = t
        row = tile // t.right
        self._image = k.variable(row // t.down)
        self._down = k.variable(row % t.down)
        self._right = k.variable(tile % t.right)

    def corner(self, step: int, top: Value | int = 0, left: Value | int = 0) -> Corner:
        """The tile's first pixel, where tiles begin ``step`` pixels apart behind a padding."""
        row, column = self._down.value * step - top, self._right.value * step - left
        return self._image.value, row, column

    @property
    def right(self) -> Value:
        """How many tiles are to its left."""
        return self._right.value

    @property
    def began(self) -> Began:
        """Whether there is a row of tiles above it, and whether there is a tile to its left."""
        return self._down.value > 0, self._right.value > 0

    def step(self) -> None:
        """Go to the next tile, in reading order."""
        right = self._right.value + 1
        row_ends = right.equals(self.t.right)
        self._right.value = select(row_ends, right.kernel.integer(0), right)
        down = select(row_ends, self._down.value + 1, self._down.value)
        image_ends = down.equals(self.t.down)
        self._down.value = select(image_ends, right.kernel.integer(0), down)
        self._image.value = select(image_ends, self._image.value + 1, self._image.value)
