"""Batch normalisation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from graphspec.errors import ShapeError
from graphspec.initialisers.ones import Ones
from graphspec.initialisers.zeros import ZEROS
from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode, ParamSpec
from graphspec.tensor import TensorSpec


class BatchNorm(Layer):
    """Batch normalisation: every channel gets a mean and a variance of its own choosing.

    x̂ = (x − μ)/√(σ² + ε), y = γ·x̂ + β, with μ and σ² the mean and the biased variance of the
    channel: over the batch for features (N, C), and over batch, height and width for images
    (N, C, H, W). y has the shape of x.

    Backward, with m numbers per channel: dβ = Σ dy, dγ = Σ dy·x̂ and
    dx = γ/√(σ² + ε) · (dy − (dβ + x̂·dγ)/m).

    Evaluation uses running statistics in place of μ and σ², which each training pass moves:
    running = momentum·running + (1 − momentum)·batch. That is the convention of the notes and of
    ONNX; PyTorch's momentum is 1 − momentum, and it puts the unbiased variance (divided by m − 1)
    into the running one.

    Source: Ioffe and Szegedy 2015, Batch Normalization; CS231n notes, Neural Networks 2.
    """

    group: ClassVar[str] = "Normalisation"

    kind: Literal["batch_norm"] = "batch_norm"
    """The name of this layer's type."""
    epsilon: float = Field(default=1e-5, gt=0, le=1)
    """ε, added to the variance so that a constant channel is not divided by zero."""
    momentum: float = Field(default=0.9, ge=0, lt=1)
    """How much of the running statistics a training pass keeps (PyTorch has 1 − momentum)."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Over features and over an image."""
        return (
            Example(cls(id="norm", inputs=("x",)), (TensorSpec((5,)),)),
            Example(
                cls(id="norm", epsilon=1e-3, momentum=0.99, inputs=("x",)), (TensorSpec((2, 3, 4)),)
            ),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """The shape stays."""
        (x,) = inputs
        if not x.shape:
            raise ShapeError(
                f"batch_norm needs channels to normalise, but this input is {x}. "
                "Put it after a layer that gives features or an image",
                code="rank",
                port="x",
                arithmetic="0 axes < 1",
            )
        return x

    def params(self, *inputs: TensorSpec) -> Mapping[str, ParamSpec]:
        """``scale`` γ and ``shift`` β, and the running ``mean`` and ``variance``; each (C,)."""
        channels = inputs[0].shape[:1]
        return {
            "scale": ParamSpec(channels, Ones(), decay=False),
            "shift": ParamSpec(channels, ZEROS, decay=False),
            "mean": ParamSpec(channels, ZEROS, decay=False, trained=False),
            "variance": ParamSpec(channels, Ones(), decay=False, trained=False),
        }

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = γ·x̂ + β, with the batch's statistics in training, else the running ones."""
        (x,) = xs
        axes, column = _layout(x)
        if mode.training:
            mean = x.mean(axis=axes)
            centred = x - mean.reshape(column)
            variance = np.square(centred).mean(axis=axes)
            keep = self.momentum
            state = {
                "mean": keep * params["mean"] + (1 - keep) * mean,
                "variance": keep * params["variance"] + (1 - keep) * variance,
            }
        else:
            centred = x - params["mean"].reshape(column)
            variance, state = params["variance"], {}
        inverse = 1 / np.sqrt(variance + self.epsilon)
        normal = centred
        normal *= inverse.reshape(column)
        y = params["scale"].reshape(column) * normal
        y += params["shift"].reshape(column)
        return Forward(y, (normal, inverse, mode.training), state)

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dβ = Σ dy, dγ = Σ dy·x̂, dx = γ/√(σ² + ε) · (dy − (dβ + x̂·dγ)/m)."""
        normal, inverse, training = saved
        axes, column = _layout(dy)
        dshift = dy.sum(axis=axes)
        dscale = (dy * normal).sum(axis=axes)
        dparams = {"scale": dscale, "shift": dshift}
        if not need_dx:
            return Backward((None,), dparams)
        dx = dy
        if training:  # in evaluation the statistics do not depend on x
            m = dy.size // len(dshift)
            dx = dy - normal * (dscale / m).reshape(column)
            dx -= (dshift / m).reshape(column)
        return Backward((dx * (params["scale"] * inverse).reshape(column),), dparams)

    def saved_size(self, *inputs: TensorSpec) -> int:
        """x̂."""
        return inputs[0].size

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """Two products with the shape of x."""
        return 2 * batch * inputs[0].size


def _layout(x: Array) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes that a channel's statistics are taken over, and the shape that lines (C,) up."""
    return (0, *range(2, x.ndim)), (1, -1, *[1] * (x.ndim - 2))
