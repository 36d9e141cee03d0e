"""The natural logarithm."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array
from graphspec.layers.elementwise import Pointwise


class Log(Pointwise):
    """Natural logarithm of every number: the log gate.

    y = ln x; dx = dy/x.

    It is defined for x > 0 alone: at 0 it is −∞, below it is not a number, and training stops with
    the layer's name.
    Source: CS231n notes, Backpropagation; ONNX operator Log.
    """

    group: ClassVar[str] = "Gate"
    kept: ClassVar[Literal["x", "y"]] = "x"

    kind: Literal["log"] = "log"
    """The name of this layer's type."""

    def value(self, x: Array) -> Array:
        """y = ln x."""
        return np.log(x)

    def gradient(self, dy: Array, x: Array) -> Array:
        """dx = dy/x."""
        return dy / x
