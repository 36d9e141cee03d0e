"""The shape and type of one value in a graph, and the arithmetic of sliding windows.

Shapes are channels first and leave the batch out: an RGB image of 32 × 32 pixels is
``(3, 32, 32)``, a class index is ``()``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal

from graphspec.errors import ShapeError

Rounding = Literal["exact", "floor", "ceil"]


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """What flows along an edge: a shape without the batch axis, and a type.

    ``dtype`` is ``"float"`` (the engine decides how wide) or ``"int"``. ``classes`` is set on
    labels: the values are whole numbers in [0, classes).
    """

    shape: tuple[int, ...]
    dtype: Literal["float", "int"] = "float"
    classes: int | None = None

    @property
    def size(self) -> int:
        """How many numbers one example has."""
        return prod(self.shape)

    def __str__(self) -> str:
        """Render as the canvas shows it on an edge: ``3×32×32``, ``10``, ``label of 10``."""
        if self.classes is not None:
            return f"label of {self.classes}"
        return render_shape(self.shape)


def render_shape(shape: Sequence[int]) -> str:
    """Write a shape as text: ``(3, 32, 32)`` → ``3×32×32``; a scalar → ``scalar``."""
    return "×".join(map(str, shape)) if shape else "scalar"


def effective_kernel(kernel: int, dilation: int) -> int:
    """How far a dilated kernel reaches: F + (F − 1)(D − 1)."""
    return kernel + (kernel - 1) * (dilation - 1)


def window_count(
    size: int,
    kernel: int,
    stride: int,
    pad: tuple[int, int] = (0, 0),
    dilation: int = 1,
    rounding: Rounding = "exact",
    axis: str = "width",
) -> int:
    """How many places a window has along one axis: (W − F_eff + P_lo + P_hi)/S + 1.

    F_eff = F + (F − 1)(D − 1). With ``rounding="ceil"`` a last window that starts inside the
    input or its left padding is added for the remainder, as PyTorch's ``ceil_mode`` does.

    Args:
        size: W, the extent of the input along this axis, in pixels.
        kernel: F, in pixels.
        stride: S, in pixels.
        pad: (P_lo, P_hi), in pixels.
        dilation: D; 1 leaves no holes.
        rounding: what to do when the division leaves a remainder.
        axis: the axis's name in the error.

    Raises:
        ShapeError: the window is larger than the padded input (``window-too-large``), or the
            division leaves a remainder and ``rounding`` is "exact" (``window-remainder``).

    Source: CS231n notes, Convolutional Networks, spatial arrangement.
    """
    reach = effective_kernel(kernel, dilation)
    span = size - reach + pad[0] + pad[1]
    holes = ("dilation",) if dilation > 1 else ()
    if span < 0:
        raise ShapeError(
            f"the window ({reach} wide) is larger than the padded input "
            f"({size} + {pad[0]} + {pad[1]} = {size + pad[0] + pad[1]}) along the {axis}",
            code="window-too-large",
            port="x",
            fields=("kernel", "pad", *holes),
            arithmetic=window_arithmetic(size, kernel, stride, pad, dilation),
        )
    whole, remainder = divmod(span, stride)
    if remainder and rounding == "exact":
        arithmetic = window_arithmetic(size, kernel, stride, pad, dilation)
        raise ShapeError(
            f"the windows do not tile the {axis}: {arithmetic} is not whole. "
            f"Change pad, stride or kernel, or set rounding to 'floor'",
            code="window-remainder",
            port="x",
            fields=("kernel", "stride", "pad", *holes),
            arithmetic=arithmetic,
        )
    if remainder and rounding == "ceil" and (whole + 1) * stride < size + pad[0]:
        whole += 1
    return whole + 1


def window_arithmetic(
    size: int, kernel: int, stride: int, pad: tuple[int, int] = (0, 0), dilation: int = 1
) -> str:
    """The window sum with its numbers: ``(227 − 11 + 2·0)/4 + 1 = 55``."""
    reach = effective_kernel(kernel, dilation)
    padding = f"2·{pad[0]}" if pad[0] == pad[1] else f"{pad[0]} + {pad[1]}"
    value = (size - reach + pad[0] + pad[1]) / stride + 1
    shown = f"{int(value)}" if value.is_integer() else f"{value:.4g}"
    return f"({size} − {reach} + {padding})/{stride} + 1 = {shown}".replace("= -", "= −")
