"""Instance normalisation."""

from __future__ import annotations

from typing import Literal

from graphspec.errors import ShapeError
from graphspec.layers.base import Example
from graphspec.layers.normalising import Normalising
from graphspec.tensor import TensorSpec


class InstanceNorm(Normalising):
    """Instance normalisation: each channel of one example is normalised over its positions.

    x̂ = (x − μ)/√(σ² + ε), y = γ·x̂ + β, with μ and the biased σ² over the positions of one channel,
    and γ and β per channel. With g = γ·dy: dx = (g − mean g − x̂·mean(g·x̂))/√(σ² + ε).

    x (N, C, H, W), or (N, C, L). It takes out the contrast of every image, as style transfer wants.
    Source: Ulyanov et al. 2016, Instance Normalization.
    """

    kind: Literal["instance_norm"] = "instance_norm"
    """The name of this layer's type."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """An image, and a sequence with its channels first."""
        return (
            Example(cls(id="norm", inputs=("x",)), (TensorSpec((2, 3, 4)),)),
            Example(cls(id="norm", epsilon=1e-3, inputs=("x",)), (TensorSpec((3, 5)),)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """The shape stays."""
        (x,) = inputs
        if len(x.shape) < 2:
            raise ShapeError(
                f"a channel is normalised over its positions, but this input, {x}, has none. "
                "Take layer_norm for features",
                code="rank",
                port="x",
                arithmetic=f"{len(x.shape)} axes < 2",
            )
        return self.expect_sets(x)

    def sets(self, shape: tuple[int, ...]) -> int:
        """One per channel."""
        return shape[0]

    def scaled(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """One per channel."""
        return shape[:1], (*shape[:1], *[1] * (len(shape) - 1))
