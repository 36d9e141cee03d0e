"""Dropout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode
from graphspec.tensor import TensorSpec


class Dropout(Layer):
    """Dropout: in training, a random part of the numbers becomes zero.

    y = x·m/(1 − drop), where m is 1 with probability 1 − drop, else 0, drawn for every number;
    dx = dy·m/(1 − drop).

    The division ("inverted" dropout) keeps the mean as it is, so that evaluation does nothing at
    all: it gives x itself, and dx is dy itself. ``drop`` is the probability to drop, as in PyTorch,
    Keras and ONNX; CS231n's p is the probability to keep, 1 − drop.

    Source: Srivastava et al. 2014, Dropout; CS231n notes, Neural Networks 2, regularization.
    """

    group: ClassVar[str] = "Normalisation"
    draws: ClassVar[bool] = True

    kind: Literal["dropout"] = "dropout"
    """The name of this layer's type."""
    drop: float = Field(default=0.5, ge=0, lt=1)
    """The probability that a number is dropped (CS231n's p is 1 − drop)."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Over features, and lighter over an image."""
        return (
            Example(cls(id="drop", inputs=("x",)), (TensorSpec((8,)),)),
            Example(cls(id="drop", drop=0.2, inputs=("x",)), (TensorSpec((2, 3, 4)),)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """The shape stays."""
        return inputs[0]

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = x·m/(1 − drop) in training, x otherwise."""
        (x,) = xs
        if not mode.training or self.drop == 0:
            return Forward(x, (None,))
        if mode.rng is None:
            raise ValueError("dropout draws at random in training: give the mode a generator")
        # Drawn as float32 for every type, so that float32 and float64 drop the same numbers.
        kept = mode.rng.random(x.shape, dtype=np.float32) >= self.drop
        mask = kept.astype(x.dtype) / (1 - self.drop)
        return Forward(x * mask, (mask,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy·m/(1 − drop)."""
        (mask,) = saved
        return Backward((dy if mask is None else dy * mask,))

    def saved_size(self, *inputs: TensorSpec) -> int:
        """The mask."""
        return inputs[0].size if self.drop else 0

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The random numbers, and the mask before it is divided."""
        return 2 * batch * inputs[0].size if self.drop else 0
