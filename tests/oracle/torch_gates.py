"""Gates and activations as PyTorch has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from tests.oracle.equivalents import EQUIVALENTS, Equivalent, Tensors, equivalent

F = torch.nn.functional


def plain(function: Callable[..., Any]) -> Equivalent:
    """A function of the inputs alone."""
    return lambda layer, xs, params, training: function(*xs)


def amax(*xs: Any) -> Any:
    return torch.stack(xs).max(0).values


EQUIVALENTS |= {
    "subtract": plain(torch.sub),
    "divide": plain(torch.div),
    "maximum": plain(amax),
    "reciprocal": plain(torch.reciprocal),
    "exp": plain(torch.exp),
    "log": plain(torch.log),
    "square": plain(torch.square),
    "selu": plain(F.selu),
    "silu": plain(F.silu),
    "softplus": plain(F.softplus),
    "hardswish": plain(F.hardswish),
}


@equivalent("add_constant")
def add_constant(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return torch.add(xs[0], layer.constant)


@equivalent("scale")
def scale(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return torch.mul(xs[0], layer.factor)


@equivalent("elu")
def elu(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return F.elu(xs[0], layer.alpha)


@equivalent("gelu")
def gelu(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return F.gelu(xs[0], approximate=layer.approximate)


@equivalent("prelu")
def prelu(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    (x,) = xs
    # PyTorch wants two axes at least to find the channels in.
    return F.prelu(x.reshape(len(x), -1) if layer.shared else x, params["slope"]).reshape(x.shape)


@equivalent("maxout")
def maxout(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    bias = params.get("bias", torch.zeros(layer.pieces, layer.units, dtype=torch.float64))
    flat = xs[0].reshape(len(xs[0]), -1)
    sums = [F.linear(flat, w.T, b) for w, b in zip(params["weight"], bias, strict=True)]
    return torch.stack(sums).max(0).values
