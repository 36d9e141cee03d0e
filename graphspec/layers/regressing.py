"""What the losses of regressions share: they compare a prediction with a target."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from graphspec.layers.base import Array, Backward, Example, Forward, Mode
from graphspec.layers.scoring import Loss, expect_target
from graphspec.tensor import TensorSpec


class RegressionLoss(Loss):
    """Sum of a function of δ = f − y over all numbers of an example.

    Its file has the two formulas: ``term`` and ``slope``.
    """

    ports: ClassVar[tuple[str, ...]] = ("prediction", "target")

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
        return expect_target(inputs, self.ports)

    @abstractmethod
    def term(self, delta: Array) -> Array:
        """What each number adds to the loss."""

    @abstractmethod
    def slope(self, delta: Array) -> Array:
        """The derivative of that."""

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """The sum of the terms of each example."""
        prediction, target = xs
        delta = prediction - target
        return Forward(self.term(delta).reshape(len(delta), -1).sum(axis=1), (delta,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """The slopes, and minus them for the target."""
        (delta,) = saved
        dprediction = self.slope(delta) * dy.reshape(-1, *[1] * (delta.ndim - 1))
        return Backward((dprediction, -dprediction))

    def saved_size(self, *inputs: TensorSpec) -> int:
        """f − y."""
        return inputs[0].size

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The terms, or the slopes."""
        return batch * inputs[0].size
