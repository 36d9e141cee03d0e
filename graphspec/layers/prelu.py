"""The parametric rectifier, whose slope is learned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from graphspec.errors import ShapeError
from graphspec.initialisers.constant import Constant
from graphspec.layers.base import Array, Backward, Example, Forward, Mode, ParamSpec
from graphspec.layers.elementwise import Elementwise
from graphspec.tensor import TensorSpec


class Prelu(Elementwise):
    """Parametric rectifier: a leaky one that learns its slope for negative inputs.

    y = x where x > 0, else a·x, with one a per channel (the first axis) or one for all;
    dx = dy where x > 0, else a·dy; da = Σ dy·x over the negative x of its channel.

    Source: He et al. 2015, Delving Deep into Rectifiers; CS231n notes, Neural Networks 1.
    """

    group: ClassVar[str] = "Activation"
    preferred_init: ClassVar[str | None] = "he"

    kind: Literal["prelu"] = "prelu"
    """The name of this layer's type."""
    slope: float = Field(default=0.25, ge=-1, le=1)
    """What every a starts at."""
    shared: bool = False
    """Whether one a serves all channels."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """A slope per feature, a slope per channel of an image, and one for all."""
        image = (TensorSpec((2, 3, 4)),)
        return (
            Example(cls(id="act", inputs=("x",)), (TensorSpec((5,)),)),
            Example(cls(id="act", inputs=("x",)), image),
            Example(cls(id="act", slope=0.1, shared=True, inputs=("x",)), image),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """The shape stays."""
        (x,) = inputs
        if not x.shape and not self.shared:
            raise ShapeError(
                f"a slope per channel needs channels, but this input is a {x}. Set shared to true",
                code="rank",
                port="x",
                field="shared",
                arithmetic="0 axes < 1",
            )
        return x

    def params(self, *inputs: TensorSpec) -> Mapping[str, ParamSpec]:
        """``slope`` a, (C,) or (1,)."""
        shape = (1,) if self.shared else inputs[0].shape[:1]
        return {"slope": ParamSpec(shape, Constant(value=self.slope), decay=False)}

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = x where x > 0, else a·x."""
        (x,) = xs
        return Forward(np.where(x > 0, x, self._lined_up(params["slope"], x) * x), (x,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy where x > 0, else a·dy; da = Σ dy·min(x, 0)."""
        (x,) = saved
        products = dy * np.minimum(x, 0)
        axes = None if self.shared else (0, *range(2, x.ndim))
        dslope = products.sum(axis=axes).reshape(params["slope"].shape)
        dx = np.where(x > 0, dy, self._lined_up(params["slope"], x) * dy) if need_dx else None
        return Backward((dx,), {"slope": dslope})

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """dy·min(x, 0), or a·x."""
        return 2 * batch * inputs[0].size

    def _lined_up(self, slope: Array, x: Array) -> Array:
        return slope if self.shared else slope.reshape(-1, *[1] * (x.ndim - 2))
