"""The squared error of a regression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.errors import ShapeError
from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode, Window
from graphspec.layers.merging import expect_equal_shapes
from graphspec.tensor import TensorSpec


class L2Loss(Layer):
    """Squared error of a regression: the squared distance of the prediction from the target.

    Lᵢ = Σₖ (fₖ − yₖ)², one value per example: summed over all numbers, neither halved nor averaged.
    df = 2(f − y), dy = −df.

    Predictions and targets (N, …) of equal shape give losses (N,).
    Source: CS231n notes, Neural Networks 2, loss functions, regression.
    """

    group: ClassVar[str] = "Loss"
    ports: ClassVar[tuple[str, ...]] = ("prediction", "target")
    is_loss: ClassVar[bool] = True

    kind: Literal["l2_loss"] = "l2_loss"
    """The name of this layer's type."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Three numbers per example, and images, as an autoencoder has them."""
        vector, image = TensorSpec((3,)), TensorSpec((1, 2, 3))
        names = ("prediction", "target")
        return (
            Example(cls(id="loss", inputs=names), (vector, vector)),
            Example(cls(id="loss", inputs=names), (image, image)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """((…), (…)) → one number per example."""
        for port, spec in zip(self.ports, inputs, strict=True):
            if spec.dtype == "int":
                raise ShapeError(
                    f"the squared error compares measured numbers, but this input is a {spec}. "
                    'Give the graph\'s input "shape" instead of "classes", or use softmax_loss',
                    code="number-expected",
                    port=port,
                )
        expect_equal_shapes(inputs, self.ports)
        return TensorSpec(())

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """Lᵢ = Σ (f − y)²."""
        prediction, target = xs
        delta = prediction - target
        return Forward(np.square(delta).reshape(len(delta), -1).sum(axis=1), (delta,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """df = 2(f − y), and minus that for the target."""
        (delta,) = saved
        dprediction = 2 * delta * dy.reshape(-1, *[1] * (delta.ndim - 1))
        return Backward((dprediction, -dprediction))

    def window(self) -> Window | None:
        """The loss sees every number."""
        return None

    def saved_size(self, *inputs: TensorSpec) -> int:
        """f − y."""
        return inputs[0].size

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The squares."""
        return batch * inputs[0].size
