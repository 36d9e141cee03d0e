"""All ones: the neutral start of a scale."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from graphspec.initialisers.base import Initialiser


class Ones(Initialiser):
    """All ones: the neutral start of a scale, and a pitfall for weights.

    Batch normalisation starts with γ = 1. Units whose weights start equal stay equal, as with
    zeros. Source: Ioffe and Szegedy 2015, Batch Normalization; CS231n notes, Neural Networks 2.
    """

    kind: Literal["ones"] = "ones"
    """The name of this initialiser."""

    def draw(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, rng: np.random.Generator
    ) -> npt.NDArray[Any]:
        """Return a float64 array of ``shape``."""
        return np.ones(shape)
