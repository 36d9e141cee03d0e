"""The exponential function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Forward, Mode
from graphspec.layers.elementwise import Elementwise


class Exp(Elementwise):
    """Exponential of every number: the exp gate.

    y = eˣ; dx = dy·eˣ = dy·y.

    It overflows beyond x = 88 in single precision and 709 in double; softmax, sigmoid and the
    losses are made so that they do not.
    Source: CS231n notes, Backpropagation, the sigmoid example.
    """

    group: ClassVar[str] = "Gate"

    kind: Literal["exp"] = "exp"
    """The name of this layer's type."""

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = eˣ."""
        y = np.exp(xs[0])
        return Forward(y, (y,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy·y."""
        (y,) = saved
        return Backward((dy * y,))
