"""The plain recurrent layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Forward, Mode
from graphspec.layers.recurrent import Recurrent
from graphspec.tensor import TensorSpec


class Rnn(Recurrent):
    """Recurrent layer: a state that each step mixes with its input, squashed by tanh.

    h_t = tanh(x_t·wₓ + h_{t−1}·w_h + b), with h₀ = 0; y = [h₁, …, h_T]. Backward goes through the
    steps from the last: with dh_t = dy_t + da_{t+1}·w_hᵀ and da_t = dh_t·(1 − h_t²),
    dx_t = da_t·wₓᵀ, dwₓ = Σ x_tᵀ·da_t, dw_h = Σ h_{t−1}ᵀ·da_t, db = Σ da_t.

    x (N, T, D), wₓ (D, H), w_h (H, H), b (H,), y (N, T, H). For the last state alone add a slice.
    Source: Elman 1990, Finding Structure in Time; CS231n assignment 3, rnn_forward.
    """

    preferred_init: ClassVar[str | None] = "glorot"

    kind: Literal["rnn"] = "rnn"
    """The name of this layer's type."""

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """h_t = tanh(x_t·wₓ + h_{t−1}·w_h + b)."""
        (x,) = xs
        y = x @ params["weight_x"]
        y += params["bias"]
        h = np.zeros_like(y[:, 0])
        for t in range(y.shape[1]):
            h = np.tanh(y[:, t] + h @ params["weight_h"])
            y[:, t] = h
        return Forward(y, (x, y))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """From the last step to the first: da_t = (dy_t + da_{t+1}·w_hᵀ)·(1 − h_t²)."""
        x, y = saved
        da = np.empty_like(y)
        dh = np.zeros_like(y[:, 0])
        for t in reversed(range(y.shape[1])):
            da[:, t] = (dy[:, t] + dh) * (1 - y[:, t] ** 2)
            dh = da[:, t] @ params["weight_h"].T
        dparams = {
            "weight_x": np.einsum("ntd,nth->dh", x, da),
            "weight_h": np.einsum("ntg,nth->gh", y[:, :-1], da[:, 1:]),
            "bias": da.sum(axis=(0, 1)),
        }
        return Backward((da @ params["weight_x"].T if need_dx else None,), dparams)

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """da, and what one step needs."""
        return batch * (inputs[0].shape[0] + 3) * self.units
