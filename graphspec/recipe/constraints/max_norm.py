"""An upper bound on the length of every unit's weights."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from graphspec.initialisers.base import unit_axis
from graphspec.recipe.constraints.base import Array, Constraint


class MaxNorm(Constraint):
    """Shortens the incoming weights of a unit that are longer than c: ‖w‖₂ ≤ c.

    w ← w·min(1, c/‖w‖₂) for each unit, after the update. The network cannot explode, even where
    the rate is too high.

    Source: Srivastava et al. 2014, Dropout; CS231n notes, Neural Networks 2, regularization.
    """

    kind: Literal["max_norm"] = "max_norm"
    """The name of this constraint."""
    c: float = Field(default=3.0, gt=0)
    """The largest length. Typical: 3 or 4."""

    def project(self, w: Array, fan_in: int) -> None:
        """w ← w·min(1, c/‖w‖₂) along the inputs of each unit."""
        unit = unit_axis(w.shape, fan_in)
        inputs = tuple(axis for axis in range(w.ndim) if axis != unit)
        lengths = np.sqrt(np.square(w).sum(axis=inputs, keepdims=True))
        w *= self.c / np.maximum(lengths, self.c)
