"""An input that is always one, for the bias trick."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode
from graphspec.tensor import TensorSpec


class AppendOne(Layer):
    """Appends a 1 to every example, so that one matrix holds the weights and the biases.

    y = [x, 1] with x flattened to (N, D), y (N, D + 1). dx is dy without its last column.

    A linear layer without bias that reads it computes [x, 1]·[w; b] = x·w + b. Its last row is the
    bias, which a penalty then covers as well. ``use_bias_trick`` turns one form into the other.
    Source: CS231n notes, Linear classification, bias trick.
    """

    group: ClassVar[str] = "Shape"

    kind: Literal["append_one"] = "append_one"
    """The name of this layer's type."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """A vector, and an image, which is flattened."""
        return (
            Example(cls(id="longer", inputs=("x",)), (TensorSpec((4,)),)),
            Example(cls(id="longer", inputs=("x",)), (TensorSpec((2, 3, 4)),)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """(…) → (D + 1)."""
        return TensorSpec((inputs[0].size + 1,))

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = [x, 1]."""
        (x,) = xs
        ones = np.ones((len(x), 1), x.dtype)
        return Forward(np.hstack([x.reshape(len(x), -1), ones]), (x.shape,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy without the column of the ones."""
        (shape,) = saved
        return Backward((dy[:, :-1].reshape(shape),))
