"""The larger of inputs of equal shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Forward, Mode
from graphspec.layers.merging import Merging
from graphspec.tensor import TensorSpec


class Maximum(Merging):
    """Maximum of inputs of equal shape, number by number: the max gate.

    y = max(x₁, x₂, …); dy goes to the input that was the largest, and to no other. Of equal ones
    the first has it all.

    Source: CS231n notes, Backpropagation, patterns in backward flow, the max gate (it routes the
    gradient).
    """

    group: ClassVar[str] = "Gate"

    kind: Literal["maximum"] = "maximum"
    """The name of this layer's type."""

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """The running maximum, and the input where it was."""
        y = xs[0]
        switches = np.zeros(y.shape, np.uint8 if len(xs) <= 256 else np.intp)
        for i, x in enumerate(xs[1:], start=1):
            # Strict, so that the first of equals stays.
            switches[x > y] = i
            y = np.maximum(y, x)
        return Forward(y, (switches, len(xs)))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dxᵢ = dy where xᵢ was the largest."""
        switches, count = saved
        return Backward(tuple(dy * (switches == i) for i in range(count)))

    def saved_size(self, *inputs: TensorSpec) -> int:
        """The switches: a byte each, a quarter of a number."""
        return -(-inputs[0].size // 4)

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The maximum so far, and the comparisons: a byte each."""
        return 2 * batch * inputs[0].size
