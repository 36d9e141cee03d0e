"""Layers that change shapes as PyTorch has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from tests.oracle.equivalents import Tensors, equivalent
from tests.oracle.padding import pair

F = torch.nn.functional


@equivalent("conv_transpose2d")
def conv_transpose2d(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    # Stamped without padding, then cut: PyTorch cuts both sides alike only.
    y = F.conv_transpose2d(xs[0], params["weight"], None, layer.stride, dilation=layer.dilation)
    (top, right, bottom, left), (down, across) = margins(layer.pad), pair(layer.extra)
    y = F.pad(y, (0, across, 0, down))
    y = y[:, :, top : y.shape[2] - bottom, left : y.shape[3] - right]
    return y + params["bias"][:, None, None] if layer.bias else y


def margins(value: Any) -> tuple[int, ...]:
    if isinstance(value, int):
        return (value,) * 4
    return tuple(value) if len(value) == 4 else (*value, *value)


@equivalent("upsample2d")
def upsample2d(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    corners = False if layer.mode == "bilinear" else None
    return F.interpolate(
        xs[0], scale_factor=pair(layer.factor), mode=layer.mode, align_corners=corners
    )


@equivalent("pad2d")
def pad2d(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    (x,) = xs
    top, right, bottom, left = margins(layer.pad)
    if layer.mode == "constant":
        return F.pad(x, (left, right, top, bottom), value=layer.value)
    if layer.mode == "edge":
        return F.pad(x, (left, right, top, bottom), mode="replicate")
    # PyTorch mirrors once at most, numpy as often as it takes.
    rows = np.pad(np.arange(x.shape[2]), (top, bottom), "reflect")
    columns = np.pad(np.arange(x.shape[3]), (left, right), "reflect")
    return x[:, :, torch.tensor(rows)][:, :, :, torch.tensor(columns)]


@equivalent("crop2d")
def crop2d(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    top, right, bottom, left = margins(layer.crop)
    return F.pad(xs[0], (-left, -right, -top, -bottom))


@equivalent("slice")
def slice_(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    (x,) = xs
    places = torch.arange(x.shape[layer.axis + 1])[layer.start : layer.stop : layer.step]
    return torch.index_select(x, layer.axis + 1, places)


@equivalent("permute")
def permute(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return xs[0].permute(0, *(axis + 1 for axis in layer.axes))


@equivalent("matmul")
def matmul(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    a, b = xs
    return torch.matmul(a, b.mT if layer.transpose_b else b)


@equivalent("embedding")
def embedding(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return F.embedding(xs[0], params["weight"])


def reduced(layer: Any, x: Any) -> tuple[int, ...]:
    return tuple(axis + 1 for axis in (range(x.ndim - 1) if layer.axes is None else layer.axes))


@equivalent("reduce_sum")
def reduce_sum(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    axes = reduced(layer, xs[0])
    return torch.sum(xs[0], axes, layer.keep) if axes else xs[0].clone()


@equivalent("reduce_mean")
def reduce_mean(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    axes = reduced(layer, xs[0])
    return torch.mean(xs[0], axes, layer.keep) if axes else xs[0].clone()


@equivalent("reduce_max")
def reduce_max(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    axes = reduced(layer, xs[0])
    return torch.amax(xs[0], axes, layer.keep) if axes else xs[0].clone()
