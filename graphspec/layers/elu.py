"""The exponential linear unit."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from graphspec.layers.base import Array, Example
from graphspec.layers.elementwise import Pointwise
from graphspec.tensor import TensorSpec


class Elu(Pointwise):
    """Exponential linear unit: negative inputs level off smoothly at −α.

    y = x where x > 0, else α·(eˣ − 1); dx = dy where x > 0, else dy·(y + α).

    Source: Clevert et al. 2015, Fast and Accurate Deep Network Learning by Exponential Linear
    Units.
    """

    group: ClassVar[str] = "Activation"
    preferred_init: ClassVar[str | None] = "he"
    kept: ClassVar[Literal["x", "y"]] = "y"

    kind: Literal["elu"] = "elu"
    """The name of this layer's type."""
    alpha: float = Field(default=1.0, gt=0)
    """α: y levels off at −α."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """The usual form over features, and another over an image."""
        return (
            Example(cls(id="act", inputs=("x",)), (TensorSpec((5,)),)),
            Example(cls(id="act", alpha=0.5, inputs=("x",)), (TensorSpec((2, 3, 4)),)),
        )

    def value(self, x: Array) -> Array:
        """y = x where x > 0, else α·(eˣ − 1)."""
        # The exponential of a large positive x would overflow, and is not needed.
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))

    def gradient(self, dy: Array, y: Array) -> Array:
        """dx = dy where y > 0, else dy·(y + α)."""
        return dy * np.where(y > 0, 1, y + self.alpha)

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The exponentials and their products."""
        return 3 * batch * inputs[0].size
