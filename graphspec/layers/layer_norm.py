"""Layer normalisation."""

from __future__ import annotations

from math import prod
from typing import Literal

from pydantic import Field

from graphspec.layers.axes import expect_axis
from graphspec.layers.base import Example
from graphspec.layers.normalising import Normalising
from graphspec.tensor import TensorSpec


class LayerNorm(Normalising):
    """Layer normalisation: all values of one example get mean 0 and variance 1 together.

    x̂ = (x − μ)/√(σ² + ε), y = γ·x̂ + β, with μ and the biased σ² over the axes from ``axis`` on, and
    γ and β of the shape of those axes. With g = γ·dy: dx = (g − mean g − x̂·mean(g·x̂))/√(σ² + ε).

    The batch plays no part, so that training and evaluation do the same. For a sequence (T, D) take
    axis 1, which normalises each step on its own.
    Source: Ba et al. 2016, Layer Normalization; ONNX operator LayerNormalization.
    """

    kind: Literal["layer_norm"] = "layer_norm"
    """The name of this layer's type."""
    axis: int = Field(default=0, ge=0, le=7)
    """The first axis that is normalised over, the batch not counted; all after it are, too."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Features, a whole image, and each step of a sequence."""
        return (
            Example(cls(id="norm", inputs=("x",)), (TensorSpec((5,)),)),
            Example(cls(id="norm", epsilon=1e-3, inputs=("x",)), (TensorSpec((2, 3, 4)),)),
            Example(cls(id="norm", axis=1, inputs=("x",)), (TensorSpec((3, 6)),)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """The shape stays."""
        (x,) = inputs
        expect_axis(x, self.axis)
        return self.expect_sets(x, "axis")

    def sets(self, shape: tuple[int, ...]) -> int:
        """One per position along the axes before ``axis``."""
        return prod(shape[: self.axis])

    def scaled(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The axes from ``axis`` on."""
        return shape[self.axis :], (*[1] * self.axis, *shape[self.axis :])
