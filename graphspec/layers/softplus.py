"""The softplus, a smooth rectifier."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array
from graphspec.layers.elementwise import Pointwise
from graphspec.tensor import TensorSpec


class Softplus(Pointwise):
    """Softplus: a rectifier with a smooth corner, always above zero.

    y = ln(1 + eˣ); dx = dy·σ(x) = dy·(1 − e⁻ʸ).

    Computed as max(x, 0) + ln(1 + e^−|x|), which cannot overflow. Suits positive outputs, such as a
    standard deviation.
    Source: Dugas et al. 2001, Incorporating Second-Order Functional Knowledge; Glorot et al. 2011.
    """

    group: ClassVar[str] = "Activation"
    preferred_init: ClassVar[str | None] = "he"
    kept: ClassVar[Literal["x", "y"]] = "y"

    kind: Literal["softplus"] = "softplus"
    """The name of this layer's type."""

    def value(self, x: Array) -> Array:
        """y = ln(1 + eˣ)."""
        return np.logaddexp(x, 0)

    def gradient(self, dy: Array, y: Array) -> Array:
        """dx = dy·(1 − e⁻ʸ)."""
        return -dy * np.expm1(-y)

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """e⁻ʸ − 1."""
        return 2 * batch * inputs[0].size
