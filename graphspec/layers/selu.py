"""The scaled exponential linear unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Forward, Mode
from graphspec.layers.elementwise import Elementwise
from graphspec.tensor import TensorSpec

SCALE = 1.0507009873554805
"""λ, the fixed point of the paper for mean 0 and variance 1."""
ALPHA = 1.6732632423543772
"""α, likewise."""


class Selu(Elementwise):
    """Scaled exponential linear unit: an elu whose constants keep mean 0 and variance 1.

    y = λ·x where x > 0, else λ·α·(eˣ − 1), with λ = 1.0507… and α = 1.6733…;
    dx = λ·dy where x > 0, else dy·(y + λ·α).

    Meant for weights of variance 1/n and no batch normalisation.
    Source: Klambauer et al. 2017, Self-Normalizing Neural Networks.
    """

    group: ClassVar[str] = "Activation"
    preferred_init: ClassVar[str | None] = "lecun"

    kind: Literal["selu"] = "selu"
    """The name of this layer's type."""

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = λ·x where x > 0, else λ·α·(eˣ − 1)."""
        (x,) = xs
        y = SCALE * np.where(x > 0, x, ALPHA * np.expm1(np.minimum(x, 0)))
        return Forward(y, (y,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = λ·dy where y > 0, else dy·(y + λ·α)."""
        (y,) = saved
        return Backward((dy * np.where(y > 0, SCALE, y + SCALE * ALPHA),))

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The exponentials and their products."""
        return 3 * batch * inputs[0].size
