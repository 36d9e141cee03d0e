"""Group normalisation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from graphspec.errors import ShapeError
from graphspec.layers.base import Example
from graphspec.layers.normalising import Normalising
from graphspec.tensor import TensorSpec


class GroupNorm(Normalising):
    """Group normalisation: the channels of one example are normalised in groups.

    x̂ = (x − μ)/√(σ² + ε), y = γ·x̂ + β, with μ and the biased σ² over the channels of one of G
    groups and all positions, and γ and β per channel. With g = γ·dy:
    dx = (g − mean g − x̂·mean(g·x̂))/√(σ² + ε).

    x (N, C, …). The batch plays no part, so that it works with small ones, and training and
    evaluation do the same. One group is a layer norm with a scale per channel; C groups are
    instance_norm.
    Source: Wu and He 2018, Group Normalization.
    """

    kind: Literal["group_norm"] = "group_norm"
    """The name of this layer's type."""
    groups: int = Field(gt=0, le=2**31 - 1)
    """G, a divisor of the number of channels."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Two groups of an image's channels, and groups of features."""
        return (
            Example(cls(id="norm", groups=2, inputs=("x",)), (TensorSpec((4, 3, 2)),)),
            Example(cls(id="norm", groups=3, epsilon=1e-3, inputs=("x",)), (TensorSpec((9,)),)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """The shape stays."""
        (x,) = inputs
        channels = x.shape[0] if x.shape else 0
        if not channels or channels % self.groups:
            raise ShapeError(
                f"the {channels} channels of {x} cannot be shared equally by {self.groups} groups: "
                f"set groups to a divisor of {channels}",
                code="groups",
                port="x",
                field="groups",
                arithmetic=f"{channels}/{self.groups} = {channels / self.groups:.4g}",
            )
        return self.expect_sets(x, "groups")

    def sets(self, shape: tuple[int, ...]) -> int:
        """One per group."""
        return self.groups

    def scaled(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """One per channel."""
        return shape[:1], (*shape[:1], *[1] * (len(shape) - 1))
