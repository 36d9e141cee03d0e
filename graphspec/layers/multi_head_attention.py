"""Attention with several heads."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from graphspec.errors import ShapeError
from graphspec.initialisers.catalog import InitialiserSpec
from graphspec.initialisers.zeros import ZEROS
from graphspec.layers.axes import expect_rank
from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode, ParamSpec, Window
from graphspec.tensor import TensorSpec

SOURCES = ("q", "k", "v")


class MultiHeadAttention(Layer):
    """Multi-head attention: every step takes a mean of all values, weighted by how keys match it.

    q = query·w_q + b_q, k = key·w_k, v = value·w_v + b_v, each split into h heads of d = D/h;
    in every head p = softmax(q·kᵀ/√d) along the keys and o = p·v; y = [o₁, …, o_h]·w_o + b_o.
    Backward: dv = pᵀ·do, dp = do·vᵀ, ds = p∘(dp − Σ dp∘p)/√d, dq = ds·k, dk = dsᵀ·q.

    query (N, T, D), key (N, S, …) and value (N, S, …), y (N, T, D). Self-attention reads the same
    layer three times. With ``causal`` a step sees none after it. The keys have no bias: it would
    add the same to all scores of a step, and so change nothing.
    Source: Vaswani et al. 2017, Attention Is All You Need.
    """

    group: ClassVar[str] = "Sequence"
    ports: ClassVar[tuple[str, ...]] = ("query", "key", "value")

    kind: Literal["multi_head_attention"] = "multi_head_attention"
    """The name of this layer's type."""
    heads: int = Field(default=1, gt=0, le=2**31 - 1)
    """h, a divisor of the query's features D."""
    causal: bool = False
    """Whether each step sees only itself and those before it."""
    bias: bool = True
    """Whether to add b to queries, values and the output."""
    init: InitialiserSpec | None = None
    """How the weights start; null takes what suits the activation that follows."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """One head over itself, two causal heads, and a query over another sequence."""
        names, x = ("q", "k", "v"), TensorSpec((3, 4))
        return (
            Example(cls(id="mix", inputs=names), (x, x, x)),
            Example(cls(id="mix", heads=2, causal=True, inputs=names), (x, x, x)),
            Example(
                cls(id="mix", heads=2, bias=False, inputs=names),
                (TensorSpec((2, 4)), TensorSpec((5, 3)), TensorSpec((5, 2))),
            ),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """(T, D), (S, …), (S, …) → (T, D)."""
        for port, spec in zip(self.ports, inputs, strict=True):
            expect_rank(spec, 2, "steps × features", port=port)
        query, key, value = inputs
        steps, size = query.shape
        if size % self.heads:
            raise ShapeError(
                f"{size} features cannot be shared equally by {self.heads} heads: set heads to a "
                f"divisor of {size}",
                code="groups",
                port="query",
                field="heads",
                arithmetic=f"{size}/{self.heads} = {size / self.heads:.4g}",
            )
        if value.shape[0] != key.shape[0]:
            raise ShapeError(
                f"every key needs its value, but there are {key.shape[0]} keys and "
                f"{value.shape[0]} values. Let both read the same sequence",
                code="shapes-differ",
                port="value",
                arithmetic=f"{key.shape[0]} ≠ {value.shape[0]}",
            )
        if self.causal and key.shape[0] != steps:
            raise ShapeError(
                "to see no later step, queries and keys must be steps of one sequence, but there "
                f"are {steps} queries and {key.shape[0]} keys. Set causal to false",
                code="shapes-differ",
                port="key",
                field="causal",
                arithmetic=f"{steps} ≠ {key.shape[0]}",
            )
        return query

    def params(self, *inputs: TensorSpec) -> Mapping[str, ParamSpec]:
        """``weight_q``, ``_k``, ``_v`` and ``_o`` (…, D), ``bias_q``, ``_v`` and ``_o`` (D,)."""
        size = inputs[0].shape[1]
        extents = (*(spec.shape[1] for spec in inputs), size)
        params = {}
        for name, extent in zip((*SOURCES, "o"), extents, strict=True):
            params[f"weight_{name}"] = ParamSpec((extent, size), self.init, extent, size)
            if self.bias and name != "k":
                params[f"bias_{name}"] = ParamSpec((size,), ZEROS, decay=False)
        return params

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = [softmax(q·kᵀ/√d)·v for every head]·w_o + b_o."""
        q, k, v = (
            self._split(self._project(x, name, params)) for x, name in zip(xs, SOURCES, strict=True)
        )
        scores = q @ k.swapaxes(2, 3) / sqrt(q.shape[3])
        if self.causal:
            scores[:, :, ~np.tri(scores.shape[2], dtype=bool)] = -np.inf
        p = np.exp(scores - scores.max(axis=3, keepdims=True))
        p /= p.sum(axis=3, keepdims=True)
        mixed = _join(p @ v)
        return Forward(self._project(mixed, "o", params), (*xs, q, k, v, p, mixed))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """Back through w_o, the weighted mean, the softmax, and the three projections."""
        *xs, q, k, v, p, mixed = saved
        dmixed = self._split(dy @ params["weight_o"].T)
        dp = dmixed @ v.swapaxes(2, 3)
        ds = p * (dp - (dp * p).sum(axis=3, keepdims=True)) / sqrt(q.shape[3])
        dheads = (ds @ k, ds.swapaxes(2, 3) @ q, p.swapaxes(2, 3) @ dmixed)
        projected = (*(_join(dhead) for dhead in dheads), dy)
        dparams = {}
        for name, source, d in zip((*SOURCES, "o"), (*xs, mixed), projected, strict=True):
            dparams[f"weight_{name}"] = np.einsum("nti,ntj->ij", source, d)
            if self.bias and name != "k":
                dparams[f"bias_{name}"] = d.sum(axis=(0, 1))
        if not need_dx:
            return Backward((None, None, None), dparams)
        dxs = (d @ params[f"weight_{name}"].T for name, d in zip(SOURCES, projected, strict=False))
        return Backward(tuple(dxs), dparams)

    def macs(self, *inputs: TensorSpec) -> int:
        """The four projections, and T·S·D for the scores and again for the means."""
        steps, size = inputs[0].shape
        projections = sum(spec.size for spec in inputs) + steps * size
        return projections * size + 2 * steps * inputs[1].shape[0] * size

    def window(self) -> Window | None:
        """Every step sees the whole sequence."""
        return None

    def saved_size(self, *inputs: TensorSpec) -> int:
        """q, k, v, the weights of the means, and the means."""
        (steps, size), keys = inputs[0].shape, inputs[1].shape[0]
        return 2 * (steps + keys) * size + self.heads * steps * keys

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The scores and their products, and the gradients of q, k, v and the means."""
        (steps, size), keys = inputs[0].shape, inputs[1].shape[0]
        return batch * (3 * self.heads * steps * keys + 4 * (steps + keys) * size)

    def _project(self, x: Array, name: str, params: Mapping[str, Array]) -> Array:
        y = x @ params[f"weight_{name}"]
        if self.bias and name != "k":
            y += params[f"bias_{name}"]
        return y

    def _split(self, x: Array) -> Array:
        """(N, T, D) → (N, h, T, D/h)."""
        return x.reshape(*x.shape[:2], self.heads, -1).swapaxes(1, 2)


def _join(x: Array) -> Array:
    """(N, h, T, d) → (N, T, h·d)."""
    n, _, steps, _ = x.shape
    return x.swapaxes(1, 2).reshape(n, steps, -1)
