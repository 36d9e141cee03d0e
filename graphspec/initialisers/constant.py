"""All equal: for biases that are not to start at zero."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from graphspec.initialisers.base import Initialiser


class Constant(Initialiser):
    """All equal: for biases that are not to start at zero.

    Some like 0.01 for the biases of ReLU layers, so that every unit fires at first; the notes find
    no gain in it. Weights that start equal stay equal. Source: CS231n notes, Neural Networks 2,
    weight initialization.
    """

    kind: Literal["constant"] = "constant"
    """The name of this initialiser."""
    value: float = 0.01
    """What every number is."""

    def draw(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, rng: np.random.Generator
    ) -> npt.NDArray[Any]:
        """Return a float64 array of ``shape``."""
        return np.full(shape, self.value)
