"""The scaled exponential linear unit."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array
from graphspec.layers.elementwise import Pointwise
from graphspec.tensor import TensorSpec

SCALE = 1.0507009873554805
"""λ, the fixed point of the paper for mean 0 and variance 1."""
ALPHA = 1.6732632423543772
"""α, likewise."""


class Selu(Pointwise):
    """Scaled exponential linear unit: an elu whose constants keep mean 0 and variance 1.

    y = λ·x where x > 0, else λ·α·(eˣ − 1), with λ = 1.0507… and α = 1.6733…;
    dx = λ·dy where x > 0, else dy·(y + λ·α).

    Meant for weights of variance 1/n and no batch normalisation.
    Source: Klambauer et al. 2017, Self-Normalizing Neural Networks.
    """

    group: ClassVar[str] = "Activation"
    preferred_init: ClassVar[str | None] = "lecun"
    kept: ClassVar[Literal["x", "y"]] = "y"

    kind: Literal["selu"] = "selu"
    """The name of this layer's type."""

    def value(self, x: Array) -> Array:
        """y = λ·x where x > 0, else λ·α·(eˣ − 1)."""
        return SCALE * np.where(x > 0, x, ALPHA * np.expm1(np.minimum(x, 0)))

    def gradient(self, dy: Array, y: Array) -> Array:
        """dx = λ·dy where y > 0, else dy·(y + λ·α)."""
        return dy * np.where(y > 0, SCALE, y + SCALE * ALPHA)

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The exponentials and their products."""
        return 3 * batch * inputs[0].size
