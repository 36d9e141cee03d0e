"""Giving the same numbers another shape."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field

from graphspec.errors import ShapeError
from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode, Window
from graphspec.tensor import TensorSpec, render_shape


def _at_most_one_open(shape: tuple[int, ...]) -> tuple[int, ...]:
    if 0 in shape:
        raise ValueError("an extent of 0 leaves nothing: give whole numbers above 0, or one -1")
    if shape.count(-1) > 1:
        raise ValueError(
            "only one extent can be -1 (whatever is left): with two there is no telling how to "
            "share the numbers between them"
        )
    return shape


class Reshape(Layer):
    """Reshape: the same numbers in the same row-major order, with other axes.

    y = x with axes (N, *shape); dx is dy in the shape of x. No number is copied: y is a view of x,
    and dx of dy.

    Source: ONNX operator Reshape; numpy.reshape.
    """

    group: ClassVar[str] = "Shape"

    kind: Literal["reshape"] = "reshape"
    """The name of this layer's type."""
    shape: Annotated[
        tuple[Annotated[int, Field(ge=-1, le=2**31 - 1)], ...],
        Field(min_length=1, max_length=8),
        AfterValidator(_at_most_one_open),
    ]
    """The output's shape, batch left out, such as [1, 28, 28]. One extent may be -1: whatever is
    left."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """A vector to an image, an open extent, and pixels as a list of vectors."""
        return (
            Example(cls(id="image", shape=(1, 3, 4), inputs=("x",)), (TensorSpec((12,)),)),
            Example(cls(id="image", shape=(2, -1), inputs=("x",)), (TensorSpec((4, 3)),)),
            Example(cls(id="pixels", shape=(3, 4), inputs=("x",)), (TensorSpec((3, 2, 2)),)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """(…) → shape, with the same number of elements."""
        size = inputs[0].size
        known = prod(extent for extent in self.shape if extent != -1)
        product = "·".join(map(str, inputs[0].shape)) or "1"
        wanted = "·".join("?" if extent == -1 else str(extent) for extent in self.shape)
        if -1 in self.shape:
            if size % known:
                raise ShapeError(
                    f"the {size} numbers of an input of {inputs[0]} cannot be shared equally by "
                    f"{known}. Choose extents whose product divides {size}",
                    code="reshape-size",
                    port="x",
                    field="shape",
                    arithmetic=f"{product} = {size} = {wanted}, ? = {size / known:.4g}",
                )
            return TensorSpec(
                tuple(size // known if extent == -1 else extent for extent in self.shape)
            )
        if known != size:
            raise ShapeError(
                f"{render_shape(self.shape)} has room for {known} numbers, but an input of "
                f"{inputs[0]} has {size}. Change an extent, or set one to -1 (whatever is left)",
                code="reshape-size",
                port="x",
                field="shape",
                arithmetic=f"{product} = {size} ≠ {wanted} = {known}",
            )
        return TensorSpec(self.shape)

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """The same numbers with other axes."""
        (x,) = xs
        return Forward(x.reshape(len(x), *self.shape), (x.shape,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy in the shape of x."""
        (shape,) = saved
        return Backward((dy.reshape(shape),))

    def window(self) -> Window | None:
        """Positions after a reshape are not those before it."""
        return None
