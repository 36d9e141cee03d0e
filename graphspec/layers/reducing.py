"""What the layers share that reduce some axes to one number."""

from __future__ import annotations

from math import prod
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from graphspec.layers.axes import expect_axis
from graphspec.layers.base import Array, Example, Layer, Window
from graphspec.tensor import TensorSpec


def _each_once(axes: tuple[int, ...] | None) -> tuple[int, ...] | None:
    if axes is not None and len(set(axes)) < len(axes):
        raise ValueError("an axis can be reduced once: name each axis once")
    return axes


Axes = Annotated[
    Annotated[tuple[Annotated[int, Field(ge=0, le=7)], ...], Field(min_length=1, max_length=8)]
    | None,
    AfterValidator(_each_once),
]


class Reducing(Layer):
    """Some axes become one number; the others stay."""

    group: ClassVar[str] = "Shape"

    axes: Axes = None
    """The axes that are reduced, the batch not counted; null takes all."""
    keep: bool = False
    """Whether reduced axes stay, with an extent of 1."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """All features, an image's positions, and its channels with the axis kept."""
        image = (TensorSpec((2, 3, 4)),)
        return (
            Example(cls(id="f", inputs=("x",)), (TensorSpec((5,)),)),
            Example(cls(id="f", axes=(1, 2), inputs=("x",)), image),
            Example(cls(id="f", axes=(0,), keep=True, inputs=("x",)), image),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """The extents that stay, and ones for those that are kept."""
        (x,) = inputs
        for axis in self.axes or ():
            expect_axis(x, axis, field="axes")
        reduced = self._reduced(len(x.shape))
        if self.keep:
            shape = tuple(1 if i in reduced else extent for i, extent in enumerate(x.shape))
        else:
            shape = tuple(extent for i, extent in enumerate(x.shape) if i not in reduced)
        return TensorSpec(shape)

    def window(self) -> Window | None:
        """An output sees all places along the reduced axes."""
        return Window() if self.axes == (0,) and self.keep else None

    def _reduced(self, rank: int) -> tuple[int, ...]:
        return tuple(range(rank)) if self.axes is None else self.axes

    def in_array(self, x: Array) -> tuple[int, ...]:
        """The reduced axes of an array, whose first axis is the batch."""
        return tuple(axis + 1 for axis in self._reduced(x.ndim - 1))

    def spread(self, values: Array, shape: tuple[int, ...]) -> Array:
        """An output-like array, lined up with an input of ``shape`` (the batch included)."""
        reduced = {axis + 1 for axis in self._reduced(len(shape) - 1)}
        return values.reshape([1 if i in reduced else extent for i, extent in enumerate(shape)])

    def count(self, shape: tuple[int, ...]) -> int:
        """How many numbers of an array of ``shape`` (the batch included) become one."""
        return prod(shape[axis + 1] for axis in self._reduced(len(shape) - 1))
