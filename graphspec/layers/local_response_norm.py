"""Local response normalisation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from graphspec.errors import ShapeError
from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode
from graphspec.tensor import TensorSpec


class LocalResponseNorm(Layer):
    """Local response normalisation: each channel is damped where its neighbours are strong.

    y[c] = x[c] / s[c]^β with s[c] = k + a·Σ x[j]² over the n channels around c (fewer at the ends);
    dx[c] = dy[c]/s[c]^β − 2·a·β·x[c]·Σ dy[j]·y[j]/s[j] over the same channels.

    a is α as AlexNet has it, whose constants are the defaults. With ``average`` it is α/n, the
    convention of ONNX and PyTorch, which also default to k = 1: their α is n times as large.

    Source: Krizhevsky et al. 2012, ImageNet Classification with Deep Convolutional Neural Networks;
    CS231n notes, Convolutional Networks, normalization layer.
    """

    group: ClassVar[str] = "Normalisation"

    kind: Literal["local_response_norm"] = "local_response_norm"
    """The name of this layer's type."""
    size: int = Field(default=5, gt=0, le=2**31 - 1)
    """n, the number of channels that count, itself included; an odd number."""
    alpha: float = Field(default=1e-4, ge=0)
    """α, how much the neighbours count."""
    beta: float = Field(default=0.75, ge=0)
    """β, the power."""
    k: float = Field(default=2.0, gt=0)
    """k, which keeps silent neighbourhoods from being divided by zero."""
    average: bool = False
    """Whether α is divided by n, as ONNX and PyTorch do."""

    @model_validator(mode="after")
    def _has_a_middle(self) -> Self:
        if self.size % 2 == 0:
            raise ValueError(
                f"size {self.size} has no channel in its middle, and libraries differ on which "
                f"side gets one more: take {self.size + 1} or {self.size - 1}"
            )
        return self

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """AlexNet's constants over an image, and strong neighbours by their mean."""
        return (
            Example(cls(id="norm", inputs=("x",)), (TensorSpec((7, 2, 3)),)),
            Example(
                cls(id="norm", size=3, alpha=0.5, k=1.0, average=True, inputs=("x",)),
                (TensorSpec((4, 3, 2)),),
            ),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """The shape stays."""
        (x,) = inputs
        if not x.shape:
            raise ShapeError(
                f"neighbouring channels are needed, but this input is a {x}. "
                "Put the layer after one that gives an image",
                code="rank",
                port="x",
                arithmetic="0 axes < 1",
            )
        return x

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = x / s^β."""
        (x,) = xs
        s = self._around(np.square(x))
        s *= self._strength
        s += self.k
        return Forward(x * s**-self.beta, (x, s))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy/s^β − 2·a·β·x·Σ dy·y/s, with y = x/s^β."""
        x, s = saved
        damped = dy * s**-self.beta
        pulled = x * self._around(damped * x / s)
        return Backward((damped - 2 * self._strength * self.beta * pulled,))

    def saved_size(self, *inputs: TensorSpec) -> int:
        """The sums s."""
        return inputs[0].size

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """Four products with the shape of x."""
        return 4 * batch * inputs[0].size

    @property
    def _strength(self) -> float:
        return self.alpha / self.size if self.average else self.alpha

    def _around(self, values: Array) -> Array:
        """The sum over the n channels around each; n is odd, so that j is near c as c is near j."""
        total = values.copy()
        for shift in range(1, min(self.size // 2, values.shape[1] - 1) + 1):
            total[:, shift:] += values[:, :-shift]
            total[:, :-shift] += values[:, shift:]
        return total
