"""The maxout layer, whose units learn their own activation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from graphspec.initialisers.catalog import InitialiserSpec
from graphspec.initialisers.zeros import ZEROS
from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode, ParamSpec, Window
from graphspec.tensor import TensorSpec


class Maxout(Layer):
    """Maxout: every unit is the largest of several weighted sums, a convex function of its own.

    y_j = max_k (x·w_k + b_k)_j with x flattened to (N, D), w (K, D, M), b (K, M), y (N, M);
    dy goes to the piece that was the largest (of equal ones the first), as through a linear layer.

    With K = 2, w₁ = 0 and b₁ = 0 it is the rectifier of a linear layer. It neither saturates nor
    dies, at K times the parameters.
    Source: Goodfellow et al. 2013, Maxout Networks; CS231n notes, Neural Networks 1.
    """

    group: ClassVar[str] = "Dense"

    kind: Literal["maxout"] = "maxout"
    """The name of this layer's type."""
    units: int = Field(gt=0, le=2**31 - 1)
    """M, the number of outputs."""
    pieces: int = Field(default=2, ge=2, le=255)
    """K, the number of weighted sums that each output is the largest of."""
    bias: bool = True
    """Whether to add b."""
    init: InitialiserSpec | None = None
    """How the weights start; null takes what suits the activation that follows."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Two pieces, and three without bias over an image that is flattened."""
        return (
            Example(cls(id="hidden", units=4, inputs=("x",)), (TensorSpec((5,)),)),
            Example(
                cls(id="hidden", units=3, pieces=3, bias=False, inputs=("x",)),
                (TensorSpec((2, 2, 3)),),
            ),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """(…) → (units)."""
        return self.fixed_output()

    def fixed_output(self) -> TensorSpec:
        """(units), whatever is read."""
        return TensorSpec((self.units,))

    def params(self, *inputs: TensorSpec) -> Mapping[str, ParamSpec]:
        """``weight`` (K, D, M) and ``bias`` (K, M)."""
        size = inputs[0].size
        weight = ParamSpec((self.pieces, size, self.units), self.init, size, self.units)
        if not self.bias:
            return {"weight": weight}
        bias = ParamSpec((self.pieces, self.units), ZEROS, decay=False)
        return {"weight": weight, "bias": bias}

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """The largest of the K sums, and which it was."""
        (x,) = xs
        sums = x.reshape(len(x), -1) @ params["weight"]  # K, N, M
        if self.bias:
            sums += params["bias"][:, None]
        switches = sums.argmax(axis=0).astype(np.uint8)
        return Forward(sums.max(axis=0), (x, switches))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """Each piece's share of dy, through a linear layer."""
        x, switches = saved
        shares = dy * (switches == np.arange(self.pieces)[:, None, None])  # K, N, M
        dparams = {"weight": x.reshape(len(x), -1).T @ shares}
        if self.bias:
            dparams["bias"] = shares.sum(axis=1)
        dx = None
        if need_dx:
            dx = (shares @ params["weight"].swapaxes(1, 2)).sum(axis=0).reshape(x.shape)
        return Backward((dx,), dparams)

    def macs(self, *inputs: TensorSpec) -> int:
        """K · D · M."""
        return self.pieces * inputs[0].size * self.units

    def window(self) -> Window | None:
        """Every output sees the whole input."""
        return None

    def saved_size(self, *inputs: TensorSpec) -> int:
        """The switches: a byte each, a quarter of a number."""
        return -(-self.units // 4)

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The K sums, or their shares and what each gives to x."""
        return self.pieces * batch * (self.units + max(2 * self.units, inputs[0].size))
