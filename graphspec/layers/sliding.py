"""What layers with a sliding window share: their fields' types, and where the windows lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, ValidationError, WrapValidator

from graphspec.errors import ShapeError
from graphspec.layers.base import Array, Window
from graphspec.tensor import Rounding, TensorSpec, effective_kernel, window_count

_Positive = Annotated[int, Field(gt=0, le=2**31 - 1)]
_Amount = Annotated[int, Field(ge=0, le=2**31 - 1)]


def _say(message: str) -> WrapValidator:
    """Replace the one error per member of a union by one that says what is wanted."""

    def validate(value: Any, handler: Callable[[Any], Any]) -> Any:
        try:
            return handler(value)
        except ValidationError:
            raise ValueError(message) from None

    return WrapValidator(validate)


Extents = Annotated[
    _Positive | tuple[_Positive, _Positive],
    _say("this must be a whole number above 0, such as 3, or two of them: [height, width]"),
]
"""One number for both directions, or (height, width)."""

Pad = Annotated[
    _Amount | tuple[_Amount, _Amount] | tuple[_Amount, _Amount, _Amount, _Amount] | Literal["same"],
    _say(
        "pad must be a whole number of at least 0, [vertical, horizontal], [top, right, bottom, "
        'left], or "same"'
    ),
]
"""One number for all sides, (vertical, horizontal), (top, right, bottom, left), or ``"same"``."""

Amounts = Annotated[
    _Amount | tuple[_Amount, _Amount],
    _say("this must be a whole number of at least 0, or two of them: [height, width]"),
]
"""As ``Extents``, or 0."""

Margins = Annotated[
    _Amount | tuple[_Amount, _Amount] | tuple[_Amount, _Amount, _Amount, _Amount],
    _say(
        "this must be a whole number of at least 0, [vertical, horizontal], or [top, right, "
        "bottom, left]"
    ),
]
"""One number for all sides, (vertical, horizontal), or (top, right, bottom, left)."""

Pair = tuple[int, int]


def as_pair(extents: int | Pair) -> Pair:
    """One number for both directions, or the two as they are: ``3`` → ``(3, 3)``."""
    return (extents, extents) if isinstance(extents, int) else extents


def expect_image(x: TensorSpec) -> tuple[int, int, int]:
    """The (C, H, W) of an image.

    Raises:
        ShapeError: it has another number of axes (``rank``).
    """
    if len(x.shape) == 3:
        channels, height, width = x.shape
        return channels, height, width
    hint = {
        0: "It reads the image, not a label or a loss",
        1: "If these features are an image laid out flat, add a reshape to [C, H, W] in front",
        2: f"Add a reshape to [1, {', '.join(map(str, x.shape))}] in front",
    }.get(len(x.shape), "Add a reshape to [C, H, W] in front")
    raise ShapeError(
        f"expected an image of 3 axes, channels × height × width, but this input, {x}, "
        f"has {len(x.shape)}. {hint}",
        code="rank",
        port="x",
        arithmetic=f"{len(x.shape)} axes ≠ 3",
    )


@dataclass(frozen=True, slots=True)
class Sliding:
    """A window with its numbers settled for inputs of one size; pairs are (height, width)."""

    kernel: Pair
    stride: Pair
    dilation: Pair
    before: Pair
    """Padding at the top and at the left."""
    after: Pair
    """Padding at the bottom and at the right."""
    size: Pair
    """The input, H × W."""
    out: Pair
    """How many windows there are, OH × OW."""

    @property
    def padded(self) -> Pair:
        """The input with its padding, stretched to the end of the last window if that is later."""
        ends = (
            (count - 1) * stride + effective_kernel(kernel, dilation)
            for count, stride, kernel, dilation in zip(
                self.out, self.stride, self.kernel, self.dilation, strict=True
            )
        )
        height, width = (
            max(lo + size + hi, end)
            for lo, size, hi, end in zip(self.before, self.size, self.after, ends, strict=True)
        )
        return height, width

    def pad(self, x: Array, fill: float = 0.0) -> Array:
        """Surround images (…, H, W) with ``fill``; the images themselves where there is no pad."""
        if self.padded == self.size:
            return x
        xp = np.full((*x.shape[:-2], *self.padded), fill, x.dtype)
        self.crop(xp)[...] = x
        return xp

    def crop(self, xp: Array) -> Array:
        """The images inside padded ones, as a view."""
        (top, left), (height, width) = self.before, self.size
        return xp[..., top : top + height, left : left + width]

    def positions(self) -> Iterator[tuple[int, int, tuple[Any, slice, slice]]]:
        """Each place (i, j) in the kernel, and the index of what all windows have there.

        ``xp[index]`` is a view of the padded images, (…, OH, OW): the pixels that meet the
        kernel's element (i, j).
        """
        for i in range(self.kernel[0]):
            for j in range(self.kernel[1]):
                rows, columns = (
                    slice(k * d, k * d + (count - 1) * s + 1, s)
                    for k, d, count, s in zip(
                        (i, j), self.dilation, self.out, self.stride, strict=True
                    )
                )
                yield i, j, (..., rows, columns)


def sides(pad: int | tuple[int, ...]) -> tuple[Pair, Pair]:
    """The padding as ((top, left), (bottom, right))."""
    if isinstance(pad, int):
        return (pad, pad), (pad, pad)
    if len(pad) == 2:
        return (pad[0], pad[1]), (pad[0], pad[1])
    top, right, bottom, left = pad
    return (top, left), (bottom, right)


def place(
    size: Pair,
    kernel: int | Pair,
    stride: int | Pair,
    pad: int | tuple[int, ...] | Literal["same"],
    dilation: int | Pair = 1,
    rounding: Rounding = "exact",
) -> Sliding:
    """Settle a window's fields for images of ``size`` (H, W).

    With ``pad="same"`` there are ⌈H/S⌉ × ⌈W/S⌉ windows; of an odd total of padding, the larger
    half goes to the bottom and right, as in TensorFlow and ONNX's SAME_UPPER.

    Raises:
        ShapeError: the windows do not fit (``window-too-large``, ``window-remainder``).
    """
    kernel, stride, dilation = as_pair(kernel), as_pair(stride), as_pair(dilation)
    if pad == "same":
        totals = [
            max((-(-extent // s) - 1) * s + effective_kernel(k, d) - extent, 0)
            for extent, k, s, d in zip(size, kernel, stride, dilation, strict=True)
        ]
        before, after = _halves(totals)
        rounding = "floor"
    else:
        before, after = sides(pad)
    height, width = (
        window_count(
            size[axis],
            kernel[axis],
            stride[axis],
            (before[axis], after[axis]),
            dilation[axis],
            rounding,
            name,
        )
        for axis, name in enumerate(("height", "width"))
    )
    return Sliding(kernel, stride, dilation, before, after, size, (height, width))


def receptive_window(
    kernel: int | Pair,
    stride: int | Pair,
    pad: int | tuple[int, ...] | Literal["same"],
    dilation: int | Pair = 1,
) -> Window:
    """The window as the summary of receptive fields wants it.

    The padding of "same" depends on the input's size; it is given for sizes that the stride
    divides.
    """
    kernel, stride, dilation = as_pair(kernel), as_pair(stride), as_pair(dilation)
    reach = (effective_kernel(kernel[0], dilation[0]), effective_kernel(kernel[1], dilation[1]))
    if pad == "same":
        before, _ = _halves([max(r - s, 0) for r, s in zip(reach, stride, strict=True)])
    else:
        before, _ = sides(pad)
    return Window(reach, stride, before)


def _halves(totals: list[int]) -> tuple[Pair, Pair]:
    height, width = totals
    return (height // 2, width // 2), (height - height // 2, width - width // 2)
