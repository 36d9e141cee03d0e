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

    The vanilla form (``inverted`` false) does not divide in training, y = x·m, and scales in
    evaluation instead, y = (1 − drop)·x. Both take in evaluation the mean over all masks, which is
    exact for what follows as long as that is linear. Averaging the outputs of many training passes
    approaches the mean of the whole network, with an error that falls as 1/√T of T passes.

    Source: Srivastava et al. 2014, Dropout; CS231n notes, Neural Networks 2, regularization.
    """

    group: ClassVar[str] = "Normalisation"
    draws: ClassVar[bool] = True

    kind: Literal["dropout"] = "dropout"
    """The name of this layer's type."""
    drop: float = Field(default=0.5, ge=0, lt=1)
    """The probability that a number is dropped (CS231n's p is 1 − drop)."""
    inverted: bool = True
    """Whether training divides by 1 − drop; else evaluation multiplies by it (vanilla)."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Over features, lighter over an image, and the vanilla form."""
        return (
            Example(cls(id="drop", inputs=("x",)), (TensorSpec((8,)),)),
            Example(cls(id="drop", drop=0.2, inputs=("x",)), (TensorSpec((2, 3, 4)),)),
            Example(cls(id="drop", inverted=False, inputs=("x",)), (TensorSpec((8,)),)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """The shape stays."""
        return inputs[0]

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = x·m/(1 − drop) in training, x otherwise; vanilla y = x·m, and (1 − drop)·x."""
        (x,) = xs
        if not mode.training or self.drop == 0:
            return Forward(x if self.inverted else (1 - self.drop) * x, (None,))
        if mode.rng is None:
            raise ValueError("dropout draws at random in training: give the mode a generator")
        # Drawn as float32 for every type, so that float32 and float64 drop the same numbers.
        kept = mode.rng.random(x.shape, dtype=np.float32) >= self.drop
        mask = kept.astype(x.dtype)
        if self.inverted:
            mask /= 1 - self.drop
        return Forward(x * mask, (mask,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy·m/(1 − drop); vanilla dx = dy·m, and (1 − drop)·dy in evaluation."""
        (mask,) = saved
        if mask is None and not self.inverted:
            return Backward(((1 - self.drop) * dy,))
        return Backward((dy if mask is None else dy * mask,))

    def saved_size(self, *inputs: TensorSpec) -> int:
        """The mask."""
        return inputs[0].size if self.drop else 0

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The random numbers, and which of them drop."""
        return batch * inputs[0].size if self.drop else 0
