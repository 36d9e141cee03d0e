"""What functions of one input share, which are applied to every number on its own."""

from __future__ import annotations

from graphspec.layers.base import Example, Layer
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
