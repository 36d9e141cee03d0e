"""A table of vectors, looked up by number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from graphspec.errors import ShapeError
from graphspec.initialisers.catalog import InitialiserSpec
from graphspec.initialisers.normal import Normal
from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode, ParamSpec, Window
from graphspec.tensor import TensorSpec


class Embedding(Layer):
    """Embedding: every number, such as a word's, becomes the vector at that row of a table.

    y = w[x]; dw[x] += dy, added up where a number comes several times. x has no gradient.

    x (N, …) of V classes, w (V, M), y (N, …, M). The input is one such as
    ``{"shape": [T], "classes": V}``.
    Source: Bengio et al. 2003, A Neural Probabilistic Language Model; ONNX operator Gather.
    """

    group: ClassVar[str] = "Sequence"
    ports: ClassVar[tuple[str, ...]] = ("index",)
    label_ports: ClassVar[tuple[str, ...]] = ("index",)

    kind: Literal["embedding"] = "embedding"
    """The name of this layer's type."""
    units: int = Field(gt=0, le=2**31 - 1)
    """M, the length of each vector."""
    init: InitialiserSpec | None = None
    """How the table starts; null takes a normal distribution of standard deviation 0.02."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Four words, and a single one."""
        return (
            Example(cls(id="words", units=3, inputs=("x",)), (TensorSpec((4,), "int", 7),)),
            Example(cls(id="word", units=2, inputs=("x",)), (TensorSpec((), "int", 5),)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """(…) of V classes → (…, units)."""
        (x,) = inputs
        if x.classes is None:
            raise ShapeError(
                f"the table is looked up by whole numbers, but this input is {x}. "
                'Give the graph\'s input "classes", the number of rows',
                code="label-expected",
                port="index",
            )
        return TensorSpec((*x.shape, self.units))

    def params(self, *inputs: TensorSpec) -> Mapping[str, ParamSpec]:
        """``weight`` (V, M)."""
        rows = inputs[0].classes or 0
        init = Normal(std=0.02) if self.init is None else self.init
        return {"weight": ParamSpec((rows, self.units), init, fan_in=1, fan_out=self.units)}

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = w[x]."""
        (x,) = xs
        return Forward(params["weight"][x], (x,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dw[x] += dy."""
        (x,) = saved
        dw = np.zeros_like(params["weight"])
        np.add.at(dw, x, dy)
        return Backward((None,), {"weight": dw})

    def window(self) -> Window | None:
        """Numbers are not pixels."""
        return None
