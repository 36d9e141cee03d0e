"""What an initialiser is: a rule that draws the first value of a parameter."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import prod, sqrt
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from graphspec.record import Record


class Initialiser(Record, ABC):
    """Draws the first value of one parameter from a seeded generator."""

    @abstractmethod
    def draw(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, rng: np.random.Generator
    ) -> npt.NDArray[Any]:
        """Return a float64 array of ``shape``.

        ``fan_in`` and ``fan_out`` count the connections into and out of one unit.
        """


def draw_with_variance(
    variance: float,
    distribution: Literal["normal", "uniform"],
    shape: tuple[int, ...],
    rng: np.random.Generator,
) -> npt.NDArray[Any]:
    """Numbers of mean 0 and the given variance; the uniform ones lie within ±√(3·variance)."""
    if distribution == "normal":
        return rng.standard_normal(shape) * sqrt(variance)
    return rng.uniform(-1, 1, shape) * sqrt(3 * variance)


def unit_axis(shape: tuple[int, ...], fan_in: int) -> int:
    """The axis that counts the units: all others together are one unit's ``fan_in`` inputs.

    Where the shape leaves a choice, it is the last axis of a matrix (inputs, units) and the first
    of anything else (filters, channels, height, width).
    """
    axes = list(range(len(shape)))
    first = axes[-1:] if len(shape) == 2 else axes[:1]
    for axis in first + axes:
        if prod(shape) == fan_in * shape[axis]:
            return axis
    return first[0]
