"""What the norms share that look at one example at a time."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from graphspec.errors import ShapeError
from graphspec.initialisers.ones import Ones
from graphspec.initialisers.zeros import ZEROS
from graphspec.layers.base import Array, Backward, Forward, Layer, Mode, ParamSpec, Window
from graphspec.tensor import TensorSpec


class Normalising(Layer):
    """Values are normalised in sets, each with its own mean and variance, and scaled again.

    The values of an example are, in order, ``sets`` sets of equal size. Training and evaluation do
    the same: no statistics run along.
    """

    group: ClassVar[str] = "Normalisation"

    epsilon: float = Field(default=1e-5, gt=0, le=1)
    """ε, added to the variance so that constant values are not divided by zero."""

    @abstractmethod
    def sets(self, shape: tuple[int, ...]) -> int:
        """How many sets of values an example of this shape has."""

    @abstractmethod
    def scaled(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The shape of the scale, and the shape with which it lines up with an example."""

    def params(self, *inputs: TensorSpec) -> Mapping[str, ParamSpec]:
        """``scale`` γ and ``shift`` β."""
        shape, _ = self.scaled(inputs[0].shape)
        return {
            "scale": ParamSpec(shape, Ones(), decay=False),
            "shift": ParamSpec(shape, ZEROS, decay=False),
        }

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = γ·x̂ + β."""
        (x,) = xs
        rows = x.reshape(len(x), self.sets(x.shape[1:]), -1)
        normal = rows - rows.mean(axis=2, keepdims=True)
        variance = np.square(normal).mean(axis=2, keepdims=True)
        inverse = 1 / np.sqrt(variance + self.epsilon)
        normal *= inverse
        _, lined_up = self.scaled(x.shape[1:])
        y = normal.reshape(x.shape) * params["scale"].reshape(lined_up)
        y += params["shift"].reshape(lined_up)
        return Forward(y, (normal, inverse))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dβ = Σ dy, dγ = Σ dy·x̂; with g = γ·dy, dx = (g − mean g − x̂·mean(g·x̂))/√(σ² + ε)."""
        normal, inverse = saved
        shape, lined_up = self.scaled(dy.shape[1:])
        axes = (0, *(i + 1 for i, extent in enumerate(lined_up) if extent == 1))
        dscale = (dy * normal.reshape(dy.shape)).sum(axis=axes).reshape(shape)
        dparams = {"scale": dscale, "shift": dy.sum(axis=axes).reshape(shape)}
        if not need_dx:
            return Backward((None,), dparams)
        g = (dy * params["scale"].reshape(lined_up)).reshape(normal.shape)
        dx = g - normal * (g * normal).mean(axis=2, keepdims=True)
        dx -= g.mean(axis=2, keepdims=True)
        dx *= inverse
        return Backward((dx.reshape(dy.shape),), dparams)

    def window(self) -> Window | None:
        """The statistics see the whole image."""
        return None

    def saved_size(self, *inputs: TensorSpec) -> int:
        """x̂, and the inverse of each set's deviation."""
        return inputs[0].size + self.sets(inputs[0].shape)

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """Two products with the shape of x."""
        return 2 * batch * inputs[0].size

    def expect_sets(self, x: TensorSpec, field: str | None = None) -> TensorSpec:
        """Check that a set has more than one value; the shape stays.

        Raises:
            ShapeError: it has one, whose mean is itself, so that nothing would be left of it
                (``one-value``).
        """
        if x.size // self.sets(x.shape) > 1:
            return x
        raise ShapeError(
            f"each set would hold one value of {x}: less its own mean it is always 0. "
            "Normalise over more values, or leave the layer out",
            code="one-value",
            port="x",
            field=field,
            arithmetic=f"{x.size} values / {self.sets(x.shape)} sets = 1",
        )
