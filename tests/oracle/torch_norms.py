"""Norms, noise in evaluation, and more pools as PyTorch has them."""

from __future__ import annotations

from typing import Any

import torch

from tests.oracle.equivalents import Tensors, equivalent
from tests.oracle.padding import in_torch_order, overhang

F = torch.nn.functional


@equivalent("gaussian_noise")
def gaussian_noise(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return xs[0].clone()


@equivalent("drop_connect_linear")
def drop_connect_linear(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return F.linear(xs[0].reshape(len(xs[0]), -1), params["weight"].T, params.get("bias"))


def window_sums(layer: Any, x: Any) -> Any:
    padded = F.pad(x, in_torch_order(layer, x))
    padded = F.pad(padded, overhang(layer, x))
    return F.avg_pool2d(padded, layer.kernel, layer.stride, divisor_override=1)


@equivalent("stochastic_pool2d")
def stochastic_pool2d(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    a = F.relu(xs[0])
    total = window_sums(layer, a)
    return window_sums(layer, a * a) / torch.where(total > 0, total, 1.0)


@equivalent("lp_pool2d")
def lp_pool2d(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return window_sums(layer, xs[0].abs() ** layer.power) ** (1 / layer.power)


@equivalent("local_response_norm")
def local_response_norm(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    (x,) = xs
    alpha = layer.alpha if layer.average else layer.alpha * layer.size
    # PyTorch wants three axes at least.
    rows = x.reshape(*x.shape[:2], -1)
    return F.local_response_norm(rows, layer.size, alpha, layer.beta, layer.k).reshape(x.shape)


@equivalent("layer_norm")
def layer_norm(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    shape = xs[0].shape[1 + layer.axis :]
    return F.layer_norm(xs[0], shape, params["scale"], params["shift"], layer.epsilon)


@equivalent("group_norm")
def group_norm(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return F.group_norm(xs[0], layer.groups, params["scale"], params["shift"], layer.epsilon)


@equivalent("instance_norm")
def instance_norm(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    scale, shift = params["scale"], params["shift"]
    return F.instance_norm(xs[0], weight=scale, bias=shift, eps=layer.epsilon)
