"""Layers over sequences as PyTorch has them."""

from __future__ import annotations

from typing import Any

import torch

from tests.oracle.equivalents import Tensors, equivalent

F = torch.nn.functional


@equivalent("rnn")
def rnn(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    weights = [params["weight_x"].T, params["weight_h"].T, params["bias"]]
    weights.append(torch.zeros_like(params["bias"]))
    start = torch.zeros(1, len(xs[0]), layer.units, dtype=torch.float64)
    # Biases, one layer, no dropout, not training, one direction, batch first.
    return torch.rnn_tanh(xs[0], start, weights, True, 1, 0.0, False, False, True)[0]


@equivalent("lstm")
def lstm(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    def in_torch_order(array: Any) -> Any:
        i, f, o, g = array.chunk(4, dim=-1)
        return torch.cat((i, f, g, o), dim=-1)

    weights = [in_torch_order(params[name]).T for name in ("weight_x", "weight_h")]
    bias = in_torch_order(params["bias"])
    start = torch.zeros(1, len(xs[0]), layer.units, dtype=torch.float64)
    weights += [bias, torch.zeros_like(bias)]
    return torch.lstm(xs[0], (start, start), weights, True, 1, 0.0, False, False, True)[0]


@equivalent("multi_head_attention")
def multi_head_attention(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    def project(x: Any, name: str) -> Any:
        return F.linear(x, params[f"weight_{name}"].T, params.get(f"bias_{name}"))

    q, k, v = (
        project(x, name).unflatten(2, (layer.heads, -1)).transpose(1, 2)
        for x, name in zip(xs, "qkv", strict=True)
    )
    mixed = F.scaled_dot_product_attention(q, k, v, is_causal=layer.causal)
    return project(mixed.transpose(1, 2).flatten(2), "o")
