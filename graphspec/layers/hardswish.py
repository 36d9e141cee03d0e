"""The hard swish, a swish of straight pieces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Forward, Mode
from graphspec.layers.elementwise import Elementwise
from graphspec.tensor import TensorSpec


class Hardswish(Elementwise):
    """Hard swish: the silu with straight pieces in place of its sigmoid, cheap on small devices.

    y = x·min(max(x + 3, 0), 6)/6; dx = 0 where x ≤ −3, dy where x ≥ 3, else dy·(2·x + 3)/6.

    Source: Howard et al. 2019, Searching for MobileNetV3.
    """

    group: ClassVar[str] = "Activation"
    preferred_init: ClassVar[str | None] = "he"

    kind: Literal["hardswish"] = "hardswish"
    """The name of this layer's type."""

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = x·min(max(x + 3, 0), 6)/6."""
        (x,) = xs
        return Forward(x * np.clip(x + 3, 0, 6) / 6, (x,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = 0, dy·(2·x + 3)/6, or dy, from left to right."""
        (x,) = saved
        slope = np.where(x <= -3, 0, np.where(x >= 3, 1, (2 * x + 3) / 6))
        return Backward((dy * slope,))

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The slopes, and the pieces that they are chosen from."""
        return 3 * batch * inputs[0].size
