"""What functions of one input share, which are applied to every number on its own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode
from graphspec.tensor import TensorSpec


class Elementwise(Layer):
    """A function of one input, applied to every number on its own."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Over features and over an image."""
        return (
            Example(cls(id="f", inputs=("x",)), (TensorSpec((5,)),)),
            Example(cls(id="f", inputs=("x",)), (TensorSpec((2, 3, 4)),)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """The shape stays."""
        return inputs[0]


class Pointwise(Elementwise):
    """A function y = f(x) whose derivative is told by x alone, or by y alone.

    Its file has the two formulas: ``value`` and ``gradient``.
    """

    kept: ClassVar[Literal["x", "y"]]
    """Which of the two ``gradient`` is given: nothing else is kept for it."""

    @abstractmethod
    def value(self, x: Array) -> Array:
        """Give y = f(x)."""

    @abstractmethod
    def gradient(self, dy: Array, kept: Array) -> Array:
        """Give dx = dy·f′, with x or y at hand."""

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """The value of every number."""
        (x,) = xs
        y = self.value(x)
        return Forward(y, (x if self.kept == "x" else y,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """The gradient of every number."""
        (kept,) = saved
        return Backward((self.gradient(dy, kept),))
