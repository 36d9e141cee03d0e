"""The sigmoid linear unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Forward, Mode
from graphspec.layers.elementwise import Elementwise
from graphspec.tensor import TensorSpec


class Silu(Elementwise):
    """Sigmoid linear unit, also called swish: x times its own sigmoid.

    y = x·σ(x); dx = dy·(σ + y·(1 − σ)).

    Source: Elfwing et al. 2017, Sigmoid-Weighted Linear Units; Ramachandran et al. 2017, Searching
    for Activation Functions.
    """

    group: ClassVar[str] = "Activation"
    preferred_init: ClassVar[str | None] = "he"

    kind: Literal["silu"] = "silu"
    """The name of this layer's type."""

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = x·σ(x), with the exponential that cannot overflow."""
        (x,) = xs
        e = np.exp(-np.abs(x))
        sigma = np.where(x >= 0, 1, e) / (1 + e)
        return Forward(x * sigma, (x, sigma))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy·(σ + x·σ·(1 − σ))."""
        x, sigma = saved
        return Backward((dy * sigma * (1 + x * (1 - sigma)),))

    def saved_size(self, *inputs: TensorSpec) -> int:
        """σ(x)."""
        return inputs[0].size

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """e^−|x|, the numerator and the denominator."""
        return 3 * batch * inputs[0].size
