"""The hard swish, a swish of straight pieces."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array
from graphspec.layers.elementwise import Pointwise
from graphspec.tensor import TensorSpec


class Hardswish(Pointwise):
    """Hard swish: the silu with straight pieces in place of its sigmoid, cheap on small devices.

    y = x·min(max(x + 3, 0), 6)/6; dx = 0 where x ≤ −3, dy where x ≥ 3, else dy·(2·x + 3)/6.

    Source: Howard et al. 2019, Searching for MobileNetV3.
    """

    group: ClassVar[str] = "Activation"
    preferred_init: ClassVar[str | None] = "he"
    kept: ClassVar[Literal["x", "y"]] = "x"

    kind: Literal["hardswish"] = "hardswish"
    """The name of this layer's type."""

    def value(self, x: Array) -> Array:
        """y = x·min(max(x + 3, 0), 6)/6."""
        y: Array = x * np.clip(x + 3, 0, 6) / 6
        return y

    def gradient(self, dy: Array, x: Array) -> Array:
        """dx = 0, dy·(2·x + 3)/6, or dy, from left to right."""
        slope = np.where(x <= -3, 0, np.where(x >= 3, 1, (2 * x + 3) / 6))
        dx: Array = dy * slope
        return dx

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The slopes, and the pieces that they are chosen from."""
        return 3 * batch * inputs[0].size
