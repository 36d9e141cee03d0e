"""A long curve as few points: the lowest and highest of each column of pixels.

pyqtgraph goes through all points for every picture, ten times over; here the blocks that a growing
curve is made of are gone through once.
"""

from __future__ import annotations

import numpy as np

from graphspec_gui.plots.curves import Numbers

_BLOCK = 256


class Extremes:
    """The lowest and highest value of each block of a curve that grows.

    ``x`` rises. NaN is left out, as long as a column has anything else.
    """

    def __init__(self) -> None:
        self._low = np.empty(0)
        self._high = np.empty(0)

    def points(
        self, x: Numbers, y: Numbers, span: tuple[float, float] | None, columns: int
    ) -> tuple[Numbers, Numbers]:
        """At most some 4 points for each of so many columns, with every extreme value among them.

        Args:
            x: where all points stand; those that were given before must stand at the beginning.
            y: their values.
            span: the part of the x axis that is shown, with a point beyond each end; None: all.
            columns: columns of pixels.
        """
        first, last = 0, len(x)
        if span is not None:
            first = max(0, int(np.searchsorted(x, span[0])) - 1)
            last = min(len(x), int(np.searchsorted(x, span[1], side="right")) + 1)
        width = -(-(last - first) // max(1, columns))
        if width <= 2:
            return x[first:last], y[first:last]
        if width < 2 * _BLOCK:
            return _reduced(x, y, y, first, last, width)
        self._grow(y)
        # Whole blocks; what is left over at both ends is a column of its own.
        width //= _BLOCK
        begin, end = -(-first // _BLOCK), last // _BLOCK
        middle = _reduced(x[::_BLOCK], self._low, self._high, begin, end, width)
        ends = [(first, begin * _BLOCK), (end * _BLOCK, last)]
        head, tail = (_reduced(x, y, y, a, b, max(1, b - a)) for a, b in ends)
        return (
            np.concatenate([head[0], middle[0], tail[0]]),
            np.concatenate([head[1], middle[1], tail[1]]),
        )

    def _grow(self, y: Numbers) -> None:
        done, whole = len(self._low), len(y) // _BLOCK
        if whole > done:
            new = y[done * _BLOCK : whole * _BLOCK].reshape(-1, _BLOCK)
            self._low = np.concatenate([self._low, np.fmin.reduce(new, axis=1)])
            self._high = np.concatenate([self._high, np.fmax.reduce(new, axis=1)])


def _reduced(
    x: Numbers, low: Numbers, high: Numbers, first: int, last: int, width: int
) -> tuple[Numbers, Numbers]:
    """The extremes of ``width`` points after another, both where those begin."""
    starts = np.arange(first, last, width)
    if len(starts) == 0:
        return x[:0], low[:0]
    y = np.empty(2 * len(starts))
    y[::2] = np.fmin.reduceat(low[:last], starts)
    y[1::2] = np.fmax.reduceat(high[:last], starts)
    return np.repeat(x[starts], 2), y
