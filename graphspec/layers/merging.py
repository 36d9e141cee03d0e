"""What the layers that merge inputs of equal shape share."""

from __future__ import annotations

from graphspec.errors import ShapeError
from graphspec.tensor import TensorSpec


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
