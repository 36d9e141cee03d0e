"""How much padding a layer's ``pad`` field asks for, worked out apart from the layers."""

from __future__ import annotations

from typing import Any

from graphspec.tensor import TensorSpec


def pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def sides(layer: Any, height: int, width: int) -> tuple[int, int, int, int]:
    """Top, right, bottom, left."""
    pad = layer.pad
    if pad == "same":
        (kh, kw), (sh, sw) = pair(layer.kernel), pair(layer.stride or layer.kernel)
        dh, dw = pair(getattr(layer, "dilation", 1))
        vertical = max((-(-height // sh) - 1) * sh + (kh - 1) * dh + 1 - height, 0)
        horizontal = max((-(-width // sw) - 1) * sw + (kw - 1) * dw + 1 - width, 0)
        top, left = vertical // 2, horizontal // 2
        return top, horizontal - left, vertical - top, left
    if isinstance(pad, int):
        return pad, pad, pad, pad
    if len(pad) == 2:
        return pad[0], pad[1], pad[0], pad[1]
    top, right, bottom, left = pad
    return top, right, bottom, left


def in_torch_order(layer: Any, x: Any) -> tuple[int, int, int, int]:
    top, right, bottom, left = sides(layer, *x.shape[2:])
    return left, right, top, bottom


def overhang(layer: Any, x: Any) -> tuple[int, int, int, int]:
    """What a padded image lacks to hold the last windows, in PyTorch's order."""
    padding = sides(layer, *x.shape[2:])
    out = layer.infer(TensorSpec(tuple(x.shape[1:]))).shape[1:]
    lacking = []
    for axis, extent in enumerate(x.shape[2:]):
        kernel, stride = pair(layer.kernel)[axis], pair(layer.stride or layer.kernel)[axis]
        padded = extent + (padding[1] + padding[3] if axis else padding[0] + padding[2])
        lacking.append(max(0, (out[axis] - 1) * stride + kernel - padded))
    return 0, lacking[1], 0, lacking[0]
