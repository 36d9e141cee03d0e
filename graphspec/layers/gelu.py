"""The Gaussian error linear unit."""

from __future__ import annotations

from collections.abc import Mapping
from math import erfc, pi, sqrt
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Example, Forward, Mode
from graphspec.layers.elementwise import Elementwise
from graphspec.tensor import TensorSpec

ROOT_2, ROOT_2_PI = sqrt(2), sqrt(2 * pi)
SLOPE, CUBIC = sqrt(2 / pi), 0.044715
"""√(2/π) and the cubic part, the constants of the approximation."""


class Gelu(Elementwise):
    """Gaussian error linear unit: x times the probability that a normal number is below it.

    y = x·Φ(x) with Φ(x) = erfc(−x/√2)/2 = (1 + erf(x/√2))/2;
    dx = dy·(Φ(x) + x·φ(x)) with φ(x) = e^(−x²/2)/√(2π).

    With ``approximate="tanh"``: y = x·(1 + t)/2 with t = tanh u, u = √(2/π)·(x + 0.044715·x³);
    dx = dy·((1 + t)/2 + x·(1 − t²)·u′/2) with u′ = √(2/π)·(1 + 3·0.044715·x²). It is within 0.0005
    of the exact one, and much faster: numpy has no erf, so the exact form calls Python's math.erfc
    number by number.

    Source: Hendrycks and Gimpel 2016, Gaussian Error Linear Units.
    """

    group: ClassVar[str] = "Activation"
    preferred_init: ClassVar[str | None] = "he"

    kind: Literal["gelu"] = "gelu"
    """The name of this layer's type."""
    approximate: Literal["none", "tanh"] = "none"
    """Whether to take the exact function, or the faster approximation by tanh."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """The usual form over features, and another over an image."""
        return (
            Example(cls(id="act", inputs=("x",)), (TensorSpec((5,)),)),
            Example(cls(id="act", approximate="tanh", inputs=("x",)), (TensorSpec((2, 3, 4)),)),
        )

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = x·Φ(x), or its approximation by tanh."""
        (x,) = xs
        if self.approximate == "tanh":
            t = np.tanh(SLOPE * (x + CUBIC * x**3))
            return Forward(x * (1 + t) / 2, (x, t))
        below = np.fromiter(map(erfc, (x / -ROOT_2).flat), x.dtype, x.size).reshape(x.shape) / 2
        return Forward(x * below, (x, below))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy·(Φ + x·φ), or that of the approximation."""
        if self.approximate == "tanh":
            x, t = saved
            du = SLOPE * (1 + 3 * CUBIC * x**2)
            return Backward((dy * (1 + t + x * (1 - t * t) * du) / 2,))
        x, below = saved
        return Backward((dy * (below + x * np.exp(-x * x / 2) / ROOT_2_PI),))

    def saved_size(self, *inputs: TensorSpec) -> int:
        """Φ(x), or the hyperbolic tangent."""
        return inputs[0].size

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The powers of x and their products."""
        return 4 * batch * inputs[0].size
