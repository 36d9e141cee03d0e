"""All zeros: right for biases, and a pitfall for weights."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from graphspec.initialisers.base import Initialiser


class Zeros(Initialiser):
    """All zeros: right for biases, and a pitfall for weights.

    Units that start equal get equal gradients and stay equal. Source: CS231n notes, Neural
    Networks 2, weight initialization.
    """

    kind: Literal["zeros"] = "zeros"
    """The name of this initialiser."""

    def draw(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, rng: np.random.Generator
    ) -> npt.NDArray[Any]:
        """Return a float64 array of ``shape``."""
        return np.zeros(shape)


ZEROS = Zeros()
"""The one that layers share: making it anew for every bias is a tenth of compiling a graph."""
