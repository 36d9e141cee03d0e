"""The natural logarithm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Forward, Mode
from graphspec.layers.elementwise import Elementwise


class Log(Elementwise):
    """Natural logarithm of every number: the log gate.

    y = ln x; dx = dy/x.

    It is defined for x > 0 alone: at 0 it is −∞, below it is not a number, and training stops with
    the layer's name.
    Source: CS231n notes, Backpropagation; ONNX operator Log.
    """

    group: ClassVar[str] = "Gate"

    kind: Literal["log"] = "log"
    """The name of this layer's type."""

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = ln x."""
        (x,) = xs
        return Forward(np.log(x), (x,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy/x."""
        (x,) = saved
        return Backward((dy / x,))
