"""The fully connected layer with DropConnect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from graphspec.initialisers.catalog import InitialiserSpec
from graphspec.initialisers.zeros import ZEROS
from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode, ParamSpec, Window
from graphspec.tensor import TensorSpec


class DropConnectLinear(Layer):
    """Fully connected layer with DropConnect: in training a random part of the weights is zero.

    y = x·(w∘m)/(1 − drop) + b with x flattened to (N, D), w and m (D, M), b (M,), y (N, M); m is 1
    with probability 1 − drop, else 0, drawn for every weight and pass (the paper draws a mask for
    every example). dx = dy·(w∘m)ᵀ/(1 − drop), dw = (xᵀ·dy)∘m/(1 − drop), db = Σ dy.

    Evaluation takes the mean over the masks, y = x·w + b.
    Source: Wan et al. 2013, Regularization of Neural Networks using DropConnect; CS231n notes,
    Neural Networks 2, theme of noise in forward pass.
    """

    group: ClassVar[str] = "Dense"
    draws: ClassVar[bool] = True

    kind: Literal["drop_connect_linear"] = "drop_connect_linear"
    """The name of this layer's type."""
    units: int = Field(gt=0, le=2**31 - 1)
    """M, the number of outputs."""
    drop: float = Field(default=0.5, ge=0, lt=1)
    """The probability that a weight is dropped."""
    bias: bool = True
    """Whether to add b, which is never dropped."""
    init: InitialiserSpec | None = None
    """How the weights start; null takes what suits the activation that follows."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Half of the weights, and fewer of a layer without bias that flattens an image."""
        return (
            Example(cls(id="fc", units=4, inputs=("x",)), (TensorSpec((7,)),)),
            Example(
                cls(id="fc", units=5, drop=0.2, bias=False, inputs=("x",)),
                (TensorSpec((2, 3, 2)),),
            ),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """(…) → (units)."""
        return self.fixed_output()

    def fixed_output(self) -> TensorSpec:
        """(units), whatever is read."""
        return TensorSpec((self.units,))

    def params(self, *inputs: TensorSpec) -> Mapping[str, ParamSpec]:
        """``weight`` (D, M) and ``bias`` (M,)."""
        (x,) = inputs
        weight = ParamSpec((x.size, self.units), self.init, fan_in=x.size, fan_out=self.units)
        if not self.bias:
            return {"weight": weight}
        return {"weight": weight, "bias": ParamSpec((self.units,), ZEROS, decay=False)}

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = x·(w∘m)/(1 − drop) + b in training, x·w + b otherwise."""
        (x,) = xs
        w, mask = params["weight"], None
        if mode.training and self.drop:
            if mode.rng is None:
                raise ValueError("weights are dropped at random in training: give a generator")
            kept = mode.rng.random(w.shape, dtype=np.float32) >= self.drop
            mask = kept.astype(x.dtype) / (1 - self.drop)
            w = w * mask
        y = x.reshape(len(x), -1) @ w
        if self.bias:
            y += params["bias"]
        return Forward(y, (x, mask))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy·(w∘m)ᵀ/(1 − drop), dw = (xᵀ·dy)∘m/(1 − drop), db = Σ dy."""
        x, mask = saved
        dw = x.reshape(len(x), -1).T @ dy
        w = params["weight"]
        if mask is not None:
            dw *= mask
            w = w * mask
        dparams = {"weight": dw}
        if self.bias:
            dparams["bias"] = dy.sum(axis=0)
        return Backward(((dy @ w.T).reshape(x.shape) if need_dx else None,), dparams)

    def macs(self, *inputs: TensorSpec) -> int:
        """D · M."""
        return inputs[0].size * self.units

    def window(self) -> Window | None:
        """Every output sees the whole input."""
        return None

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The mask, which is kept until backward, its random numbers, and the dropped weights."""
        return 3 * inputs[0].size * self.units
