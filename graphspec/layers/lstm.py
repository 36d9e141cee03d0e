"""The long short-term memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Forward, Mode
from graphspec.layers.recurrent import Recurrent
from graphspec.tensor import TensorSpec


class Lstm(Recurrent):
    """Long short-term memory: a cell that gates fill, keep and read.

    a_t = x_t·wₓ + h_{t−1}·w_h + b, in four parts: i = σ(aᵢ), f = σ(a_f), o = σ(a_o), g = tanh(a_g);
    c_t = f∘c_{t−1} + i∘g, h_t = o∘tanh(c_t), with h₀ = c₀ = 0; y = [h₁, …, h_T].
    Backward, from the last step: dh_t = dy_t + da_{t+1}·w_hᵀ,
    dc_t = dh_t∘o∘(1 − tanh² c_t) + dc_{t+1}∘f_{t+1}; daᵢ = dc∘g∘i(1 − i),
    da_f = dc∘c_{t−1}∘f(1 − f), da_o = dh∘tanh c∘o(1 − o), da_g = dc∘i∘(1 − g²).

    x (N, T, D), wₓ (D, 4H), w_h (H, 4H), b (4H,), y (N, T, H); the parts stand in the order i, f,
    o, g (PyTorch has i, f, g, o). For the last state alone add a slice.
    Source: Hochreiter and Schmidhuber 1997, Long Short-Term Memory; CS231n assignment 3.
    """

    gates: ClassVar[int] = 4
    preferred_init: ClassVar[str | None] = "glorot"

    kind: Literal["lstm"] = "lstm"
    """The name of this layer's type."""

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """c_t = f∘c_{t−1} + i∘g, h_t = o∘tanh(c_t)."""
        (x,) = xs
        gates = x @ params["weight_x"]
        gates += params["bias"]
        y = np.empty((*x.shape[:2], self.units), x.dtype)
        cells = np.empty_like(y)
        h = c = np.zeros_like(y[:, 0])
        for t in range(x.shape[1]):
            a = gates[:, t] + h @ params["weight_h"]
            # σ(a) = (1 + tanh(a/2))/2, which cannot overflow.
            a[:, : 3 * self.units] *= 0.5
            np.tanh(a, out=a)
            a[:, : 3 * self.units] += 1
            a[:, : 3 * self.units] *= 0.5
            i, f, o, g = np.split(a, 4, axis=1)
            c = f * c + i * g
            h = o * np.tanh(c)
            gates[:, t], cells[:, t], y[:, t] = a, c, h
        return Forward(y, (x, y, gates, cells))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """From the last step to the first, through the gates."""
        x, y, gates, cells = saved
        da = np.empty_like(gates)
        dh = dc = np.zeros_like(y[:, 0])
        for t in reversed(range(x.shape[1])):
            i, f, o, g = np.split(gates[:, t], 4, axis=1)
            before = cells[:, t - 1] if t else np.zeros_like(dc)
            squashed = np.tanh(cells[:, t])
            dh = dy[:, t] + dh
            dc = dc + dh * o * (1 - squashed**2)
            parts = (
                dc * g * i * (1 - i),
                dc * before * f * (1 - f),
                dh * squashed * o * (1 - o),
                dc * i * (1 - g**2),
            )
            da[:, t] = np.concatenate(parts, axis=1)
            dh = da[:, t] @ params["weight_h"].T
            dc = dc * f
        dparams = {
            "weight_x": np.einsum("ntd,ntg->dg", x, da),
            "weight_h": np.einsum("nth,ntg->hg", y[:, :-1], da[:, 1:]),
            "bias": da.sum(axis=(0, 1)),
        }
        return Backward((da @ params["weight_x"].T if need_dx else None,), dparams)

    def saved_size(self, *inputs: TensorSpec) -> int:
        """The four gates and the cell of every step."""
        return 5 * inputs[0].shape[0] * self.units

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """da, and what one step needs."""
        return batch * (4 * inputs[0].shape[0] + 16) * self.units
