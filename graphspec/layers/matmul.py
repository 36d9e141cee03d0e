"""The product of two matrices that both are inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from graphspec.errors import ShapeError
from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode, Window
from graphspec.tensor import TensorSpec


class Matmul(Layer):
    """Matrix product of two inputs, over their last two axes.

    y = a·b, or a·bᵀ with ``transpose_b``; da = dy·bᵀ, db = aᵀ·dy (and transposed again).

    a (N, …, M, K), b (N, …, K, P), y (N, …, M, P); the axes before are equal.
    Source: CS231n notes, Backpropagation, gradients for vectorized operations; ONNX MatMul.
    """

    group: ClassVar[str] = "Merge"
    ports: ClassVar[tuple[str, ...]] = ("a", "b")

    kind: Literal["matmul"] = "matmul"
    """The name of this layer's type."""
    transpose_b: bool = False
    """Whether b is (…, P, K): rows are compared with rows, as attention does."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Two matrices, rows with rows, and stacks of matrices."""
        names = ("a", "b")
        return (
            Example(cls(id="y", inputs=names), (TensorSpec((2, 3)), TensorSpec((3, 4)))),
            Example(
                cls(id="y", transpose_b=True, inputs=names),
                (TensorSpec((2, 3)), TensorSpec((4, 3))),
            ),
            Example(cls(id="y", inputs=names), (TensorSpec((2, 1, 3)), TensorSpec((2, 3, 2)))),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """(…, M, K), (…, K, P) → (…, M, P)."""
        a, b = inputs
        for port, spec in zip(self.ports, inputs, strict=True):
            if len(spec.shape) < 2 or len(spec.shape) != len(a.shape):
                raise ShapeError(
                    f"matrices are needed, with as many axes on both sides, but {port} is {spec}. "
                    "Add a reshape in front, such as to [1, features]",
                    code="rank",
                    port=port,
                    arithmetic=f"{len(a.shape)} and {len(b.shape)} axes",
                )
        inner, width = reversed(b.shape[-2:]) if self.transpose_b else b.shape[-2:]
        if a.shape[-1] != inner or a.shape[:-2] != b.shape[:-2]:
            raise ShapeError(
                f"rows of a and {'rows' if self.transpose_b else 'columns'} of b must be of "
                f"equal length, and the axes before the matrices equal, but a is {a} and b is {b}. "
                "Change the layer in front of one, or transpose_b",
                code="shapes-differ",
                port="b",
                arithmetic=f"{a.shape[-1]} ≠ {inner}" if a.shape[-1] != inner else f"{a} ≠ {b}",
            )
        return TensorSpec((*a.shape[:-1], width))

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = a·b."""
        a, b = xs
        return Forward(a @ (b.swapaxes(-1, -2) if self.transpose_b else b), (a, b))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """da = dy·bᵀ, db = aᵀ·dy; for a·bᵀ: da = dy·b, db = dyᵀ·a."""
        a, b = saved
        if self.transpose_b:
            return Backward((dy @ b, dy.swapaxes(-1, -2) @ a))
        return Backward((dy @ b.swapaxes(-1, -2), a.swapaxes(-1, -2) @ dy))

    def macs(self, *inputs: TensorSpec) -> int:
        """M · K · P for each matrix."""
        return self.infer(*inputs).size * inputs[0].shape[-1]

    def window(self) -> Window | None:
        """Every output sees a whole row and a whole column."""
        return None
