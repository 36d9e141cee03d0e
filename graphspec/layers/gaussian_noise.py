"""Gaussian noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from graphspec.layers.base import Array, Backward, Example, Forward, Mode
from graphspec.layers.elementwise import Elementwise
from graphspec.tensor import TensorSpec


class GaussianNoise(Elementwise):
    """Gaussian noise: in training, every number is disturbed a little.

    y = x + σ·n with n normal of mean 0 and variance 1, drawn for every number; dx = dy. With
    ``multiplicative``: y = x·(1 + σ·n), dx = dy·(1 + σ·n), which is dropout's Gaussian twin at
    σ = √(drop/(1 − drop)).

    The mean over the noise is x itself, which is what evaluation gives.
    Source: CS231n notes, Neural Networks 2, dropout, theme of noise in forward pass; Srivastava et
    al. 2014, Dropout (multiplicative Gaussian noise).
    """

    group: ClassVar[str] = "Normalisation"
    draws: ClassVar[bool] = True

    kind: Literal["gaussian_noise"] = "gaussian_noise"
    """The name of this layer's type."""
    std: float = Field(default=0.1, ge=0)
    """σ, the standard deviation of the noise, in units of x or as a part of it."""
    multiplicative: bool = False
    """Whether the noise multiplies each number, rather than being added to it."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Added over features, and multiplied over an image."""
        return (
            Example(cls(id="noise", inputs=("x",)), (TensorSpec((8,)),)),
            Example(
                cls(id="noise", std=0.5, multiplicative=True, inputs=("x",)),
                (TensorSpec((2, 3, 4)),),
            ),
        )

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = x + σ·n, or x·(1 + σ·n), in training; x otherwise."""
        (x,) = xs
        if not mode.training or self.std == 0:
            return Forward(x, (None,))
        if mode.rng is None:
            raise ValueError("noise is drawn at random in training: give the mode a generator")
        # Drawn as float32 for every type, so that float32 and float64 see the same noise.
        noise = mode.rng.standard_normal(x.shape, dtype=np.float32).astype(x.dtype, copy=False)
        noise *= self.std
        if not self.multiplicative:
            return Forward(x + noise, (None,))
        noise += 1
        return Forward(x * noise, (noise,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy, or dy·(1 + σ·n)."""
        (factor,) = saved
        return Backward((dy if factor is None else dy * factor,))

    def saved_size(self, *inputs: TensorSpec) -> int:
        """The factors, where the noise multiplies."""
        return inputs[0].size if self.multiplicative and self.std else 0

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The noise."""
        return batch * inputs[0].size if self.std else 0
