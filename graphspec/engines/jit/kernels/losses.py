"""Losses of a classifier, and their gradients.

    softmax      p = e^{f − max f}/Σ        L = log Σⱼ e^{f_j − max f} − (f_y − max f)
                 with targets q             L = log Σ·Σⱼ q_j − Σⱼ q_j·(f_j − max f)
                                            df = (p·Σq − q)·dL
    hinge        t_j = max(0, f_j − f_y + Δ), t_y = 0, or one against all max(0, Δ − s_j·f_j)
                                            L = Σⱼ t_j, or Σⱼ t_j²

           C scores                      label      L
          ┌────────────────┬────┐        ┌───┐    ┌───┐
      n   │ whole vectors  │tail│        │ y │    │   │      scores, p, df: (N, C), dense
          ├────────────────┼────┤        ├───┤    ├───┤      labels: int64 (N,), or shares (N, C)
          │                │    │        │   │    │   │
          └────────────────┴────┘        └───┘    └───┘      a chunk is ROWS examples

Every example is gone through by vectors; what a row adds up is folded in a fixed order.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from graphspec.engines.jit.builder import (
    F32,
    I32,
    I64,
    Kernel,
    Pointer,
    Value,
    fma,
    maximum,
    select,
)
from graphspec.engines.jit.vector_math import exp, log

ROWS = 16


def chunks(examples: int) -> int:
    """How many chunks so many examples have."""
    return -(-examples // ROWS)


@dataclass(frozen=True, slots=True)
class Softmax:
    """The softmax loss, forward and backward.

    ``target`` "class" is a single true class of weight 1. The others weigh and smooth:
    q_j = w_j·(a·t_j + b) with t of the class ("smoothed") or fed as it is ("shares").
    """

    target: Literal["class", "smoothed", "shares"]

    def forward(self, k: Kernel) -> None:
        """Args: scores, label, w, p, losses, N, C, a, b."""
        scores, label, w, p, losses = self._pointers(k)
        n, c, a, b = k.size(), k.size(), k.scalar(), k.scalar()
        with _rows(k, n) as row:
            f, out = scores + row * c, p + row * c
            largest = k.variable(k.number(float("-inf")).spread())
            for i, lanes in k.sweep(0, c):
                largest.value = maximum(largest.value, _or(float("-inf"), f.load(i, lanes), lanes))
            top = largest.value.largest()
            total, mass, dot = (k.variable(k.zeros()) for _ in range(3))
            for i, lanes in k.sweep(0, c):
                shifted = f.load(i, lanes) - top
                power = _or(0.0, exp(shifted), lanes)
                out.store(power, i, lanes)
                total.value = total.value + power
                if self.target != "class":
                    q = self._q(k, label, row, c, w, a, b, i, lanes)
                    mass.value = mass.value + q
                    dot.value = dot.value + _or(0.0, q * shifted, lanes)
            whole = total.value.total()
            for i, lanes in k.sweep(0, c):
                out.store(out.load(i, lanes) / whole, i, lanes)
            if self.target == "class":
                losses[row] = log(whole) - (f[label[row]] - top)
            else:
                losses[row] = log(whole) * mass.value.total() - dot.value.total()

    def backward(self, k: Kernel) -> None:
        """Args: p, label, w, dy, df, N, C, a, b."""
        p, label, w, dy, df = self._pointers(k)
        n, c, a, b = k.size(), k.size(), k.scalar(), k.scalar()
        with _rows(k, n) as row:
            share, out, factor = p + row * c, df + row * c, dy[row]
            mass = k.variable(k.zeros())
            if self.target == "class":
                for i, lanes in k.sweep(0, c):
                    out.store(share.load(i, lanes) * factor, i, lanes)
                out[label[row]] = out[label[row]] - factor
            else:
                for i, lanes in k.sweep(0, c):
                    mass.value = mass.value + self._q(k, label, row, c, w, a, b, i, lanes)
                whole = mass.value.total()
                for i, lanes in k.sweep(0, c):
                    q = self._q(k, label, row, c, w, a, b, i, lanes)
                    out.store((share.load(i, lanes) * whole - q) * factor, i, lanes)

    def _pointers(self, k: Kernel) -> tuple[Pointer, ...]:
        label = F32 if self.target == "shares" else I64
        return k.pointer(), k.pointer(label), k.pointer(), k.pointer(), k.pointer()

    def _q(
        self,
        k: Kernel,
        label: Pointer,
        row: Value,
        c: Value,
        w: Pointer,
        a: Value,
        b: Value,
        i: Value,
        lanes: Value | None,
    ) -> Value:
        """The targets of classes i, i + 1 …; 0 beyond the last, as the weights are there."""
        if self.target == "shares":
            t = label.load(row * c + i, lanes)
        else:
            hit = (k.lane_numbers() + i.to(I32)).equals(label[row].to(I32))
            t = select(hit, k.number(1.0), 0.0)
        return w.load(i, lanes) * fma(t, a, b)


@dataclass(frozen=True, slots=True)
class Hinge:
    """The multiclass SVM loss, forward and backward."""

    squared: bool
    one_vs_all: bool

    def forward(self, k: Kernel) -> None:
        """Args: scores, label, losses, N, C, Δ."""
        scores, label, losses = k.pointer(), k.pointer(I64), k.pointer()
        n, c, margin = k.size(), k.size(), k.scalar()
        with _rows(k, n) as row:
            total = k.variable(k.zeros())
            for _, lanes, term, _ in self._terms(k, scores + row * c, label[row], c, margin):
                part = term * term if self.squared else term
                total.value = total.value + _or(0.0, part, lanes)
            losses[row] = total.value.total()

    def backward(self, k: Kernel) -> None:
        """Args: scores, label, dy, df, N, C, Δ."""
        scores, label, dy, df = k.pointer(), k.pointer(I64), k.pointer(), k.pointer()
        n, c, margin = k.size(), k.size(), k.scalar()
        with _rows(k, n) as row:
            total, factor, out = k.variable(k.zeros()), dy[row], df + row * c
            for i, lanes, term, is_true in self._terms(k, scores + row * c, label[row], c, margin):
                slope = term * 2.0 if self.squared else select(term > 0.0, k.number(1.0), 0.0)
                part = slope * factor
                if self.one_vs_all:
                    part = select(is_true, -part, part)
                else:
                    total.value = total.value + _or(0.0, part, lanes)
                out.store(part, i, lanes)
            if not self.one_vs_all:
                out[label[row]] = -total.value.total()

    def _terms(
        self, k: Kernel, f: Pointer, y: Value, c: Value, margin: Value
    ) -> Iterator[tuple[Value, Value | None, Value, Value]]:
        """For each vector of a row: its place, its mask, its terms, and which class is true."""
        for i, lanes in k.sweep(0, c):
            x = f.load(i, lanes)
            is_true = (k.lane_numbers() + i.to(I32)).equals(y.to(I32))
            if self.one_vs_all:
                term = maximum(k.zeros(), margin + select(is_true, -x, x))
            else:
                term = select(is_true, k.zeros(), maximum(k.zeros(), x - f[y] + margin))
            yield i, lanes, term, is_true


@contextmanager
def _rows(k: Kernel, n: Value) -> Iterator[Value]:
    """Do the body for each example of the chunks."""
    with k.chunks() as chunk, k.loop(*k.span(chunk, ROWS, n)) as row:
        yield row


def _or(other: float, value: Value, lanes: Value | None) -> Value:
    """The value, with another number in the lanes behind the end of a row."""
    return value if lanes is None else select(lanes, value, other)
