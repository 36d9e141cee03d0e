"""An axis whose numbers do not stand on each other where it is logarithmic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg

_ALL, _SOME = 400, 120
"""Pixels to a power of ten from which on all numbers, or 2 and 5, have room between."""


class Axis(pg.AxisItem):  # type: ignore[misc]
    """A linear axis is pyqtgraph's own."""

    def logTickValues(
        self, minVal: float, maxVal: float, size: float, stdTicks: Any
    ) -> list[tuple[float | None, Any]]:
        """Powers of ten, and as many numbers between them as there is room for."""
        found = super().logTickValues(minVal, maxVal, size, stdTicks)
        room = size / (maxVal - minVal)
        if room >= _ALL:
            return list(found)
        between = (1, 2, 5) if room >= _SOME else (1,)
        return [
            (
                spacing,
                values if spacing is not None else [v for v in values if _first(v) in between],
            )
            for spacing, values in found
        ]

    def logTickStrings(self, values: Any, scale: float, spacing: float | None) -> list[str]:
        """Numbers that can be read as they are, and powers of ten beyond."""
        found = super().logTickStrings(values, scale, spacing)
        numbers = [float(f"{10 ** float(value) * scale:.3g}") for value in values]
        return [
            f"{number:g}" if 1e-3 <= number < 1e5 else told
            for number, told in zip(numbers, found, strict=True)
        ]


def _first(value: float) -> int:
    """The digit of a number that is one digit and zeros, from its logarithm."""
    return round(float(10 ** (value - np.floor(value + 1e-9))))
