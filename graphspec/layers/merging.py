"""What the layers that merge inputs of equal shape share."""

from __future__ import annotations

from typing import ClassVar

from graphspec.errors import ShapeError
from graphspec.layers.base import Example, Layer
from graphspec.record import kind_of
from graphspec.tensor import TensorSpec


class Merging(Layer):
    """Two or more inputs of equal shape become one value of that shape, number by number."""

    ports: ClassVar[tuple[str, ...]] = ("xs*",)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Two images, and three vectors."""
        image, vector = TensorSpec((2, 3, 4)), TensorSpec((5,))
        name = kind_of(cls)
        return (
            Example(cls(id=name, inputs=("a", "b")), (image, image)),
            Example(cls(id=name, inputs=("a", "b", "c")), (vector, vector, vector)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """The shape that all inputs have."""
        return expect_equal_shapes(inputs, tuple(f"xs[{i}]" for i in range(len(inputs))))


class MergingTwo(Layer):
    """Two inputs of equal shape, a and b, become one value of that shape, number by number."""

    ports: ClassVar[tuple[str, ...]] = ("a", "b")

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Over features and over an image."""
        vector, image = TensorSpec((5,)), TensorSpec((2, 3, 4))
        return (
            Example(cls(id="f", inputs=("a", "b")), (vector, vector)),
            Example(cls(id="f", inputs=("a", "b")), (image, image)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """The shape that both inputs have."""
        return expect_equal_shapes(inputs, self.ports)


def expect_equal_shapes(inputs: tuple[TensorSpec, ...], ports: tuple[str, ...]) -> TensorSpec:
    """The one shape that all inputs have.

    Raises:
        ShapeError: an input's shape differs from the first one's (``shapes-differ``).
    """
    first, *others = inputs
    for port, other in zip(ports[1:], others, strict=True):
        if other.shape == first.shape:
            continue
        raise ShapeError(
            f"the inputs must have equal shapes, but {ports[0]} is {first} and {port} is {other}. "
            + _hint(first.shape, other.shape),
            code="shapes-differ",
            port=port,
            arithmetic=f"{first} ≠ {other}",
        )
    return first


def _hint(first: tuple[int, ...], other: tuple[int, ...]) -> str:
    if len(first) == len(other) == 3:
        if first[1:] == other[1:]:
            return f"A conv2d with filters={first[0]} and kernel=1 would make the channels agree"
        return "Give both paths the same strides and padding"
    if len(first) != len(other):
        return "A flatten or reshape in front of one of them would make the axes agree"
    return "Change the layer in front of one of them"
