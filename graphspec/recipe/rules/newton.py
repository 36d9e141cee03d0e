"""Newton's method, for small networks."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from graphspec.errors import Problem, SizeError, SpecError
from graphspec.recipe.rules.base import Array
from graphspec.recipe.rules.whole import Objective, WholeRule

LARGEST_HESSIAN = 2**30
"""The bytes that the Hessian may take: 11,585 weights in float64, 16,384 in float32."""
# The Hessian, its eigenvectors, and what the decomposition works with.
_COPIES = 3


class Newton(WholeRule):
    """Jumps to the bottom of the parabola that touches the loss: w ← w − rate·(H + δ·1)⁻¹ dw.

    H is the Hessian, made of differences of gradients at four places along every weight,
    (g(w − 2h) − 8 g(w − h) + 8 g(w + h) − g(w + 2h))/12h with h = max(1, |w|)·ε^(1/5), and then
    made symmetric: 4n gradients a step, and n² numbers. A quadratic loss is solved in one step.
    Where the loss curves down it goes up, to a saddle; a damping δ above the deepest curvature
    prevents it.

    Source: CS231n notes, Neural Networks 3, second order methods; Nocedal and Wright 2006,
    Numerical Optimization, chapters 3 and 8.
    """

    kind: Literal["newton"] = "newton"
    """The name of this rule."""
    damping: float = Field(default=0.0, ge=0)
    """δ: added to every curvature. Typical: 0.001 to 1 where some directions are flat, such as
    those that shift all scores of a softmax."""

    def arrays_kept(self, weights: int) -> int:
        """One row of each matrix per weight."""
        return _COPIES * weights

    def minimise(
        self,
        objective: Objective,
        w: Array,
        memory: dict[str, Array],
        *,
        rate: float,
        rng: np.random.Generator,
    ) -> Array:
        """One jump.

        Raises:
            SizeError: the Hessian would be too large; nothing has been allocated.
            SpecError: the Hessian is singular.
        """
        reason = too_large(w.size, objective.dtype.itemsize)
        if reason is not None:
            raise SizeError(reason)
        _, dw = objective.gradient(w)
        curvatures, axes = np.linalg.eigh(_hessian(objective, w))
        curvatures += self.damping
        sizes = np.abs(curvatures)
        # The differences themselves are no better than this.
        rounding = np.finfo(objective.dtype).eps ** 0.8 * w.size
        if not sizes.min(initial=np.inf) > rounding * sizes.max(initial=0.0):
            raise SpecError(
                [
                    Problem(
                        "singular-hessian",
                        "the Hessian is singular: some change of the weights leaves the loss as "
                        "it is (all scores of a softmax may be shifted, a dead unit may have any "
                        "weights), so that Newton's step has no end. Give the rule a damping, "
                        "such as 0.01, or add an l2 penalty",
                        ("training", "update", "damping"),
                        arithmetic=f"curvatures from {sizes.min():.3g} to {sizes.max():.3g}",
                    )
                ]
            )
        return np.asarray(w - rate * (axes @ ((dw @ axes) / curvatures)))


def too_large(weights: int, itemsize: int) -> str | None:
    """Why Newton's method cannot take so many weights; None where it can.

    The notes' example: a million weights take 1,000,000² × 4 bytes = 3,725 GiB.
    """
    size = weights * weights * itemsize
    if size <= LARGEST_HESSIAN:
        return None
    return (
        f"Newton's method needs the curvature for every pair of the {weights:,} weights: "
        f"{weights:,}² × {itemsize} bytes = {size / 2**30:,.0f} GiB, and "
        f"{LARGEST_HESSIAN / 2**30:,.0f} GiB is the most. Use lbfgs, which guesses it from its "
        "last steps"
    )


def _hessian(objective: Objective, w: Array) -> Array:
    h = np.maximum(1, np.abs(w)) * float(np.finfo(objective.dtype).eps) ** 0.2
    hessian = np.empty((w.size, w.size), objective.dtype)
    for i in range(w.size):
        row = np.zeros(w.size)
        for steps, share in ((-2, 1), (-1, -8), (1, 8), (2, -1)):
            place = w.copy()
            place[i] += steps * h[i]
            row += share * objective.gradient(place)[1]
        hessian[i] = row / (12 * h[i])
    hessian += hessian.T.copy()
    hessian /= 2
    return hessian
