"""The maximum over axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Forward, Mode
from graphspec.layers.reducing import Reducing
from graphspec.tensor import TensorSpec


class ReduceMax(Reducing):
    """Maximum over some axes.

    y = max x over ``axes``; dx = dy where the maximum was, else 0. Of equal ones the first has it
    all.

    Source: CS231n notes, Backpropagation, the max gate; ONNX operator ReduceMax (there equal ones
    are not told apart).
    """

    kind: Literal["reduce_max"] = "reduce_max"
    """The name of this layer's type."""

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = max x, and where it was."""
        (x,) = xs
        rows = self._rows(x)
        switches = rows.argmax(axis=-1)
        return Forward(x.max(axis=self.in_array(x), keepdims=self.keep), (switches, x.shape))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy where the maximum was."""
        switches, shape = saved
        kept = self.spread(switches, shape)
        reduced = [axis for axis in range(len(shape)) if axis in self._axes(shape)]
        # The number of each place among those that were reduced with it, in reading order.
        numbers = np.arange(self.count(shape)).reshape(
            [extent if i in reduced else 1 for i, extent in enumerate(shape)]
        )
        return Backward((self.spread(dy, shape) * (numbers == kept),))

    def saved_size(self, *inputs: TensorSpec) -> int:
        """The switches, of two numbers' size each."""
        return 2 * self.infer(*inputs).size

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The numbers with the reduced axes last, and which of them are the largest."""
        return 4 * batch * inputs[0].size

    def _axes(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(axis + 1 for axis in self._reduced(len(shape) - 1)))

    def _rows(self, x: Array) -> Array:
        """The reduced axes as one, at the end, in reading order."""
        axes = self._axes(x.shape)
        last = np.moveaxis(x, axes, range(x.ndim - len(axes), x.ndim))
        return last.reshape(*last.shape[: x.ndim - len(axes)], -1)
