"""What layers share that work along an axis, or over some of them."""

from __future__ import annotations

from graphspec.errors import ShapeError
from graphspec.tensor import TensorSpec


def expect_axis(x: TensorSpec, axis: int, *, port: str = "x", field: str = "axis") -> None:
    """Check that there is such an axis, counted from 0 without the batch.

    Raises:
        ShapeError: there is not (``axis``).
    """
    if axis >= len(x.shape):
        raise ShapeError(
            f"there is no axis {axis} in {x}: its axes are numbered from 0, without the batch",
            code="axis",
            port=port,
            field=field,
            arithmetic=f"{axis} ≥ {len(x.shape)} axes",
        )


def expect_rank(x: TensorSpec, rank: int, names: str, *, port: str = "x") -> None:
    """Check how many axes there are.

    Raises:
        ShapeError: there are more or fewer (``rank``).
    """
    if len(x.shape) != rank:
        raise ShapeError(
            f"expected {rank} axes, {names}, but this input, {x}, has {len(x.shape)}. "
            "Add a reshape in front",
            code="rank",
            port=port,
            arithmetic=f"{len(x.shape)} axes ≠ {rank}",
        )
