"""A few random inputs for every unit, and zeros elsewhere."""

from __future__ import annotations

from math import prod
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from graphspec.initialisers.base import Initialiser, unit_axis


class Sparse(Initialiser):
    """A few random inputs for every unit, and zeros elsewhere.

    Each unit has exactly ``connections`` weights std·randn (all of its inputs, where it has fewer).
    What reaches a unit then does not depend on how many inputs it has, and units begin unlike each
    other. Source: Martens 2010, Deep Learning via Hessian-Free Optimization; CS231n notes, Neural
    Networks 2.
    """

    kind: Literal["sparse"] = "sparse"
    """The name of this initialiser."""
    connections: int = Field(default=10, gt=0)
    """k, how many inputs of a unit count."""
    std: float = Field(default=0.01, gt=0)
    """Standard deviation of the weights that are not zero."""

    def draw(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, rng: np.random.Generator
    ) -> npt.NDArray[Any]:
        """Return a float64 array of ``shape``."""
        axis = unit_axis(shape, fan_in)
        rest = shape[:axis] + shape[axis + 1 :]
        w = np.zeros((shape[axis], prod(rest)))
        k = min(self.connections, w.shape[1])
        for row in w:
            row[rng.choice(len(row), k, replace=False)] = self.std * rng.standard_normal(k)
        return np.ascontiguousarray(np.moveaxis(w.reshape(-1, *rest), 0, axis))
