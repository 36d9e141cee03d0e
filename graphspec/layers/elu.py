"""The exponential linear unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from graphspec.layers.base import Array, Backward, Example, Forward, Mode
from graphspec.layers.elementwise import Elementwise
from graphspec.tensor import TensorSpec


class Elu(Elementwise):
    """Exponential linear unit: negative inputs level off smoothly at −α.

    y = x where x > 0, else α·(eˣ − 1); dx = dy where x > 0, else dy·(y + α).

    Source: Clevert et al. 2015, Fast and Accurate Deep Network Learning by Exponential Linear
    Units.
    """

    group: ClassVar[str] = "Activation"
    preferred_init: ClassVar[str | None] = "he"

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

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = x where x > 0, else α·(eˣ − 1)."""
        (x,) = xs
        # The exponential of a large positive x would overflow, and is not needed.
        y = np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))
        return Forward(y, (y,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy where y > 0, else dy·(y + α)."""
        (y,) = saved
        return Backward((dy * np.where(y > 0, 1, y + self.alpha),))

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The exponentials and their products."""
        return 3 * batch * inputs[0].size
