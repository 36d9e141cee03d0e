"""The softplus, a smooth rectifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Forward, Mode
from graphspec.layers.elementwise import Elementwise
from graphspec.tensor import TensorSpec


class Softplus(Elementwise):
    """Softplus: a rectifier with a smooth corner, always above zero.

    y = ln(1 + eˣ); dx = dy·σ(x) = dy·(1 − e⁻ʸ).

    Computed as max(x, 0) + ln(1 + e^−|x|), which cannot overflow. Suits positive outputs, such as a
    standard deviation.
    Source: Dugas et al. 2001, Incorporating Second-Order Functional Knowledge; Glorot et al. 2011.
    """

    group: ClassVar[str] = "Activation"
    preferred_init: ClassVar[str | None] = "he"

    kind: Literal["softplus"] = "softplus"
    """The name of this layer's type."""

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = ln(1 + eˣ)."""
        y = np.logaddexp(xs[0], 0)
        return Forward(y, (y,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy·(1 − e⁻ʸ)."""
        (y,) = saved
        return Backward((-dy * np.expm1(-y),))

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """e⁻ʸ − 1."""
        return 2 * batch * inputs[0].size
