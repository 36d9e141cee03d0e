"""The fully connected layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal

from pydantic import Field

from graphspec.initialisers.catalog import InitialiserSpec
from graphspec.initialisers.zeros import ZEROS
from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode, ParamSpec, Window
from graphspec.tensor import TensorSpec


class Linear(Layer):
    """Fully connected layer: every output is a weighted sum of every input, plus a bias.

    y = x·w + b with x flattened to (N, D), w (D, M), b (M,), y (N, M).
    dx = dy·wᵀ, dw = xᵀ·dy, db = Σ dy.

    Inputs of more than one axis are flattened, as in the assignments' ``affine_forward``.
    Source: CS231n notes, Linear classification, and Neural Networks 1.
    """

    group: ClassVar[str] = "Dense"

    kind: Literal["linear"] = "linear"
    """The name of this layer's type."""
    units: int = Field(gt=0, le=2**31 - 1)
    """M, the number of outputs."""
    bias: bool = True
    """Whether to add b."""
    init: InitialiserSpec | None = None
    """How the weights start; null takes what suits the activation that follows."""
    bias_init: InitialiserSpec | None = None
    """How the biases start; null: at zero."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """A classifier's scores, a layer without bias, and one that flattens an image."""
        return (
            Example(cls(id="scores", units=10, inputs=("x",)), (TensorSpec((7,)),)),
            Example(cls(id="scores", units=3, bias=False, inputs=("x",)), (TensorSpec((4,)),)),
            Example(cls(id="fc", units=5, inputs=("x",)), (TensorSpec((2, 3, 4)),)),
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
        bias = replace(weight, shape=(self.units,), init=self.bias_init or ZEROS, decay=False)
        return {"weight": weight, "bias": bias}

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = x·w + b."""
        (x,) = xs
        y = x.reshape(len(x), -1) @ params["weight"]
        if self.bias:
            y += params["bias"]
        return Forward(y, (x,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy·wᵀ, dw = xᵀ·dy, db = Σ dy."""
        (x,) = saved
        dparams = {"weight": x.reshape(len(x), -1).T @ dy}
        if self.bias:
            dparams["bias"] = dy.sum(axis=0)
        dx = (dy @ params["weight"].T).reshape(x.shape) if need_dx else None
        return Backward((dx,), dparams)

    def macs(self, *inputs: TensorSpec) -> int:
        """D · M."""
        return inputs[0].size * self.units

    def window(self) -> Window | None:
        """Every output sees the whole input."""
        return None
