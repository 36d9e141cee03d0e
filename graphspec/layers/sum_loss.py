"""The input itself as the loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.errors import ShapeError
from graphspec.layers.base import Array, Backward, Example, Forward, Mode
from graphspec.layers.scoring import Loss
from graphspec.tensor import TensorSpec


class SumLoss(Loss):
    """Sum of the input, as the loss: what is computed in front of it is minimised as it is.

    Lᵢ = Σₖ xₖ, one value per example; dx = dy for every number.

    It turns any value into an objective, such as an energy or a loss built from gates. The gradient
    of that objective with respect to any value is then what the backward pass gives there.
    Source: CS231n notes, Backpropagation: the circuit's output, whose gradient is 1.
    """

    ports: ClassVar[tuple[str, ...]] = ("x",)

    kind: Literal["sum_loss"] = "sum_loss"
    """The name of this layer's type."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """One number per example, and an image."""
        return (
            Example(cls(id="loss", inputs=("x",)), (TensorSpec(()),)),
            Example(cls(id="loss", inputs=("x",)), (TensorSpec((2, 3, 4)),)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """(…) → one number per example."""
        (x,) = inputs
        if x.dtype == "int":
            raise ShapeError(
                f"the loss sums measured numbers, but this input is a {x}. "
                "Let it read a layer, or an input with a shape in place of classes",
                code="number-expected",
                port="x",
            )
        return TensorSpec(())

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """Lᵢ = Σ x."""
        (x,) = xs
        return Forward(x.reshape(len(x), -1).sum(axis=1), (x.shape,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy, once for every number."""
        (shape,) = saved
        return Backward((np.broadcast_to(dy.reshape(-1, *[1] * (len(shape) - 1)), shape).copy(),))
