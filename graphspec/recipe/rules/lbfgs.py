"""L-BFGS."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from graphspec.recipe.rules.base import Array
from graphspec.recipe.rules.line_search import Place, strong_wolfe
from graphspec.recipe.rules.whole import Objective, WholeRule

_WORKING = 6


class Lbfgs(WholeRule):
    """Newton's method with an inverse Hessian that is guessed from the last steps.

    Of the last m steps it keeps s = w' − w and y = dw' − dw. The two-loop recursion gives the
    direction d = −H·dw without ever making H, and a line search goes along it until the strong
    Wolfe conditions hold. It first tries ``rate``·d, and where nothing is remembered yet
    ``rate``·d·min(1, 1/Σ|dw|). Pairs with sᵀy ≤ 0 are left out. Where no step leads down any more,
    the weights stay.

    A step takes one gradient and a few more for the line search. It needs all examples at once,
    and a loss that does not change from step to step; float64 lets it come closest.

    Source: Nocedal and Wright 2006, Numerical Optimization, algorithms 7.4 and 7.5; CS231n notes,
    Neural Networks 3, second order methods.
    """

    kind: Literal["lbfgs"] = "lbfgs"
    """The name of this rule."""
    history: int = Field(default=10, gt=0, le=1000)
    """m: how many steps are remembered. Typical: 5 to 20."""

    def arrays_kept(self, weights: int) -> int:
        """Both histories, and the vectors that the line search works with."""
        return 2 * self.history + _WORKING

    def minimise(
        self,
        objective: Objective,
        w: Array,
        memory: dict[str, Array],
        *,
        rate: float,
        rng: np.random.Generator,
    ) -> Array:
        """One direction, and a line search along it."""
        loss, dw = objective.gradient(w)
        s, y = (memory.get(name, np.empty((0, w.size))) for name in ("s", "y"))
        d = direction(s, y, dw)
        found = _search(objective, w, loss, dw, d, rate if len(s) else _first(dw, rate))
        if found is None and len(s):
            # What is remembered leads astray: begin anew from here.
            s = y = np.empty((0, w.size))
            d = -dw
            found = _search(objective, w, loss, dw, d, _first(dw, rate))
        new = w
        if found is not None:
            new = w + found.t * d
            step, change = new - w, found.gradient - dw
            least = np.finfo(objective.dtype).eps * np.linalg.norm(step) * np.linalg.norm(change)
            if step @ change > least:
                s = np.concatenate([s, step[None]])[-self.history :]
                y = np.concatenate([y, change[None]])[-self.history :]
        memory["s"], memory["y"] = s, y
        return new


def direction(s: Array, y: Array, dw: Array) -> Array:
    """−H·dw by the two-loop recursion, with H₀ = (sᵀy/yᵀy)·1 of the last pair.

    Args:
        s: the last steps (k, n), oldest first.
        y: the change of the gradient over each (k, n).
        dw: the gradient (n,).
    """
    d = -dw
    if not len(s):
        return d
    rho = [1 / float(one @ other) for one, other in zip(s, y, strict=True)]
    alpha = [0.0] * len(s)
    for i in reversed(range(len(s))):
        alpha[i] = rho[i] * float(s[i] @ d)
        d -= alpha[i] * y[i]
    d *= float(s[-1] @ y[-1]) / float(y[-1] @ y[-1])
    for i in range(len(s)):
        d += (alpha[i] - rho[i] * float(y[i] @ d)) * s[i]
    return d


def _first(dw: Array, rate: float) -> float:
    """How far to try along the gradient: its length says nothing about how far is good."""
    return rate * min(1.0, 1 / max(float(np.abs(dw).sum()), np.finfo(float).tiny))


def _search(
    objective: Objective, w: Array, loss: float, dw: Array, d: Array, t: float
) -> Place | None:
    slope = float(d @ dw)
    if not slope < 0:
        return None

    def at(t: float) -> Place:
        there, gradient = objective.gradient(w + t * d)
        return Place(t, there, gradient, float(d @ gradient))

    return strong_wolfe(at, Place(0.0, loss, dw, slope), t)
